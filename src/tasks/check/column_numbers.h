#pragma once

#include <cstdint>
#include <span>

#include "tasks/check/subject.h"

namespace rondo::checking {

/// Values more than 10 robust deviations (1.4826 times the median distance from the median, of each series)
/// away.
struct Outliers {
  std::int64_t count = 0;
  std::int64_t row = 0;      ///< of the farthest
  double worst = 0;          ///< its value
  double median = 0;         ///< of its series
  std::int64_t repeats = 0;  ///< how often that value occurs
};
/// Where more than half of a series are one value, the mean distance stands in for the median one; where that
/// is 0 too, there are no outliers.
Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series);

/// -99, -999, 9999 and their like.
bool is_code_for_missing(double value);

}  // namespace rondo::checking
