#pragma once

#include <cstdint>
#include <span>

namespace rondo::detail {

/// When a holiday is, and since and until which years.
struct HolidayRule {
  enum class Kind : std::uint8_t {
    date,              ///< the same date every year
    easter,            ///< `day` days after Easter Sunday
    weekday,           ///< the first `weekday` from that date on
    saint_brigid,      ///< the first Monday of February, or the first of February where it is a Friday
    chinese,           ///< a date of the Chinese calendar; day 0 is the day before the month
    clear_and_bright,  ///< the sun is at 15°: Qingming, by the clock of Beijing
    vernal_equinox,    ///< by the clock of Tokyo
    autumnal_equinox
  };
  enum class Weekend : std::uint8_t {
    stays,
    nearest,  ///< Saturday: also Friday; Sunday: also Monday
    next,     ///< also the next Monday to Friday that is no holiday
    before,   ///< Sunday: the Saturday before instead
    lapses    ///< Sunday: none, regions choose another day
  };

  const char* name;
  Kind kind;
  int month = 0, day = 0;
  int weekday = 0;  ///< 0 = Monday
  int first_year = 0, last_year = 9999, every = 1;
  Weekend weekend = Weekend::stays;
  int weekend_since = 0;

  constexpr HolidayRule since(int year) const {
    HolidayRule rule = *this;
    rule.first_year = year;
    return rule;
  }
  constexpr HolidayRule until(int year) const {
    HolidayRule rule = *this;
    rule.last_year = year;
    return rule;
  }
  constexpr HolidayRule in(int year) const { return since(year).until(year); }
  /// Every so many years, from the first on.
  constexpr HolidayRule every_years(int years) const {
    HolidayRule rule = *this;
    rule.every = years;
    return rule;
  }
  constexpr HolidayRule on_weekends(Weekend how, int year = 0) const {
    HolidayRule rule = *this;
    rule.weekend = how;
    rule.weekend_since = year;
    return rule;
  }
};

struct HolidayCountry {
  const char* code;
  std::span<const HolidayRule> rules;
};

/// In order of their codes.
std::span<const HolidayCountry> holiday_country_list();

}  // namespace rondo::detail
