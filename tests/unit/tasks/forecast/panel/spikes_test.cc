// A few gross errors in a table do not spoil what is learnt from the rest.

#include "tasks/forecast/panel/spike_guard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_model.h"

namespace rondo::forecasting {
namespace {

std::vector<double> wave(std::size_t rows, double noise = 1) {
  const RandomStream random(5);
  std::vector<double> out;
  for (std::size_t t = 0; t < rows; ++t) {
    out.push_back(50 + 10 * std::sin(2 * std::numbers::pi * static_cast<double>(t) / 12) +
                  noise * random.normal(t));
  }
  return out;
}

std::vector<double> accepted(const std::vector<double>& values, std::size_t train_rows) {
  const std::span<const double> training = std::span<const double>(values).first(train_rows);
  return SpikeGuard::fit(training, Transform::none, 0).accepted(values, Transform::none, 0);
}

TEST(SpikeGuard, PutsTheValueBeforeInThePlaceOfASpike) {
  std::vector<double> values = wave(400);
  const std::vector<double> clean = values;
  values[100] += 500;
  values[250] -= 800;
  values[251] -= 800;
  values[380] += 400;  // after the training part
  std::vector<double> expected = clean;
  expected[100] = clean[99];
  expected[250] = expected[251] = clean[249];
  expected[380] = clean[379];
  EXPECT_EQ(accepted(values, 320), expected);
}

/// What the guard leaves of values beside one known column.
std::vector<double> accepted_beside(const std::vector<double>& known, const std::vector<double>& values) {
  const KnownColumns columns{known, 1};
  return SpikeGuard::fit(values, Transform::none, 0, columns).accepted(values, Transform::none, 0, columns);
}

TEST(SpikeGuard, LeavesPeaksThatAKnownColumnExplains) {
  std::vector<double> values = wave(400), flag(400, 0.0), budget(400, 3.0);
  for (const std::size_t day : {80u, 190u, 320u}) {
    values[day] += 500;
    flag[day] = 1;
    budget[day] = 40 + static_cast<double>(day) / 10;
  }
  EXPECT_EQ(accepted_beside(flag, values), values);
  EXPECT_EQ(accepted_beside(budget, values), values);
  std::vector<double> lowered = flag;
  for (double& v : lowered) v = 1 - v;
  EXPECT_EQ(accepted_beside(lowered, values), values) << "a column may fall, too";

  std::vector<double> wrong = values, expected = values;
  wrong[250] -= 800;
  expected[250] = values[249];
  EXPECT_EQ(accepted_beside(flag, wrong), expected) << "an error elsewhere is one still";
}

TEST(SpikeGuard, TakesAnErrorOnOneOfManyMarkedDaysForOne) {
  std::vector<double> values = wave(400), promotion(400, 0.0);
  for (std::size_t day = 0; day < 400; day += 5) promotion[day] = 1;
  std::vector<double> expected = values;
  values[100] += 500;
  expected[100] = values[99];
  EXPECT_EQ(accepted_beside(promotion, values), expected);
}

TEST(SpikeGuard, LeavesASeriesAloneThatHasNone) {
  EXPECT_EQ(accepted(wave(400), 320), wave(400));
  const RandomStream random(3);
  std::vector<double> heavy;  // Student's t with 3 degrees of freedom
  for (std::uint64_t t = 0; t < 2000; ++t) {
    const double a = random.normal(4 * t + 1), b = random.normal(4 * t + 2), c = random.normal(4 * t + 3);
    heavy.push_back(random.normal(4 * t) / std::sqrt((a * a + b * b + c * c) / 3));
  }
  EXPECT_EQ(accepted(heavy, 2000), heavy);
  std::vector<double> rare(400, 0.0);
  rare[50] = 30;
  EXPECT_EQ(accepted(rare, 400), rare);  // demand now and then: most values are equal
}

TEST(SpikeGuard, LeavesASeriesAloneThatIsFullOfThem) {
  std::vector<double> values = wave(400);
  for (const std::size_t row : {20u, 60u, 100u, 140u, 180u, 220u}) values[row] += 500;
  EXPECT_EQ(accepted(values, 400), values);
}

TEST(SpikeGuard, LeavesASeriesAloneWhoseLargestValuesAreNoneApart) {
  std::vector<double> values = wave(400);
  values[100] += 500;
  values[200] += 120;  // half way to what is too far
  EXPECT_EQ(accepted(values, 400), values);
}

TEST(SpikeGuard, BelievesTheThirdValueOfANewLevel) {
  std::vector<double> values = wave(400);
  values[100] += 500;
  for (std::size_t row = 350; row < 400; ++row) values[row] += 600;
  const std::vector<double> seen = accepted(values, 320);
  EXPECT_EQ(seen[351], values[349]);
  for (std::size_t row = 352; row < 400; ++row) EXPECT_EQ(seen[row], values[row]) << row;
}

TEST(SpikeGuard, KnowsNothingOfLaterValues) {
  std::vector<double> values = wave(400);
  values[100] += 500;
  const std::vector<double> before = accepted(values, 320);
  for (std::size_t row = 360; row < 400; ++row) values[row] = 1e6;
  const std::vector<double> after = accepted(values, 320);
  for (std::size_t row = 0; row < 360; ++row) EXPECT_EQ(before[row], after[row]) << row;
}

Table table_of(const std::vector<double>& values) {
  std::string text = "y\n";
  for (const double v : values) text += std::to_string(v) + "\n";
  return parse_csv(text);
}

ForecastOptions quick(const char* outliers) {
  ForecastOptions options;
  options.target = "y";
  options.horizon = 3;
  options.ensemble = 1;
  options.outliers = outliers;
  return options;
}

TEST(ForecastOfASeriesWithSpikes, IsAboutAsGoodAsWithoutThem) {
  std::vector<double> values = wave(400);
  const double clean = run_forecast(table_of(values), quick("auto")).test.rmse;
  values[100] += 500;
  values[250] += 500;
  const ForecastResult guarded = run_forecast(table_of(values), quick("auto"));
  EXPECT_LT(guarded.test.rmse, 1.5 * clean);
  ASSERT_FALSE(guarded.warnings.empty());
  EXPECT_NE(guarded.warnings.back().find("2 values lie far outside of everything else (the first: 5"),
            std::string::npos);
  EXPECT_NE(guarded.warnings.back().find(" at 100)"), std::string::npos);
  const ForecastResult kept = run_forecast(table_of(values), quick("keep"));
  EXPECT_GT(kept.test.rmse, 2.5 * clean);
  EXPECT_TRUE(kept.warnings.empty());
}

TEST(ForecastOfASeriesWithSpikes, CountsThemInTheTruth) {
  std::vector<double> values = wave(400);
  values[100] += 500;
  values[390] += 500;
  const ForecastResult result = run_forecast(table_of(values), quick("auto"));
  EXPECT_EQ(result.series[0].values[390], std::stod(std::to_string(values[390])));
  EXPECT_GT(result.test.rmse, 400 / std::sqrt(80.0));
  ASSERT_FALSE(result.anomalies.empty());
  EXPECT_EQ(result.anomalies.front().time, "390");
}

TEST(ForecastOfASeriesWithSpikes, IsTheSameOfTheSavedModel) {
  std::vector<double> values = wave(400);
  values[100] += 500;
  values[398] += 500;  // in what the forecast looks back on
  const Table table = table_of(values);
  const ForecastResult result = run_forecast(table, quick("auto"));
  const auto path = std::filesystem::temp_directory_path() / "rondo_spikes_test.rondo";
  result.save_model(path.string());
  const ForecastAhead ahead = ForecastModel::load(path.string()).forecast(table);
  std::filesystem::remove(path);
  EXPECT_EQ(ahead.series[0].forecast, result.series[0].forecast);
  EXPECT_NEAR(result.series[0].forecast[0], 50 + 10 * std::sin(2 * std::numbers::pi * 400 / 12), 0.2);
}

}  // namespace
}  // namespace rondo::forecasting
