#pragma once

#include <cstdint>

// The Chinese calendar by its rules (GB/T 33661-2017; Helmer Aslaksen, "The mathematics of the Chinese
// calendar"): months begin on the day of the new moon by the clock of Beijing, the winter solstice is in
// month 11, and where thirteen months lie between two solstices the first without a principal term is a leap
// month.

namespace rondo::detail {

/// Days since 1970-01-01 of day `day` (from 1; 0 is the day before) of a month that is no leap month, of the
/// Chinese year that begins in the Gregorian year `year`.
std::int64_t chinese_date(int year, int month, int day);

/// The day on which the sun comes to 15°: Qingming.
std::int64_t clear_and_bright_day(int year);

}  // namespace rondo::detail
