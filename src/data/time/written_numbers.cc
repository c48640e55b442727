#include "data/time/written_numbers.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/time/civil_time.h"
#include "data/time/time_cell.h"
#include "data/time/timeline_access.h"

namespace rondo::detail {

namespace {

using Style = TimeFormat::Style;

/// The Monday of the first week of a year: the week that has January 4th.
std::int64_t first_monday_of(std::int64_t year) {
  const std::int64_t day = day_in_month(year * 12, 4);
  return day - weekday_of(day);
}

std::optional<std::int64_t> date(std::int64_t number) {
  const auto ymd = std::chrono::year(static_cast<int>(number / 10000)) /
                   static_cast<int>(number / 100 % 100) / static_cast<int>(number % 100);
  return ymd.ok() ? std::optional(days_of_date(ymd)) : std::nullopt;
}

std::optional<std::int64_t> year_month(std::int64_t number) { return date(number * 100 + 1); }

std::optional<std::int64_t> year_week(std::int64_t number) {
  const std::int64_t year = number / 100, week = number % 100,
                     monday = first_monday_of(year) + (week - 1) * 7;
  return week >= 1 && monday < first_monday_of(year + 1) ? std::optional(monday) : std::nullopt;
}

std::optional<std::int64_t> year_quarter(std::int64_t number) {
  const std::int64_t quarter = number % 10;
  if (quarter < 1 || quarter > 4) return std::nullopt;
  return day_in_month(number / 10 * 12 + (quarter - 1) * 3, 1);
}

std::optional<std::int64_t> year_day(std::int64_t number) {
  const std::int64_t year = number / 1000, day = number % 1000, first = day_in_month(year * 12, 1);
  return day >= 1 && first + day <= day_in_month((year + 1) * 12, 1) ? std::optional(first + day - 1)
                                                                     : std::nullopt;
}

/// One way to write a date, and perhaps a time of day, as a whole number.
struct Writing {
  Style style;
  std::int64_t low, high;  ///< of the numbers
  std::int64_t time;       ///< 100 for each of hour, minute and second behind the date, multiplied
  std::optional<std::int64_t> (*days)(std::int64_t date);
  std::int64_t step = 0;  ///< of a style that needs a carry: the most days from one to the next
};

constexpr Writing kWritings[] = {
    {Style::date, 1000'01'01, 3000'00'00, 1, date},
    {Style::date_hour, 1900'01'01'00, 2100'00'00'00, 100, date},
    {Style::date_minute, 1900'01'01'00'00, 2100'00'00'00'00, 100 * 100, date},
    {Style::date_second, 1900'01'01'00'00'00, 2100'00'00'00'00'00, 100 * 100 * 100, date},
    {Style::year_month, 1800'01, 2200'00, 1, year_month},
    {Style::year_week, 1800'01, 2200'00, 1, year_week, 7},
    {Style::quarter, 1800'1, 2200'0, 1, year_quarter, 92},
    {Style::year_day, 1800'001, 2200'000, 1, year_day, 1},
};

/// Microseconds of the hours, minutes and seconds HH[MM[SS]] below `time`, if the clock shows them.
std::optional<std::int64_t> time_of(std::int64_t number, std::int64_t time) {
  std::int64_t sum = 0, unit = kHour;
  for (bool hour = true; time > 1; hour = false) {
    time /= 100;
    const std::int64_t value = number / time % 100;
    if (value >= (hour ? 24 : 60)) return std::nullopt;
    sum += value * unit;
    unit /= 60;
  }
  return sum;
}

/// Wall times of all numbers; empty unless each is one.
std::vector<std::int64_t> walls_as(std::span<const std::int64_t> numbers, const Writing& writing) {
  std::vector<std::int64_t> walls;
  walls.reserve(numbers.size());
  for (const std::int64_t number : numbers) {
    if (number < writing.low || number >= writing.high) return {};
    const auto days = writing.days(number / writing.time);
    const auto time = time_of(number % writing.time, writing.time);
    if (!days || !time) return {};
    walls.push_back(*days * kDay + *time);
  }
  return walls;
}

/// Whether digits are carried from one year to the next as no counter does.
bool is_carried(std::vector<std::int64_t> numbers, const Writing& writing) {
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::int64_t days = *writing.days(numbers[i]) - *writing.days(numbers[i - 1]);
    if (numbers[i] - numbers[i - 1] > 1 && days > 0 && days <= writing.step) return true;
  }
  return false;
}

/// Local times on the clock of the zone; one that the clock never showed is an error.
Timeline zoned(const std::vector<std::int64_t>& walls, TimeFormat format, const TimeOptions& options,
               const RowName& where) {
  TimeFormat text;
  text.style = Style::date_time;
  TextList texts;
  for (const std::int64_t wall : walls) texts.push_back(write_time(text, wall, 0));
  TimeOptions naive = options;
  naive.format = "auto";
  const Timeline read = read_time_texts(texts, naive, where);
  format.zone = read.format().zone;
  return TimelineAccess::make({read.ticks().begin(), read.ticks().end()}, {}, std::move(format));
}

}  // namespace

std::int64_t iso_week_of(std::int64_t days) {
  const std::int64_t thursday = days - weekday_of(days) + 3;
  const auto year = static_cast<std::int64_t>(static_cast<int>(date_of_days(thursday).year()));
  return year * 100 + (thursday - first_monday_of(year)) / 7 + 1;
}

std::optional<Timeline> read_written_numbers(std::span<const double> numbers, const TimeOptions& options,
                                             const RowName& where) {
  std::vector<std::int64_t> whole;
  for (const double number : numbers) {
    if (number != std::floor(number) || !(std::abs(number) < 9e15)) return std::nullopt;
    whole.push_back(static_cast<std::int64_t>(number));
  }
  for (const Writing& writing : kWritings) {
    const std::vector<std::int64_t> walls = walls_as(whole, writing);
    if (walls.empty() || (writing.step > 0 && !is_carried(whole, writing))) continue;
    TimeFormat format;
    format.style = writing.style;
    format.date_separator = '\0';
    format.quarter_mark.clear();
    if (writing.time > 1) return zoned(walls, std::move(format), options, where);
    return TimelineAccess::make(walls, {}, std::move(format));
  }
  return std::nullopt;
}

}  // namespace rondo::detail
