// The search for settings: in time, never for the worse, and what it returns is what it evaluated.

#include "tasks/forecast/ensemble/tune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "rondo/tasks/forecast_report.h"
#include "support/instrumented.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/residual_network.h"
#include "tasks/forecast/report/tables.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

namespace fs = std::filesystem;

/// A small panel whose settings can be better: the network that is given has hardly any chance to learn.
struct Search {
  Panel panel;
  ScaledPanel scaled;
  LinearChoice linear;
  ForecastOptions options;
  RunControls controls = {.verbose = 0};
  std::unique_ptr<NetworkPlan> plan;
  Pool pool{1};

  explicit Search(std::uint64_t seed, std::int64_t look_back = 6, std::int64_t horizon = 2)
      : panel(chaos(horizon)), scaled(panel, Transform::none, false) {
    options.window = look_back;
    NetworkTraining training;
    training.units = 8;
    training.learning_rate = 0.002;
    training.dropout = 0.5;
    training.updates = 120;
    training.batch_size = 16;
    training.seed = seed;
    plan = std::make_unique<EncoderDecoderPlan>(window_for(task()), training);
  }

  TrainingTask task() const { return {scaled, linear, options, controls, true}; }
  static const SearchSpace& space(const char* kind = "encoder_decoder") {
    return std::ranges::find(network_kinds(), std::string(kind), &NetworkKind::name)->space;
  }
  TunedPlan tune(double seconds) { return forecasting::tune(task(), *plan, space(), seconds, pool); }

  /// A search that finds something better, however slow and busy the machine is.
  TunedPlan tune_until_better() {
    TunedPlan tuned = tune(0.3);
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

TEST(ForecastTune, NeverEndsWithALargerErrorThanBefore) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Search search(seed);
    const TunedPlan tuned = search.tune(0.3);
    EXPECT_LE(tuned.after, tuned.before) << seed;
    EXPECT_GT(tuned.after, 0);
    EXPECT_TRUE(std::isfinite(tuned.before));
    EXPECT_LT(tuned.pruned, std::max<std::int64_t>(tuned.trials, 1));
    if (tuned.after == tuned.before) {
      EXPECT_EQ(tuned.plan->look_back(), search.plan->look_back());
      EXPECT_EQ(tuned.plan->training.units, search.plan->training.units);
      EXPECT_EQ(tuned.plan->training.learning_rate, search.plan->training.learning_rate);
    }
  }
  const TunedPlan better = Search(1).tune_until_better();
  EXPECT_LT(better.after, better.before) << "nothing is better than settings that were made bad";
}

TEST(ForecastTune, WithoutTimeLeavesTheSettingsAsTheyAre) {
  Search search(1);
  const TunedPlan tuned = search.tune(0);
  EXPECT_EQ(tuned.trials, 1);
  EXPECT_EQ(tuned.after, tuned.before);
  EXPECT_EQ(tuned.plan->look_back(), search.plan->look_back());
  EXPECT_EQ(tuned.plan->training.units, search.plan->training.units);
  EXPECT_EQ(tuned.plan->training.dropout, search.plan->training.dropout);
  EXPECT_EQ(tuned.plan->training.learning_rate, search.plan->training.learning_rate);
}

TEST(ForecastTune, TheErrorItReportsIsThatOfTheSettingsItReturns) {
  // Searched again from what was found, the first trial has that error.
  Search search(2);
  const TunedPlan found = search.tune_until_better();
  ASSERT_LT(found.after, found.before);
  Search again(2);
  again.plan = found.plan->clone();
  const double error = again.tune(0).before;
  // Other look-backs are evaluated on a few origins more or less.
  EXPECT_NEAR(error, found.after,
              found.plan->look_back() == search.plan->look_back() ? 1e-12 : 0.1 * found.after);
}

TEST(ForecastTune, TriesLookBacksThatSegmentsRoundUp) {
  // 250 rows twice are 63 segments of 8 rows, 504: no trial may look before the first row.
  Search search(1, 250, 5);
  search.panel.series[0].values = logistic_map(1100);
  search.panel.series[0].position.assign(1105, 0);
  search.panel.series[0].train_rows = 1000;
  search.scaled = ScaledPanel(search.panel, Transform::none, false);
  NetworkTraining training = search.plan->training;
  training.updates = 20;
  search.plan = std::make_unique<EncoderDecoderPlan>(choose_window(search.panel, 250, true), training);
  ASSERT_EQ(search.plan->look_back(), 250);
  const Window longest = choose_window(search.panel, 500, true);
  ASSERT_GT(longest.rows(), 500);
  const TunedPlan tuned = search.tune(0);
  EXPECT_GE(tuned.evaluated_from, longest.first_origin());
  EXPECT_TRUE(std::isfinite(tuned.before));
}

/// One network over windows, one beside the linear model.
class TunedModel : public testing::TestWithParam<const char*> {
 protected:
  ForecastResult tuned(std::int64_t rows, const RunControls& controls = {.verbose = 0}) const {
    ForecastOptions options = small_forecast(2);
    options.model = GetParam();
    options.tune = 1;
    return run_forecast(table_of(logistic_map(rows)), options, controls);
  }
};

TEST_P(TunedModel, IsNotSearchedForAgainWhereARunIsResumed) {
  RunControls controls{.verbose = 0};
  const fs::path checkpoint = fs::temp_directory_path() / (std::string("rondo-tune-test-") + GetParam());
  const fs::path file = checkpoint.string() + ".tuned";
  fs::remove(checkpoint);
  fs::remove(file);
  controls.checkpoint = checkpoint.string();
  controls.resume = true;
  const ForecastResult first = tuned(300, controls);
  ASSERT_TRUE(fs::exists(checkpoint));
  // And goes on with what was found, whatever another search would find, where it is resumed.
  const ForecastResult resumed = tuned(300, controls);
  EXPECT_EQ(resumed.series[0].forecast, first.series[0].forecast);
  EXPECT_EQ(resumed.validation_loss, first.validation_loss);
  EXPECT_EQ(resumed.notes, first.notes);
  EXPECT_LT(resumed.seconds_train, 0.5 * first.seconds_train) << "it was searched again";
  fs::remove(checkpoint);
  fs::remove(file);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_P(TunedModel, TellsWhatWasChosenInReportAndJson) {
  const ForecastResult result = tuned(300);
  EXPECT_GE(result.training.trials, 1);
  ASSERT_FALSE(result.notes.empty());
  const std::string& note = result.notes.front();
  EXPECT_TRUE(contains(note, "--tune 1 ")) << note;
  EXPECT_TRUE(contains(note, std::to_string(result.window) + " rows")) << note;
  EXPECT_TRUE(contains(note, std::to_string(result.training.units) + " units")) << note;
  EXPECT_TRUE(contains(to_json(forecast_json(result, Json::object())), note));
  EXPECT_EQ(forecast_page(result).notes.front(), note);
  const std::vector<PageSetting> settings = forecasting::settings_of(result);
  const auto row = std::ranges::find(settings, "search of settings", &PageSetting::name);
  ASSERT_NE(row, settings.end());
  EXPECT_TRUE(contains(row->value, std::to_string(result.training.trials) + " setting")) << row->value;
}

INSTANTIATE_TEST_SUITE_P(ForecastTune, TunedModel, testing::Values("auto", "encoder_decoder"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ForecastTune, SaysWhereRowsAreTooFewForIt) {
  ForecastOptions options = small_forecast(2);
  options.tune = 30;
  const ForecastResult result = run_forecast(table_of(seasonal(1, 24, 12, 1)), options);
  EXPECT_LT(result.seconds_train, 15);
  EXPECT_EQ(result.training.trials, 0);
  ASSERT_FALSE(result.notes.empty());
  EXPECT_TRUE(contains(result.notes.front(), "--tune 30: too few rows")) << result.notes.front();
  const std::vector<PageSetting> settings = forecasting::settings_of(result);
  EXPECT_EQ(std::ranges::find(settings, "search of settings", &PageSetting::name), settings.end());
}

/// The residual network, with settings that leave it hardly any chance to learn.
struct ResidualSearch {
  Panel panel = Search::chaos(1);
  ScaledPanel scaled{panel, Transform::none, false};
  LinearChoice linear;
  ForecastOptions options;
  RunControls controls = {.verbose = 0};
  NetworkTraining training;
  std::unique_ptr<NetworkPlan> plan;
  Pool pool{1};

  ResidualSearch() {
    linear.members = {LinearCandidate{.lags = 2, .wave_orders = {}}};
    training.units = 4;
    training.epochs = 12;
    training.learning_rate = 1e-4;
    look_back(8);
  }
  void look_back(std::int64_t rows) {
    plan = std::make_unique<ResidualPlan>(choose_residual_window(panel, linear.members.front(), rows, rows),
                                          training);
  }
  TrainingTask task() const { return {scaled, linear, options, controls, true}; }
  TunedPlan tune(double seconds) {
    return forecasting::tune(task(), *plan, Search::space("residual"), seconds, pool);
  }
  /// Written and read again.
  TunedPlan again(const TunedPlan& tuned) const {
    const std::string path = (fs::temp_directory_path() / "rondo-tune-test-residual").string();
    save_found(tuned.found(task()), path);
    TunedPlan read = load_tuned(path, task(), *plan, Search::space("residual"));
    fs::remove(path);
    return read;
  }
  static std::string window_of(const TunedPlan& tuned) {
    const ResidualWindow& window = dynamic_cast<const ResidualPlan&>(*tuned.plan).window;
    return std::to_string(window.steps) + " steps of " + std::to_string(window.segment);
  }
};

TEST(ForecastTune, FindsBetterSettingsForTheResidualNetwork) {
  ResidualSearch search;
  const TunedPlan none = search.tune(0);
  EXPECT_EQ(none.trials, 1);
  EXPECT_EQ(none.after, none.before);
  EXPECT_EQ(none.plan->look_back(), search.plan->look_back());
  EXPECT_EQ(none.plan->training.learning_rate, search.training.learning_rate);
  TunedPlan found = search.tune(0.5);
  for (double seconds = 1; seconds < 60 && !(found.after < found.before); seconds *= 2) {
    found = search.tune(seconds);
    EXPECT_LE(found.after, found.before);
  }
  ASSERT_LT(found.after, found.before);
  // Searched again from there, the first trial has that error.
  ResidualSearch again;
  again.plan = found.plan->clone();
  const bool same = found.plan->look_back() == search.plan->look_back();
  EXPECT_NEAR(again.tune(0).before, found.after, same ? 1e-12 : 0.1 * found.after);

  const TunedPlan read = search.again(found);
  EXPECT_EQ(ResidualSearch::window_of(read), ResidualSearch::window_of(found));
  EXPECT_EQ(read.plan->training.units, found.plan->training.units);
  EXPECT_EQ(read.plan->training.learning_rate, found.plan->training.learning_rate);
  EXPECT_EQ(read.plan->training.epochs, search.training.epochs);
  EXPECT_EQ(read.trials, found.trials);
}

TEST(ForecastTune, ReadsLookBacksThatSegmentsRoundAsTheyWere) {
  // With a season of 24, 60 rows are two segments, as are 48: they are not 48 steps of one row.
  PanelOf of;
  of.rows = {400};
  of.seasons = {24};
  ResidualSearch search;
  search.panel = of.make();
  search.scaled = ScaledPanel(search.panel, Transform::none, false);
  search.linear.members.front().wave_orders = {0};
  for (const std::int64_t rows : {30, 40, 60}) {
    search.look_back(rows);
    for (const double factor : {0.5, 1.5, 2.0}) {
      TunedPlan tuned;
      const auto wanted = std::llround(factor * static_cast<double>(search.plan->look_back()));
      tuned.plan = search.plan->with_look_back(search.task(), wanted);
      EXPECT_EQ(ResidualSearch::window_of(search.again(tuned)), ResidualSearch::window_of(tuned))
          << rows << " " << factor;
    }
  }
}

TEST(ForecastTune, WhatItFoundIsReadBackAsItWas) {
  Search search(2);
  const TunedPlan found = search.tune(0.3);
  const std::string path = (fs::temp_directory_path() / "rondo-tune-test-file").string();
  save_found(found.found(search.task()), path);
  const TunedPlan read = load_tuned(path, search.task(), *search.plan, Search::space());
  fs::remove(path);
  const auto window_of = [](const TunedPlan& tuned) {
    return dynamic_cast<const EncoderDecoderPlan&>(*tuned.plan).window;
  };
  EXPECT_EQ(window_of(read).rows(), window_of(found).rows());
  EXPECT_EQ(window_of(read).segment, window_of(found).segment);
  EXPECT_EQ(window_of(read).spreads, window_of(found).spreads);
  EXPECT_EQ(read.plan->training.units, found.plan->training.units);
  EXPECT_EQ(read.plan->training.dropout, found.plan->training.dropout);
  EXPECT_EQ(read.plan->training.learning_rate, found.plan->training.learning_rate);
  EXPECT_EQ(read.plan->training.updates, search.plan->training.updates);
  EXPECT_EQ(read.after, found.after);
}

}  // namespace
}  // namespace rondo::forecasting
