// Bands of series with few errors each.

#include "tasks/forecast/intervals/pooled_calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

/// Errors of a random walk's naive forecasts: step h is off by the square root of h.
HeldOutErrors walk_errors(std::uint64_t seed, std::size_t forecasts, std::size_t steps, double size) {
  const std::vector<double> noise = white_noise(seed, static_cast<std::int64_t>(forecasts * steps));
  HeldOutErrors errors(forecasts);
  for (std::size_t i = 0; i < forecasts; ++i) {
    double at = 0;
    for (std::size_t h = 0; h < steps; ++h) errors[i].push_back(at += size * noise[i * steps + h]);
  }
  return errors;
}

double inside(const PooledCalibration& pooled, std::size_t series, const HeldOutErrors& fresh, double level) {
  const std::vector<BandOffsets> bands =
      walk_bands(AdaptiveBands(pooled.errors, {.levels = {level}}), {6, {}}, std::vector<std::int64_t>{0});
  double held = 0, count = 0;
  for (const auto& forecast : fresh) {
    for (std::size_t h = 0; h < forecast.size(); ++h, ++count) {
      const double z = forecast[h] / pooled.spreads[series];
      const auto step = static_cast<std::int64_t>(h);
      held += z >= bands[0].low_at(step, 0) && z <= bands[0].high_at(step, 0) ? 1 : 0;
    }
  }
  return held / count;
}

TEST(PooledCalibration, HoldsItsShareForSeriesOfEverySizeAndStep) {
  std::vector<HeldOutErrors> series;
  for (std::uint64_t s = 0; s < 100; ++s) series.push_back(walk_errors(s, 6, 6, std::pow(10, s % 5)));
  const PooledCalibration pooled = pool_errors(series, {}, 6);
  double sum80 = 0, sum95 = 0;
  for (std::uint64_t s = 0; s < 100; ++s) {
    const HeldOutErrors fresh = walk_errors(1000 + s, 50, 6, std::pow(10, s % 5));
    sum80 += inside(pooled, s, fresh, 0.8) / 100;
    sum95 += inside(pooled, s, fresh, 0.95) / 100;
  }
  EXPECT_NEAR(sum80, 0.80, 0.03);
  EXPECT_NEAR(sum95, 0.95, 0.02);
}

TEST(PooledCalibration, OfOneSeriesGrowsAlongTheHorizonAndReachesStepsThatWereNotSeen) {
  HeldOutErrors errors = walk_errors(7, 30, 6, 1);
  for (auto& forecast : errors) forecast.resize(3);
  const PooledCalibration pooled = pool_errors(std::vector<HeldOutErrors>{errors}, {}, 6);
  const auto width = [&](std::int64_t step) {
    const auto sorted = pooled.errors->step(step);
    return sorted[sorted.size() * 9 / 10] - sorted[sorted.size() / 10];
  };
  EXPECT_NEAR(width(3) / width(0), 2, 0.6);
  EXPECT_GT(width(5), width(3));
}

TEST(PooledCalibration, OfASeriesWithoutErrorsIsWhatIsUsual) {
  const std::vector<HeldOutErrors> series{walk_errors(1, 8, 4, 3), walk_errors(2, 8, 4, 3), {}};
  const PooledCalibration pooled = pool_errors(series, {}, 4);
  EXPECT_NEAR(pooled.spreads[2] / pooled.spreads[0], 1, 0.5);
}

TEST(PooledCalibration, WithoutAnyErrorsIsOfTheSeriesOwnSteps) {
  const std::vector<double> steps = white_noise(5, 40);
  const PooledCalibration pooled =
      pool_errors(std::vector<HeldOutErrors>(1), std::vector<std::vector<double>>{steps}, 4);
  EXPECT_NEAR(pooled.spreads[0], 1, 0.3);
  EXPECT_GT(pooled.errors->step(3).back(), pooled.errors->step(0).back());
}

TEST(PooledCalibration, LeavesMissingTruthsOut) {
  HeldOutErrors errors = walk_errors(3, 20, 4, 1), holed = errors;
  for (auto& forecast : holed) forecast[1] = std::nan("");
  const PooledCalibration pooled = pool_errors(std::vector<HeldOutErrors>{holed}, {}, 4);
  EXPECT_TRUE(std::isfinite(pooled.spreads[0]));
  for (std::int64_t h = 0; h < 4; ++h) EXPECT_GT(pooled.errors->step(h).size(), 20u) << "borrowed";
}

}  // namespace
}  // namespace rondo::forecasting
