// Naive2, the yardstick of the M4 competition, against the figures that its organisers published.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast_accuracy.h"
#include "support/source_folder.h"
#include "tasks/forecast/evaluation/baselines.h"

namespace rondo::forecasting {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Naive2Walk walk_to(std::span<const double> history, std::int64_t period) {
  Naive2Walk walk(history, period);
  walk.advance(history.size());
  return walk;
}

void naive2_forecast(std::span<const double> history, std::int64_t period, std::span<double> out) {
  walk_to(history, period).forecast(out);
}

/// Three places of a season around a line, without noise.
std::vector<double> seasonal(std::size_t rows, double level, double slope = 0) {
  const double figure[] = {0.5, 1.0, 1.5};
  std::vector<double> out(rows);
  for (std::size_t t = 0; t < rows; ++t) out[t] = (level + slope * static_cast<double>(t)) * figure[t % 3];
  return out;
}

TEST(Naive2, ContinuesAMultiplicativeSeasonAroundTheLastLevel) {
  for (const std::size_t rows : {30U, 31U, 32U}) {
    const auto values = seasonal(rows + 5, 10);
    std::vector<double> out(5);
    naive2_forecast(std::span(values).first(rows), 3, out);
    for (std::size_t h = 0; h < 5; ++h) EXPECT_NEAR(out[h], values[rows + h], 1e-12) << rows << ' ' << h;
  }
}

TEST(Naive2, IsTheLastValueWithoutASeason) {
  const RandomStream random(3);
  std::vector<double> noise(100), out(4);
  for (std::size_t t = 0; t < noise.size(); ++t) noise[t] = 10 + random.uniform(t);
  EXPECT_FALSE(walk_to(noise, 7).is_seasonal());
  naive2_forecast(noise, 7, out);
  EXPECT_EQ(out, std::vector<double>(4, noise.back()));
  const auto values = seasonal(30, 10);
  naive2_forecast(values, 1, out);
  EXPECT_EQ(out, std::vector<double>(4, values.back()));
  naive2_forecast(std::span(values).first(8), 3, out);  // fewer than three seasons
  EXPECT_EQ(out, std::vector<double>(4, values[7]));
  naive2_forecast(std::span(values).first(1), 3, out);
  EXPECT_EQ(out, std::vector<double>(4, values[0]));
}

TEST(Naive2, IsTheLastValueWhereRatiosMakeNoSense) {
  auto values = seasonal(60, 10);
  std::vector<double> out(3);
  for (double& v : values) v -= 9;  // partly negative
  ASSERT_TRUE(walk_to(values, 3).is_seasonal());
  naive2_forecast(values, 3, out);
  EXPECT_EQ(out, std::vector<double>(3, values.back()));
  for (std::size_t t = 0; t < values.size(); ++t) values[t] = t % 3 == 0 ? 0 : 5;  // nothing at night
  ASSERT_TRUE(walk_to(values, 3).is_seasonal());
  naive2_forecast(values, 3, out);
  EXPECT_EQ(out, std::vector<double>(3, values.back()));
}

TEST(Naive2, LeavesMissingValuesOut) {
  auto values = seasonal(65, 10);
  std::vector<double> out(5);
  const std::vector<double> future(values.end() - 5, values.end());
  values.resize(60);
  for (const std::size_t missing : {7U, 30U, 59U}) values[missing] = kNaN;
  naive2_forecast(values, 3, out);
  for (std::size_t h = 0; h < 5; ++h) EXPECT_NEAR(out[h], future[h], 1e-12);
}

TEST(Naive2, DividesAnEvenSeasonByAMovingAverageWithHalvedEnds) {
  // A line times the season (0.5, 1.5): the 2×2 average of its neighbours is what the decomposition divides
  // by.
  std::vector<double> values(40), out(2);
  for (std::size_t t = 0; t < values.size(); ++t)
    values[t] = (t % 2 == 0 ? 0.5 : 1.5) * (50 + static_cast<double>(t));
  double even = 0, odd = 0;
  for (std::size_t t = 1; t + 1 < values.size(); ++t) {
    const double share = values[t] / (0.25 * values[t - 1] + 0.5 * values[t] + 0.25 * values[t + 1]);
    (t % 2 == 0 ? even : odd) += share / 19;
  }
  naive2_forecast(values, 2, out);
  EXPECT_NEAR(out[0], values.back() / odd * even, 1e-9);
  EXPECT_NEAR(out[1], values.back(), 1e-9);
}

/// The test as its docstring has it: autocorrelations about the mean of the whole history, from the start.
bool seasonal_by_definition(std::span<const double> history, std::size_t period) {
  double mean = 0, known = 0;
  for (const double v : history) {
    if (!std::isnan(v)) mean += v, ++known;
  }
  mean /= known;
  const auto autocovariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t t = lag; t < history.size(); ++t) {
      const double product = (history[t] - mean) * (history[t - lag] - mean);
      if (!std::isnan(product)) sum += product;
    }
    return sum;
  };
  double squares = 1;
  for (std::size_t i = 1; i < period; ++i) squares += 2 * std::pow(autocovariance(i) / autocovariance(0), 2);
  return std::abs(autocovariance(period) / autocovariance(0)) > 1.645 * std::sqrt(squares / known);
}

TEST(Naive2, WalksFromOriginToOriginAsFromTheStart) {
  const RandomStream random(11);
  int seasonal_origins = 0, plain_origins = 0;
  for (const std::int64_t period : {2, 3, 12}) {
    const auto season = static_cast<std::size_t>(period);
    std::vector<double> values(240);
    for (std::size_t t = 0; t < values.size(); ++t) {  // a season that sets in half-way, on a high level
      const double place = static_cast<double>(t % season) - 0.5 * static_cast<double>(period - 1);
      values[t] = 5000 + random.uniform(1000 * season + t) + (t < 120 ? 0 : 0.2 * place);
    }
    values[3 * season] = values[100] = kNaN;
    Naive2Walk walk(values, period);
    std::vector<double> walked(season + 2), whole(season + 2);
    for (std::size_t rows = 1; rows <= values.size(); rows += rows % 7 + 1) {
      const auto history = std::span<const double>(values).first(rows);
      walk.advance(rows);
      walk.forecast(walked);
      naive2_forecast(history, period, whole);
      ASSERT_EQ(walked, whole) << period << ' ' << rows;
      const bool expected = rows >= 3 * season && seasonal_by_definition(history, season);
      ASSERT_EQ(walk.is_seasonal(), expected) << period << ' ' << rows;
      ++(expected ? seasonal_origins : plain_origins);
    }
  }
  EXPECT_GT(seasonal_origins, 10);
  EXPECT_GT(plain_origins, 10);
}

/// Folder of public data that is not part of the project; empty when it is not there.
std::filesystem::path data_folder() {
  std::vector<std::filesystem::path> places;
  for (const char* variable : {"RONDO_DATA", "RONDO_SHARED_DATA"}) {
    if (const char* told = std::getenv(variable); told != nullptr) places.emplace_back(told);
  }
  places.emplace_back(source_folder() / "../shared/data");
  for (const auto& place : places) {
    if (std::filesystem::exists(place / "timeseries/m4-hourly/Hourly-train.csv.gz")) return place;
  }
  return {};
}

std::vector<std::vector<double>> read_wide(const std::filesystem::path& file) {
  const Table table = read_csv(file, {.header = "yes"});
  std::vector<std::vector<double>> series(static_cast<std::size_t>(table.rows()));
  for (std::size_t c = 1; c < table.columns().size(); ++c) {
    const auto column = table.columns()[c].numbers();
    for (std::size_t r = 0; r < series.size(); ++r) {
      if (!std::isnan(column[r])) series[r].push_back(column[r]);
    }
  }
  return series;
}

TEST(Naive2, HasThePublishedErrorsOnM4Hourly) {
  const auto folder = data_folder();
  if (folder.empty()) GTEST_SKIP() << "no data: set RONDO_DATA to the folder that holds timeseries/m4-hourly";
  const auto train = read_wide(folder / "timeseries/m4-hourly/Hourly-train.csv.gz");
  const auto test = read_wide(folder / "timeseries/m4-hourly/Hourly-test.csv.gz");
  ASSERT_EQ(train.size(), 414U);
  double smape2 = 0, mase2 = 0, smape_seasonal = 0, mase_seasonal = 0;
  for (std::size_t s = 0; s < train.size(); ++s) {
    std::vector<double> out(test[s].size());
    ASSERT_EQ(out.size(), 48U);
    const double step = accuracy::naive_step(train[s], 24);
    naive2_forecast(train[s], 24, out);
    smape2 += accuracy::smape(test[s], out) / 414;
    mase2 += accuracy::mase(test[s], out, step) / 414;
    seasonal_naive_forecast(train[s], 24, out);
    smape_seasonal += accuracy::smape(test[s], out) / 414;
    mase_seasonal += accuracy::mase(test[s], out, step) / 414;
  }
  EXPECT_NEAR(smape2, 18.383, 0.0005);
  EXPECT_NEAR(mase2, 2.395, 0.0005);
  EXPECT_NEAR(smape_seasonal, 13.912, 0.0005);
  EXPECT_NEAR(mase_seasonal, 1.193, 0.0005);
  EXPECT_NEAR(accuracy::owa(smape_seasonal, mase_seasonal, smape2, mase2), 0.627,
              0.001);  // made of rounded figures
}

}  // namespace
}  // namespace rondo::forecasting
