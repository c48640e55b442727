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

}  // namespace
}  // namespace rondo
