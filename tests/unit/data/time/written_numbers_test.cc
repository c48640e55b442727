#include "data/time/written_numbers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/data/expect_error.h"

namespace rondo {
namespace {

using Numbers = std::vector<double>;
using Style = TimeFormat::Style;

Style style_of(const Numbers& numbers) { return parse_times(numbers).format().style; }

/// The numbers are read, understood as `name` and written back as they were; the next ones are `next`.
void expect_numbers(const Numbers& numbers, Style style, const std::string& name, const Numbers& next) {
  const Timeline times = parse_times(numbers);
  EXPECT_EQ(times.format().style, style);
  EXPECT_EQ(times.frequency().name(), name);
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    EXPECT_EQ(times.text(static_cast<std::int64_t>(row)),
              std::to_string(static_cast<std::int64_t>(numbers[row])));
  }
  const Timeline later = times.next(static_cast<std::int64_t>(next.size()));
  for (std::size_t row = 0; row < next.size(); ++row) {
    EXPECT_EQ(later.text(static_cast<std::int64_t>(row)),
              std::to_string(static_cast<std::int64_t>(next[row])));
  }
}

TEST(WrittenNumbers, ATimeOfDayStandsBehindTheDate) {
  expect_numbers({2020022822, 2020022823, 2020022900}, Style::date_hour, "hourly", {2020022901});
  expect_numbers({202002282330, 202002282345, 202002290000}, Style::date_minute, "every 15 minutes",
                 {202002290015});
  expect_numbers({20200228235958, 20200228235959, 20200229000000}, Style::date_second, "every second",
                 {20200229000001});
}

TEST(WrittenNumbers, WeeksAreThoseOfIso8601) {
  // 2020 has 53 weeks and ends in the week of January 3rd, 2021.
  expect_numbers({202051, 202052, 202053, 202101}, Style::year_week, "weekly", {202102});
  EXPECT_EQ(parse_times(Numbers{202052, 202053, 202101}).fields(2).day, 4);
  EXPECT_EQ(parse_times(Numbers{202052, 202053, 202101}).fields(2).month, 1);
  EXPECT_EQ(style_of({202151, 202152, 202153}), Style::number) << "2021 has 52 weeks";
}

TEST(WrittenNumbers, QuartersAndDaysOfTheYearAreKnownByTheirCarry) {
  expect_numbers({20193, 20194, 20201}, Style::quarter, "quarterly", {20202, 20203});
  expect_numbers({2019364, 2019365, 2020001}, Style::year_day, "daily", {2020002});
  EXPECT_EQ(style_of({20191, 20192, 20193}), Style::number) << "may be a counter";
  EXPECT_EQ(style_of({2019001, 2019002, 2019003}), Style::number);
}

TEST(WrittenNumbers, EveryNumberHasToBeADate) {
  EXPECT_EQ(style_of({2020022822, 2020022823, 2020022824}), Style::epoch_seconds);
  EXPECT_EQ(style_of({201912, 202001, 202002}), Style::year_month);
  EXPECT_EQ(style_of({20191231, 20200101}), Style::date);
}

TEST(WrittenNumbers, HoursFollowTheClockOfTheZone) {
  const TimeOptions berlin{.zone = "Europe/Berlin"};
  const Timeline times = parse_times(Numbers{2021032801, 2021032803, 2021032804}, berlin);
  EXPECT_EQ(times.frequency().name(), "hourly") << "the clock went from 2 to 3";
  EXPECT_EQ(times.text(1), "2021032803");
  expect_error(ErrorKind::data, {"the clock never showed this time"}, [&] {
    parse_times(Numbers{2021032801, 2021032802}, berlin);
  });
}

TEST(WrittenNumbers, NanosecondsCountToo) {
  const Timeline times = parse_times(Numbers{1575158400000000000, 1575162000000000000});
  EXPECT_EQ(times.format().style, Style::epoch_nanoseconds);
  EXPECT_EQ(times.frequency().name(), "hourly");
  EXPECT_EQ(times.next(1).text(0), "1575165600000000000");
  EXPECT_EQ(times.fields(0).year, 2019);
  EXPECT_EQ(times.fields(0).month, 12);
}

}  // namespace
}  // namespace rondo
