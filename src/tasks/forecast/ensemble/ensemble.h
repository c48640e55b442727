#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/networks/network_plan.h"

namespace rondo::forecasting {

/// What all series taught, linear model and networks together: linear + weight · (networks − linear).
class Blend final : public Forecaster {
 public:
  LinearModel linear;
  std::shared_ptr<NetworkForecaster> networks;  ///< null: none was trained
  double weight = 0;

  std::string name() const override { return "blend"; }
  std::int64_t rows_needed(bool difference) const override;
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override {
    return forecast(scaled, origins, linear.predict(scaled, origins), pool);
  }
  /// From the linear model's forecasts of the same origins.
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Rows of_linear, Pool& pool);
  bool has_distribution() const override { return networks && networks->has_distribution(); }
  bool is_sampled() const override { return networks && networks->is_sampled(); }
  void archive(tasks::Archive& archive) override { this->archive(archive, networks != nullptr); }
  /// With networks or without.
  void archive(tasks::Archive& archive, bool trained);
  bool fits(const PanelShape& panel) const override;
};

/// Networks of the kind that options and rows call for, and what held-out rows say of them.
struct TrainedEnsemble : TrainedNetwork {
  BlendWeight weight;
  Rows held_out_errors;  ///< [origins, horizon]: of linear model and networks together, over spread
  /// What the networks add to the linear model's forecasts of the origins asked for, [origins, horizon], by
  /// members that have held them out, weight included; NaN where none has. 0 where they have no weight.
  Rows corrections;
  std::vector<std::string> notes;  ///< remarks on how the networks were made
};

/// `asked`: origins of the training part whose corrections are wanted.
TrainedEnsemble train_ensemble(const TrainingTask& task, Pool& pool, std::span<const Origin> asked = {});

}  // namespace rondo::forecasting
