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
    for (std::size_t h = 0; h < steps; ++h) errors[i].errors.push_back(at += size * noise[i * steps + h]);
  }
  return errors;
}

double inside(const PooledCalibration& pooled, std::size_t series, const HeldOutErrors& fresh, double level) {
  const std::vector<BandOffsets> bands =
      walk_bands(AdaptiveBands(pooled.errors, {.levels = {level}}), {6, {}}, std::vector<std::int64_t>{0});
  double held = 0, count = 0;
  for (const OriginErrors& forecast : fresh) {
    for (std::size_t h = 0; h < forecast.errors.size(); ++h, ++count) {
      const double z = forecast.errors[h] / pooled.spreads[series];
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
  for (auto& forecast : errors) forecast.errors.resize(3);
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

TEST(PooledCalibration, ErrorsOfForecastsThatKnewFewerRowsDoNotWidenTheNextOnes) {
  std::vector<HeldOutErrors> series;
  for (std::uint64_t s = 0; s < 100; ++s) {
    HeldOutErrors errors = walk_errors(s, 3, 6, 1);  // after 80, 60 and 40 rows: the fewer, the worse
    for (std::size_t i = 0; i < 3; ++i) {
      errors[i].rows = 80 - 20 * static_cast<std::int64_t>(i);
      for (double& error : errors[i].errors) error *= 80.0 / static_cast<double>(errors[i].rows);
    }
    series.push_back(errors);
  }
  const PooledCalibration pooled = pool_errors(series, {}, 6);
  double sum80 = 0;
  for (std::uint64_t s = 0; s < 100; ++s)
    sum80 += inside(pooled, s, walk_errors(1000 + s, 50, 6, 1), 0.8) / 100;
  EXPECT_NEAR(sum80, 0.80, 0.03);
}

TEST(PooledCalibration, ErrorsThatComeInRunsCountAsFewer) {
  HeldOutErrors alone, in_runs;
  const std::vector<double> noise = white_noise(11, 600), shocks = white_noise(12, 60);
  for (std::size_t i = 0; i < 60; ++i) {
    alone.push_back({{noise.begin() + 10 * i, noise.begin() + 10 * i + 10}, 0});
    in_runs.push_back({std::vector<double>(10, shocks[i]), 0});
  }
  const auto worth = [](const HeldOutErrors& errors) {
    return pool_errors(std::vector<HeldOutErrors>{errors}, {}, 10).errors->worth();
  };
  EXPECT_GT(worth(alone), 400);
  EXPECT_LT(worth(in_runs), 100);
}

TEST(PooledCalibration, LeavesMissingTruthsOut) {
  HeldOutErrors errors = walk_errors(3, 20, 4, 1), holed = errors;
  for (auto& forecast : holed) forecast.errors[1] = std::nan("");
  const PooledCalibration pooled = pool_errors(std::vector<HeldOutErrors>{holed}, {}, 4);
  EXPECT_TRUE(std::isfinite(pooled.spreads[0]));
  for (std::int64_t h = 0; h < 4; ++h) EXPECT_GT(pooled.errors->step(h).size(), 20u) << "borrowed";
}

}  // namespace
}  // namespace rondo::forecasting
