#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// Of these years holidays are known.
inline constexpr int kFirstHolidayYear = 1901, kLastHolidayYear = 2099;

/// A public holiday.
struct Holiday {
  std::chrono::sys_days date;
  std::string name;  ///< in English; "Christmas Day (observed)" for the day off instead of a weekend's
  bool operator==(const Holiday&) const = default;
};

/// The national public holidays of a country in a year, in order of date, computed by rule: fixed dates,
/// Easter, weekdays of months, days off instead of weekends, equinoxes, the Chinese calendar; and the single
/// days that were proclaimed since 2000. `country` is a code of ISO 3166 ("DE"). Days of regions and states
/// are not among them, but GB has those of England; nor are, in China, the weekends that are swapped every
/// year, and in India the feasts whose dates are proclaimed.
///
/// The rules are those since 2000; years before, and those to come, follow the nearest ones. Throws
/// Error(usage) for a country that is not known, with the nearest, and for other years.
std::vector<Holiday> holidays(std::string_view country, int year);

/// The codes that `holidays` knows, in order.
std::vector<std::string> holiday_countries();

}  // namespace rondo
