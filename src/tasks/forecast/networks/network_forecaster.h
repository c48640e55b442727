#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/gradient_flow.h"
#include "tasks/forecast/forecaster/forecaster.h"

namespace rondo::forecasting {

/// An ensemble of networks of one kind: one Network with an output for each member.
class NetworkForecaster : public Forecaster {
 public:
  Network network;
  std::int64_t horizon = 1;

  /// Rows that the networks see.
  virtual std::int64_t look_back() const = 0;
  std::int64_t rows_needed(bool) const override { return look_back(); }
  /// The equal mixture of all members.
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override;
  /// What each member forecasts.
  virtual std::vector<Forecasts> members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                         Pool& pool) = 0;
  /// What groups of members forecast together.
  virtual std::vector<Forecasts> forecasts_of(std::span<const std::vector<int>> groups,
                                              const ScaledPanel& scaled, std::span<const Origin> origins,
                                              Pool& pool);

 protected:
  /// Outputs of the network, by member, for inputs that `inputs` makes of origins.
  using InputsOfOrigins = std::function<std::vector<Samples>(std::span<const Origin>, DType)>;
  std::vector<Samples> predict(std::span<const Origin> origins, const InputsOfOrigins& inputs, Pool& pool);
  /// The network and the horizon, checked by what they have to be: these inputs, and the same output for
  /// every member.
  void archive_network(tasks::Archive& archive, const std::vector<ValueShape>& inputs,
                       const ValueShape& output);
};

/// The mean of the members' locations, and the standard deviation of their mixture, in which they also differ
/// by their locations; without distributions the spread stays that which all members share.
Forecasts mixture_of(std::span<const Forecasts> members, bool has_distribution);

/// Whether learning reaches the first steps of the windows that networks have learnt from.
struct MemberFlow {
  GradientFlow flow;
  std::string note;  ///< of which networks that is, or why it was not measured; "": of all of them
};

/// What comes of training an ensemble.
struct TrainedNetwork {
  std::unique_ptr<NetworkForecaster> network;
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  MemberFlow flow;
  std::vector<ForecastMember> members;
  ForecastTraining training;
};

}  // namespace rondo::forecasting
