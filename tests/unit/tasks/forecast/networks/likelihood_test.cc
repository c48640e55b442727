// What --likelihood promises: distributions that say how far the truth may lie from the forecast, row by row.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <ostream>
#include <streambuf>
#include <string>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/likelihood/distribution.h"
#include "tasks/forecast/networks/recursive_data.h"
#include "tasks/forecast/networks/recursive_network.h"
#include "unit/tasks/forecast/likelihood/crps_of.h"

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

/// Asks for an end after so many lines of progress.
struct StopAfterLines : std::streambuf {
  std::atomic<bool> stop{false};
  int lines = 0, limit;
  explicit StopAfterLines(int most) : limit(most) {}
  int overflow(int c) override {
    if (c == '\n' && ++lines >= limit) stop = true;
    return c;
  }
};

ForecastOptions quick_likelihood(const std::string& likelihood) {
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
  ForecastOptions options = quick_likelihood(GetParam());
  const ForecastResult result = run_forecast(parse_csv(csv_of(drawn_from(GetParam(), 1200))), options);
  const ForecastSeries::Backtest& tested = result.series[0].backtest;
  std::vector<double> width, deviation;
  double best = 0;
  for (std::size_t i = 0; i < tested.actual.size(); ++i) {
    const Distribution truth = truth_at(GetParam(), tested.row(i));
    width.push_back(tested.bands.high80[i] - tested.bands.low80[i]);
    deviation.push_back(std::sqrt(truth.variance()));
    best += crps_of(truth, tested.actual[i]) / static_cast<double>(tested.actual.size());
  }
  EXPECT_GT(correlation(width, deviation), 0.8);
  EXPECT_LT(result.test.crps, 1.15 * best);
  EXPECT_NEAR(result.coverage80, 0.80, 0.08);
  EXPECT_NEAR(result.coverage95, 0.95, 0.05);
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

/// A map that no line can forecast.
std::vector<double> logistic_map(std::size_t rows) {
  const RandomStream stream(1);
  std::vector<double> y;
  double x = 0.3;
  while (y.size() < rows) {
    x = 3.9 * x * (1 - x);
    y.push_back(x + 0.02 * stream.normal(y.size()));
  }
  return y;
}

/// What the recursive network alone forecasts at every origin of the last `tested` rows.
struct Alone {
  forecasting::Panel panel;
  std::vector<forecasting::Origin> origins;
  forecasting::Forecasts forecasts;
};

Alone recursive_alone(std::vector<double> values, std::int64_t tested, std::int64_t horizon, bool seasonal) {
  Alone out;
  forecasting::PanelSeries series;
  const auto rows = static_cast<std::int64_t>(values.size());
  for (std::int64_t t = 0; t < rows + horizon; ++t) series.position.push_back(static_cast<double>(t));
  series.values = std::move(values);
  series.train_rows = rows - tested;
  out.panel.series.push_back(series);
  out.panel.horizon = horizon;
  if (seasonal) out.panel.seasons = {kSeason};
  const forecasting::ScaledPanel scaled(out.panel, forecasting::Transform::none, false);
  const forecasting::Window window =
      forecasting::recursive_window(forecasting::choose_window(out.panel, 16, true), horizon, 16);
  forecasting::NetworkTraining training;
  training.members = 1;
  training.units = 16;
  training.epochs = 30;
  Pool pool(1);
  const forecasting::BlockFolds folds(out.panel, 1, horizon);
  const forecasting::LinearChoice linear;
  const forecasting::TrainingTask task{scaled, linear, {}, {}, true};
  const auto trained = forecasting::RecursivePlan(window, training).train(task, folds, pool);
  for (std::int64_t row = series.train_rows; row + horizon < rows; ++row) out.origins.push_back({0, row});
  out.forecasts = trained.network->members(scaled, out.origins, pool).front();
  const double unit = scaled.scales[0].scale, center = scaled.scales[0].center;
  for (double& v : out.forecasts.location.values) v = center + unit * v;
  for (double& v : out.forecasts.spread.values) v *= unit;
  return out;
}

TEST(RecursiveNetwork, BeatsTheNaiveForecastByItself) {
  const Alone alone = recursive_alone(seasonal_walk(700), 100, 4, true);
  double error = 0, naive = 0;
  for (std::size_t i = 0; i < alone.origins.size(); ++i) {
    const std::vector<double>& y = alone.panel.series[0].values;
    for (std::size_t h = 0; h < 4; ++h) {
      const auto row = static_cast<std::size_t>(alone.origins[i].row);
      error += std::pow(y[row + 1 + h] - alone.forecasts.location.row(static_cast<std::int64_t>(i))[h], 2);
      naive += std::pow(y[row + 1 + h] - y[row], 2);
    }
  }
  EXPECT_LT(std::sqrt(error / naive), 0.35);  // the best that can be is 0.2
}

TEST(RecursiveNetwork, ItsPathsPartOnARandomWalk) {
  const Alone alone = recursive_alone(random_walk(700), 100, 6, false);
  std::vector<double> spread(6);
  for (std::int64_t i = 0; i < alone.forecasts.spread.count(); ++i) {
    for (std::size_t h = 0; h < 6; ++h) {
      spread[h] += alone.forecasts.spread.row(i)[h] / static_cast<double>(alone.forecasts.spread.count());
    }
  }
  EXPECT_NEAR(spread[0], 1, 0.25);  // the steps of the walk
  for (std::size_t h = 1; h < 6; ++h) EXPECT_GT(spread[h], spread[h - 1]) << h;
  EXPECT_GT(spread[5], 1.8 * spread[0]);  // the root of 6 is 2.4
}

/// What the recursive network reads where values were missing.
TEST(RecursiveNetwork, ReadsWhetherTheValueBeforeWasMissing) {
  forecasting::Panel panel;
  panel.horizon = 3;
  forecasting::PanelSeries series;
  series.values = seasonal_walk(120);
  for (std::int64_t t = 0; t < 123; ++t) series.position.push_back(static_cast<double>(t));
  series.train_rows = 100;
  panel.series.push_back(series);
  const forecasting::ScaledPanel scaled(panel, forecasting::Transform::none, false);
  const auto window_of = [](const forecasting::Panel& from) {
    return forecasting::recursive_window(forecasting::choose_window(from, 12, true), from.horizon, 12);
  };
  const std::vector<forecasting::Origin> origins{{0, 40}, {0, 77}};
  const forecasting::Window plain = window_of(panel);
  const std::int64_t features = forecasting::recursive_features(plain);
  const Tensor before = forecasting::recursive_inputs(scaled, plain, origins, 2);

  panel.series[0].observed.assign(120, 1);
  for (std::size_t t = 3; t < 120; t += 4) panel.series[0].observed[t] = 0;
  const forecasting::Window masked = window_of(panel);
  ASSERT_EQ(forecasting::recursive_features(masked), features + 1);
  const Tensor after = forecasting::recursive_inputs(scaled, masked, origins, 2);
  const std::int64_t rows = masked.rows() + 2;
  for (std::int64_t i = 0; i < 2 * rows; ++i) {
    const std::int64_t row = origins[static_cast<std::size_t>(i / rows)].row - masked.rows() + 2 + i % rows;
    EXPECT_EQ(after.at(i * (features + 1) + 1), (row - 1) % 4 == 3 ? 0 : 1) << "row " << row;
    for (std::int64_t c = 0; c < features; ++c) {  // all else stays as it was
      EXPECT_EQ(after.at(i * (features + 1) + (c == 0 ? 0 : c + 1)), before.at(i * features + c));
    }
  }
  // A draw is no missing value, whatever the truth at its row.
  std::vector<float> drawn(static_cast<std::size_t>(features + 1), -7);
  for (const std::int64_t row : {42, 43, 44, 45}) {
    forecasting::fill_recursive_row(scaled, masked, origins[0], masked.scale(scaled, origins[0]), row, drawn);
    EXPECT_EQ(drawn[1], 1);
  }
}

TEST(RecursiveNetwork, HasANoteWhereItCannotUseACovariate) {
  std::string text = "y,wind,price\n";
  const std::vector<double> y = seasonal_walk(160);
  for (std::size_t t = 0; t < y.size(); ++t) {
    text += std::to_string(y[t]) + "," + std::to_string(t % 7) + "," + std::to_string(t % 5) + "\n";
  }
  ForecastOptions options = quick_likelihood("gaussian");
  options.model = "recursive";
  options.epochs = 1;
  const auto notes = [&] {
    std::string all;
    for (const std::string& note : run_forecast(parse_csv(text), options).notes) all += note + "\n";
    return all;
  };
  EXPECT_EQ(notes().find("with unknown future"), std::string::npos);
  options.past = {"wind", "price"};
  EXPECT_NE(notes().find("columns with unknown future (wind, price)"), std::string::npos);
  options.model = "direct";
  EXPECT_EQ(notes().find("with unknown future"), std::string::npos);
}

struct ModelAndCell {
  const char *model, *cell = "gru";
};
std::ostream& operator<<(std::ostream& out, const ModelAndCell& of) {
  return out << of.model << "_" << of.cell;
}

class EveryModel : public testing::TestWithParam<ModelAndCell> {
 protected:
  ForecastOptions quick(const std::string& likelihood) const {
    ForecastOptions options = rondo::quick_likelihood(likelihood);
    options.model = GetParam().model;
    options.cell = GetParam().cell;
    return options;
  }
};

TEST_P(EveryModel, LearnsTheLocationThatNoLineCan) {
  ForecastOptions options = quick("gaussian");
  options.period = 0;
  options.window = 8;
  options.epochs = 30;
  const ForecastResult result = run_forecast(parse_csv(csv_of(logistic_map(900))), options);
  const double most = std::string(GetParam().cell) == "simple_rnn" ? 0.6 : 0.5;
  EXPECT_LT(result.test.rmse, most * result.baselines[3].rmse);
  EXPECT_NEAR(result.coverage80, 0.80, 0.025);
}

TEST_P(EveryModel, NeverForecastsLessThanNoCount) {
  std::vector<double> rare = drawn_from("poisson", 500);
  for (double& y : rare) y = std::max(0.0, y - 5);  // mostly nothing
  ForecastOptions options = quick("negative_binomial");
  options.horizon = 2;
  options.epochs = 5;
  const ForecastResult result = run_forecast(parse_csv(csv_of(rare)), options);
  const ForecastSeries& series = result.series[0];
  const auto& low = series.backtest.bands.low95;
  EXPECT_EQ(*std::min_element(low.begin(), low.end()), 0);
  EXPECT_GE(*std::min_element(series.backtest.predicted.begin(), series.backtest.predicted.end()), 0);
  EXPECT_GE(*std::min_element(series.bands.low95.begin(), series.bands.low95.end()), 0);
}

TEST_P(EveryModel, HasTheSameBitsWithAnyNumberOfThreadsAndWhenResumed) {
  const std::string name = std::string("rondo-likelihood-test-") + GetParam().model + "-" + GetParam().cell;
  const fs::path checkpoint = fs::temp_directory_path() / name;
  fs::remove(checkpoint);
  const Table table = parse_csv(csv_of(drawn_from("student_t", 400)));
  ForecastOptions options = quick("student_t");
  options.horizon = 3;
  options.epochs = 6;
  const ForecastResult one = run_forecast(table, options);
  options.threads = 2;
  RunControls controls{.verbose = 0};
  controls.checkpoint = checkpoint.string();
  controls.verbose = 2;
  StopAfterLines counter(7);
  std::ostream progress(&counter);
  controls.progress = &progress;
  controls.stop = &counter.stop;
  EXPECT_THROW(run_forecast(table, options, controls), Error);
  ASSERT_TRUE(fs::exists(checkpoint));
  controls.stop = nullptr;
  controls.verbose = 0;
  controls.resume = true;
  const ForecastResult two = run_forecast(table, options, controls);
  EXPECT_EQ(one.validation_loss, two.validation_loss);
  EXPECT_EQ(one.series[0].forecast, two.series[0].forecast);
  EXPECT_EQ(one.series[0].bands.low95, two.series[0].bands.low95);
  EXPECT_EQ(one.series[0].backtest.bands.high80, two.series[0].backtest.bands.high80);
  fs::remove(checkpoint);
}

std::vector<ModelAndCell> models_and_cells() {
  std::vector<ModelAndCell> all;
  for (const char* model : {"direct", "encoder_decoder", "recursive"}) {
    for (const char* cell : {"gru", "lstm", "simple_rnn", "mgu"}) all.push_back({model, cell});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Forecast, EveryModel, testing::ValuesIn(models_and_cells()), [](const auto& info) {
  return std::string(info.param.model) + "_" + info.param.cell;
});

struct Refusal {
  const char* name;
  void (*change)(ForecastOptions&, std::vector<double>&);
  ErrorKind kind;
  const char* said;
};

class LikelihoodRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(LikelihoodRefuses, WithAClearError) {
  ForecastOptions options = quick_likelihood("poisson");
  std::vector<double> values = drawn_from("poisson", 200);
  GetParam().change(options, values);
  try {
    run_forecast(parse_csv(csv_of(values)), options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), GetParam().kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(GetParam().said), std::string::npos) << error.what();
  }
}

using Values = std::vector<double>;
INSTANTIATE_TEST_SUITE_P(
    Forecast, LikelihoodRefuses,
    testing::Values(Refusal{"a_negative_count", [](ForecastOptions&, Values& y) { y[41] = -2; },
                            ErrorKind::data, "line 43"},  // the header is line 1
                    Refusal{"a_logarithm_of_counts", [](ForecastOptions& o, Values&) { o.transform = "log"; },
                            ErrorKind::usage, "--transform log"},
                    Refusal{"quantiles_to_draw_from",
                            [](ForecastOptions& o, Values&) {
                              o.likelihood = "quantile";
                              o.model = "recursive";
                            },
                            ErrorKind::usage, "--likelihood quantile"},
                    Refusal{"a_search_for_the_recursive_model",
                            [](ForecastOptions& o, Values&) {
                              o.tune = 5;
                              o.model = "recursive";
                            },
                            ErrorKind::usage, "--tune 5"},
                    Refusal{"too_few_rows",
                            [](ForecastOptions& o, Values& y) {
                              o.likelihood = "gaussian";
                              y.resize(36);
                            },
                            ErrorKind::data, "--likelihood gaussian"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace rondo
