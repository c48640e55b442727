// What covariates are worth: much for what drives the target, nothing for noise.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/tasks/forecast_samples.h"

namespace rondo::forecasting {
namespace {

enum class Group { past, known };

/// y is driven by "driver" and knows nothing of "noise": as known covariates they belong to the same row, as past ones to
/// the row before.
Table driven(Group group, std::int64_t rows, bool holes = false) {
  const std::int64_t planned = group == Group::known ? 2 : 0;
  const std::vector<double> driver = white_noise(1, rows + planned), noise = white_noise(2, rows + planned),
                            rest = white_noise(3, rows);
  std::vector<double> y(static_cast<std::size_t>(rows + planned), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t t = 0; t < static_cast<std::size_t>(rows); ++t) {
    const double drive = group == Group::known ? driver[t] : t > 0 ? driver[t - 1] : 0;
    y[t] = 10 + 2 * drive + 0.3 * rest[t];
    if (holes && t % 9 == 4) y[t] = std::numeric_limits<double>::quiet_NaN();
  }
  Table table = table_of(std::move(y));
  table.add(Column("driver", driver));
  table.add(Column("noise", noise));
  return table;
}

ForecastResult judged(Group group, std::int64_t rows, bool holes = false) {
  ForecastOptions options = small_forecast(group == Group::known ? 2 : 1);
  options.ensemble = 1;
  options.stride = 1;
  options.transform = "none";
  (group == Group::known ? options.known : options.past) = {"noise", "driver"};
  return run_forecast(driven(group, rows, holes), options);
}

class FewAndManyRows : public testing::TestWithParam<std::int64_t> {};

TEST_P(FewAndManyRows, TheDriverIsWorthMuchAndNoiseNothing) {
  for (const Group group : {Group::past, Group::known}) {
    const ForecastResult result = judged(group, GetParam());
    ASSERT_EQ(result.importance.size(), 2u);
    const ForecastImportance &first = result.importance[0], &second = result.importance[1];
    EXPECT_EQ(first.name, "driver");
    EXPECT_EQ(second.name, "noise");
    // Without the driver the error is about 2·√2 (it is not only missing but wrong) instead of 0.3.
    EXPECT_GT(first.increase, 4 * result.importance_error);
    EXPECT_LT(first.spread, first.increase);
    EXPECT_LT(std::abs(second.increase), 0.15 * result.importance_error);
  }
}

INSTANTIATE_TEST_SUITE_P(Forecast, FewAndManyRows, testing::Values(160, 640));

TEST(ForecastImportance, TheErrorItStartsFromIsThatOfTheBacktest) {
  for (const bool holes : {false, true}) {
    const ForecastResult result = judged(Group::past, 160, holes);
    ASSERT_EQ(result.transform, "none");
    // In steps of the series: divided by the deviation of what is forecast over the training part.
    const ForecastSeries& series = result.series[0];
    std::vector<double> x(series.values.begin(), series.values.begin() + series.train_rows);
    if (result.difference) {
      for (std::size_t t = x.size() - 1; t > 0; --t) x[t] -= x[t - 1];
      x.erase(x.begin());
    }
    double mean = 0, square = 0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    for (const double v : x) square += (v - mean) * (v - mean) / static_cast<double>(x.size());
    EXPECT_NEAR(result.importance_error * std::sqrt(square), result.test.rmse, 1e-9) << "holes: " << holes;
  }
}

TEST(ForecastImportance, IsNotMeasuredWhereThereAreNoCovariates) {
  const ForecastResult result = run_forecast(table_of(seasonal(1, 120, 7, 1)), small_forecast(1));
  EXPECT_TRUE(result.importance.empty());
  EXPECT_EQ(result.importance_error, 0);
}

}  // namespace
}  // namespace rondo::forecasting
