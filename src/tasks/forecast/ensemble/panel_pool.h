#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/pool/pool_forecast.h"

namespace rondo::forecasting {

/// What the statistical methods say at one origin, in units of the series.
using MemberForecasts = pool::MemberForecasts;

/// The series of a panel as statistical methods take them: in their own units, gross errors replaced, NaN
/// where nothing was observed, with all columns that are known beforehand.
class PanelPool {
 public:
  /// `allowed`: members, none: all. Refers to the panel of `scaled`, which has to outlive it.
  explicit PanelPool(const ScaledPanel& scaled, std::vector<pool::Member> allowed = {});

  /// The first `rows` rows of a series, and the horizon behind them.
  pool::SeriesInput before(std::int64_t series, std::int64_t rows) const;
  /// Of members[series]: those that apply at the origin. By origin.
  std::vector<MemberForecasts> forecast(std::span<const Origin> origins,
                                        std::span<const std::vector<pool::Member>> members, Pool& pool,
                                        const tasks::Advanced& advanced = {}) const;

 private:
  const Panel& panel_;
  std::vector<pool::Member> allowed_;
  std::vector<std::vector<double>> values_;  ///< by series
};

/// Whether many long series teach what no method of one series knows.
bool abounds_in_rows(const Panel& panel);

/// Rows that a member of the pool reads of a long series.
inline constexpr std::int64_t kMostRowsRead = 3000;

/// Whether forecasts by statistical methods at so many origins of a series of so many rows take a time that
/// suits a forecast: they are fitted again at each.
bool pool_is_affordable(std::int64_t rows, std::int64_t origins);

}  // namespace rondo::forecasting
