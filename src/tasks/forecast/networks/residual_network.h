#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/networks/residual_window.h"

namespace rondo::forecasting {

/// A small network for few rows, which learns what the linear model leaves of the targets: each member is a
/// recurrent layer and a dense layer that starts at zero. They see the same window and share nothing but the
/// order of the batches.
Network make_residual_network(const ResidualWindow& window, std::int64_t horizon,
                              const NetworkTraining& settled);

class ResidualNetwork final : public NetworkForecaster {
 public:
  ResidualWindow window;
  double scale = 1;  ///< of its outputs

  std::string name() const override { return "residual"; }
  std::int64_t look_back() const override { return window.rows(); }
  std::int64_t rows_needed(bool difference) const override { return window.rows() + (difference ? 1 : 0); }
  bool is_correction() const override { return true; }
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override;
  std::vector<Forecasts> members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                 Pool& pool) override;
  std::vector<Forecasts> forecasts_of(std::span<const std::vector<int>> groups, const ScaledPanel& scaled,
                                      std::span<const Origin> origins, Pool& pool) override;
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;

 private:
  /// Of every member, in units of `scale`: [origins, horizon].
  std::vector<Samples> outputs(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool);
};

/// What the members learn: what is left of the targets when the linear model (fitted without the part that
/// they hold out) is subtracted, in units of its own standard deviation.
class Residuals {
 public:
  Residuals(const TrainingTask& task, const Folds& folds, std::int64_t first, Pool& pool);

  /// Standard deviation of what member 0 learns from.
  double scale() const { return scale_; }
  /// [horizon], in the scale of ScaledPanel::targets.
  std::span<const double> of(int member, const Origin& origin) const;

 private:
  std::int64_t first_, horizon_;
  std::vector<std::int64_t> offsets_;  ///< by series: index of its origin `first_`
  std::vector<Rows> by_part_;          ///< [origins, horizon]
  double scale_ = 1;
};

class ResidualPlan final : public NetworkPlan {
 public:
  ResidualWindow window;

  ResidualPlan(ResidualWindow view, NetworkTraining how)
      : NetworkPlan(std::move(how)), window(std::move(view)) {}
  std::unique_ptr<NetworkPlan> clone() const override { return std::make_unique<ResidualPlan>(*this); }
  /// At most a third of the training rows, or what it has.
  std::unique_ptr<NetworkPlan> with_look_back(const TrainingTask& task, std::int64_t rows) const override;
  NetworkTraining settled(const TrainingTask& task) const override;
  std::int64_t look_back() const override { return window.rows(); }
  std::int64_t first_origin(const TrainingTask& task) const override;
  std::int64_t reach() const override { return 0; }
  std::unique_ptr<Folds> folds(const TrainingTask& task, int members, std::int64_t first,
                               std::int64_t reach) const override;
  std::int64_t min_learnt() const override { return 8; }
  TrainedNetwork train(const TrainingTask& task, const Folds& folds, Pool& pool) const override;
};

}  // namespace rondo::forecasting
