#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/linear/linear_model.h"
#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/panel/calendar_waves.h"

namespace rondo::forecasting {

/// What the residual network sees of an origin: the last steps · segment rows as a sequence [steps,
/// features]. A step holds `segment` rows side by side (one season where the window is long), their
/// covariates, whether each was observed (where the training part has missing values), and the calendar waves
/// of its last row.
struct ResidualWindow {
  std::int64_t steps = 1;
  std::int64_t segment = 1;
  std::int64_t covariates = 0;
  bool masked = false;  ///< each row also says whether it was observed
  CalendarWaves waves;

  std::int64_t rows() const { return steps * segment; }
  std::int64_t features() const;
  std::int64_t first_origin(bool difference) const { return difference ? rows() : rows() - 1; }
  /// [steps · features] numbers.
  void fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> out) const;

  void archive(tasks::Archive& archive);
};

/// With the calendar waves of `linear`. `longest_lag` rows, at least 8, at most a quarter of the training
/// rows; up to 48 rows one by one, more in segments of one season (the shortest that leaves at most 48
/// steps). `window` > 0 fixes the number of rows.
ResidualWindow choose_residual_window(const Panel& panel, const LinearCandidate& linear,
                                      std::int64_t longest_lag, std::int64_t window);

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
