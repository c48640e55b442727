#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tasks/check/subject.h"

namespace rondo::checking {

/// What a scaler that was fitted on all rows leaves behind.
enum class Scaling : std::uint8_t { none, standard, min_max };

struct ScalingMark {
  Scaling kind = Scaling::none;
  bool each_series = false;                          ///< standard: every series by itself
  double training_mean = 0, training_deviation = 0;  ///< standard: of the rows before the test part
  std::string doubt;  ///< why an honest column may look the same; "": beyond doubt
};

/// Looks for the marks of a scaler in a column whose test part are the last `test_share` of the rows of each
/// series.
///
/// standard: mean 0 and deviation 1 (of n or n - 1) over all rows, or over those of every series of 20 rows
/// or more that is not constant, to what four decimals or as many as the file has would leave; and not so
/// before the test part, for then it was scaled by that. From three decimals on this is beyond doubt: of
/// columns of normal noise whose true mean and deviation are 0 and 1, two in a million look so by chance.
/// Fewer decimals, and few different values (a code of -1 and 1 is balanced by nature), leave a doubt.
///
/// min_max: 0 and 1 are each reached once or twice, one of them in the test part only, among 20 different
/// values or more. Always in doubt: a share that goes from 0 to 1 is like that by nature.
///
/// Straight lines (a count of days) say nothing of the rows to come and are left alone.
ScalingMark find_scaling(std::span<const double> values, std::span<const SeriesRows> series,
                         double test_share);

}  // namespace rondo::checking
