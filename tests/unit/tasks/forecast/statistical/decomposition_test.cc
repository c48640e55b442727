// STL, MSTL and the regressions on waves and known columns.

#include <gtest/gtest.h>

#include "tasks/forecast/statistical/autoregression.h"
#include "tasks/forecast/statistical/harmonic.h"
#include "tasks/forecast/statistical/mstl.h"
#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::statistical {
namespace {

double wave(double row, double period) { return std::sin(2 * std::numbers::pi * row / period); }

void expect_near(const std::vector<double>& steps, std::size_t rows, double tolerance,
                 const std::function<double(double)>& truth) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    EXPECT_NEAR(steps[step], truth(static_cast<double>(rows + step)), tolerance) << "step " << step;
  }
}

TEST(Loess, KeepsALineAndAMean) {
  const std::vector<double> line = make(30, [](double row) { return 4 + 3 * row; });
  for (const std::int64_t jump : {1, 4}) {
    const std::vector<double> fits = loess(line, {.window = 9, .degree = 1, .jump = jump}, {}, 2, 3);
    ASSERT_EQ(fits.size(), 35u);
    for (std::size_t i = 0; i < fits.size(); ++i)
      EXPECT_NEAR(fits[i], 4 + 3 * (static_cast<double>(i) - 2), 1e-9);
  }
  for (const double fit : loess(std::vector<double>(12, 7.0), {.window = 5, .degree = 0}, {}))
    EXPECT_NEAR(fit, 7, 1e-12);
}

TEST(Mstl, PartsAddUpAndSeasonsGoOn) {
  const auto truth = [](double row) { return 20 + 0.05 * row + 3 * wave(row, 7) + 5 * wave(row, 30); };
  std::vector<double> values = make(240, truth);
  values[100] = kMissing;
  const std::vector<std::int64_t> periods{30, 7, 7, 1, 200};
  const Mstl parts = mstl(values, periods);
  EXPECT_EQ(parts.periods, (std::vector<std::int64_t>{7, 30}));
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (row == 100) continue;
    EXPECT_NEAR(parts.adjusted[row] + parts.seasons[0][row] + parts.seasons[1][row], values[row], 1e-9);
  }
  EXPECT_TRUE(std::isnan(parts.adjusted[100]));
  expect_near(forecast_mstl(values, periods, 40), 240, 0.5, truth);
}

TEST(Mstl, WithoutTwoSeasonsIsExponentialSmoothing) {
  const std::vector<double> values = make(15, [](double row) { return 5 + row; });
  expect_near(forecast_mstl(values, std::vector<std::int64_t>{12}, 3), 15, 0.1,
              [](double row) { return 5 + row; });
}

TEST(Autoregression, ContinuesAWaveAndALine) {
  const auto truth = [](double row) { return 10 + 0.1 * row + 2 * wave(row, 12) + wave(row, 52.18); };
  const std::vector<double> values = make(200, truth), seasons{12, 52.18};
  expect_near(autoregression(values, seasons, 30), 200, 0.1, truth);
  expect_near(autoregression(values, seasons, 30, {.difference = true}), 200, 0.3, truth);
}

TEST(Autoregression, ReturnsToTheMean) {
  const RandomStream stream(3);
  double state = 0;
  const std::vector<double> values = make(400, [&](double row) {
    state = 0.6 * state + stream.normal(static_cast<std::uint64_t>(row));
    return row == 399 ? 50 + (state = 8) : 50 + state;
  });
  const std::vector<double> steps = autoregression(values, {}, 20);
  EXPECT_NEAR(steps[0], 50 + 0.6 * 8, 1);
  EXPECT_NEAR(steps[19], 50, 0.7);
}

/// Every tenth row has an event that adds 20.
struct Events {
  std::vector<double> column = make(130, [](double row) { return std::fmod(row * row, 17) < 2 ? 1.0 : 0.0; });
  KnownColumns known{1, std::span(column).first(120), std::span(column).subspan(120)};
  std::vector<double> values;

  Events() {
    const RandomStream stream(9);
    values = make(120, [&](double row) {
      return 100 + 20 * column[static_cast<std::size_t>(row)] +
             stream.normal(static_cast<std::uint64_t>(row));
    });
  }
};

TEST(Autoregression, SeesKnownColumns) {
  const Events events;
  const std::vector<double> steps = autoregression(events.values, {}, 10, {}, events.known);
  for (std::size_t step = 0; step < 10; ++step)
    EXPECT_NEAR(steps[step], 100 + 20 * events.column[120 + step], 2);
}

TEST(Harmonic, SeesKnownColumnsAndSeasons) {
  const Events events;
  const std::vector<double> steps = forecast_harmonic(events.values, {}, 10, events.known);
  for (std::size_t step = 0; step < 10; ++step)
    EXPECT_NEAR(steps[step], 100 + 20 * events.column[120 + step], 2);
  const auto truth = [](double row) { return 10 + 0.1 * row + 2 * wave(row, 7) + 3 * wave(row, 52.18); };
  const std::vector<double> seasons{7, 52.18, 1000};
  expect_near(forecast_harmonic(make(160, truth), seasons, 20), 160, 0.5, truth);
}

TEST(Regressions, StayNearTheValuesWhateverTheyAre) {
  const std::vector<double> exploding = make(60, [](double row) { return std::pow(1.3, row); });
  const double largest = exploding.back();
  for (const double step : autoregression(exploding, {}, 50)) EXPECT_LE(std::abs(step), 2.1 * largest);
  EXPECT_EQ(autoregression(std::vector<double>{1, 2, 3}, std::vector<double>{12}, 2),
            (std::vector<double>{3, 3}));
}

}  // namespace
}  // namespace rondo::forecasting::statistical
