#pragma once

#include <optional>
#include <span>

#include "data/time/time_read.h"

namespace rondo::detail {

/// Whole numbers that are written calendar fields: YYYYMMDD, YYYYMM and, with a time of day, YYYYMMDDHH,
/// YYYYMMDDHHMM, YYYYMMDDHHMMSS; weeks of ISO 8601 YYYYWW, quarters YYYYQ and days of the year YYYYDDD. Every
/// number has to be a date. The last three could be counters as well, so somewhere their digits have to be
/// carried as a calendar carries them: from the last week, quarter or day of a year to the first of the next.
/// Nothing where the numbers are none of these.
std::optional<Timeline> read_written_numbers(std::span<const double> numbers, const TimeOptions& options,
                                             const RowName& where);

/// Year and week of ISO 8601 of a day, as year · 100 + week.
std::int64_t iso_week_of(std::int64_t days);

}  // namespace rondo::detail
