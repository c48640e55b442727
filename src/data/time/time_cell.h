#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "rondo/data/timeline.h"

namespace rondo::detail {

/// A time as it stands in a cell, not yet understood: 2/1/2020 may be a day in January or in February.
struct TimeCell {
  int parts = 0;  ///< numbers of the date: 2 or 3; for a quarter, year and quarter
  std::array<int, 3> value{}, digits{};
  bool quarter = false;
  bool compact = false;   ///< 20200131
  std::string separator;  ///< between the parts; the mark of a quarter
  bool has_time = false;
  std::string time_separator;
  int hour = 0, minute = 0, second = 0, microsecond = 0;
  int hour_digits = 2, decimals = 0;
  bool has_seconds = false, twelve_hours = false;
  TimeFormat::Zone zone = TimeFormat::Zone::none;
  std::string zone_separator;
  std::int32_t offset = 0;  ///< seconds east of UTC
  std::string zone_name;
};

/// Takes a cell apart; false when it is no time.
bool read_time_cell(std::string_view text, TimeCell& cell);

/// A wall time (and seconds east of UTC, for formats that show them) written as `format` says.
std::string write_time(const TimeFormat& format, std::int64_t wall, std::int64_t offset);

}  // namespace rondo::detail
