// What --likelihood promises: distributions that say how far the truth may lie from the forecast, row by row.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>

#include "rondo/data/csv.h"
#include "rondo/error.h"
#include "rondo/forecast.h"
#include "rondo/random.h"
#include "tasks/forecast/distribution.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;
using forecasting::Distribution;
using forecasting::Likelihood;

constexpr int kSeason = 8;

std::string csv_of(const std::vector<double>& values) {
  std::string text = "y\n";
  char number[40];
  for (const double v : values) {
    std::snprintf(number, sizeof number, "%.12g\n", v);
    text += number;
  }
  return text;
}

double season_at(std::int64_t t) { return std::sin(2 * M_PI * static_cast<double>(t) / kSeason); }

/// What row t is drawn from: a known season, in its size and in its noise.
Distribution truth_at(const std::string& name, std::int64_t t) {
  Distribution d;
  d.likelihood = name == "quantile" ? Likelihood::gaussian : forecasting::parse_likelihood(name);
  d.location = 3 * season_at(t + 3);
  d.scale = std::exp(0.9 * season_at(t));
  d.shape = 5;
  if (forecasting::is_count_likelihood(d.likelihood)) {
    d.location = 4 * std::exp(season_at(t));
    d.shape = 0.3;
  }
  return d;
}

std::vector<double> drawn_from(const std::string& name, std::int64_t rows) {
  std::vector<double> y;
  for (std::int64_t t = 0; t < rows; ++t) {
    y.push_back(truth_at(name, t).sample(forecasting::sample_stream(5, 0, t, 0, 0)));
  }
  return y;
}

ForecastOptions quick(const std::string& likelihood) {
  ForecastOptions options;
  options.target = "y";
  options.likelihood = likelihood;
  options.period = kSeason;
  options.units = 16;
  options.ensemble = 2;
  options.epochs = 20;
  options.threads = 1;
  return options;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

class EveryLikelihood : public testing::TestWithParam<const char*> {};

TEST_P(EveryLikelihood, KnowsWhichRowsAreUncertain) {
  ForecastOptions options = quick(GetParam());
  const ForecastResult result = run_forecast(parse_csv(csv_of(drawn_from(GetParam(), 1200))), options);
  const ForecastSeries::Backtest& tested = result.series[0].backtest;
  std::vector<double> width, deviation;
  double best = 0;
  for (std::size_t i = 0; i < tested.actual.size(); ++i) {
    const Distribution truth = truth_at(GetParam(), tested.row(i));
    width.push_back(tested.bands.high80[i] - tested.bands.low80[i]);
    deviation.push_back(std::sqrt(truth.variance()));
    best += truth.crps(tested.actual[i]) / static_cast<double>(tested.actual.size());
  }
  EXPECT_GT(correlation(width, deviation), 0.8);
  EXPECT_LT(result.test.crps, 1.15 * best);
  EXPECT_NEAR(result.coverage80, 0.80, 0.08);
  EXPECT_NEAR(result.coverage95, 0.95, 0.05);
  std::printf("%s corr %.3f crps %.4f best %.4f c80 %.3f c95 %.3f share %.2f\n", GetParam(),
              correlation(width, deviation), result.test.crps, best, result.coverage80, result.coverage95, result.network_share);
}

INSTANTIATE_TEST_SUITE_P(Forecast, EveryLikelihood,
                         testing::Values("quantile", "gaussian", "student_t", "negative_binomial", "poisson"),
                         [](const auto& info) { return std::string(info.param); });

/// A season whose last values say something about the next one.
std::vector<double> seasonal_walk(std::int64_t rows) {
  const RandomStream stream(9);
  std::vector<double> y;
  double left = 0;
  for (std::int64_t t = 0; t < rows; ++t) {
    left = 0.8 * left + 0.4 * stream.normal(static_cast<std::uint64_t>(t));
    y.push_back(2 * season_at(t) + left);
  }
  return y;
}

std::vector<double> random_walk(std::int64_t rows) {
  const RandomStream stream(4);
  std::vector<double> y{0};
  while (static_cast<std::int64_t>(y.size()) < rows) y.push_back(y.back() + stream.normal(y.size()));
  return y;
}

TEST(RecursiveForecast, BeatsTheNaiveOneOnASeasonalSeries) {
  ForecastOptions options = quick("gaussian");
  options.model = "recursive";
  options.horizon = 4;
  const ForecastResult result = run_forecast(parse_csv(csv_of(seasonal_walk(700))), options);
  std::printf("rmse %.4f naive %.4f seasonal %.4f ridge %.4f crps %.4f c80 %.3f c95 %.3f share %.2f s %.2f\n", result.test.rmse, result.baselines[0].rmse,
              result.baselines[1].rmse, result.baselines[3].rmse, result.test.crps, result.coverage80, result.coverage95, result.network_share, result.seconds_total);
  EXPECT_LT(result.test.rmse, 0.6 * result.baselines[0].rmse);
  EXPECT_NEAR(result.coverage80, 0.80, 0.1);
}

TEST(RecursiveForecast, IsLessSureOfFartherRowsOfARandomWalk) {
  ForecastOptions options = quick("gaussian");
  options.model = "recursive";
  options.horizon = 6;
  const ForecastResult result = run_forecast(parse_csv(csv_of(random_walk(700))), options);
  const ForecastSeries& series = result.series[0];
  for (std::size_t h = 0; h < 6; ++h) std::printf("%.3f ", series.bands.high80[h] - series.bands.low80[h]);
  std::printf("rmse %.4f naive %.4f c80 %.3f c95 %.3f share %.2f s %.2f\n", result.test.rmse, result.baselines[0].rmse, result.coverage80, result.coverage95, result.network_share, result.seconds_total);
}

TEST(RecursiveForecast, DrawsCounts) {
  ForecastOptions options = quick("negative_binomial");
  options.model = "recursive";
  options.horizon = 2;
  const ForecastResult result = run_forecast(parse_csv(csv_of(drawn_from("negative_binomial", 700))), options);
  std::printf("rmse %.4f naive %.4f crps %.4f c80 %.3f c95 %.3f share %.2f s %.2f\n", result.test.rmse, result.baselines[0].rmse, result.test.crps, result.coverage80, result.coverage95, result.network_share, result.seconds_total);
}

}  // namespace
}  // namespace rondo
