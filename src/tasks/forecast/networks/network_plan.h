#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "tasks/forecast/likelihood/likelihood_head.h"
#include "tasks/forecast/linear/linear_search.h"
#include "tasks/forecast/networks/network_forecaster.h"
#include "tasks/forecast/windows/folds.h"

namespace rondo::forecasting {

/// How an ensemble of networks is made and trained. 0 (of `dropout`: less) means: from the size of the data.
struct NetworkTraining {
  std::string cell = "gru";
  std::int64_t units = 0;
  int members = 3;
  LikelihoodHead head;
  bool direct = false;  ///< one dense layer from the encoder's state for all steps, instead of a decoder
  double dropout = -1;  ///< before the output layer
  std::int64_t updates = 0;
  std::int64_t epochs = 0;  ///< passes over the windows, where updates is 0
  std::int64_t batch_size = 0;
  double learning_rate = 0;
  std::int64_t patience = 0;  ///< epochs, or twentieths of `updates`, without a better validation loss
  std::uint64_t seed = 1;

  std::vector<CallbackPtr> callbacks = {};
  RunControls controls = {.verbose = 0};

  /// What the options say; the network's kind settles the rest.
  static NetworkTraining from(const ForecastOptions& options, const RunControls& controls);
};

/// What networks are trained from.
struct TrainingTask {
  const ScaledPanel& scaled;
  const LinearChoice& linear;
  const ForecastOptions& options;
  const RunControls& controls;
  bool calendar = false;  ///< positions mean the same in all series

  const Panel& panel() const { return scaled.panel(); }
};

/// Everything that fixes a training: what the networks see of an origin, and how they learn from it.
class NetworkPlan {
 public:
  NetworkTraining training;

  explicit NetworkPlan(NetworkTraining how) : training(std::move(how)) {}
  virtual ~NetworkPlan() = default;
  virtual std::unique_ptr<NetworkPlan> clone() const = 0;
  /// The same with a look-back of about so many rows.
  virtual std::unique_ptr<NetworkPlan> with_look_back(const TrainingTask& task, std::int64_t rows) const = 0;
  /// `training` with everything that was left to the size of the data.
  virtual NetworkTraining settled(const TrainingTask& task) const = 0;

  virtual std::int64_t look_back() const = 0;  ///< rows
  /// The first row of a series that can be learnt from as an origin, and the rows after it that this takes.
  virtual std::int64_t first_origin(const TrainingTask& task) const = 0;
  virtual std::int64_t reach() const = 0;
  virtual std::unique_ptr<Folds> folds(const TrainingTask& task, int members, std::int64_t first,
                                       std::int64_t reach) const = 0;
  /// Origins that each member has to learn from before its forecasts are given any weight.
  virtual std::int64_t min_learnt() const { return 0; }

  /// With the members of `folds`.
  virtual TrainedNetwork train(const TrainingTask& task, const Folds& folds, Pool& pool) const = 0;

 protected:
  NetworkPlan(const NetworkPlan&) = default;
};

/// What --tune draws from: factors of the settings at hand, and values of dropout (none: it has none).
/// Without look-backs there is no search.
struct SearchSpace {
  std::vector<double> look_backs, units, dropouts, learning_rates;
};

struct NetworkKind {
  const char* name;  ///< as --model and results call it
  /// Whether it is the one to train under these options on so many rows.
  bool (*applies)(const TrainingTask& task);
  /// Error(data) where there are too few rows for it.
  std::unique_ptr<NetworkPlan> (*plan)(const TrainingTask& task);
  /// Without content, for archive() to read.
  std::unique_ptr<NetworkForecaster> (*make)();
  SearchSpace space;
};

/// Of these the first that applies is trained; the last one always does.
std::span<const NetworkKind> network_kinds();

}  // namespace rondo::forecasting
