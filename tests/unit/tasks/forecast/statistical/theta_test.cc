// The Theta models.

#include "tasks/forecast/statistical/theta.h"

#include <gtest/gtest.h>

#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::statistical {
namespace {

constexpr ThetaKind kKinds[] = {ThetaKind::standard, ThetaKind::optimised, ThetaKind::dynamic,
                                ThetaKind::dynamic_optimised};

TEST(Theta, StandardIsHalfALineAndHalfSmoothingOfTheLineWithDoubledCurvature) {
  const std::vector<double> values = seasonal_walk(50, 50, 7);
  const ThetaModel model = fit_theta(values, ThetaKind::standard);
  double mean_t = 0, mean_y = 0, products = 0, squares = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    mean_t += static_cast<double>(row + 1) / 50;
    mean_y += values[row] / 50;
  }
  for (std::size_t row = 0; row < values.size(); ++row) {
    products += (static_cast<double>(row + 1) - mean_t) * values[row];
    squares += (static_cast<double>(row + 1) - mean_t) * (static_cast<double>(row + 1) - mean_t);
  }
  const double slope = products / squares, intercept = mean_y - slope * mean_t;
  const auto line = [&](double time) { return intercept + slope * time; };
  double level = 2 * model.initial_level;  // of Z(2) = 2 y - line
  for (std::size_t row = 0; row < values.size(); ++row) {
    level += model.alpha * (2 * values[row] - line(static_cast<double>(row + 1)) - level);
  }
  const std::vector<double> steps = forecast_theta(model, values, 5);
  for (std::size_t step = 0; step < 5; ++step) {
    EXPECT_NEAR(steps[step], (level + line(static_cast<double>(51 + step))) / 2, 1e-9);
  }
}

TEST(Theta, OptimisedFollowsALine) {
  const std::vector<double> values = make(40, [](double row) { return 3 - 2 * row; });
  const std::vector<double> steps = theta(values, 1, 10, ThetaKind::optimised);
  EXPECT_NEAR(steps[0], -77, 1e-3);
  EXPECT_NEAR(steps[9], -95, 1e-2);
}

TEST(Theta, OptimisedIsNeverFurtherOffThanItsOwnSpecialCase) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<double> values = seasonal_walk(60, 60, seed);
    EXPECT_LE(fit_theta(values, ThetaKind::optimised).mse,
              fit_theta(values, ThetaKind::standard).mse * (1 + 1e-9));
    EXPECT_LE(fit_theta(values, ThetaKind::dynamic_optimised).mse,
              fit_theta(values, ThetaKind::dynamic).mse * (1 + 1e-9));
  }
}

TEST(Theta, ForecastsMoveWithTheUnit) {
  const std::vector<double> values = seasonal_walk(60, 12, 3);
  const std::vector<double> moved = changed(values, [](double value) { return 50 * value + 1e5; });
  for (const ThetaKind kind : kKinds) {
    const std::vector<double> steps = theta(values, 12, 8, kind, SeasonKind::additive);
    const std::vector<double> moved_steps = theta(moved, 12, 8, kind, SeasonKind::additive);
    for (std::size_t step = 0; step < 8; ++step) EXPECT_NEAR(moved_steps[step], 50 * steps[step] + 1e5, 0.05);
  }
}

TEST(Theta, SeasonIsTakenOutAndPutBack) {
  const std::vector<double> values =
      make(60, [](double row) { return (100 + row) * (1 + 0.2 * std::sin(row * std::numbers::pi / 6)); });
  const std::vector<double> steps = theta(values, 12, 12, ThetaKind::optimised);
  for (std::size_t step = 0; step < 12; ++step) {
    const auto row = static_cast<double>(60 + step);
    EXPECT_NEAR(steps[step], (100 + row) * (1 + 0.2 * std::sin(row * std::numbers::pi / 6)), 1);
  }
}

TEST(Theta, MissingRowsCountAsForecast) {
  std::vector<double> values = make(40, [](double row) { return 5 + row; });
  values[0] = values[10] = values[39] = kMissing;
  for (const ThetaKind kind : {ThetaKind::optimised, ThetaKind::dynamic_optimised}) {
    EXPECT_NEAR(theta(values, 1, 2, kind)[1], 46, 0.2);
  }
}

TEST(Theta, FewRowsRepeatTheLast) {
  for (const ThetaKind kind : kKinds) {
    EXPECT_EQ(theta(std::vector<double>{1, 2, 3}, 4, 2, kind), (std::vector<double>{3, 3}));
    EXPECT_NEAR(theta(std::vector<double>(9, 5.0), 4, 1, kind)[0], 5, 1e-9);
  }
}

TEST(SeasonalityTest, FindsASeasonAndNotNoise) {
  EXPECT_TRUE(is_seasonal(seasonal_walk(96, 12, 1), 12));
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomStream stream(seed);
    found +=
        is_seasonal(make(96, [&](double row) { return stream.normal(static_cast<std::uint64_t>(row)); }), 12);
  }
  EXPECT_LE(found, 30);  // a tenth of 200, and what luck may add
  EXPECT_FALSE(is_seasonal(std::vector<double>(40, 1.0), 12));
  EXPECT_FALSE(is_seasonal(seasonal_walk(20, 12, 1), 12));
}

}  // namespace
}  // namespace rondo::forecasting::statistical
