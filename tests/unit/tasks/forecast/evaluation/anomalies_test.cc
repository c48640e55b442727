// Rows that surprise: found, named and in order, and hardly any remarkable where there is nothing to find.

#include "tasks/forecast/evaluation/backtest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

constexpr int kRows = 300, kTest = 100, kSpike = 245;

/// Daily values with a week and noise of deviation 1; `spike` is added to one day of the test part.
ForecastResult tested(double spike, std::int64_t stride = 1, std::int64_t horizon = 1, bool missing = false) {
  std::vector<double> y = seasonal(5, kRows, 7, 1);
  y[kSpike] += spike;
  if (missing) y[kSpike] = std::numeric_limits<double>::quiet_NaN();
  TextList days;
  for (int t = 0; t < kRows; ++t) days.push_back(day_of_2021(t));
  Table table = table_of(std::move(y));
  table.add(Column("day", days));
  ForecastOptions options = small_forecast(horizon);
  options.time = "day";
  options.ensemble = 1;
  options.stride = stride;
  options.backtest = "last=" + std::to_string(kTest);
  return run_forecast(table, options);
}

TEST(ForecastAnomalies, ASpikeIsTheFirstOfTheListWithItsTime) {
  for (const double spike : {12.0, -12.0}) {
    for (const std::int64_t horizon : {1, 4}) {
      const ForecastResult result = tested(spike, 1, horizon);
      ASSERT_FALSE(result.anomalies.empty());
      EXPECT_EQ(result.anomalies[0].time, day_of_2021(kSpike)) << spike << ", horizon " << horizon;
      EXPECT_EQ(result.anomalies[0].target, "y");
      const auto& b = result.series[0].backtest;
      double error = 0;
      for (std::size_t i = 0; i < b.actual.size(); ++i) {
        if (b.row(i) == kSpike && b.step[i] == 1) error = std::abs(b.actual[i] - b.predicted[i]);
      }
      EXPECT_NEAR(result.anomalies[0].score, error, 0.4 * error) << "in deviations of the noise, which is 1";
    }
  }
}

/// How many of them a report marks.
std::ptrdiff_t remarkable(const std::vector<ForecastAnomaly>& found) {
  return std::ranges::count_if(
      found, [](const ForecastAnomaly& row) { return row.score > ForecastAnomaly::kRemarkable; });
}

TEST(ForecastAnomalies, OfACalmSeriesAreListedTooAndHardlyAnyIsRemarkable) {
  const ForecastResult result = tested(0);
  ASSERT_EQ(result.anomalies.size(), 20u);
  EXPECT_LE(remarkable(result.anomalies), 3);  // of 100 rows; 3 deviations have a chance of 1 in 370
  EXPECT_TRUE(std::ranges::is_sorted(result.anomalies, std::greater<>(), &ForecastAnomaly::score));
}

TEST(ForecastAnomalies, AreTheWorseTheLargerTheSpike) {
  double last = 3;
  for (const double spike : {6.0, 9.0, 20.0, 60.0}) {
    const ForecastResult result = tested(spike);
    ASSERT_FALSE(result.anomalies.empty()) << spike;
    EXPECT_EQ(result.anomalies[0].time, day_of_2021(kSpike));
    EXPECT_GT(result.anomalies[0].score, last) << spike;
    last = result.anomalies[0].score;
  }
}

TEST(ForecastAnomalies, ARowWithoutTruthIsNone) {
  const ForecastResult result = tested(50, 1, 1, true);
  EXPECT_EQ(result.anomalies.size(), 20u);
  for (const ForecastAnomaly& found : result.anomalies) EXPECT_NE(found.time, day_of_2021(kSpike));
}

/// A backtest of `rows` rows with bands of ±1.2816 around 0, one deviation of a normal distribution, and
/// small errors.
ForecastSeries flat(const std::string& id, int rows) {
  ForecastSeries series;
  series.id = id;
  series.target = "y";
  series.times = Timeline::rows(rows + 1);
  auto& b = series.backtest;
  for (int t = 0; t < rows; ++t) {
    b.origin.push_back(t);
    b.step.push_back(1);
    b.actual.push_back(t % 2 == 0 ? 0.5 : -0.5);
    b.predicted.push_back(0);
    b.bands.low80.push_back(-1.2815515655446004);
    b.bands.high80.push_back(1.2815515655446004);
    b.bands.low95.push_back(-1.959963984540054);
    b.bands.high95.push_back(1.959963984540054);
  }
  return series;
}

TEST(ForecastAnomalies, AreTheTwentyWorstOverAllSeriesHoweverSmallTheirErrors) {
  std::vector<ForecastSeries> series{flat("a", 60), flat("b", 60)};
  series[0].backtest.actual[10] = 3.1;
  series[0].backtest.actual[11] = 2.9;
  series[0].backtest.actual[12] = -5;
  series[1].backtest.actual[20] = 4;
  const std::vector<ForecastAnomaly> found = find_anomalies(series);
  ASSERT_EQ(found.size(), 20u);
  const std::vector<std::string> ids{"a", "b", "a", "a"}, times{"13", "21", "11", "12"};
  const std::vector<double> scores{5, 4, 3.1, 2.9};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(found[i].id, ids[i]);
    EXPECT_EQ(found[i].time, times[i]);
    EXPECT_NEAR(found[i].score, scores[i], 1e-12);
  }
  for (std::size_t i = 4; i < 20; ++i) EXPECT_NEAR(found[i].score, 0.5, 1e-12) << "as wrong as all others";
}

TEST(ForecastAnomalies, AreAllRowsWhereFewWereTested) {
  const std::vector<ForecastAnomaly> found = find_anomalies({flat("a", 7), flat("b", 5)});
  std::set<std::pair<std::string, std::int64_t>> rows;
  for (const ForecastAnomaly& row : found) rows.emplace(row.id, row.row);
  EXPECT_EQ(found.size(), 12u);
  EXPECT_EQ(rows.size(), 12u) << "each once";
}

TEST(ForecastAnomalies, AreTheWorstOfAllHoweverManyThereAre) {
  std::vector<ForecastSeries> series;
  for (int s = 0; s < 3; ++s) {
    series.push_back(flat(std::to_string(s), 80));
    for (int t = 0; t < 30; ++t) series.back().backtest.actual[static_cast<std::size_t>(t)] = 4 + t + 0.1 * s;
  }
  const std::vector<ForecastAnomaly> found = find_anomalies(series, 20);
  ASSERT_EQ(found.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(found[i].score, 33.2 - static_cast<double>(i / 3) - 0.1 * static_cast<double>(i % 3), 1e-9);
  }
}

TEST(ForecastAnomalies, ARowIsJudgedByItsFreshestForecastOnce) {
  ForecastSeries series = flat("", 40);
  auto& b = series.backtest;
  // Row 21 again, from ten rows earlier and much worse.
  b.origin.push_back(11);
  b.step.push_back(10);
  b.actual.push_back(b.actual[20] = 6);
  b.predicted.push_back(-30);
  b.bands.low80.push_back(-31.2815515655446004);
  b.bands.high80.push_back(-28.7184484344553996);
  const std::vector<ForecastAnomaly> found = find_anomalies({series});
  ASSERT_EQ(found.size(), 20u);
  EXPECT_NEAR(found[0].score, 6, 1e-9);
  EXPECT_EQ(std::ranges::count(found, 21, &ForecastAnomaly::row), 1);
}

TEST(ForecastAnomalies, ABandThatShrankToNothingMakesNoAnomalyOfASmallError) {
  ForecastSeries series = flat("", 40);
  auto& b = series.backtest;
  b.bands.low80[5] = b.bands.high80[5] = 0;
  b.actual[5] = 0.5;
  EXPECT_EQ(remarkable(find_anomalies({series})), 0);
  b.actual[5] = 2;
  EXPECT_EQ(remarkable(find_anomalies({series})), 1);
  EXPECT_EQ(find_anomalies({series}).front().row, 6);
}

}  // namespace
}  // namespace rondo::forecasting
