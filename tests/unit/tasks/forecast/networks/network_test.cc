// How far the network is trusted beside the linear model, and that training it ends the same however it is
// run.

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <ostream>
#include <streambuf>

#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/fit_members.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kOrigins = 200, kSteps = 3;

Rows rows_of(std::vector<double> values) { return {kSteps, std::move(values)}; }
std::vector<double> noise(std::uint64_t seed) { return white_noise(seed, kOrigins * kSteps); }

TEST(BlendWeight, OfANetworkThatForecastsTheTruthIsNearOne) {
  const BlendWeight fitted = fit_blend_weight(rows_of(noise(1)), rows_of(noise(1)), 0);
  EXPECT_GT(fitted.weight, 0.97);
  EXPECT_LE(fitted.weight, 1);
  EXPECT_NEAR(fitted.gain, 1, 1e-12);
}

TEST(BlendWeight, OfANetworkThatForecastsAsTheLinearModelIsZero) {
  const Rows nothing = rows_of(std::vector<double>(kOrigins * kSteps, 0.0));
  EXPECT_EQ(fit_blend_weight(rows_of(noise(1)), nothing, 0).weight, 0);
  EXPECT_EQ(fit_blend_weight(nothing, nothing, 0).weight, 0);
  EXPECT_EQ(fit_blend_weight(nothing, rows_of(noise(1)), 0).weight, 0)
      << "the linear model was right already";
  EXPECT_EQ(fit_blend_weight({kSteps, {}}, {kSteps, {}}, 0).weight, 0) << "nothing was evaluated";
}

TEST(BlendWeight, OfANetworkThatMakesItWorseIsZero) {
  std::vector<double> against = noise(1);
  for (double& v : against) v = -v;
  const BlendWeight fitted = fit_blend_weight(rows_of(noise(1)), rows_of(against), 0);
  EXPECT_EQ(fitted.weight, 0);
  EXPECT_LT(fitted.gain, 0);
}

TEST(BlendWeight, OfNoiseIsZeroAndOnceInAWhileSmall) {
  int trusted = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const double share = fit_blend_weight(rows_of(noise(seed)), rows_of(noise(1000 + seed)), 0).weight;
    trusted += share > 0 ? 1 : 0;
    EXPECT_LT(share, 0.1) << seed;
  }
  EXPECT_LE(trusted, 14);  // a statistic above 1 has a chance of 1 in 40
}

TEST(BlendWeight, LiesBetweenZeroAndOneAndGrowsWithWhatTheNetworkKnows) {
  const std::vector<double> truth = noise(1), error = noise(2);
  double last = -1;
  for (const double known : {0.0, 0.2, 0.5, 1.0}) {
    std::vector<double> shift;
    for (std::size_t i = 0; i < truth.size(); ++i) shift.push_back(known * truth[i] + (1 - known) * error[i]);
    const double share = fit_blend_weight(rows_of(truth), rows_of(shift), 0).weight;
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    EXPECT_GT(share, last) << known;
    last = share;
  }
  // Half of the truth, without error, is not taken twice: no weight is above 1.
  std::vector<double> half = truth;
  for (double& v : half) v *= 0.5;
  EXPECT_LE(fit_blend_weight(rows_of(truth), rows_of(half), 0).weight, 1);
}

/// A forecast in which the network has a say.
ForecastOptions with_network() {
  ForecastOptions options = small_forecast(2);
  options.model = "encoder_decoder";
  options.units = 12;
  options.window = 4;
  options.epochs = 12;
  options.learning_rate = 0.01;
  return options;
}

const Table& chaos() {
  static const Table table = table_of(logistic_map(500));
  return table;
}

const ForecastResult& uninterrupted() {
  static const ForecastResult result = run_forecast(chaos(), with_network());
  return result;
}

void expect_same(const ForecastResult& a, const ForecastResult& b) {
  const ForecastSeries &x = a.series[0], &y = b.series[0];
  EXPECT_EQ(x.forecast, y.forecast);
  EXPECT_EQ(x.bands.low95, y.bands.low95);
  EXPECT_EQ(x.bands.high80, y.bands.high80);
  EXPECT_EQ(x.backtest.predicted, y.backtest.predicted);
  EXPECT_EQ(x.backtest.ridge, y.backtest.ridge);
  EXPECT_EQ(x.backtest.bands.low80, y.backtest.bands.low80);
  EXPECT_EQ(x.backtest.bands.high95, y.backtest.bands.high95);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.validation_loss, b.validation_loss);
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.network_weight, b.network_weight);
  EXPECT_EQ(a.test.rmse, b.test.rmse);
  ASSERT_EQ(a.gradient_flow.layers.size(), b.gradient_flow.layers.size());
  for (std::size_t i = 0; i < a.gradient_flow.layers.size(); ++i) {
    EXPECT_EQ(a.gradient_flow.layers[i].norm, b.gradient_flow.layers[i].norm);
  }
}

TEST(EncoderDecoder, HasTheSameBitsWithOneTwoAndThreeThreads) {
  EXPECT_GT(uninterrupted().network_weight, 0.2) << "the network must have a say in what is compared";
  for (const std::int64_t threads : {2, 3}) {
    ForecastOptions options = with_network();
    options.threads = threads;
    expect_same(uninterrupted(), run_forecast(chaos(), options));
  }
  ForecastOptions other = with_network();
  other.seed = 2;
  EXPECT_NE(run_forecast(chaos(), other).series[0].forecast, uninterrupted().series[0].forecast);
}

TEST(EncoderDecoder, ForecastsHorizonsThatAreNoWholeNumberOfSeasons) {
  ForecastOptions options = small_forecast(18);
  options.period = 12;
  options.model = "encoder_decoder";
  const ForecastResult result = run_forecast(table_of(seasonal(1, 600, 12, 1)), options);
  EXPECT_EQ(result.series[0].forecast.size(), 18u);
  EXPECT_LT(result.test.rmse, 1.3) << "the noise is 1";
}

/// Asks for an end after so many lines of progress: epochs.
struct StopAfterEpochs : std::streambuf {
  std::atomic<bool> stop{false};
  int lines = 0, limit;
  explicit StopAfterEpochs(int epochs) : limit(epochs) {}
  int overflow(int c) override {
    if (c == '\n' && ++lines >= limit) stop = true;
    return c;
  }
};

/// A checkpoint of its own for every test, gone afterwards.
struct Checkpoint {
  fs::path path;
  explicit Checkpoint(const char* name)
      : path(fs::temp_directory_path() / (std::string("rondo-network-test-") + name)) {
    fs::remove(path);
  }
  ~Checkpoint() { fs::remove(path); }
};

/// Runs until `stop` is seen.
void expect_interrupted(const RunControls& controls) {
  try {
    run_forecast(chaos(), with_network(), controls);
    ADD_FAILURE() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
  }
}

TEST(EncoderDecoder, HasTheSameBitsWhenInterruptedBetweenEpochsAndWithinOneAndResumed) {
  for (const int epochs : {1, 6}) {
    const Checkpoint checkpoint("epochs");
    RunControls controls{.verbose = 0};
    controls.checkpoint = checkpoint.path.string();
    controls.verbose = 2;
    StopAfterEpochs counter(epochs);
    std::ostream progress(&counter);
    controls.progress = &progress;
    controls.stop = &counter.stop;
    expect_interrupted(controls);
    controls.resume = true;
    expect_interrupted(controls);  // after the first batch of the next epoch
    expect_interrupted(controls);  // and the second one
    controls.stop = nullptr;
    controls.verbose = 0;
    expect_same(uninterrupted(), run_forecast(chaos(), with_network(), controls));
    // Everything is in the checkpoint now: nothing is left to train.
    expect_same(uninterrupted(), run_forecast(chaos(), with_network(), controls));
  }
}

TEST(EncoderDecoder, HasTheSameBitsWhenInterruptedAfterEveryBatch) {
  PanelOf of;
  of.seasons = {12};
  const Panel panel = of.make();
  const ScaledPanel scaled(panel, Transform::none, false);
  const Window window = choose_window(panel, 0, true);
  const BlockFolds folds(panel, 2, window.out_rows());
  const LinearChoice linear;
  const TrainingTask task{scaled, linear, {}, {}, true};
  NetworkTraining training;
  training.members = 2;
  training.units = 4;
  training.updates = 60;
  training.batch_size = 16;
  Pool pool(1);
  const TrainedNetwork whole = EncoderDecoderPlan(window, training).train(task, folds, pool);

  const Checkpoint checkpoint("batches");
  const std::atomic<bool> stop{true};
  training.controls.checkpoint = checkpoint.path.string();
  training.controls.resume = true;
  training.controls.stop = &stop;
  int interruptions = 0;
  while (true) {
    try {
      const TrainedNetwork pieces = EncoderDecoderPlan(window, training).train(task, folds, pool);
      EXPECT_EQ(pieces.history.at("loss"), whole.history.at("loss"));
      EXPECT_EQ(pieces.history.at("val_loss"), whole.history.at("val_loss"));
      break;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
      ASSERT_LE(++interruptions, 60 + 20) << "every batch, and the end of every epoch";
    }
  }
  EXPECT_GE(interruptions, 60);
}

/// So many pairs of two numbers and one.
struct Pairs : Dataset {
  std::int64_t count;
  explicit Pairs(std::int64_t pairs) : count(pairs) {}
  std::int64_t size() const override { return count; }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    const auto batch = static_cast<std::int64_t>(indices.size());
    Batch examples;
    examples.inputs.emplace_back(Tensor({batch, 2}, dtype));
    examples.targets.emplace_back(Tensor({batch, 1}, dtype));
    return examples;
  }
};

TEST(MemberFlow, SaysWhyItWasNotMeasured) {
  Network network;
  const int input = network.add_input("x", ValueShape{false, -1, {2}});
  network.set_outputs(network.add(dense({.units = 1}), {input}));
  network.build(1);
  const MemberFlow without_steps = measure_members(network, Pairs(3), "mean_squared_error");
  EXPECT_TRUE(without_steps.flow.empty());
  EXPECT_NE(without_steps.note.find("no recurrent layer"), std::string::npos);
  const MemberFlow without_rows = measure_members(network, Pairs(0), "mean_squared_error");
  EXPECT_TRUE(without_rows.flow.empty());
  EXPECT_NE(without_rows.note.find("no window"), std::string::npos);
}

}  // namespace
}  // namespace rondo::forecasting
