// Forecasts without a fit.

#include "tasks/forecast/statistical/simple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasks/forecast/statistical/observed.h"
#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::statistical {
namespace {

using testing::ElementsAre;

TEST(SimpleForecasts, SayWhatTheirNamesSay) {
  const std::vector<double> values{2, 4, 3, 8};
  EXPECT_THAT(naive(values, 2), ElementsAre(8, 8));
  EXPECT_THAT(drift(values, 2), ElementsAre(10, 12));
  EXPECT_THAT(mean(values, 2), ElementsAre(4.25, 4.25));
  EXPECT_THAT(window_mean(values, 2, 1), ElementsAre(5.5));
  EXPECT_THAT(seasonal_naive(values, 3, 4), ElementsAre(4, 3, 8, 4));
  EXPECT_THAT(seasonal_drift(values, 2, 3), ElementsAre(5.5, 10.5, 8));
  EXPECT_THAT(zero(2), ElementsAre(0, 0));
}

TEST(SimpleForecasts, PassOverMissingRows) {
  const std::vector<double> values{kMissing, 1, 2, kMissing, 4, kMissing};
  EXPECT_THAT(naive(values, 1), ElementsAre(4));
  EXPECT_THAT(drift(values, 2), ElementsAre(6, 7));  // the missing last row is one step, too
  EXPECT_THAT(mean(values, 1), ElementsAre(7.0 / 3));
  EXPECT_THAT(seasonal_naive(values, 2, 4), ElementsAre(4, 1, 4, 1));
}

TEST(SimpleForecasts, OneRowIsEnough) {
  const std::vector<double> one{7}, none{kMissing};
  for (const auto& values : {naive(one, 2), drift(one, 2), mean(one, 2), seasonal_naive(one, 12, 2)}) {
    EXPECT_THAT(values, ElementsAre(7, 7));
  }
  for (const auto& values : {naive(none, 1), drift(none, 1), mean(none, 1), seasonal_naive(none, 12, 1)}) {
    EXPECT_THAT(values, ElementsAre(0));
  }
}

TEST(Interpolation, ClosesGapsByLineAndSeason) {
  EXPECT_THAT(interpolate(std::vector<double>{kMissing, 1, kMissing, kMissing, 4, kMissing}, 1),
              ElementsAre(1, 1, 2, 3, 4, 4));
  std::vector<double> values = make(24, [](double row) { return 10 + (row == 0 ? 0 : std::fmod(row, 4)); });
  const std::vector<double> whole = values;
  values[9] = values[14] = kMissing;
  const std::vector<double> filled = interpolate(values, 4);
  EXPECT_NEAR(filled[9], whole[9], 0.8);
  EXPECT_NEAR(filled[14], whole[14], 0.8);
}

}  // namespace
}  // namespace rondo::forecasting::statistical
