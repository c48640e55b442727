// What is looked back on where most values are missing.

#include "tasks/forecast/panel/seasonal_fill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "tasks/forecast/forecaster/forecaster.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

constexpr std::array kWeek{7.0};

/// Values of which four of ten are observed; the others are the value before.
PanelSeries mostly_missing(std::vector<double> values) {
  const RandomStream stream(9);
  PanelSeries out;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const bool seen = row == 0 || stream.below(row, 10) < 4;
    out.observed.push_back(seen ? 1 : 0);
    out.values.push_back(seen ? values[row] : out.values.back());
    out.position.push_back(static_cast<double>(row));
  }
  out.train_rows = out.rows();
  return out;
}

std::vector<double> fill_by_seasons(const PanelSeries& series, std::span<const double> seasons,
                                    std::int64_t rows) {
  return SeasonalFill::fit(series, seasons, rows).fill(series);
}

double error_of(const std::vector<double>& guesses, const std::vector<double>& truth) {
  double sum = 0;
  for (std::size_t row = 0; row < truth.size(); ++row)
    sum += (guesses[row] - truth[row]) * (guesses[row] - truth[row]);
  return std::sqrt(sum / static_cast<double>(truth.size()));
}

TEST(SeasonalFill, KnowsTheDayOfTheWeekOfAMissingValue) {
  const std::vector<double> truth = seasonal(1, 500, 7, 0.3);
  const PanelSeries series = mostly_missing(truth);
  const std::vector<double> filled = fill_by_seasons(series, kWeek, series.rows());
  ASSERT_EQ(filled.size(), truth.size());
  EXPECT_LT(error_of(filled, truth), 0.4);
  EXPECT_GT(error_of(series.values, truth), 1.5);
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (series.observed[row] != 0) {
      EXPECT_EQ(filled[row], truth[row]);
    }
  }
}

TEST(SeasonalFill, DependsOnNothingThatComesAfterTheRow) {
  std::vector<double> truth = seasonal(1, 500, 7, 0.3);
  const std::vector<double> before = fill_by_seasons(mostly_missing(truth), kWeek, 400);
  for (std::size_t row = 450; row < truth.size(); ++row) truth[row] += 100;
  const std::vector<double> after = fill_by_seasons(mostly_missing(truth), kWeek, 400);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + 450, after.begin()));
}

TEST(SeasonalFill, LeavesTheValueBeforeWhereThereIsNoSeason) {
  std::vector<double> walk = white_noise(2, 500);
  for (std::size_t row = 1; row < walk.size(); ++row) walk[row] += walk[row - 1];
  const PanelSeries series = mostly_missing(walk);
  EXPECT_TRUE(fill_by_seasons(series, kWeek, series.rows()).empty());
}

TEST(SeasonalFill, MakesAForecastOfFewObservedDaysAsGoodAsItsSeason) {
  const std::vector<double> truth = seasonal(1, 700, 7, 0.5);
  const RandomStream stream(9);
  const Timeline monday = parse_times(TextList{"2020-01-06", "2020-01-07"});
  const Timeline days = monday.joined(monday.next(698));
  std::string text = "day,y\n";
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (stream.below(row, 10) < 4)
      text += days.text(static_cast<std::int64_t>(row)) + "," + std::to_string(truth[row]) + "\n";
  }
  ForecastOptions options;
  options.target = "y";
  options.time = "day";
  options.horizon = 7;
  options.threads = 1;
  options.ensemble = 1;
  options.epochs = 1;
  const ForecastResult result = run_forecast(parse_csv(text), options, {.verbose = 0});
  EXPECT_LT(result.test.rmse, 0.65) << "noise of 0.5";
}

TEST(TaughtOrigins, LeaveOutThoseWithoutATruth) {
  Panel panel;
  panel.horizon = 4;
  panel.series.resize(2);
  for (PanelSeries& series : panel.series) {
    series.values.assign(100, 1.0);
    series.train_rows = 100;
  }
  panel.series[0].observed.assign(100, 1);
  std::fill_n(panel.series[0].observed.begin() + 40, 20, 0);
  const TaughtOrigins taught(panel);
  EXPECT_TRUE(taught.teaches({0, 37})) << "two of four values";
  EXPECT_FALSE(taught.teaches({0, 38}));
  EXPECT_FALSE(taught.teaches({0, 50}));
  EXPECT_TRUE(taught.teaches({0, 57}));
  EXPECT_TRUE(taught.teaches({1, 50}));
}

}  // namespace
}  // namespace rondo::forecasting
