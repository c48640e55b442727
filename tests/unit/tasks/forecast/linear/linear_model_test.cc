// The linear model: what it may see, what it finds, and that it is chosen on the training part alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rondo/base/random.h"
#include "tasks/forecast/linear/linear_search.h"

namespace rondo::forecasting {
namespace {

Panel panel_of(std::vector<double> values, std::int64_t test_rows, std::int64_t horizon = 1,
               std::vector<double> seasons = {}) {
  Panel panel;
  panel.horizon = horizon;
  panel.seasons = std::move(seasons);
  PanelSeries series;
  series.train_rows = static_cast<std::int64_t>(values.size()) - test_rows;
  for (std::size_t t = 0; t < values.size(); ++t) series.position.push_back(static_cast<double>(t));
  series.values = std::move(values);
  panel.series.push_back(std::move(series));
  return panel;
}

std::vector<double> autoregression(std::size_t count, std::uint64_t seed) {
  const RandomStream stream(seed);
  std::vector<double> y{0, 0};
  for (std::size_t t = 2; t < count; ++t) y.push_back(1.5 * y[t - 1] - 0.8 * y[t - 2] + stream.normal(t));
  return y;
}

/// Passenger-like: growth in per cent, a season that grows with it.
std::vector<double> growing_seasons(std::size_t count) {
  const RandomStream stream(5);
  std::vector<double> y;
  for (std::size_t t = 0; t < count; ++t) {
    const double wave = std::sin(2 * M_PI * static_cast<double>(t) / 12);
    y.push_back(100 * std::exp(0.02 * static_cast<double>(t) + 0.3 * wave + 0.02 * stream.normal(t)));
  }
  return y;
}

double rmse(const ScaledPanel& scaled, const LinearModel& path) {
  const Panel& panel = scaled.panel();
  std::vector<Origin> origins;
  const PanelSeries& series = panel.series.front();
  for (std::int64_t row = series.train_rows - 1; row + panel.horizon < series.rows(); ++row)
    origins.push_back({0, row});
  const Rows forecast = path.predict(scaled, origins);
  double square = 0, count = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const auto row = forecast.row(static_cast<std::int64_t>(i));
    for (std::size_t h = 0; h < row.size(); ++h) {
      const double miss = scaled.to_units(origins[i], static_cast<std::int64_t>(h) + 1, row[h]) -
                          series.values[static_cast<std::size_t>(origins[i].row) + 1 + h];
      square += miss * miss;
      ++count;
    }
  }
  return std::sqrt(square / count);
}

double searched_rmse(const Panel& panel, Pool& pool) {
  const LinearChoice choice = search_linear(panel, {}, pool);
  const ScaledPanel scaled(panel, choice.transform, choice.difference);
  return rmse(scaled, fit_linear(scaled, choice.members, std::vector{panel.series.front().train_rows}));
}

TEST(ForecastLinear, ReachesTheNoiseOfAnAutoregression) {
  Pool pool(1);
  EXPECT_LT(searched_rmse(panel_of(autoregression(1500, 1), 500), pool), 1.06);
}

TEST(ForecastLinear, TakesTheLogarithmOfGrowth) {
  Pool pool(1);
  const Panel panel = panel_of(growing_seasons(144), 24, 1, {12});
  EXPECT_EQ(search_linear(panel, {}, pool).transform, Transform::log);
}

TEST(ForecastLinear, LeavesASeriesOfBothSignsAsItIs) {
  Pool pool(1);
  EXPECT_EQ(search_linear(panel_of(autoregression(300, 2), 50), {}, pool).transform, Transform::none);
}

TEST(ForecastLinear, IsChosenWithoutLookingAtTheTest) {
  Pool pool(1);
  std::vector<double> changed = growing_seasons(144);
  const Panel before = panel_of(changed, 24, 1, {12});
  for (std::size_t t = 120; t < 144; ++t) changed[t] = 1e6 + static_cast<double>(t % 7);
  const Panel after = panel_of(changed, 24, 1, {12});
  const LinearChoice a = search_linear(before, {}, pool), b = search_linear(after, {}, pool);
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.members.size(), b.members.size());
  const ScaledPanel sa(before, a.transform, a.difference), sb(after, b.transform, b.difference);
  EXPECT_EQ(fit_linear(sa, a.members, std::vector<std::int64_t>{120}).map.weights,
            fit_linear(sb, b.members, std::vector<std::int64_t>{120}).map.weights);
}

TEST(ForecastLinear, IsTheSameWithOneThreadAndTwo) {
  const Panel panel = panel_of(growing_seasons(300), 60, 6, {12});
  Pool one(1), two(2);
  EXPECT_EQ(searched_rmse(panel, one), searched_rmse(panel, two));
}

TEST(ForecastLinear, ForecastsAllStepsOfALongHorizonOfASeason) {
  Pool pool(1);
  std::vector<double> y;
  const RandomStream stream(8);
  for (std::size_t t = 0; t < 1200; ++t) {
    y.push_back(std::sin(2 * M_PI * static_cast<double>(t) / 24) + 0.1 * stream.normal(t));
  }
  EXPECT_LT(searched_rmse(panel_of(y, 200, 48, {24}), pool), 0.13);
}

TEST(ForecastLinear, UsesACovariateThatLeads) {
  Pool pool(1);
  const RandomStream stream(9);
  std::vector<double> y{0}, lead;
  for (std::size_t t = 0; t < 600; ++t) {
    lead.push_back(stream.normal(t));
    y.push_back(2 * lead.back() + 0.1 * stream.normal(1000 + t));
  }
  y.pop_back();
  Panel panel = panel_of(y, 100);
  EXPECT_GT(searched_rmse(panel, pool), 1.5);
  panel.past = {"lead"};
  panel.series.front().past = lead;
  EXPECT_LT(searched_rmse(panel, pool), 0.2);
}

TEST(ForecastLinear, StaysWithinTheWindowThatWasAskedFor) {
  const Panel panel = panel_of(growing_seasons(300), 60, 1, {12});
  LinearLimits limits;
  limits.longest_lag = 5;
  for (const std::int64_t lag : lag_candidates(panel, limits)) EXPECT_LE(lag, 5);
}

TEST(ForecastLinear, NeverHasMoreLagsThanAShortSeriesBears) {
  Pool pool(1);
  for (std::size_t rows = 16; rows < 40; ++rows) {
    const Panel panel = panel_of(growing_seasons(rows), 2, 1, {12});
    const LinearChoice choice = search_linear(panel, {}, pool);
    ASSERT_FALSE(choice.members.empty());
    EXPECT_LE(choice.longest_lag(), panel.series.front().train_rows * 3 / 10);
  }
}

}  // namespace
}  // namespace rondo::forecasting
