#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting {

/// Mean over one season around row t: for an even period its two ends count half. NaN where it does not fit
/// or a value is missing.
double centred_mean(std::span<const double> values, std::size_t t, std::size_t period);

/// How far each place of a season stands above the level of a series, in transformed values (under a
/// logarithm: by which factor). A plain value: all that is needed to take a season out and put it back, at
/// any position in time.
struct SeasonalIndices {
  double season = 0;             ///< in rows; 0: there is none
  std::vector<double> by_place;  ///< the season cut into about as many places as it has rows; their sum is 0

  /// 0 where there is no season.
  double at(double position) const;
};

/// Classical decomposition of the rows given, and of no others: the mean by place of what stands above or
/// below the centred moving average over a season. `positions`: where each row stands in time; `observed`: 0
/// where a value was missing, which then is not counted; empty: none was. A place that never has such an
/// average around it gets 0.
SeasonalIndices fit_seasonal_indices(std::span<const double> transformed, std::span<const double> positions,
                                     std::span<const std::uint8_t> observed, double season);

}  // namespace rondo::forecasting
