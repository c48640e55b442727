// Exponential smoothing: its recursion, its gradient, and what a fit finds.

#include "tasks/forecast/statistical/ets.h"

#include <gtest/gtest.h>

#include "tasks/forecast/statistical/ets_filter.h"
#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::statistical {
namespace {

constexpr EtsPart kNone = EtsPart::none, kAdd = EtsPart::additive, kTimes = EtsPart::multiplicative;

TEST(Ets, WithoutTrendAndSeasonIsSimpleExponentialSmoothing) {
  EtsModel model;
  model.alpha = 0.3;
  model.level = 10;
  const std::vector<double> values{12, 9, 11};
  double level = 10, squares = 0;
  for (const double value : values) {
    squares += (value - level) * (value - level);
    level = 0.3 * value + 0.7 * level;
  }
  EXPECT_NEAR(forecast_ets(model, values, 2)[1], level, 1e-12);
  EXPECT_NEAR(ets_likelihood(model, values), 3 * std::log(squares), 1e-12);
}

TEST(Ets, DampedTrendFlattensByPowersOfPhi) {
  EtsModel model;
  model.spec = {kAdd, kAdd, true, kNone};
  model.alpha = 0.5;
  model.beta = 0.1;
  model.phi = 0.8;
  model.level = 5;
  model.slope = 1;
  const std::vector<double> steps = forecast_ets(model, std::vector<double>{kMissing, 5.8}, 3);
  EXPECT_NEAR(steps[0], 5.8 + 0.64, 1e-12);
  EXPECT_NEAR(steps[2], 5.8 + 0.64 + 0.512 + 0.4096, 1e-12);
}

EtsModel some_model(const EtsSpec& spec) {
  EtsModel model{.spec = spec, .period = spec.season == kNone ? 1 : 4};
  model.alpha = 0.35;
  model.level = 1.1;
  if (spec.trend != kNone) {
    model.beta = 0.12;
    model.slope = 0.02;
  }
  if (spec.damped) model.phi = 0.9;
  if (spec.season != kNone) model.gamma = 0.2;
  if (spec.season == kAdd) model.season = {0.1, -0.2, 0.05, 0.05};
  if (spec.season == kTimes) model.season = {1.1, 0.8, 1.05, 1.05};
  return model;
}

TEST(Ets, GradientIsThatOfTheLikelihood) {
  std::vector<double> values = changed(seasonal_walk(40, 4, 3), [](double value) { return value / 100; });
  values[7] = values[20] = kMissing;
  for (const EtsSpec& spec : ets_candidates(values, 4)) {
    SCOPED_TRACE(spec.name());
    const EtsModel model = some_model(spec);
    EtsFilter filter;
    EtsGradient gradient;
    filter.run(model, values);
    filter.gradient(model, values, gradient);
    const auto slope = [&](auto&& place) {
      EtsModel up = model, down = model;
      place(up) += 1e-6;
      place(down) -= 1e-6;
      return (EtsFilter().run(up, values) - EtsFilter().run(down, values)) / 2e-6;
    };
    const auto close = [](double seen, double expected) {
      EXPECT_NEAR(seen, expected, 1e-5 * (1 + std::abs(expected)));
    };
    close(gradient.alpha, slope([](EtsModel& m) -> double& { return m.alpha; }));
    close(gradient.level, slope([](EtsModel& m) -> double& { return m.level; }));
    if (spec.trend != kNone) {
      close(gradient.beta, slope([](EtsModel& m) -> double& { return m.beta; }));
      close(gradient.slope, slope([](EtsModel& m) -> double& { return m.slope; }));
      close(gradient.phi, slope([](EtsModel& m) -> double& { return m.phi; }));
    }
    if (spec.season != kNone) close(gradient.gamma, slope([](EtsModel& m) -> double& { return m.gamma; }));
    for (std::size_t place = 0; place < model.season.size(); ++place) {
      close(gradient.season[place], slope([&](EtsModel& m) -> double& { return m.season[place]; }));
    }
  }
}

TEST(Ets, FitFindsTrendAndSeasonThatHaveNoNoise) {
  const auto truth = [](double row) { return 50 + 0.7 * row + 6 * std::sin(row * std::numbers::pi / 6); };
  const std::vector<double> values = make(72, truth);
  const EtsModel model = choose_ets(values, 12);
  const std::vector<double> steps = forecast_ets(model, values, 24);
  for (std::size_t step = 0; step < 24; ++step) {
    EXPECT_NEAR(steps[step], truth(72 + static_cast<double>(step)), 0.05) << model.spec.name();
  }
}

TEST(Ets, SeasonThatGrowsWithTheLevelIsMultiplicative) {
  const RandomStream stream(4);
  const std::vector<double> values = make(120, [&](double row) {
    return std::exp(0.02 * row + 0.3 * std::sin(row * std::numbers::pi / 6) +
                    0.02 * stream.normal(static_cast<std::uint64_t>(row)));
  });
  EXPECT_EQ(choose_ets(values, 12).spec.season, kTimes);
}

TEST(Ets, ForecastsMoveWithTheUnit) {
  const std::vector<double> values = seasonal_walk(90, 12, 5);
  const std::vector<double> steps = forecast_ets(choose_ets(values, 12), values, 12);
  const std::vector<double> large = changed(values, [](double value) { return 1e6 * value; });
  const std::vector<double> large_steps = forecast_ets(choose_ets(large, 12), large, 12);
  const EtsChoice additive{.multiplicative = false};
  const std::vector<double> shifted = changed(values, [](double value) { return value - 500; });
  const std::vector<double> additive_steps = forecast_ets(choose_ets(values, 12, additive), values, 12);
  const std::vector<double> shifted_steps = forecast_ets(choose_ets(shifted, 12, additive), shifted, 12);
  for (std::size_t step = 0; step < 12; ++step) {
    EXPECT_NEAR(large_steps[step], 1e6 * steps[step], 1e-2 * 1e6);
    EXPECT_NEAR(shifted_steps[step], additive_steps[step] - 500, 1e-2);
  }
}

TEST(Ets, ParametersStayWithinTheUsualBounds) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::vector<double> values = seasonal_walk(60, 4, seed);
    for (const EtsSpec& spec : ets_candidates(values, 4)) {
      const EtsModel model = fit_ets(values, spec, 4);
      EXPECT_GE(model.alpha, 1e-4);
      EXPECT_LE(model.alpha, 0.9999);
      EXPECT_LE(model.beta, model.alpha);
      EXPECT_LE(model.gamma, 1 - model.alpha);
      EXPECT_LE(model.phi, spec.damped ? 0.98 : 1.0);
    }
  }
}

TEST(Ets, MissingRowsAreForecastAndPassedOver) {
  std::vector<double> values = make(60, [](double row) { return 10 + 2 * row; });
  values[3] = values[30] = values[31] = values[59] = kMissing;
  const std::vector<double> steps = forecast_ets(choose_ets(values, 1), values, 2);
  EXPECT_NEAR(steps[0], 130, 0.1);
  EXPECT_NEAR(steps[1], 132, 0.1);
}

TEST(Ets, MultiplicativePartsAskForPositiveValues) {
  std::vector<double> values = seasonal_walk(60, 4, 1);
  EXPECT_EQ(ets_candidates(values, 4).size(), 15u);
  values[10] = 0;
  EXPECT_EQ(ets_candidates(values, 4).size(), 6u);
  EXPECT_EQ(fit_ets(values, {kTimes, kNone, false, kNone}, 1).aicc, std::numeric_limits<double>::infinity());
  EXPECT_EQ(ets_candidates(values, 52).size(), 3u);  // such a season is for a decomposition
}

TEST(Ets, FewRowsAreSmoothedSimply) {
  const std::vector<double> values{3, 5};
  EXPECT_EQ(choose_ets(values, 12).spec, EtsSpec{});
  EXPECT_NEAR(forecast_ets(choose_ets(values, 12), values, 1)[0], 4, 1e-12);
  EXPECT_EQ(forecast_ets(choose_ets({}, 12), {}, 1)[0], 0);
}

TEST(Ets, ConstantSeriesStaysConstant) {
  const std::vector<double> values(30, 42.0), zeros(30, 0.0);
  EXPECT_NEAR(forecast_ets(choose_ets(values, 12), values, 5)[4], 42, 1e-6);
  EXPECT_NEAR(forecast_ets(choose_ets(zeros, 12), zeros, 5)[4], 0, 1e-6);
}

}  // namespace
}  // namespace rondo::forecasting::statistical
