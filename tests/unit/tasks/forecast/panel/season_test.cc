// Seasons that series show by themselves.

#include "tasks/forecast/panel/season.h"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/csv.h"
#include "tasks/forecast/prepare.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

std::vector<double> seasons_in(const std::vector<double>& values, std::span<const double> calendar = {}) {
  const std::span<const double> one(values);
  return detect_seasons({&one, 1}, calendar);
}

TEST(Season, IsFoundBesideThoseOfTheCalendarWhereItIsNoneOfThem) {
  constexpr std::array kDays{7.0, 365.25}, kHours{24.0, 168.0};
  EXPECT_EQ(seasons_in(seasonal(1, 500, 10, 0.3), kDays), std::vector<double>{10});
  EXPECT_EQ(seasons_in(seasonal(1, 1000, 83, 0.02), kHours), std::vector<double>{83});
  EXPECT_TRUE(seasons_in(seasonal(1, 500, 7, 0.3), kDays).empty()) << "the calendar has it";
  EXPECT_TRUE(seasons_in(seasonal(1, 500, 12, 0.3), kHours).empty()) << "half a day";
  EXPECT_NEAR(seasons_in(seasonal(1, 1000, 83, 0.1)).front(), 83, 3) << "no noise on the way down is one";
  EXPECT_TRUE(seasons_in(white_noise(1, 500), kDays).empty());
}

TEST(Season, IsFoundWithAColumnOfTimes) {
  const std::vector<double> beat = seasonal(1, 800, 83, 0.02);
  std::string text = "t,mv\n";
  for (std::size_t row = 0; row < beat.size(); ++row)
    text += std::to_string(1600000000000 + 10 * row) + "," + std::to_string(beat[row]) + "\n";
  ForecastOptions options;
  options.target = "mv";
  options.time = "t";
  EXPECT_EQ(prepare(parse_csv(text), options).period, 83);
}

}  // namespace
}  // namespace rondo::forecasting
