// The scales that a network's windows are put on, and how they are chosen.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "rondo/base/error.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_config.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "unit/tasks/forecast/seasonal_series.h"

namespace rondo {
namespace {

using namespace forecasting;

Window window_on(const ScaledPanel& scaled, Normalization normalization) {
  Window window = choose_window(scaled.panel(), 16, true);
  window.normalization = normalization;
  if (window.wants_fixed_spreads()) window.fix_spreads(scaled);
  return window;
}

/// The values of an origin's window on its scale.
std::vector<double> normal_values(const Window& window, const ScaledPanel& scaled, const Origin& origin) {
  const Window::Scale own = window.scale(scaled, origin);
  std::vector<double> out;
  for (std::int64_t row = origin.row - window.rows() + 1; row <= origin.row; ++row) {
    const double level = scaled.level[static_cast<std::size_t>(origin.series)][static_cast<std::size_t>(row)];
    out.push_back((level - own.base) / own.spread);
  }
  return out;
}

/// Every form of the panel that there may be, at some origins of both series.
void for_each_case(const Panel& panel, Normalization normalization,
                   const std::function<void(const Window&, const ScaledPanel&, const Origin&)>& act) {
  for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
    for (const bool difference : {false, true}) {
      const ScaledPanel scaled(panel, transform, difference);
      const Window window = window_on(scaled, normalization);
      for (const std::int64_t series : {0, 1}) {
        for (const std::int64_t row : {30, 77, 140}) act(window, scaled, {series, row});
      }
    }
  }
}

TEST(WindowScale, OfTheLastValueIsZeroThereAndOneForAllWindowsOfASeries) {
  for_each_case(two_series(), Normalization::last, [](const auto& window, const auto& scaled, Origin at) {
    EXPECT_EQ(normal_values(window, scaled, at).back(), 0);
    const double spread = window.scale(scaled, at).spread;
    EXPECT_EQ(window.scale(scaled, {at.series, at.row + 9}).spread, spread);
  });
}

TEST(WindowScale, OfMeanAndDeviationIsStandard) {
  for (const Normalization name : {Normalization::standard, Normalization::revin}) {
    for_each_case(two_series(), name, [](const auto& window, const auto& scaled, Origin at) {
      const std::vector<double> values = normal_values(window, scaled, at);
      const auto n = static_cast<double>(values.size());
      EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0) / n, 0, 1e-12);
      const double square = std::inner_product(values.begin(), values.end(), values.begin(), 0.0) / n;
      EXPECT_LE(square, 1);  // less by the floor under the deviation only
      EXPECT_GT(square, 0.9);
    });
  }
}

TEST(WindowScale, OfTheMeanSizeIsTheTransformOfTheRatio) {
  const Panel panel = two_series();
  for_each_case(panel, Normalization::mean_abs, [&](const auto& window, const auto& scaled, Origin at) {
    const std::vector<double>& y = panel.series[static_cast<std::size_t>(at.series)].values;
    const auto rows = static_cast<std::size_t>(window.rows());
    const std::size_t first = static_cast<std::size_t>(at.row) + 1 - rows;
    double size = 0;
    for (std::size_t i = 0; i < rows; ++i) size += std::abs(y[first + i]) / static_cast<double>(rows);
    const std::vector<double> values = normal_values(window, scaled, at);
    for (std::size_t i = 0; i < rows; ++i) {
      EXPECT_NEAR(values[i], apply(scaled.transform, y[first + i] / size), 1e-9);
    }
  });
}

TEST(WindowScale, IsLeftAloneByAuto) {
  for_each_case(two_series(), Normalization::automatic,
                [](const Window& window, const ScaledPanel& scaled, Origin at) {
                  Window untouched = window;
                  untouched.normalization = Window{}.normalization;
                  EXPECT_EQ(untouched.scale(scaled, at).base, window.scale(scaled, at).base);
                  EXPECT_EQ(untouched.scale(scaled, at).spread, window.scale(scaled, at).spread);
                });
}

NetworkTraining small_training(const std::string& likelihood = "point") {
  NetworkTraining training;
  training.units = 6;
  training.members = 2;
  training.dropout = 0.1;
  training.epochs = 3;
  training.batch_size = 16;
  training.learning_rate = 5e-3;
  if (likelihood != "point") training.head = LikelihoodHead(likelihood);
  return training;
}

void set_all(Network& network, const std::string& name, const std::vector<double>& values) {
  ParameterStore& store = network.parameters();
  const int index = store.find(name);
  ASSERT_GE(index, 0) << name;
  Tensor tensor = store.get(index);
  ASSERT_EQ(tensor.size(), static_cast<std::int64_t>(values.size())) << name;
  for (std::size_t i = 0; i < values.size(); ++i) tensor.set(static_cast<std::int64_t>(i), values[i]);
  store.set(index, tensor);
}

/// Every step of the horizon repeats the window's last value, by the linear path.
void repeat_last_value(Network& network, const Window& window, std::int64_t columns) {
  std::vector<double> weights(static_cast<std::size_t>(window.linear_features() * columns), 0.0);
  const auto last = static_cast<std::size_t>((window.rows() - 1) * columns);
  for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) weights[last + c] = 1;
  set_all(network, "linear_1.kernel", weights);
}

TEST(RevIn, UndoesItsLearntScaleInTheForecast) {
  const Panel panel = two_series();
  const ScaledPanel scaled(panel, Transform::log, false);
  const Window window = window_on(scaled, Normalization::revin);
  Pool pool(1);
  const std::vector<Origin> origins{{0, 40}, {1, 90}, {1, 150}};
  for (const std::string likelihood : {"point", "quantile", "gaussian"}) {
    for (const bool direct : {false, true}) {
      NetworkTraining training = small_training(likelihood);
      training.members = 1;
      training.direct = direct;
      EncoderDecoder model;
      model.window = window;
      model.network = make_encoder_decoder(window, training);
      model.horizon = kHorizon;
      model.head = training.head;
      repeat_last_value(model.network, window,
                        window.out_rows() * (likelihood == "quantile" ? training.head.parameters() : 1));
      for (const double log_gain : {0.0, -0.7, 1.3}) {
        set_all(model.network, "factors_1.values", {log_gain, 0.4 * log_gain});
        const Forecasts forecast = model.members(scaled, origins, pool).front();
        for (std::size_t i = 0; i < origins.size(); ++i) {
          const double last = scaled.level[static_cast<std::size_t>(origins[i].series)]
                                          [static_cast<std::size_t>(origins[i].row)];
          for (const double v : forecast.location.row(static_cast<std::int64_t>(i))) {
            EXPECT_NEAR(v, last, 1e-5) << likelihood << " " << log_gain;
          }
        }
      }
    }
  }
}

TEST(RevIn, EveryMemberLearnsAGainAndAnOffsetOfItsOwn) {
  const Panel panel = two_series();
  const ScaledPanel scaled(panel, Transform::log, false);
  const Window window = window_on(scaled, Normalization::revin);
  Pool pool(1);
  const NetworkTraining training = small_training();
  const BlockFolds folds(panel, training.members, window.out_rows());
  const LinearChoice linear;
  const TrainingTask task{scaled, linear, {}, {}, true};
  const TrainedNetwork trained = EncoderDecoderPlan(window, training).train(task, folds, pool);
  const ParameterStore& store = trained.network->network.parameters();
  const Tensor one = store.get(store.find("factors_1.values")),
               two = store.get(store.find("factors_2.values"));
  for (std::int64_t i = 0; i < 2; ++i) {
    EXPECT_NE(one.at(i), 0);
    EXPECT_NE(one.at(i), two.at(i));
  }
}

TEST(NormalizeOption, AutoIsTheDefaultAndEveryOtherScaleForecastsInItsOwnWay) {
  const Table table = parse_csv(csv_of(seasonal(700, 1)));
  ForecastOptions options = quick();
  std::vector<std::vector<double>> losses{run_forecast(table, options).validation_loss};
  for (const std::string name : {"auto", "last", "standard", "revin", "mean_abs"}) {
    options.normalize = name;
    const ForecastResult result = run_forecast(table, options);
    EXPECT_LT(result.test.rmse, result.baselines[0].rmse) << name;
    if (name == "auto") {
      EXPECT_EQ(result.validation_loss, losses[0]);
    } else {
      losses.push_back(result.validation_loss);
    }
  }
  for (std::size_t i = 0; i < losses.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(losses[i], losses[k]) << i << " and " << k;
  }
}

TEST(NormalizeOption, HasTheSameBitsOnAnyNumberOfThreads) {
  const Table table = parse_csv(csv_of(seasonal(500, 1)));
  ForecastOptions options = quick();
  options.normalize = "revin";
  options.deseasonalize = "yes";
  const ForecastResult one = run_forecast(table, options);
  options.threads = 3;
  const ForecastResult three = run_forecast(table, options);
  EXPECT_EQ(one.series[0].forecast, three.series[0].forecast);
  EXPECT_EQ(one.series[0].bands.low95, three.series[0].bands.low95);
  EXPECT_EQ(one.validation_loss, three.validation_loss);
}

TEST(NormalizeOption, GoesThroughTheConfigFile) {
  ForecastConfig config{"y.csv", {}, quick()};
  config.options.normalize = "mean_abs";
  config.options.deseasonalize = "yes";
  const ForecastOptions back = read_forecast_config(ConfigFile::parse(to_toml(config))).options;
  EXPECT_EQ(back.normalize, "mean_abs");
  EXPECT_EQ(back.deseasonalize, "yes");
}

struct NormalizeRefusal {
  const char* name;
  void (*change)(ForecastOptions&);
  std::size_t rows;
  ErrorKind kind;
  const char* said;
};

class NormalizeRefuses : public testing::TestWithParam<NormalizeRefusal> {};

TEST_P(NormalizeRefuses, WithAClearError) {
  ForecastOptions options = quick();
  GetParam().change(options);
  try {
    run_forecast(parse_csv(csv_of(seasonal(GetParam().rows, 1))), options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), GetParam().kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(GetParam().said), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forecast, NormalizeRefuses,
    testing::Values(
        NormalizeRefusal{"a_name_with_a_letter_missing", [](ForecastOptions& o) { o.normalize = "revn"; },
                         300, ErrorKind::usage, "did you mean 'revin'?"},
        NormalizeRefusal{"another_word_for_yes", [](ForecastOptions& o) { o.deseasonalize = "yess"; }, 300,
                         ErrorKind::usage, "did you mean 'yes'?"},
        NormalizeRefusal{"a_table_without_windows_enough", [](ForecastOptions& o) { o.normalize = "revin"; },
                         40, ErrorKind::data, "leave --normalize revin out"},
        NormalizeRefusal{"the_recursive_model",
                         [](ForecastOptions& o) {
                           o.normalize = "last";
                           o.model = "recursive";
                         },
                         300, ErrorKind::usage, "--model recursive"},
        NormalizeRefusal{"counts",
                         [](ForecastOptions& o) {
                           o.normalize = "standard";
                           o.likelihood = "poisson";
                         },
                         300, ErrorKind::usage, "--likelihood poisson"},
        NormalizeRefusal{"counts_without_their_season",
                         [](ForecastOptions& o) {
                           o.deseasonalize = "yes";
                           o.likelihood = "negative_binomial";
                         },
                         300, ErrorKind::usage, "--deseasonalize yes"},
        NormalizeRefusal{"a_season_that_does_not_fit_twice",
                         [](ForecastOptions& o) {
                           o.deseasonalize = "yes";
                           o.period = 150;
                         },
                         300, ErrorKind::data, "a season of 150 rows in 240 training rows"},
        NormalizeRefusal{"no_season_at_all",
                         [](ForecastOptions& o) {
                           o.deseasonalize = "yes";
                           o.period = 1;
                         },
                         300, ErrorKind::data, "--period"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace rondo
