#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/statistical/stl.h"

namespace rondo::forecasting::statistical {

/// Several seasons taken out of a series by STL, one after the other: Bandara, Hyndman, Bergmeir, "MSTL: A
/// Seasonal-Trend Decomposition Algorithm for Time Series with Multiple Seasonal Patterns", 2021.
struct Mstl {
  std::vector<std::int64_t> periods;         ///< shortest first
  std::vector<std::vector<double>> seasons;  ///< by period, by row
  std::vector<double> adjusted;              ///< the values without seasons; missing ones stay missing

  /// What all seasons add `step` rows behind the last one: what each added one season before.
  double season_ahead(std::int64_t step) const;
};

struct MstlOptions {
  int rounds = 2;                  ///< over all seasons, where there are several
  std::int64_t first_window = 11;  ///< rows of a place that are smoothed together, in the shortest season
  std::int64_t window_growth = 4;  ///< more of them in each longer one
  int inner = 2;                   ///< StlOptions::inner
  bool fast = true;                ///< StlOptions::fast
};

/// Seasons of two rows or more that `values` hold twice; others are left out, and none may be left.
Mstl mstl(std::span<const double> values, std::span<const std::int64_t> periods,
          const MstlOptions& options = {});

/// The decomposition's forecast: seasons go on as they were, the adjusted series by the exponential smoothing
/// without season that AICc chooses.
std::vector<double> forecast_mstl(std::span<const double> values, std::span<const std::int64_t> periods,
                                  std::int64_t horizon, const MstlOptions& options = {});

}  // namespace rondo::forecasting::statistical
