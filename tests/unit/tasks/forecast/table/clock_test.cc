// Seasons follow the clock of the zone, which is put forward in spring and back in autumn.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/data/timeline.h"
#include "tasks/forecast/prepare.h"
#include "tasks/forecast/table/panel_series.h"

namespace rondo::forecasting {
namespace {

/// Hours from a moment on, in UTC, that `zone` shows on its clock.
Timeline hours_of(const std::string& first, int count, const std::string& zone) {
  const Timeline start = parse_times(TextList{first + " 00:00Z", first + " 01:00Z"});
  TextList texts;
  const Timeline all = start.joined(start.next(count - 2));
  for (int h = 0; h < count; ++h) texts.push_back(all.text(h));
  const Timeline utc = parse_times(texts);
  std::vector<double> seconds;
  for (const std::int64_t tick : utc.ticks()) seconds.push_back(static_cast<double>(tick) / 1e6);
  return parse_times(seconds, {.zone = zone});
}

TEST(Clock, AnHourOfTheDayIsAWholeNumberOfDaysFromTheSameHour) {
  for (const char* first : {"2021-03-27", "2021-10-30"}) {
    const Timeline times = hours_of(first, 96, "Europe/Berlin");
    const std::vector<double> steps = steps_by_clock(times);
    const int start = times.fields(0).hour;
    for (std::size_t row = 0; row < steps.size(); ++row) {
      EXPECT_EQ((static_cast<int>(steps[row]) + start) % 24,
                times.fields(static_cast<std::int64_t>(row)).hour)
          << first << ", row " << row;
    }
    const ClockRows clock = clock_rows_of(times, 24);
    EXPECT_EQ(times.fields(clock.back(80, 48)).hour, times.fields(80).hour);
    EXPECT_EQ(clock.back(80, 0), 80);
  }
}

TEST(Clock, LooksAtNoRowThatIsToCome) {
  const Timeline times = hours_of("2021-10-30", 96, "Europe/Berlin");
  const ClockRows clock = clock_rows_of(times, 24);
  for (std::int64_t row = 0; row < times.size(); ++row) {
    for (std::int64_t back = 0; back <= row; ++back)
      EXPECT_LE(clock.back(row, back), row) << row << ' ' << back;
  }
}

TEST(Clock, IsThatOfTheRowsWhereItIsNeverChanged) {
  EXPECT_TRUE(clock_rows_of(hours_of("2021-03-27", 96, "UTC"), 24).steps.empty());
  EXPECT_TRUE(clock_rows_of(hours_of("2021-06-01", 96, "Europe/Berlin"), 24).steps.empty());
  EXPECT_TRUE(
      clock_rows_of(parse_times(TextList{"2021-03-27", "2021-03-28", "2021-03-29"}), 24).steps.empty());
}

TEST(Clock, OfAForecastIsThatOfPeople) {
  const Timeline times = hours_of("2021-08-20", 24 * 80, "Europe/Berlin");  // to 8 November
  const RandomStream stream(4);
  std::string text = "time,load\n";
  for (std::int64_t row = 0; row < times.size(); ++row) {
    const double hour = times.fields(row).hour;
    text += times.text(row) + "," +
            std::to_string(50 + 20 * std::sin(2 * std::numbers::pi * hour / 24) +
                           stream.normal(static_cast<std::uint64_t>(row))) +
            "\n";
  }
  ForecastOptions options;
  options.target = "load";
  options.time = "time";
  options.times.zone = "Europe/Berlin";
  options.horizon = 24;
  options.threads = 1;
  options.ensemble = 1;
  options.epochs = 1;
  const ForecastResult result = run_forecast(parse_csv(text), options, {.verbose = 0});
  EXPECT_LT(result.test.rmse, 1.2) << "noise of 1; an hour of error is 3.7";
}

}  // namespace
}  // namespace rondo::forecasting
