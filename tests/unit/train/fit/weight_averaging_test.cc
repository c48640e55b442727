#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "support/scratch_folder.h"

// Averages of weights, and gradients of several batches, in a whole training and over its interruptions.

namespace rondo {
namespace {

Network averaged_network() {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  const int h = net.add(gru({.units = 3}), {x})[0], n = net.add(batch_normalization(), {h})[0];
  net.set_outputs(net.add(dense({.units = 1}), {n}));
  net.build(7);
  return net;
}

ArrayDataset averaged_data() {
  const auto values = [](Shape shape, std::uint64_t seed) {
    Tensor out(std::move(shape));
    const RandomStream random(seed);
    for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
    return out;
  };
  return ArrayDataset(Samples(values({22, 5, 2}, 1)), Samples(values({22, 1}, 2)));
}

FitOptions short_fit(std::int64_t epochs) {
  FitOptions options{.batch_size = 4, .epochs = epochs, .seed = 3};
  options.run.verbose = 0;
  return options;
}

std::vector<double> weights_of(const Network& net) {
  const Tensor all = net.parameters().values();
  std::vector<double> out;
  for (std::int64_t i = 0; i < all.size(); ++i) out.push_back(all.at(i));
  return out;
}

TEST(StochasticWeightAveragingTest, EndsWithTheMeanOfTheEpochsThatCount) {
  Network net = averaged_network();
  std::vector<std::vector<double>> after;
  const auto record = std::make_shared<LambdaCallback>();
  record->epoch_end = [&](TrainingRun& run, NamedValues&) { after.push_back(weights_of(run.network())); };
  const auto averaging = std::make_shared<StochasticWeightAveraging>(
      StochasticWeightAveragingOptions{.start_epoch = 1, .every_epochs = 2});
  FitOptions options = short_fit(6);
  options.callbacks = {record, averaging};
  Trainer(net, {.optimizer = "adam"}).fit(averaged_data(), options);
  EXPECT_EQ(averaging->averaged(), 3);  // epochs 1, 3 and 5
  const std::vector<double> end = weights_of(net);
  for (std::size_t i = 0; i < end.size(); ++i)
    EXPECT_FLOAT_EQ(static_cast<float>(end[i]),
                    static_cast<float>((after[1][i] + after[3][i] + after[5][i]) / 3));
}

TEST(StochasticWeightAveragingTest, LeavesTheWeightsAloneWhereNoEpochCounts) {
  Network one = averaged_network(), two = averaged_network();
  FitOptions options = short_fit(2);
  Trainer(one, {.optimizer = "adam"}).fit(averaged_data(), options);
  options.callbacks = {
      std::make_shared<StochasticWeightAveraging>(StochasticWeightAveragingOptions{.start_epoch = 5})};
  Trainer(two, {.optimizer = "adam"}).fit(averaged_data(), options);
  EXPECT_EQ(weights_of(one), weights_of(two));
  EXPECT_THROW(StochasticWeightAveraging({.every_epochs = 0}), Error);
}

TEST(Averages, AndSumsOfGradientsSurviveAnInterruptionToTheBit) {
  for (
      const char* optimizer :
      {R"({"name": "adam", "gradient_accumulation_steps": 4})",
       R"({"name": "sgd", "momentum": 0.9, "use_ema": true, "ema_momentum": 0.9, "ema_overwrite_frequency": 5})",
       R"({"name": "nadam", "gradient_accumulation_steps": 2, "use_ema": true, "ema_momentum": 0.5})"}) {
    const ScratchFolder folder;
    const auto callbacks = [] {
      return std::vector<CallbackPtr>{
          std::make_shared<StochasticWeightAveraging>(StochasticWeightAveragingOptions{.start_epoch = 1})};
    };
    const CompileOptions compile{.optimizer = parse_json(optimizer)};
    FitOptions options = short_fit(4);
    options.callbacks = callbacks();
    Network whole = averaged_network();
    Trainer(whole, compile).fit(averaged_data(), options);
    // Six batches an epoch: stopped in the midst of one, in the midst of a sum of gradients.
    std::atomic<bool> stop{false};
    std::int64_t batches = 0;
    const auto stopping = std::make_shared<LambdaCallback>();
    stopping->batch_end = [&](TrainingRun&, std::int64_t, const NamedValues&) { stop = ++batches == 15; };
    options.run.checkpoint = folder / "run";
    options.run.stop = &stop;
    options.callbacks = callbacks();
    options.callbacks.push_back(stopping);
    Network resumed = averaged_network();
    EXPECT_THROW(Trainer(resumed, compile).fit(averaged_data(), options), Error);
    Network again = averaged_network();
    options.run.resume = true;
    options.run.stop = nullptr;
    options.callbacks = callbacks();
    options.callbacks.push_back(std::make_shared<LambdaCallback>());
    Trainer(again, compile).fit(averaged_data(), options);
    EXPECT_EQ(weights_of(again), weights_of(whole)) << optimizer;
  }
}

TEST(Averages, OfTheOptimizerAreTheWeightsWhenTrainingEnds) {
  Network net = averaged_network();
  std::vector<double> last;
  const auto record = std::make_shared<LambdaCallback>();
  record->epoch_end = [&](TrainingRun& run, NamedValues&) { last = weights_of(run.network()); };
  FitOptions options = short_fit(2);
  options.callbacks = {record};
  Trainer(net, {.optimizer = Json::object({{"name", "adam"}, {"use_ema", true}, {"ema_momentum", 0.9}})})
      .fit(averaged_data(), options);
  EXPECT_NE(weights_of(net), last);
}

}  // namespace
}  // namespace rondo
