#include "rondo/train/callbacks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/train/model.h"
#include "support/scratch_folder.h"

namespace rondo {
namespace {

/// Two parameters, trained on nothing much; the values that callbacks see are written by the test.
class Script {
 public:
  Script() : net_(make()) {}

  /// Runs as many epochs as `values` has, showing them as `name`; callbacks come after the script.
  History run(const std::string& name, std::vector<double> values, std::vector<CallbackPtr> callbacks) {
    auto script = std::make_shared<LambdaCallback>();
    script->epoch_end = [=](TrainingRun& run, NamedValues& logs) {
      logs.emplace_back(name, values[static_cast<std::size_t>(run.epoch())]);
    };
    callbacks.insert(callbacks.begin(), script);
    FitOptions options;
    options.epochs = static_cast<std::int64_t>(values.size());
    options.run.verbose = 0;
    options.callbacks = std::move(callbacks);
    Trainer trainer(net_, {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 1.0}})});
    const History history = trainer.fit(
        ArrayDataset(Samples(Tensor::from({1}, {1, 1})), Samples(Tensor::from({1000}, {1, 1}))), options);
    rate_ = trainer.optimizer().learning_rate();
    return history;
  }
  double weight() const { return net_.parameters().get(0).at(0); }
  double rate() const { return rate_; }

 private:
  static Network make() {
    Network net;
    net.set_outputs(net.add(dense({.units = 1}), {net.add_input("x", ValueShape{false, -1, {1}})}));
    net.build(1);
    return net;
  }
  Network net_;
  double rate_ = 0;
};

std::size_t epochs_until_stop(EarlyStoppingOptions options, std::vector<double> values) {
  options.monitor = "watched";
  if (options.mode == "auto") options.mode = "min";  // a callback's number says nothing about itself
  return Script().run("watched", std::move(values), {std::make_shared<EarlyStopping>(options)}).epochs.size();
}

TEST(EarlyStopping, StopsAfterPatienceEpochsWithoutImprovement) {
  EXPECT_EQ(epochs_until_stop({.patience = 2}, {5, 4, 4, 4, 3, 2}), 4u);
  EXPECT_EQ(epochs_until_stop({.patience = 3}, {5, 4, 4, 4, 3, 2}), 6u);
}

TEST(EarlyStopping, NeverStopsAfterTheFirstEpochAndPatienceZeroStopsAtOnce) {
  EXPECT_EQ(epochs_until_stop({.patience = 0}, {5, 6, 4}), 2u);
  EXPECT_EQ(epochs_until_stop({.patience = 0, .baseline = 1.0}, {5, 6, 4}), 2u);
}

TEST(EarlyStopping, MinDeltaSaysWhatCountsAsBetter) {
  EXPECT_EQ(epochs_until_stop({.min_delta = 0.5, .patience = 2}, {5, 4.8, 4.6, 4.4, 4.2}), 3u);
  EXPECT_EQ(epochs_until_stop({.min_delta = 0.1, .patience = 2}, {5, 4.8, 4.6, 4.4, 4.2}), 5u);
}

TEST(EarlyStopping, ModeMaxWaitsForMore) {
  EXPECT_EQ(epochs_until_stop({.patience = 1, .mode = "max"}, {1, 2, 3, 3, 4}), 4u);
  EXPECT_EQ(epochs_until_stop({.patience = 1, .mode = "min"}, {1, 2, 3, 3, 4}), 2u);
}

TEST(EarlyStopping, BaselineMustBeBeatenForTheWaitToEnd) {
  EXPECT_EQ(epochs_until_stop({.patience = 3, .baseline = 1.0}, {5, 4, 3, 3, 2, 0.5}), 4u);
  EXPECT_EQ(epochs_until_stop({.patience = 3, .baseline = 3.5}, {5, 4, 3, 3, 2, 0.5}), 6u);
}

TEST(EarlyStopping, NanIsNoImprovement) {
  EXPECT_EQ(epochs_until_stop({.patience = 2}, {std::nan(""), std::nan(""), 4, 3}), 2u);
}

TEST(EarlyStopping, StartFromEpochWarmsUp) {
  EXPECT_EQ(epochs_until_stop({.patience = 1, .start_from_epoch = 3}, {1, 2, 3, 4, 5, 6}), 5u);
}

TEST(EarlyStopping, RestoresTheBestWeightsAlsoWhenTrainingEndsByItself) {
  for (const std::int64_t patience : {2, 100}) {
    Script script;
    std::vector<double> weights;
    auto watcher = std::make_shared<LambdaCallback>();
    watcher->epoch_end = [&](TrainingRun& run, NamedValues&) {
      weights.push_back(run.network().parameters().get(0).at(0));
    };
    const auto stopping = std::make_shared<EarlyStopping>(EarlyStoppingOptions{
        .monitor = "watched", .patience = patience, .mode = "min", .restore_best_weights = true});
    script.run("watched", {5, 3, 4, 4, 4}, {watcher, stopping});
    EXPECT_EQ(stopping->best_epoch(), 1);
    EXPECT_EQ(*stopping->best(), 3);
    EXPECT_EQ(script.weight(), weights[1]);
    EXPECT_NE(script.weight(), weights[0]);
    EXPECT_EQ(stopping->stopped_epoch(), patience == 2 ? 3 : -1);
  }
}

TEST(EarlyStopping, SaysWhatCouldBeWatched) {
  try {
    Script().run("watched", {1, 2}, {std::make_shared<EarlyStopping>()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("watched"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("validation data"), std::string::npos) << error.what();
  }
  EXPECT_THROW(EarlyStopping({.mode = "maximum"}), Error);
}

TEST(ReduceLrOnPlateau, LowersTheRateAndCoolsDown) {
  const auto rate_after = [](ReduceLrOnPlateauOptions options, std::vector<double> values) {
    options.monitor = "watched";
    options.mode = "min";
    Script script;
    const History history =
        script.run("watched", std::move(values), {std::make_shared<ReduceLrOnPlateau>(options)});
    EXPECT_EQ(history.at("learning_rate")[0], 1.0);  // the rate that the epoch used
    return script.rate();
  };
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 2}, {5, 5, 5}), 0.5);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 2}, {5, 5, 4}), 1);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 1}, {5, 5, 5, 5}), 0.125);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 1, .cooldown = 2}, {5, 5, 5, 5}), 0.25);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 1, .cooldown = 3}, {5, 5, 5, 5}), 0.5);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.1, .patience = 1, .min_lr = 0.3}, {5, 5, 5, 5}), 0.3);
  EXPECT_DOUBLE_EQ(rate_after({.factor = 0.5, .patience = 1, .min_delta = 0.5}, {5, 4.8}), 0.5);
}

TEST(LearningRateScheduler, SetsTheRateBeforeEveryEpoch) {
  Script script;
  const auto rule = [](std::int64_t epoch, double rate) { return epoch == 0 ? rate : rate / 2; };
  const History history = script.run("watched", {1, 1, 1}, {std::make_shared<LearningRateScheduler>(rule)});
  EXPECT_EQ(history.at("learning_rate"), (std::vector<double>{1, 0.5, 0.25}));
}

TEST(ModelCheckpoint, NamesFilesByEpochAndValueAndKeepsOnlyTheBestWhenAsked) {
  const ScratchFolder folder;
  ModelCheckpointOptions every{.filepath = folder / "m-{epoch:02d}-{watched:.1f}", .save_model_only = true};
  Script().run("watched", {3, 2}, {std::make_shared<ModelCheckpoint>(every)});
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"m-01-3.0", "m-02-2.0"}));
  const ScratchFolder second;
  ModelCheckpointOptions best{
      .filepath = second / "best-{epoch}", .monitor = "watched", .mode = "min", .save_best_only = true};
  Script().run("watched", {3, 4, 2, 2.5}, {std::make_shared<ModelCheckpoint>(best)});
  EXPECT_EQ(second.names(), (std::vector<std::string>{"best-1", "best-3"}));
  EXPECT_NO_THROW(Model::load(second / "best-3"));
}

TEST(CsvLogger, WritesALineAnEpoch) {
  const ScratchFolder folder;
  Script().run("watched", {3, 0.5}, {std::make_shared<CsvLogger>(folder / "log.csv")});
  const std::string text = read_file(folder / "log.csv");
  EXPECT_EQ(text.substr(0, text.find('\n')), "epoch,loss,watched");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.substr(text.size() - 5), ",0.5\n");
  EXPECT_THROW(Script().run("watched", {1}, {std::make_shared<CsvLogger>(folder / "missing/log.csv")}),
               Error);
}

TEST(TensorBoard, WritesTrainingAndValidationApart) {
  const ScratchFolder folder;
  Script().run("val_watched", {3, 2}, {std::make_shared<TensorBoard>(folder / "logs")});
  EXPECT_TRUE(std::filesystem::exists(folder / "logs/train"));
  EXPECT_TRUE(std::filesystem::exists(folder / "logs/validation"));
}

TEST(History, KeepsItsPlaceWhenAValueComesLate) {
  History history;
  history.append(0, {{"loss", 1}});
  history.append(1, {{"loss", 2}, {"val_loss", 3}});
  EXPECT_TRUE(std::isnan(history.at("val_loss")[0]));
  EXPECT_EQ(history.at("val_loss")[1], 3);
  const History again = History::from_config(parse_json(to_json(history.to_config())));
  EXPECT_EQ(again.at("loss"), history.at("loss"));
  EXPECT_TRUE(std::isnan(again.at("val_loss")[0]));
  EXPECT_THROW(history.at("val_los"), Error);
}

}  // namespace
}  // namespace rondo
