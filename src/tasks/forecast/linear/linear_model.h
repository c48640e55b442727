#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tasks/forecast/linear/ridge.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// One way to set up the linear path: which columns it sees and how strongly it is held back.
struct LineCandidate {
  std::int64_t lags = 1;  ///< rows of history (movements, see ScaledPanel)
  std::vector<std::int64_t>
      wave_orders;  ///< by season of the panel: sines and cosines of 1 … order cycles a season
  std::int64_t covariate_lags = 0;  ///< rows of history of every past covariate
  std::int64_t known_steps = 0;     ///< rows of the horizon of every known covariate
  double penalty = 1e-3;            ///< see solve_ridge
};

/// Which columns a design has: lags, then sine and cosine by season and order, then covariates by lag.
struct LineLayout {
  std::int64_t lags = 0;
  std::vector<double> seasons;
  std::vector<std::int64_t> wave_orders;
  std::int64_t covariates = 0;
  std::int64_t covariate_lags = 0;
  std::int64_t known = 0;
  std::int64_t known_steps = 0;

  std::int64_t columns() const;
  /// The smallest layout that has every column of every candidate.
  static LineLayout cover(const Panel& panel, std::span<const LineCandidate> candidates);
  /// Where the columns of a candidate stand in it.
  std::vector<std::int64_t> columns_of(const LineCandidate& candidate) const;
  /// The first row that has all the history needed.
  std::int64_t first_origin(bool difference) const;
  /// What is known at an origin.
  void fill(const Panel& panel, const ScaledPanel& scaled, const Origin& origin, std::span<double> row) const;
  Rows design(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins) const;

  /// For model files.
  template <class Self, class V>
  static void visit(Self& self, V&& field) {
    field("lags", self.lags, "");
    field("seasons", self.seasons, "");
    field("wave_orders", self.wave_orders, "");
    field("covariates", self.covariates, "");
    field("covariate_lags", self.covariate_lags, "");
    field("known", self.known, "");
    field("known_steps", self.known_steps, "");
  }
};

/// Targets of origins, [origins, horizon].
Rows target_rows(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins);
/// Makes truths of these origins, [origins, horizon], NaN where a value was missing and is the one before:
/// nobody is judged by it.
void forget_filled(const Panel& panel, std::span<const Origin> origins, Rows& truths);

/// The linear path: a direct forecast of all steps of the horizon from what is known at an origin, in the
/// scale of ScaledPanel::targets. Linear in the history, whatever number of ridge regressions it is the mean
/// of.
struct LinearPath {
  LineLayout layout;
  LinearMap map;

  Rows predict(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins) const;
};

/// Which origins may be learnt from.
using OriginFilter = std::function<bool(const Origin&)>;

/// The mean of the candidates' ridge regressions on the origins whose whole horizon lies in the first
/// `row_limits[series]` rows and that pass the filter (null: all do). Of very many origins every k-th is
/// used, so that about 20,000 are.
LinearPath fit_line(const Panel& panel, const ScaledPanel& scaled, std::span<const LineCandidate> candidates,
                    std::span<const std::int64_t> row_limits, const OriginFilter& filter = {});

/// Candidates in groups that share one design: all together where rows abound, else by number of lags, so
/// that short histories do not lose rows to the longest candidate.
std::vector<std::vector<LineCandidate>> group_by_design(const Panel& panel,
                                                        std::span<const LineCandidate> candidates);

/// Every how many origins one is used.
std::int64_t origin_stride(const Panel& panel);
/// One origin in `stride`, drawn without regard to the season (every 24th hour would know one hour of the
/// day).
bool is_drawn(const Origin& origin, std::int64_t stride);

}  // namespace rondo::forecasting
