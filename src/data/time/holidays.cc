#include "rondo/data/holidays.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "data/time/chinese_calendar.h"
#include "data/time/civil_time.h"
#include "data/time/holiday_rules.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

using detail::days_of_date;
using detail::HolidayCountry;
using detail::HolidayRule;
using detail::weekday_of;
using Kind = HolidayRule::Kind;
using Weekend = HolidayRule::Weekend;

constexpr int kSaturday = 5, kSunday = 6;

std::int64_t day_of(int year, int month, int day) {
  return days_of_date(std::chrono::year(year) / month / day);
}

/// Easter Sunday of the Gregorian calendar: the anonymous computus of Nature 13, 1876, as in Meeus,
/// "Astronomical Algorithms", chapter 8.
std::int64_t easter_sunday(int year) {
  const int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
  const int g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
  const int l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return day_of(year, n / 31, n % 31 + 1);
}

/// The day of an equinox in Japan: the formula of its Hydrographic Department for 1980 to 2099, and for 1900
/// to 1979 with `before`.
std::int64_t equinox_day(int year, int month, double before, double since) {
  const double moment = 0.242194 * (year - 1980);
  const int leaps = year < 1980 ? (year - 1983) / 4 : (year - 1980) / 4;
  return day_of(year, month, static_cast<int>((year < 1980 ? before : since) + moment) - leaps);
}

std::int64_t first_weekday_from(std::int64_t day, int weekday) {
  return day + detail::floor_mod(weekday - weekday_of(day), 7);
}

std::int64_t day_of(const HolidayRule& rule, int year) {
  switch (rule.kind) {
    case Kind::date: return day_of(year, rule.month, rule.day);
    case Kind::easter: return easter_sunday(year) + rule.day;
    case Kind::weekday: return first_weekday_from(day_of(year, rule.month, rule.day), rule.weekday);
    case Kind::saint_brigid: {
      const std::int64_t first = day_of(year, 2, 1);
      return weekday_of(first) == 4 ? first : first_weekday_from(first, 0);
    }
    case Kind::chinese: return detail::chinese_date(year, rule.month, rule.day);
    case Kind::clear_and_bright: return detail::clear_and_bright_day(year);
    case Kind::vernal_equinox: return equinox_day(year, 3, 20.8357, 20.8431);
    case Kind::autumnal_equinox: return equinox_day(year, 9, 23.2588, 23.2488);
  }
  return 0;
}

/// Holidays by day; of several on one day the first is named.
using Days = std::map<std::int64_t, std::string>;

bool applies(const HolidayRule& rule, int year) {
  return year >= rule.first_year && year <= rule.last_year && (year - rule.first_year) % rule.every == 0;
}

void add_days_off(const HolidayRule& rule, std::int64_t day, Days& days) {
  const int weekday = weekday_of(day);
  if (weekday < kSaturday) return;
  std::int64_t instead = day;
  if (rule.weekend == Weekend::nearest) {
    instead += weekday == kSaturday ? -1 : 1;
  } else {
    while (weekday_of(instead) >= kSaturday || days.contains(instead)) ++instead;
  }
  days.emplace(instead, std::string(rule.name) + " (observed)");
}

Days days_by_rule(const HolidayCountry& country, int year) {
  Days days;
  std::vector<std::pair<const HolidayRule*, std::int64_t>> on_weekends;
  for (const HolidayRule& rule : country.rules) {
    if (!applies(rule, year)) continue;
    std::int64_t day = day_of(rule, year);
    const bool sunday = weekday_of(day) == kSunday;
    if (sunday && rule.weekend == Weekend::lapses) continue;
    if (sunday && rule.weekend == Weekend::before) --day;
    days.emplace(day, rule.name);
    const bool day_off = rule.weekend == Weekend::nearest || rule.weekend == Weekend::next;
    if (day_off && year >= rule.weekend_since) on_weekends.emplace_back(&rule, day);
  }
  for (const auto& [rule, day] : on_weekends) add_days_off(*rule, day, days);
  return days;
}

/// Japan's Act on National Holidays, article 3: a holiday on a Sunday is made up for on the next day that is
/// none (until 2006 on the Monday), and a day between two holidays is one.
void add_japanese_days(Days& days, int year) {
  const Days given = days;
  for (const auto& [day, name] : given) {
    if (weekday_of(day) == kSunday) {
      std::int64_t instead = day + 1;
      while (given.contains(instead)) ++instead;
      if (year >= 2007 || instead == day + 1) days.emplace(instead, "Substitute Holiday");
    }
  }
  for (const auto& [day, name] : given) {
    if (given.contains(day + 2) && weekday_of(day + 1) != kSunday) days.emplace(day + 1, "National Holiday");
  }
}

const HolidayCountry& find_country(std::string_view code) {
  const std::size_t place = detail::place_among(holiday_countries(), code,
                                                "the holidays of '" + std::string(code) + "' are not known");
  return detail::holiday_country_list()[place];
}

}  // namespace

std::vector<std::string> holiday_countries() {
  std::vector<std::string> codes;
  for (const HolidayCountry& country : detail::holiday_country_list()) codes.emplace_back(country.code);
  return codes;
}

std::vector<Holiday> holidays(std::string_view code, int year) {
  const HolidayCountry& country = find_country(code);
  if (year < kFirstHolidayYear || year > kLastHolidayYear) {
    throw Error(ErrorKind::usage, "the holidays of that year are not known")
        .seen(std::to_string(year))
        .expected(std::to_string(kFirstHolidayYear) + " to " + std::to_string(kLastHolidayYear));
  }
  Days all;
  for (const int y : {year - 1, year, year + 1}) {  // New Year's Day may be observed on 31 December
    Days days = days_by_rule(country, y);
    if (code == "JP") add_japanese_days(days, y);
    all.merge(days);
  }
  std::vector<Holiday> out;
  for (const auto& [day, name] : all) {
    const std::chrono::sys_days date{std::chrono::days(day)};
    if (std::chrono::year_month_day(date).year() == std::chrono::year(year)) out.push_back({date, name});
  }
  return out;
}

}  // namespace rondo
