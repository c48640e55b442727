// What inputs are worth: much for what drives the target, nothing for noise.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

enum class Group { past, known };

/// y is driven by "driver" and knows nothing of "noise": as known covariates they belong to the same row, as
/// past ones to the row before.
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

const ForecastImportance& worth_of(const ForecastResult& result, const std::string& name) {
  for (const ForecastImportance& input : result.importance)
    if (input.name == name) return input;
  throw std::runtime_error("nothing is said of " + name);
}

class FewAndManyRows : public testing::TestWithParam<std::int64_t> {};

TEST_P(FewAndManyRows, TheDriverIsWorthMuchAndNoiseNothing) {
  for (const Group group : {Group::past, Group::known}) {
    const ForecastResult result = judged(group, GetParam());
    ASSERT_EQ(result.importance.size(), 3u);
    const ForecastImportance &driver = result.importance[0], &noise = worth_of(result, "noise");
    EXPECT_EQ(driver.name, "driver");
    // Without the driver the error is about 2·√2 (it is not only missing but wrong) instead of 0.3.
    EXPECT_GT(driver.increase, 4 * result.importance_error);
    EXPECT_LT(driver.spread, driver.increase);
    EXPECT_LT(std::abs(noise.increase), 0.15 * result.importance_error);
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

/// y[t] = weight · y[t − 1] + noise, around 10.
std::vector<double> autoregression(double weight, std::int64_t rows) {
  std::vector<double> y = white_noise(7, rows);
  for (std::size_t t = 1; t < y.size(); ++t) y[t] += weight * y[t - 1];
  for (double& v : y) v += 10;
  return y;
}

ForecastResult of_levels(std::vector<double> y, std::int64_t threads = 1) {
  ForecastOptions options = small_forecast(1);
  options.stride = 1;
  options.transform = "none";
  options.difference = "no";
  options.threads = threads;
  return run_forecast(table_of(std::move(y)), options);
}

TEST(ForecastImportance, OfATableWithoutCovariatesIsThatOfTheTargetsOwnPast) {
  const ForecastResult bound = of_levels(autoregression(0.8, 400)), free = of_levels(autoregression(0, 400));
  // Another time's past instead of one's own: noise of 1 becomes √(1 + 2 · 0.8² / (1 − 0.8²)) = 2.1 in
  // the long run; on these rows the error grows by 1.407 of itself.
  EXPECT_NEAR(worth_of(bound, "y (its own past)").increase / bound.importance_error, 1.407, 0.02);
  EXPECT_EQ(bound.importance[0].name, "y (its own past)") << "a season seen by chance is worth less";
  EXPECT_LT(std::abs(worth_of(free, "y (its own past)").increase), 0.1 * free.importance_error);
}

TEST(ForecastImportance, IsTheSameForTheSameSeedOnAnyNumberOfThreads) {
  const std::vector<double> y = autoregression(0.8, 300);
  const ForecastResult one = of_levels(y), again = of_levels(y, 2);
  ASSERT_EQ(one.importance.size(), again.importance.size());
  EXPECT_EQ(one.importance_error, again.importance_error);
  EXPECT_EQ(one.importance[0].increase, again.importance[0].increase);
  EXPECT_EQ(one.importance[0].spread, again.importance[0].spread);
  EXPECT_GT(one.importance[0].spread, 0) << "it was moved more than one way";
}

TEST(ForecastImportance, ASeasonIsReadFromTheCalendarWhereTheLookBackIsOneRow) {
  Table table = table_of(seasonal(3, 300, 7, 0.3));
  TextList days;
  for (int t = 0; t < 300; ++t) days.push_back(day_of_2021(t));
  table.add(Column("day", days));
  ForecastOptions options = small_forecast(1);
  options.time = "day";
  options.window = 1;
  options.stride = 1;
  options.transform = "none";
  options.difference = "no";
  const ForecastResult result = run_forecast(table, options);
  const ForecastImportance& calendar = worth_of(result, "calendar");
  EXPECT_GT(calendar.increase, 3 * result.importance_error);
  EXPECT_LT(worth_of(result, "y (its own past)").increase, 0.5 * calendar.increase);
}

TEST(ForecastImportance, EveryTargetHasAPastOfItsOwn) {
  Table table("both");
  table.add(Column("bound", autoregression(0.9, 300)));
  table.add(Column("free", white_noise(4, 300)));
  ForecastOptions options = small_forecast(1);
  options.target = "bound,free";
  options.methods = "none";
  options.transform = "none";
  options.difference = "no";
  options.stride = 1;
  const ForecastResult result = run_forecast(table, options);
  ASSERT_EQ(result.importance.size(), 2u);
  EXPECT_EQ(result.importance[0].name, "bound (its own past)");
  EXPECT_GT(result.importance[0].increase, 0.2 * result.importance_error);
  EXPECT_LT(std::abs(worth_of(result, "free (its own past)").increase), 0.1 * result.importance_error);
}

TEST(ForecastImportance, ManyTargetsAreMovedTogether) {
  Table table("many");
  std::string names;
  for (int k = 0; k < 9; ++k) {
    const std::string name = "y" + std::to_string(k);
    std::vector<double> y = autoregression(0.8, 120);
    for (double& v : y) v += k * v;
    table.add(Column(name, std::move(y)));
    names += (k == 0 ? "" : ",") + name;
  }
  ForecastOptions options = small_forecast(1);
  options.target = names;
  options.difference = "no";
  const ForecastResult result = run_forecast(table, options);
  ASSERT_EQ(result.importance.size(), 1u);
  EXPECT_EQ(result.importance[0].name, "each target's own past");
  EXPECT_GT(result.importance[0].increase, 0.5 * result.importance_error);
}

/// Shops in which a promotion makes sales rise or fall: which of them is in no row, but in a column that
/// never changes.
Table two_kinds_of_shops(int shops, int rows) {
  Table table("shops");
  TextList ids;
  std::vector<double> y, promotion, kind, noise;
  for (int shop = 0; shop < shops; ++shop) {
    const auto seed = static_cast<std::uint64_t>(shop);
    const std::vector<double> drive = white_noise(100 + seed, rows + 1), rest = white_noise(200 + seed, rows);
    for (std::size_t t = 0; t < drive.size(); ++t) {
      const double side = shop % 2 == 0 ? 1 : -1;
      ids.push_back("shop " + std::to_string(shop));
      y.push_back(t < rest.size() ? 10 + 2 * side * drive[t] + 0.2 * rest[t]
                                  : std::numeric_limits<double>::quiet_NaN());
      promotion.push_back(drive[t]);
      kind.push_back(side);
      noise.push_back(shop % 5);
    }
  }
  table.add(Column("shop", ids));
  table.add(Column("y", y));
  table.add(Column("promotion", promotion));
  table.add(Column("kind", kind));
  table.add(Column("number", noise));
  return table;
}

TEST(ForecastImportance, AStaticColumnIsWorthWhatIsLostWhenSeriesExchangeIt) {
  ForecastOptions options = small_forecast(1);
  options.id = "shop";
  options.known = {"promotion"};
  options.statics = {"kind", "number"};
  options.methods = "none";
  options.model = "encoder_decoder";
  options.window = 1;
  options.units = 16;
  options.epochs = 30;
  options.learning_rate = 0.01;
  options.stride = 1;
  options.transform = "none";
  options.difference = "no";
  const ForecastResult result = run_forecast(two_kinds_of_shops(40, 60), options);
  ASSERT_GT(result.network_weight, 0.5) << "no line can learn it";
  const double kind = worth_of(result, "kind").increase;
  EXPECT_GT(kind, result.importance_error);
  EXPECT_GT(worth_of(result, "promotion").increase, result.importance_error);
  EXPECT_LT(std::abs(worth_of(result, "number").increase), 0.2 * kind);
}

}  // namespace
}  // namespace rondo::forecasting
