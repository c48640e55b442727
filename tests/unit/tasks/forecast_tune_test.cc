// The search for settings: in time, never for the worse, and what it returns is what it judged.

#include "tasks/forecast/tune.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>

#include "support/instrumented.h"
#include "unit/tasks/forecast_samples.h"

namespace rondo::forecasting {
namespace {

namespace fs = std::filesystem;

/// A small panel whose settings can be better: the network that is given has hardly any chance to learn.
struct Search {
  Panel panel;
  ScaledPanel scaled;
  SegmentWindow window;
  SegmentTraining training;
  Pool pool{1};

  explicit Search(std::uint64_t seed, std::int64_t look_back = 6, std::int64_t horizon = 2)
      : panel(chaos(horizon)),
        scaled(panel, Transform::none, false),
        window(choose_segment_window(panel, look_back, true)) {
    if (window.levels) window.fix_spreads(panel, scaled);
    training.units = 8;
    training.learning_rate = 0.002;
    training.dropout = 0.5;
    training.updates = 120;
    training.batch_size = 16;
    training.seed = seed;
  }

  TunedSegments tune(double seconds) {
    return tune_segments(panel, scaled, window, training, true, seconds, pool);
  }

  /// A search that finds something better, however slow and busy the machine is.
  TunedSegments tune_until_better() {
    TunedSegments tuned = tune(0.3);
    for (double seconds = 0.6; seconds < 60 && !(tuned.after < tuned.before); seconds *= 2) {
      tuned = tune(seconds);
    }
    return tuned;
  }

  static Panel chaos(std::int64_t horizon) {
    PanelOf of;
    of.rows = {420};
    of.horizon = horizon;
    Panel panel = of.make();
    panel.series[0].values = logistic_map(420);
    return panel;
  }
};

double seconds_of(const std::function<void()>& act) {
  const auto start = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(ForecastTune, NeverEndsWithALargerErrorThanBefore) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Search search(seed);
    const TunedSegments tuned = search.tune(0.3);
    EXPECT_LE(tuned.after, tuned.before) << seed;
    EXPECT_GT(tuned.after, 0);
    EXPECT_TRUE(std::isfinite(tuned.before));
    EXPECT_LT(tuned.pruned, std::max<std::int64_t>(tuned.trials, 1));
    if (tuned.after == tuned.before) {
      EXPECT_EQ(tuned.window.rows(), search.window.rows());
      EXPECT_EQ(tuned.training.units, search.training.units);
      EXPECT_EQ(tuned.training.learning_rate, search.training.learning_rate);
    }
  }
  const TunedSegments better = Search(1).tune_until_better();
  EXPECT_LT(better.after, better.before) << "nothing is better than settings that were made bad";
}

TEST(ForecastTune, WithoutTimeLeavesTheSettingsAsTheyAre) {
  Search search(1);
  const TunedSegments tuned = search.tune(0);
  EXPECT_EQ(tuned.trials, 1);
  EXPECT_EQ(tuned.after, tuned.before);
  EXPECT_EQ(tuned.window.rows(), search.window.rows());
  EXPECT_EQ(tuned.training.units, search.training.units);
  EXPECT_EQ(tuned.training.dropout, search.training.dropout);
  EXPECT_EQ(tuned.training.learning_rate, search.training.learning_rate);
}

TEST(ForecastTune, TheErrorItTellsIsThatOfTheSettingsItReturns) {
  // Searched again from what was found, the first trial has that error.
  Search search(2);
  const TunedSegments found = search.tune_until_better();
  ASSERT_LT(found.after, found.before);
  Search again(2);
  again.training.units = found.training.units;
  again.training.dropout = found.training.dropout;
  again.training.learning_rate = found.training.learning_rate;
  again.window = found.window;
  const double error = again.tune(0).before;
  // Other look-backs are judged on a few origins more or less.
  EXPECT_NEAR(error, found.after, found.window.rows() == search.window.rows() ? 1e-12 : 0.1 * found.after);
}

TEST(ForecastTune, TriesLookBacksThatSegmentsRoundUp) {
  // 250 rows twice are 63 segments of 8 rows, 504: no trial may look before the first row.
  Search search(1, 250, 5);
  search.panel.series[0].values = logistic_map(1100);
  search.panel.series[0].position.assign(1105, 0);
  search.panel.series[0].train_rows = 1000;
  search.scaled = ScaledPanel(search.panel, Transform::none, false);
  search.window = choose_segment_window(search.panel, 250, true);
  ASSERT_EQ(search.window.rows(), 250);
  const SegmentWindow longest = choose_segment_window(search.panel, 500, true);
  ASSERT_GT(longest.rows(), 500);
  search.training.updates = 20;
  const TunedSegments tuned = search.tune(0);
  EXPECT_GE(tuned.judged_from, longest.first_origin());
  EXPECT_TRUE(std::isfinite(tuned.before));
}

TEST(ForecastTune, KeepsToItsTime) {
  if (kInstrumented) GTEST_SKIP() << "time is not measured under a sanitizer";
  Search search(1);
  const double one = seconds_of([&] { search.tune(0); });
  TunedSegments tuned;
  const double all = seconds_of([&] { tuned = search.tune(1.5); });
  EXPECT_GT(tuned.trials, 1);
  EXPECT_LT(all, 1.5 + 10 * one + 2) << "a trial that began may end";

  ForecastOptions options = small_forecast(2);
  options.model = "encoder_decoder";
  options.tune = 2;
  const Table table = table_of(logistic_map(420));
  const double run = seconds_of([&] { run_forecast(table, options); });
  options.tune = 0;
  const double without = seconds_of([&] { run_forecast(table, options); });
  EXPECT_GT(run, without);
  EXPECT_LT(run, 2 + 5 * without + 5);
}

TEST(ForecastTune, IsNotRepeatedWhereARunIsResumed) {
  ForecastOptions options = small_forecast(2);
  options.model = "encoder_decoder";
  options.tune = 1;
  ForecastControls controls;
  const fs::path checkpoint = fs::temp_directory_path() / "rondo-tune-test-resume";
  const fs::path tuned = checkpoint.string() + ".tuned";
  fs::remove(checkpoint);
  fs::remove(tuned);
  controls.checkpoint = checkpoint.string();
  controls.resume = true;
  const Table table = table_of(logistic_map(300));
  const ForecastResult first = run_forecast(table, options, controls);
  ASSERT_TRUE(fs::exists(checkpoint));
  // And goes on with what was found, whatever another search would find, where it is resumed.
  const ForecastResult resumed = run_forecast(table, options, controls);
  EXPECT_EQ(resumed.series[0].forecast, first.series[0].forecast);
  EXPECT_EQ(resumed.validation_loss, first.validation_loss);
  EXPECT_LT(resumed.seconds_train, 0.5 * first.seconds_train) << "it was searched again";
  fs::remove(checkpoint);
  fs::remove(tuned);
}

TEST(ForecastTune, WhatItFoundIsReadBackAsItWas) {
  Search search(2);
  const TunedSegments found = search.tune(0.3);
  const std::string path = (fs::temp_directory_path() / "rondo-tune-test-file").string();
  save_tuned(found, path);
  const TunedSegments read =
      load_tuned(path, search.panel, search.scaled, search.window, search.training, true);
  fs::remove(path);
  EXPECT_EQ(read.window.rows(), found.window.rows());
  EXPECT_EQ(read.window.segment, found.window.segment);
  EXPECT_EQ(read.window.spreads, found.window.spreads);
  EXPECT_EQ(read.training.units, found.training.units);
  EXPECT_EQ(read.training.dropout, found.training.dropout);
  EXPECT_EQ(read.training.learning_rate, found.training.learning_rate);
  EXPECT_EQ(read.training.updates, search.training.updates);
  EXPECT_EQ(read.after, found.after);
}

}  // namespace
}  // namespace rondo::forecasting
