#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/forecaster/forecaster.h"
#include "tasks/forecast/linear/ridge.h"
#include "tasks/forecast/panel/calendar_waves.h"

namespace rondo::forecasting {

/// One way to set up the linear model: which columns it sees and how strong its penalty is.
struct LinearCandidate {
  std::int64_t lags = 1;  ///< rows of history (movements, see ScaledPanel)
  std::vector<std::int64_t>
      wave_orders;  ///< by season of the panel: sines and cosines of 1 … order cycles a season
  std::int64_t covariate_lags = 0;  ///< rows of history of every past covariate
  std::int64_t known_steps = 0;     ///< rows of the horizon of every known covariate
  double penalty = 1e-3;            ///< see solve_ridge
};

/// Which columns a design has: lags, then sine and cosine by season and order, then covariates by lag.
struct LinearLayout {
  std::int64_t lags = 0;
  CalendarWaves waves;
  std::int64_t covariates = 0;
  std::int64_t covariate_lags = 0;
  std::int64_t known = 0;
  std::int64_t known_steps = 0;

  std::int64_t columns() const;
  /// The smallest layout that has every column of every candidate.
  static LinearLayout cover(const Panel& panel, std::span<const LinearCandidate> candidates);
  /// Where the columns of a candidate stand in it.
  std::vector<std::int64_t> columns_of(const LinearCandidate& candidate) const;
  /// The first row that has all the history needed.
  std::int64_t first_origin(bool difference) const;
  /// What is known at an origin.
  void fill(const ScaledPanel& scaled, const Origin& origin, std::span<double> row) const;
  Rows design(const ScaledPanel& scaled, std::span<const Origin> origins) const;
};

/// The linear model: a direct forecast of all steps of the horizon from what is known at an origin, in the
/// scale of ScaledPanel::targets. Linear in the history, whatever number of ridge regressions it is the mean
/// of.
class LinearModel final : public Forecaster {
 public:
  LinearLayout layout;
  LinearMap map;

  /// The locations alone.
  Rows predict(const ScaledPanel& scaled, std::span<const Origin> origins) const;

  std::string name() const override { return "linear"; }
  std::int64_t rows_needed(bool difference) const override { return layout.first_origin(difference) + 1; }
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override;
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;
};

/// The mean of the candidates' ridge regressions on the origins whose whole horizon lies in the first
/// `row_limits[series]` rows and that pass the filter (null: all do). Of very many origins every k-th is
/// used, so that about 20,000 are.
LinearModel fit_linear(const ScaledPanel& scaled, std::span<const LinearCandidate> candidates,
                       std::span<const std::int64_t> row_limits, const OriginFilter& filter = {});

/// Candidates in groups that share one design: all together where rows abound, else by number of lags, so
/// that short histories do not lose rows to the longest candidate.
std::vector<std::vector<LinearCandidate>> group_by_design(const Panel& panel,
                                                          std::span<const LinearCandidate> candidates);

}  // namespace rondo::forecasting
