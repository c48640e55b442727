#pragma once

#include <chrono>
#include <cstdint>

#include "rondo/data/timeline.h"

// Arithmetic with dates in the Gregorian calendar. A "wall" time counts microseconds since 1970-01-01 00:00
// on the clock of some zone.

namespace rondo::detail {

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

inline std::int64_t days_of(std::int64_t wall) { return floor_div(wall, kDay); }
inline std::int64_t time_of_day(std::int64_t wall) { return floor_mod(wall, kDay); }

inline std::chrono::year_month_day date_of_days(std::int64_t days) {
  return std::chrono::sys_days(std::chrono::days(days));
}
inline std::int64_t days_of_date(const std::chrono::year_month_day& date) {
  return std::chrono::sys_days(date).time_since_epoch().count();
}
/// 0 = Monday. 1970-01-01 was a Thursday.
inline int weekday_of(std::int64_t days) { return static_cast<int>(floor_mod(days + 3, 7)); }

/// Months since year 0.
inline std::int64_t months_of(const std::chrono::year_month_day& date) {
  return static_cast<std::int64_t>(static_cast<int>(date.year())) * 12 + static_cast<unsigned>(date.month()) -
         1;
}
inline int last_day_of_month(std::int64_t months) {
  const std::chrono::year year(static_cast<int>(floor_div(months, 12)));
  const std::chrono::month month(static_cast<unsigned>(floor_mod(months, 12) + 1));
  return static_cast<int>(static_cast<unsigned>((year / month / std::chrono::last).day()));
}
/// The day `day` of a month, or its last day if it is shorter, in days since 1970.
inline std::int64_t day_in_month(std::int64_t months, int day) {
  const int last = last_day_of_month(months);
  const std::chrono::year year(static_cast<int>(floor_div(months, 12)));
  const std::chrono::month month(static_cast<unsigned>(floor_mod(months, 12) + 1));
  return days_of_date(year / month / std::chrono::day(static_cast<unsigned>(day < last ? day : last)));
}

inline std::int64_t last_business_day_of_month(std::int64_t months) {
  const std::int64_t last = day_in_month(months, 31);
  return last - (weekday_of(last) > 4 ? weekday_of(last) - 4 : 0);
}

/// Counts Mondays to Fridays; a weekend day counts as the Friday before it.
inline std::int64_t business_days_of(std::int64_t days) {
  const int weekday = weekday_of(days);
  return floor_div(days + 3, 7) * 5 + (weekday < 4 ? weekday : 4);
}
inline std::int64_t day_of_business_days(std::int64_t count) {
  return floor_div(count, 5) * 7 + floor_mod(count, 5) - 3;
}

inline bool is_epoch(TimeFormat::Style style) {
  return style >= TimeFormat::Style::epoch_seconds && style <= TimeFormat::Style::epoch_nanoseconds;
}

Timeline::Fields fields_of(std::int64_t wall);

}  // namespace rondo::detail
