#include "rondo/data/calendar.h"

#include <cmath>
#include <numbers>

#include "base/text.h"
#include "data/time/civil_time.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

void add_season(std::vector<double>& seasons, double rows) {
  if (rows >= 2) seasons.push_back(rows);
}

std::vector<double> seasons_of_microseconds(std::int64_t step) {
  std::vector<double> seasons;
  const auto rows = [&](std::int64_t span) { return static_cast<double>(span) / static_cast<double>(step); };
  if (step <= detail::kSecond) add_season(seasons, rows(detail::kMinute));
  if (step <= detail::kMinute) add_season(seasons, rows(detail::kHour));
  add_season(seasons, rows(detail::kDay));
  add_season(seasons, rows(7 * detail::kDay));
  return seasons;
}

/// Where in its circle (0 to 1) a part of a time lies.
double phase(const Timeline::Fields& f, const std::string& part) {
  const double day = (f.hour + (f.minute + (f.second + f.microsecond / 1e6) / 60.0) / 60.0) / 24.0;
  if (part == "hour") return day;
  if (part == "weekday") return f.weekday / 7.0;
  if (part == "day_of_year") return f.day_of_year / (f.leap ? 366.0 : 365.0);
  return (f.month - 1) / 12.0;
}

}  // namespace

std::vector<double> natural_seasons(const Frequency& frequency) {
  const auto step = static_cast<double>(frequency.step);
  std::vector<double> seasons;
  switch (frequency.unit) {
    case TimeUnit::microsecond: return seasons_of_microseconds(frequency.step);
    case TimeUnit::day:
      add_season(seasons, 7 / step);
      add_season(seasons, 365.25 / step);
      break;
    case TimeUnit::business_day:
      add_season(seasons, 5 / step);
      add_season(seasons, 261 / step);
      break;
    case TimeUnit::month: add_season(seasons, 12 / step); break;
    default: break;
  }
  return seasons;
}

std::vector<std::string> suitable_calendar_parts(const Timeline& times) {
  const Frequency& f = times.frequency();
  switch (f.unit) {
    case TimeUnit::microsecond: return {"hour", "weekday", "day_of_year"};
    case TimeUnit::day:
      if (f.step % 7 == 0) return {"day_of_year"};
      return {"weekday", "day_of_year"};
    case TimeUnit::business_day: return {"weekday", "day_of_year"};
    case TimeUnit::month:
      if (f.step % 12 == 0) return {};
      return {"month"};
    case TimeUnit::none:
      if (times.format().style >= TimeFormat::Style::date_hour) return {"hour", "weekday", "day_of_year"};
      if (times.format().style == TimeFormat::Style::date) return {"weekday", "day_of_year"};
      return {};
    case TimeUnit::number: break;
  }
  return {};
}

CalendarFeatures calendar_features(const Timeline& times, const std::vector<std::string>& parts) {
  const std::vector<std::string> known = {"hour", "weekday", "day_of_year", "month"};
  CalendarFeatures out;
  for (const std::string& part : parts) {
    detail::place_among(known, part, "there is no calendar feature '" + part + "'");
    out.names.push_back(part + "_sin");
    out.names.push_back(part + "_cos");
  }
  if (!parts.empty() && !times.format().is_calendar()) {
    throw Error(ErrorKind::data, "plain numbers have no calendar")
        .seen("times that are numbers")
        .expected("dates or months")
        .fix("name a column of dates, or take the calendar features out");
  }
  const auto width = static_cast<std::int64_t>(out.names.size());
  out.values = Tensor({times.size(), width}, DType::float64);
  if (width == 0) return out;
  const std::vector<std::int64_t> walls = detail::walls_of(times);
  std::span<double> values = out.values.data<double>();
  std::size_t at = 0;
  for (const std::int64_t wall : walls) {
    const Timeline::Fields fields = detail::fields_of(wall);
    for (const std::string& part : parts) {
      const double angle = 2 * std::numbers::pi * phase(fields, part);
      values[at++] = std::sin(angle);
      values[at++] = std::cos(angle);
    }
  }
  return out;
}

}  // namespace rondo
