// The scales that a network's windows are put on, and the season that is taken out and put back.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "rondo/data/csv.h"
#include "rondo/error.h"
#include "rondo/forecast.h"
#include "rondo/random.h"
#include "rondo/toml.h"
#include "tasks/forecast/model.h"
#include "tasks/forecast/segment_data.h"
#include "tasks/forecast/segment_network.h"

namespace rondo {
namespace {

using namespace forecasting;

constexpr std::int64_t kHorizon = 4;

/// Two positive series far apart in level, which begin at different times; a season of 12 rows.
Panel two_series(std::int64_t rows = 160, std::int64_t tested = 30) {
  Panel panel;
  panel.horizon = kHorizon;
  for (const int which : {0, 1}) {
    const RandomStream stream(static_cast<std::uint64_t>(3 + which));
    PanelSeries series;
    const double level = which == 0 ? 10 : 5000;
    for (std::int64_t t = 0; t < rows + kHorizon; ++t) {
      const auto position = static_cast<double>(t + 5 * which);
      series.position.push_back(position);
      if (t >= rows) continue;
      series.values.push_back(level * std::exp(0.004 * static_cast<double>(t) +
                                               0.3 * std::sin(2 * M_PI * position / 12) +
                                               0.05 * stream.normal(static_cast<std::uint64_t>(t))));
    }
    series.train_rows = rows - tested;
    panel.series.push_back(std::move(series));
  }
  return panel;
}

SegmentWindow window_on(const Panel& panel, const ScaledPanel& scaled, Normalization normalization) {
  SegmentWindow window = choose_segment_window(panel, 16, true);
  window.normalization = normalization;
  if (window.wants_fixed_spreads()) window.fix_spreads(panel, scaled);
  return window;
}

/// The values of an origin's window on its scale.
std::vector<double> normal_values(const SegmentWindow& window, const ScaledPanel& scaled,
                                  const Origin& origin) {
  const SegmentWindow::Scale own = window.scale(scaled, origin);
  std::vector<double> out;
  for (std::int64_t row = origin.row - window.rows() + 1; row <= origin.row; ++row) {
    const double level = scaled.level[static_cast<std::size_t>(origin.series)][static_cast<std::size_t>(row)];
    out.push_back((level - own.base) / own.spread);
  }
  return out;
}

/// Every form of the panel that there may be, at some origins of both series.
void for_each_case(const Panel& panel, Normalization normalization,
                   const std::function<void(const SegmentWindow&, const ScaledPanel&, const Origin&)>& act) {
  for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
    for (const bool difference : {false, true}) {
      const ScaledPanel scaled(panel, transform, difference);
      const SegmentWindow window = window_on(panel, scaled, normalization);
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
                [](const SegmentWindow& window, const ScaledPanel& scaled, Origin at) {
                  SegmentWindow untouched = window;
                  untouched.normalization = SegmentWindow{}.normalization;
                  EXPECT_EQ(untouched.scale(scaled, at).base, window.scale(scaled, at).base);
                  EXPECT_EQ(untouched.scale(scaled, at).spread, window.scale(scaled, at).spread);
                });
}

SegmentTraining small_training(const std::string& likelihood = "point") {
  SegmentTraining training;
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
void repeat_last_value(Network& network, const SegmentWindow& window, std::int64_t columns) {
  std::vector<double> weights(static_cast<std::size_t>(window.line_features() * columns), 0.0);
  const auto last = static_cast<std::size_t>((window.rows() - 1) * columns);
  for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) weights[last + c] = 1;
  set_all(network, "linear_1.kernel", weights);
}

TEST(RevIn, TakesItsLearntScaleBackFromWhatIsSaid) {
  const Panel panel = two_series();
  const ScaledPanel scaled(panel, Transform::log, false);
  const SegmentWindow window = window_on(panel, scaled, Normalization::revin);
  Pool pool(1);
  const std::vector<Origin> origins{{0, 40}, {1, 90}, {1, 150}};
  for (const std::string likelihood : {"point", "quantile", "gaussian"}) {
    for (const bool direct : {false, true}) {
      SegmentTraining training = small_training(likelihood);
      training.members = 1;
      training.direct = direct;
      SegmentModel model{window, make_segment_network(window, training), kHorizon, training.head};
      repeat_last_value(model.network, window,
                        window.out_rows() * (likelihood == "quantile" ? training.head.parameters() : 1));
      for (const double log_gain : {0.0, -0.7, 1.3}) {
        set_all(model.network, "factors_1.values", {log_gain, 0.4 * log_gain});
        const NetworkForecast said = model.members(panel, scaled, origins, pool).front();
        for (std::size_t i = 0; i < origins.size(); ++i) {
          const double last = scaled.level[static_cast<std::size_t>(origins[i].series)]
                                          [static_cast<std::size_t>(origins[i].row)];
          for (const double v : said.location.row(static_cast<std::int64_t>(i))) {
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
  const SegmentWindow window = window_on(panel, scaled, Normalization::revin);
  Pool pool(1);
  const SegmentTraining training = small_training();
  const Folds folds(panel, training.members, window.out_rows());
  const TrainedSegments trained = train_segments(panel, scaled, window, folds, training, pool);
  const ParameterStore& store = trained.model.network.parameters();
  const Tensor one = store.get(store.find("factors_1.values")),
               two = store.get(store.find("factors_2.values"));
  for (std::int64_t i = 0; i < 2; ++i) {
    EXPECT_NE(one.at(i), 0);
    EXPECT_NE(one.at(i), two.at(i));
  }
}

std::string csv_of(const std::vector<double>& values) {
  std::string text = "y\n";
  char number[40];
  for (const double v : values) {
    std::snprintf(number, sizeof number, "%.17g\n", v);
    text += number;
  }
  return text;
}

/// A trend and a season of 12 rows, some noise.
std::vector<double> seasonal(std::size_t rows, double noise, std::uint64_t seed = 6) {
  const RandomStream stream(seed);
  std::vector<double> y;
  for (std::size_t t = 0; t < rows; ++t) {
    const double sharp = t % 12 == 7 ? 9 : t % 12 == 2 ? -6 : 0;  // no wave of low order
    y.push_back(60 + 0.05 * static_cast<double>(t) + sharp + noise * stream.normal(t));
  }
  return y;
}

ForecastOptions quick() {
  ForecastOptions options;
  options.target = "y";
  options.horizon = kHorizon;
  options.units = 8;
  options.ensemble = 2;
  options.epochs = 4;
  options.threads = 1;
  return options;
}

TEST(NormalizeOption, AutoIsTheDefaultAndEveryOtherScaleForecastsInItsOwnWay) {
  const Table table = parse_csv(csv_of(seasonal(700, 1)));
  ForecastOptions options = quick();
  std::vector<std::vector<double>> losses{run_forecast(table, options).validation_loss};
  for (const std::string& name : normalization_names()) {
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
  ForecastOptions options = quick();
  options.normalize = "mean_abs";
  options.deseasonalize = "yes";
  Config section = parse_toml(forecast_toml(options, "y.csv")).at("forecast");
  ForecastOptions back;
  read_options(back, section, "forecast", {"file"});
  EXPECT_EQ(back.normalize, "mean_abs");
  EXPECT_EQ(back.deseasonalize, "yes");
}

struct Refusal {
  const char* name;
  void (*change)(ForecastOptions&);
  std::size_t rows;
  ErrorKind kind;
  const char* said;
};

class NormalizeRefuses : public testing::TestWithParam<Refusal> {};

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
    testing::Values(Refusal{"a_name_with_a_letter_missing", [](ForecastOptions& o) { o.normalize = "revn"; },
                            300, ErrorKind::usage, "did you mean 'revin'?"},
                    Refusal{"another_word_for_yes", [](ForecastOptions& o) { o.deseasonalize = "yess"; }, 300,
                            ErrorKind::usage, "did you mean 'yes'?"},
                    Refusal{"a_table_without_windows_enough",
                            [](ForecastOptions& o) { o.normalize = "revin"; }, 40, ErrorKind::data,
                            "leave --normalize revin out"},
                    Refusal{"the_recursive_model",
                            [](ForecastOptions& o) {
                              o.normalize = "last";
                              o.model = "recursive";
                            },
                            300, ErrorKind::usage, "--model recursive"},
                    Refusal{"counts",
                            [](ForecastOptions& o) {
                              o.normalize = "standard";
                              o.likelihood = "poisson";
                            },
                            300, ErrorKind::usage, "--likelihood poisson"},
                    Refusal{"counts_without_their_season",
                            [](ForecastOptions& o) {
                              o.deseasonalize = "yes";
                              o.likelihood = "negative_binomial";
                            },
                            300, ErrorKind::usage, "--deseasonalize yes"},
                    Refusal{"a_season_that_does_not_fit_twice",
                            [](ForecastOptions& o) {
                              o.deseasonalize = "yes";
                              o.period = 150;
                            },
                            300, ErrorKind::data, "a season of 150 rows in 240 training rows"},
                    Refusal{"no_season_at_all",
                            [](ForecastOptions& o) {
                              o.deseasonalize = "yes";
                              o.period = 1;
                            },
                            300, ErrorKind::data, "--period"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SeasonalAdjustment, IsTakenBackExactly) {
  for (const double season : {12.0, 7.0, 52.18}) {
    Panel panel = two_series();
    panel.deseasonalize = season;
    for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
      for (const bool difference : {false, true}) {
        const ScaledPanel scaled(panel, transform, difference);
        std::vector<double> targets(kHorizon);
        for (const std::int64_t s : {0, 1}) {
          const std::vector<double>& y = panel.series[static_cast<std::size_t>(s)].values;
          for (std::int64_t row = 0; row + kHorizon < panel.series[0].rows(); ++row) {
            const Origin origin{s, row};
            scaled.targets(origin, targets);
            for (std::int64_t ahead = 1; ahead <= kHorizon; ++ahead) {
              const double truth = y[static_cast<std::size_t>(row + ahead)];
              const double target = targets[static_cast<std::size_t>(ahead) - 1];
              ASSERT_NEAR(scaled.to_units(origin, ahead, target), truth, 1e-12 * truth);
              ASSERT_NEAR(scaled.from_units(origin, ahead, truth), target, 1e-11 * (1 + std::abs(target)));
            }
          }
        }
      }
    }
  }
}

TEST(SeasonalAdjustment, GoesOnPastTheEndByTheCalendar) {
  Panel panel = two_series();
  panel.deseasonalize = 12;
  const ScaledPanel with(panel, Transform::none, false);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const Origin end{static_cast<std::int64_t>(s), panel.series[s].rows() - 1};
    for (std::int64_t ahead = 1; ahead <= kHorizon; ++ahead) {
      // A season earlier the same is added to the same level.
      const Origin year_before{end.series, end.row - 12};
      EXPECT_EQ(with.to_units(end, ahead, 0.3), with.to_units(year_before, ahead, 0.3));
    }
    EXPECT_NE(with.to_units(end, 1, 0.3), with.to_units(end, 3, 0.3));
  }
}

TEST(SeasonalAdjustment, FindsTheSeasonBesideATrendAndNothingWhereThereIsNone) {
  std::vector<double> positions(100);
  std::iota(positions.begin(), positions.end(), 17.0);
  for (const std::size_t places : {4u, 7u}) {
    std::vector<double> with, without;
    for (const double p : positions) {
      const auto place = static_cast<std::size_t>(p) % places;
      const double wave = static_cast<double>(place) - static_cast<double>(places - 1) / 2;
      without.push_back(3 + 0.7 * p);
      with.push_back(without.back() + wave * std::abs(wave));
    }
    const SeasonalIndices found = fit_seasonal_indices(with, positions, {}, static_cast<double>(places));
    for (std::size_t place = 0; place < places; ++place) {
      const double wave = static_cast<double>(place) - static_cast<double>(places - 1) / 2;
      EXPECT_NEAR(found.at(static_cast<double>(place + 10 * places)), wave * std::abs(wave), 1e-9);
    }
    for (const double v :
         fit_seasonal_indices(without, positions, {}, static_cast<double>(places)).by_place) {
      EXPECT_NEAR(v, 0, 1e-9);
    }
  }
}

TEST(SeasonalAdjustment, DoesNotCountValuesThatWereMissing) {
  std::vector<double> values = seasonal(120, 0), positions(120);
  std::iota(positions.begin(), positions.end(), 0.0);
  std::vector<std::uint8_t> observed(120, 1);
  const SeasonalIndices before = fit_seasonal_indices(values, positions, observed, 12);
  observed[43] = 0;
  values[43] = values[42];  // the peak of its season, filled with the value before
  const SeasonalIndices after = fit_seasonal_indices(values, positions, observed, 12);
  const double own = std::abs(after.by_place[43 % 12] - before.by_place[43 % 12]);
  observed[43] = 1;
  const SeasonalIndices counted = fit_seasonal_indices(values, positions, observed, 12);
  EXPECT_LT(own, 0.2 * std::abs(counted.by_place[43 % 12] - before.by_place[43 % 12]));
}

TEST(SeasonalAdjustment, OfTrainingRowsDoesNotMoveWithLaterOnes) {
  Panel panel = two_series();
  panel.deseasonalize = 12;
  Panel changed = panel;
  for (PanelSeries& series : changed.series) {
    for (auto row = static_cast<std::size_t>(series.train_rows); row < series.values.size(); ++row)
      series.values[row] *= 3;
  }
  const ScaledPanel before(panel, Transform::log, true), after(changed, Transform::log, true);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    EXPECT_EQ(before.scaling.series[s].seasonal.by_place, after.scaling.series[s].seasonal.by_place);
    EXPECT_EQ(before.scales[s].center, after.scales[s].center);
    EXPECT_EQ(before.scales[s].scale, after.scales[s].scale);
  }
}

TEST(SeasonalAdjustment, LeavesALineThatNeedsNoLagsOfASeason) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.horizon = 12;
  options.period = 12;
  options.window = 3;
  const ForecastResult no = run_forecast(table, options);
  options.deseasonalize = "yes";
  const ForecastResult yes = run_forecast(table, options);
  // Three rows and a few waves do not tell the two sharp rows of a season from the others.
  EXPECT_LT(yes.test.rmse, 0.6 * no.test.rmse);
  EXPECT_LT(yes.test.rmse, 0.45);  // of which 0.3 are noise
  EXPECT_NEAR(yes.coverage80, 0.8, 0.2);
  // Row 187, the eighth after the end, is a peak.
  EXPECT_NEAR(yes.series[0].forecast[7] - yes.series[0].forecast[5], 9, 1.5);
}

TEST(SeasonalAdjustment, IsLearntAnewWithEveryRefit) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.period = 12;
  options.deseasonalize = "yes";
  options.refit = 2;
  EXPECT_LT(run_forecast(table, options).test.rmse, 0.8);
}

TEST(SeasonalAdjustment, IsLeftOutUnlessAskedFor) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.period = 12;
  const ForecastResult automatic = run_forecast(table, options);
  options.deseasonalize = "no";
  const ForecastResult no = run_forecast(table, options);
  EXPECT_EQ(automatic.series[0].forecast, no.series[0].forecast);
  EXPECT_TRUE(automatic.model->scaling.series.front().seasonal.by_place.empty());
}

}  // namespace
}  // namespace rondo
