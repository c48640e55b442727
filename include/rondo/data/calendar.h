#pragma once

#include <string>
#include <vector>

#include "rondo/data/timeline.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Season lengths, in rows, that calendars suggest for a frequency, shortest first: hourly 24, 168; daily 7,
/// 365.25; business days 5, 261; weekly 52.18; monthly 12; quarterly 4; half-hourly 48, 336; minutes 60,
/// 1440, …; none for years, plain numbers and irregular times.
std::vector<double> natural_seasons(const Frequency& frequency);

/// Where in the day, week or year a row lies, as points on a circle.
struct CalendarFeatures {
  std::vector<std::string> names;  ///< "hour_sin", "hour_cos", "weekday_sin" …
  Tensor values;                   ///< float64 [time, names]
};

/// "hour" (of the day, with minutes), "weekday", "day_of_year", "month". Those that say something at this
/// frequency: below a day hour, weekday, day_of_year; days weekday, day_of_year; weeks day_of_year; months
/// and quarters month; else none.
std::vector<std::string> suitable_calendar_parts(const Timeline& times);

/// Sine and cosine of every part. Throws Error(usage) for an unknown part and Error(data) for plain numbers.
CalendarFeatures calendar_features(const Timeline& times, const std::vector<std::string>& parts);
inline CalendarFeatures calendar_features(const Timeline& times) {
  return calendar_features(times, suitable_calendar_parts(times));
}

}  // namespace rondo
