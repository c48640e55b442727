#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/networks/network_plan.h"

namespace rondo::forecasting {

/// Linear model and networks together: linear + weight · (networks − linear).
class Blend final : public Forecaster {
 public:
  LinearModel linear;
  std::shared_ptr<NetworkForecaster> networks;
  double weight = 0;

  std::string name() const override { return "blend"; }
  std::int64_t rows_needed(bool difference) const override;
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override {
    return forecast(scaled, origins, linear.predict(scaled, origins), pool);
  }
  /// From the linear model's forecasts of the same origins.
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Rows of_linear, Pool& pool);
  bool has_distribution() const override { return networks->has_distribution(); }
  bool is_sampled() const override { return networks->is_sampled(); }
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;
};

/// Networks of the kind that options and rows call for, and what held-out rows say of them.
struct TrainedEnsemble : TrainedNetwork {
  BlendWeight weight;
  Rows held_out_errors;            ///< [origins, horizon]: of linear model and networks together, over spread
  std::vector<std::string> notes;  ///< remarks on how the networks were made
};

TrainedEnsemble train_ensemble(const TrainingTask& task, Pool& pool);

}  // namespace rondo::forecasting
