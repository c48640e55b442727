#include "rondo/data/calendar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "unit/data/expect_error.h"

namespace rondo {
namespace {

using Seasons = std::vector<double>;

Seasons seasons_of(const TextList& column) { return natural_seasons(parse_times(column).frequency()); }

TEST(Calendar, SeasonsFollowFromTheFrequency) {
  EXPECT_EQ(seasons_of({"2020-01-01 00:00", "2020-01-01 01:00"}), (Seasons{24, 168}));
  EXPECT_EQ(seasons_of({"2020-01-01 00:00", "2020-01-01 00:30"}), (Seasons{48, 336}));
  EXPECT_EQ(seasons_of({"2020-01-01 00:00", "2020-01-01 00:15"}), (Seasons{96, 672}));
  EXPECT_EQ(seasons_of({"2020-01-01 00:00", "2020-01-01 00:01"}), (Seasons{60, 1440, 10080}));
  EXPECT_EQ(seasons_of({"2020-01-01", "2020-01-02"}), (Seasons{7, 365.25}));
  EXPECT_EQ(seasons_of({"2024-05-03", "2024-05-06", "2024-05-07", "2024-05-08"}), (Seasons{5, 261}));
  EXPECT_EQ(seasons_of({"2020-01-01", "2020-01-08"}), (Seasons{365.25 / 7}));
  EXPECT_EQ(seasons_of({"2020-01", "2020-02"}), (Seasons{12}));
  EXPECT_EQ(seasons_of({"2020-Q1", "2020-Q2"}), (Seasons{4}));
  EXPECT_EQ(natural_seasons(parse_times(std::vector<double>{1990, 1991}).frequency()), Seasons{});
  EXPECT_EQ(natural_seasons(Timeline::rows(10).frequency()), Seasons{});
}

TEST(Calendar, PartsAreThoseThatSaySomething) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(suitable_calendar_parts(parse_times(TextList{"2020-01", "2020-02"})), Parts{"month"});
  EXPECT_EQ(suitable_calendar_parts(parse_times(TextList{"2020-01-01", "2020-01-02"})),
            (Parts{"weekday", "day_of_year"}));
  EXPECT_EQ(suitable_calendar_parts(parse_times(TextList{"2020-01-01 00:00", "2020-01-01 01:00"})),
            (Parts{"hour", "weekday", "day_of_year"}));
  EXPECT_EQ(suitable_calendar_parts(Timeline::rows(3)), Parts{});
}

TEST(Calendar, FeaturesArePointsOnACircle) {
  const Timeline times = parse_times(TextList{"2024-01-01 06:00", "2024-07-03 18:30", "2023-12-31 00:00"});
  const CalendarFeatures features = calendar_features(times, {"hour", "weekday", "day_of_year", "month"});
  ASSERT_EQ(features.values.shape(), (Shape{3, 8}));
  EXPECT_EQ(features.names[0], "hour_sin");
  EXPECT_EQ(features.names[3], "weekday_cos");
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t part = 0; part < 4; ++part) {
      const double s = features.values.at(row * 8 + part * 2), c = features.values.at(row * 8 + part * 2 + 1);
      EXPECT_NEAR(s * s + c * c, 1, 1e-12);
    }
  }
  EXPECT_NEAR(features.values.at(0), 1, 1e-12);      // 06:00 is a quarter of the day
  EXPECT_NEAR(features.values.at(3), 1, 1e-12);      // a Monday
  EXPECT_NEAR(features.values.at(8 + 6), 0, 1e-12);  // July is opposite to January
  EXPECT_NEAR(features.values.at(8 + 7), -1, 1e-12);
  EXPECT_NEAR(features.values.at(16 + 5), std::cos(2 * std::numbers::pi * 364 / 365), 1e-12);
}

TEST(Calendar, WrongPartsAndPlainNumbersAreErrors) {
  const Timeline times = parse_times(TextList{"2020-01", "2020-02"});
  expect_error(ErrorKind::usage, {"'weekdays'", "did you mean 'weekday'"},
               [&] { calendar_features(times, {"weekdays"}); });
  expect_error(ErrorKind::data, {"no calendar"}, [] { calendar_features(Timeline::rows(3), {"month"}); });
  EXPECT_EQ(calendar_features(Timeline::rows(3)).values.shape(), (Shape{3, 0}));
}

}  // namespace
}  // namespace rondo
