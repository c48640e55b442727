#include <algorithm>
#include <cstdlib>

#include "data/time/civil_time.h"
#include "data/time/time_cell.h"
#include "data/time/written_numbers.h"

namespace rondo::detail {

namespace {

std::string padded(std::int64_t value, int digits) {
  std::string text = std::to_string(std::abs(value));
  if (static_cast<int>(text.size()) < digits)
    text.insert(0, static_cast<std::size_t>(digits) - text.size(), '0');
  return value < 0 ? "-" + text : text;
}

/// `value` in units of 10^-decimals.
std::string fixed_point(std::int64_t value, int decimals) {
  std::int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  std::string text = value < 0 ? "-" : "";
  text += std::to_string(std::abs(value / scale));
  if (decimals > 0) text += "." + padded(std::abs(value % scale), decimals);
  return text;
}

std::string microseconds_as(std::int64_t ticks, std::int64_t unit, int decimals) {
  std::int64_t smallest = unit;
  for (int i = 0; i < decimals; ++i) smallest /= 10;
  return fixed_point(ticks / std::max<std::int64_t>(smallest, 1), decimals);
}

std::string write_date(const TimeFormat& format, const Timeline::Fields& f) {
  const int width = format.padded_date ? 2 : 1;
  const std::string year =
      format.two_digit_year ? padded(f.year % 100, format.year_digits) : padded(f.year, format.year_digits);
  const std::string month = padded(f.month, width), day = padded(f.day, width);
  const std::string between = format.date_separator == '\0' ? "" : std::string(1, format.date_separator);
  if (format.style == TimeFormat::Style::year_month) {
    return format.order == TimeFormat::Order::year_first ? year + between + month : month + between + year;
  }
  switch (format.order) {
    case TimeFormat::Order::year_first: return year + between + month + between + day;
    case TimeFormat::Order::day_first: return day + between + month + between + year;
    case TimeFormat::Order::month_first: break;
  }
  return month + between + day + between + year;
}

std::string write_time_of_day(const TimeFormat& format, const Timeline::Fields& f) {
  const int hour = format.twelve_hours ? (f.hour + 11) % 12 + 1 : f.hour;
  std::string text = padded(hour, format.padded_hour ? 2 : 1) + ":" + padded(f.minute, 2);
  if (format.seconds) text += ":" + padded(f.second, 2);
  if (format.seconds && format.decimals > 0) {
    text += "." + padded(f.microsecond, 6).substr(0, static_cast<std::size_t>(format.decimals));
  }
  if (format.twelve_hours) text += f.hour < 12 ? " AM" : " PM";
  return text;
}

std::string write_zone(const TimeFormat& format, std::int64_t offset) {
  const std::string hours = (offset < 0 ? "-" : "+") + padded(std::abs(offset) / 3600, 2);
  const std::string minutes = padded(std::abs(offset) / 60 % 60, 2);
  switch (format.zone_style) {
    case TimeFormat::Zone::none: return "";
    case TimeFormat::Zone::z: return format.zone_separator + "Z";
    case TimeFormat::Zone::offset: return format.zone_separator + hours + ":" + minutes;
    case TimeFormat::Zone::offset_without_colon: return format.zone_separator + hours + minutes;
    case TimeFormat::Zone::offset_hours: return format.zone_separator + hours;
    case TimeFormat::Zone::name: return format.zone_separator + format.zone;
    case TimeFormat::Zone::bracketed_name: return format.zone_separator + "[" + format.zone + "]";
  }
  return "";
}

}  // namespace

Timeline::Fields fields_of(std::int64_t wall) {
  const std::int64_t days = days_of(wall), rest = time_of_day(wall);
  const std::chrono::year_month_day date = date_of_days(days);
  Timeline::Fields f{
      .year = static_cast<int>(date.year()),
      .month = static_cast<int>(static_cast<unsigned>(date.month())),
      .day = static_cast<int>(static_cast<unsigned>(date.day())),
      .hour = static_cast<int>(rest / kHour),
      .minute = static_cast<int>(rest / kMinute % 60),
      .second = static_cast<int>(rest / kSecond % 60),
      .microsecond = static_cast<int>(rest % kSecond),
      .weekday = weekday_of(days),
      .day_of_year = static_cast<int>(days - days_of_date(date.year() / std::chrono::January / 1)),
      .leap = date.year().is_leap()};
  return f;
}

std::string write_time(const TimeFormat& format, std::int64_t wall, std::int64_t offset) {
  using Style = TimeFormat::Style;
  switch (format.style) {
    case Style::number: return fixed_point(wall, format.decimals);
    case Style::epoch_seconds: return microseconds_as(wall, kSecond, format.decimals);
    case Style::epoch_milliseconds: return microseconds_as(wall, kSecond / 1000, format.decimals);
    case Style::epoch_microseconds: return std::to_string(wall);
    case Style::epoch_nanoseconds: return std::to_string(wall * 1000);
    case Style::year_week: return std::to_string(iso_week_of(days_of(wall)));
    default: break;
  }
  const Timeline::Fields f = fields_of(wall);
  switch (format.style) {
    case Style::year: return padded(f.year, format.year_digits);
    case Style::quarter:
      return padded(f.year, format.year_digits) + format.quarter_mark + std::to_string((f.month - 1) / 3 + 1);
    case Style::year_day: return padded(f.year, format.year_digits) + padded(f.day_of_year + 1, 3);
    case Style::date_hour: return write_date(format, f) + padded(f.hour, 2);
    case Style::date_minute: return write_date(format, f) + padded(f.hour * 100 + f.minute, 4);
    case Style::date_second:
      return write_date(format, f) + padded(f.hour * 10000 + f.minute * 100 + f.second, 6);
    case Style::date_time:
      return write_date(format, f) + format.time_separator + write_time_of_day(format, f) +
             write_zone(format, offset);
    default: return write_date(format, f);
  }
}

}  // namespace rondo::detail
