// What bands start from, as a backtest goes on.

#include "tasks/forecast/evaluation/rolling_calibration.h"

#include <gtest/gtest.h>

#include "tasks/forecast/ensemble/chosen_forecaster.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

/// Series whose forecasts were off by about `before` at held-out origins, and are by `since` in the backtest.
struct Rolled {
  Panel panel;
  std::vector<Origin> origins;
  ScaledForecasts forecasts;
  RolledCalibrations calibrations;

  Rolled(Panel the_panel, double before, double since, double growth = 0.5) : panel(std::move(the_panel)) {
    const ScaledPanel scaled(panel, Transform::none, false);
    origins = backtest_origins(panel, panel.horizon);
    forecasts.model = forecasts.ridge = {panel.horizon, {}};
    forecasts.spread = {panel.horizon,
                        std::vector<double>(origins.size() * static_cast<std::size_t>(panel.horizon), 1.0)};
    std::uint64_t seed = 0;
    for (const Origin& origin : origins) {
      const std::span<double> forecast = forecasts.model.append();
      scaled.targets(origin, forecast);
      const std::vector<double> noise = white_noise(++seed, panel.horizon);
      for (std::size_t h = 0; h < forecast.size(); ++h) forecast[h] += since * noise[h];
    }
    CalibrationStart start;
    for (const PanelSeries& series : panel.series) {
      start.held_out.emplace_back();
      for (std::int64_t k = 0; k < 8; ++k) {
        start.held_out.back().push_back({white_noise(++seed, panel.horizon), series.train_rows});
        for (double& error : start.held_out.back().back().errors) error *= before;
      }
    }
    start.steps.resize(panel.series.size());
    start.learnt.resize(panel.series.size());
    calibrations = roll_calibrations(scaled, origins, panel.horizon, start, growth, forecasts);
  }
};

Panel two_series() { return PanelOf{.rows = {600, 560}, .test_rows = 330, .horizon = 6}.make(); }

TEST(RollingCalibration, FollowsSeriesThatGrowCalmer) {
  const Rolled rolled(two_series(), 1.0, 0.1);
  const auto spread_at = [&](std::size_t i) {
    return rolled.forecasts.spread.row(static_cast<std::int64_t>(i))[0];
  };
  EXPECT_NEAR(spread_at(0), 1.0, 0.3) << "before the backtest";
  EXPECT_NEAR(rolled.calibrations.spreads[0], 0.1, 0.03) << "behind its end";
  EXPECT_GT(spread_at(3), rolled.calibrations.spreads[0]);
}

TEST(RollingCalibration, HasOneStartForEveryOriginAndOneForTheEnd) {
  const Rolled rolled(two_series(), 1.0, 1.0);
  std::vector<std::size_t> origins(2, 0);
  for (const Origin& origin : rolled.origins) ++origins[static_cast<std::size_t>(origin.series)];
  for (std::size_t s = 0; s < 2; ++s) EXPECT_EQ(rolled.calibrations.of_series[s].size(), origins[s] + 1) << s;
}

TEST(RollingCalibration, KnowsTheAgeOfTheLastValue) {
  Panel panel = two_series();
  PanelSeries& series = panel.series[0];
  const std::int64_t first = series.train_rows - 1;  // the first origin's row
  series.observed.assign(series.values.size(), 1);
  for (std::int64_t row = first - 7; row <= first; ++row) series.observed[static_cast<std::size_t>(row)] = 0;
  const Rolled rolled(panel, 1.0, 1.0, 0.5), fresh(two_series(), 1.0, 1.0, 0.5);
  EXPECT_NEAR(rolled.forecasts.spread.row(0)[0] / fresh.forecasts.spread.row(0)[0], 3, 1e-9)
      << "the step after eight rows without a value is the ninth: the square root of nine";
  EXPECT_EQ(rolled.forecasts.spread.row(2)[0], fresh.forecasts.spread.row(2)[0]);
}

}  // namespace
}  // namespace rondo::forecasting
