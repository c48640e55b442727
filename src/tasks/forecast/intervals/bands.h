#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tasks/forecast/panel/rows.h"

namespace rondo::forecasting {

// Bands by split conformal prediction: how far forecasts for rows not learnt from were wrong says how far the
// next one will be. Errors are truth − forecast, divided by whatever scale makes them alike over series or
// windows; offsets come in the same units. Missing errors (NaN) are left out. Rows are
// [forecasts, horizon].

/// What to add to a forecast (times the scale) for the ends of its bands: [horizon, levels]. Bands of a
/// higher level hold those of a lower one.
struct BandOffsets {
  std::vector<double> levels;  ///< nominal coverages, ascending, such as {0.80, 0.95}
  std::vector<double> low, high;

  std::int64_t horizon() const { return static_cast<std::int64_t>(low.size() / levels.size()); }
  std::size_t index(std::int64_t step, std::int64_t level) const {
    return static_cast<std::size_t>(step) * levels.size() + static_cast<std::size_t>(level);
  }
  double low_at(std::int64_t step, std::int64_t level) const { return low[index(step, level)]; }
  double high_at(std::int64_t step, std::int64_t level) const { return high[index(step, level)]; }

  /// No offsets yet. Levels outside of (0, 1) or not ascending throw Error(usage).
  static BandOffsets make(std::int64_t horizon, std::vector<double> levels);
  /// Widens a step's bands until each holds the one before it.
  void nest(std::int64_t step);
};

/// Quantile of one more value after `sorted` ones of weight 1 each: the ⌈(n+1)·probability⌉-th smallest.
/// Beyond the largest, Student's quantile of the root mean square, at least the largest. 0 without values.
/// `worth`: as how many independent values they count, where these are fewer.
double conformal_quantile(std::span<const double> sorted, double probability,
                          double worth = std::numeric_limits<double>::infinity());

}  // namespace rondo::forecasting
