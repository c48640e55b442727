#pragma once

#include <cstdint>
#include <span>

#include "tasks/check/subject.h"

namespace rondo::checking {

/// Values more than 10 robust deviations (1.4826 times the median distance from the median, of each series) away.
struct Outliers {
  std::int64_t count = 0;
  std::int64_t row = 0;      ///< of the farthest
  double worst = 0;          ///< its value
  double median = 0;         ///< of its series
  std::int64_t repeats = 0;  ///< how often that value occurs
};
/// Where more than half of a series are one value, the mean distance stands in for the median one; where that is 0
/// too, there are no outliers.
Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series);

/// -99, -999, 9999 and their like.
bool is_code_for_missing(double value);

/// What a scaler that was fitted on all rows leaves behind.
enum class ScalingMark { none, standard, min_max };
/// standard: mean 0 and deviation 1 (of n or n - 1) to 1e-9 and 1e-6, or as near as the digits of the file allow.
/// min_max: 0 and 1 are each reached once or twice, one of them in the last `test_share` of the rows only; columns of
/// few different values (flags) are left alone.
ScalingMark find_scaling(std::span<const double> values, std::span<const SeriesRows> series,
                         double test_share);

}  // namespace rondo::checking
