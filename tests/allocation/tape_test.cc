#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "allocation/allocations.h"
#include "conformance/every_cell.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/train/losses.h"
#include "rondo/train/optimizers.h"

// A training step by hand takes no memory once every batch has been seen: what a pass needs lies in the
// tape's arena.

namespace rondo {
namespace {

constexpr std::int64_t kTapeFeatures = 3, kTapeSteps = 9, kBatch = 5;

enum class Input {
  numbers,   ///< kTapeFeatures a step
  tokens,    ///< ids
  readings,  ///< a value, whether it was read, and the time since the last one
};

struct Model {
  std::string name;
  std::vector<std::function<LayerPtr()>> layers;
  Input input = Input::numbers;
  bool equal_lengths = false;   ///< takes no ragged batches
  std::size_t bptt_memory = 0;  ///< so few bytes that the batches here do not fit
};

Samples batch_of(std::uint64_t seed, bool ragged, Input input) {
  const RandomStream random(seed);
  const bool tokens = input == Input::tokens;
  Shape shape = {kBatch, kTapeSteps};
  if (!tokens) shape.push_back(kTapeFeatures);
  Tensor values(shape);
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const auto element = static_cast<std::uint64_t>(i);
    double value = tokens ? static_cast<double>(random.below(element, 6)) : random.normal(element);
    if (input == Input::readings && i % kTapeFeatures > 0)
      value = i % kTapeFeatures == 1 ? value > 0 : std::abs(value);
    values.set(i, value);
  }
  std::vector<std::uint8_t> mask(kBatch * kTapeSteps, 1);
  for (std::size_t i = 0; ragged && i < mask.size(); ++i) mask[i] = random.below(1000 + i, 3) != 0;
  return tokens ? Samples::tokens(values, mask) : Samples::masked(values, mask);
}

/// Network, loss, backward and optimiser, put together by hand.
class Step {
 public:
  Step(const Model& model, const Json& optimizer, Pool& pool)
      : tape_(DType::float32, &pool),
        optimizer_(make_optimizer(optimizer)),
        loss_(make_loss("mse")),
        bptt_memory_(model.bptt_memory) {
    const Shape features = model.input == Input::tokens ? Shape{} : Shape{kTapeFeatures};
    int at = network_.add_input("x", {true, model.equal_lengths ? kTapeSteps : -1, features});
    for (const auto& make : model.layers) at = network_.add(make(), {at})[0];
    network_.set_outputs({at});
    network_.build(1);
  }

  void run(std::span<const Samples> input) {
    network_.parameters().zero_gradients();
    tape_.reset({.training = true,
                 .seed = 1,
                 .step = static_cast<std::uint64_t>(optimizer_->iterations()),
                 .bptt_memory = bptt_memory_});
    const Vars out = network_.run(tape_, input);
    const Matrix& y = tape_.value(out[0]).data;
    target_.resize({y.rows, y.cols}, DType::float32);
    std::ranges::fill(target_.data<float>(), 0.5F);
    gradient_.resize({y.rows, y.cols}, DType::float32);
    loss_->value_and_gradient(y, as_matrix(std::as_const(target_)), {}, static_cast<double>(y.rows),
                              as_matrix(gradient_));
    tape_.backward(out, std::span<const Tensor>(&gradient_, 1));
    optimizer_->step(network_.parameters());
  }

 private:
  Tape tape_;
  Network network_;
  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<const Loss> loss_;
  std::size_t bptt_memory_;
  Tensor target_, gradient_;
};

std::size_t taken_after_the_first_round(const Model& model, bool ragged, int threads = 1,
                                        const Json& optimizer = "adam") {
  std::vector<std::vector<Samples>> batches;
  for (std::uint64_t k = 0; k < 4; ++k) batches.push_back({batch_of(ragged ? k : 1, ragged, model.input)});
  Pool pool(threads);
  Step step(model, optimizer, pool);
  for (std::size_t k = 0; k < (ragged ? batches.size() : 1); ++k) step.run(batches[k]);
  const std::size_t before = allocations();
  for (int round = 0; round < 3; ++round) {
    for (const auto& batch : batches) step.run(batch);
  }
  return allocations() - before;
}

void add_readings(std::vector<Model>& all) {
  const GruDOptions options[] = {
      {.units = 7},
      {.units = 7, .elapsed_input = true, .dropout = 0.3, .return_sequences = true, .return_state = true},
      {.units = 7, .input_decay = false, .state_decay = false}};
  for (const GruDOptions& chosen : options)
    all.push_back({"gru_d", {[chosen] { return gru_d(chosen); }}, Input::readings});
}

/// What a batch keeps of these without a budget is 10 (the simple_rnn) to 30 kB.
void add_within_a_budget(std::vector<Model>& all) {
  constexpr std::size_t kSmall = 4'000, kMiddling = 7'000, kLarge = 9'000;
  const std::tuple<const char*, RecurrentOptions, std::size_t> options[] = {
      {"simple_rnn", {.units = 7}, kSmall},
      {"gru", {.units = 7, .return_sequences = true}, kSmall},
      {"lstm", {.units = 7, .go_backwards = true}, kMiddling},
      {"lstm", {.units = 7, .proj_size = 3}, kMiddling},
      {"lstm", {.units = 7, .layer_norm = true, .dropout = 0.3, .zoneout = 0.2}, kLarge},
      {"gru", {.units = 7, .recurrent_dropout = 0.2}, kSmall},
      {"lstm", {.units = 6, .recurrent_blocks = 2}, kMiddling}};
  for (const auto& [cell, chosen, bytes] : options) {
    all.push_back({std::string(cell) + " within a budget",
                   {[name = cell, use = chosen] { return recurrent(name, use); }},
                   Input::numbers,
                   false,
                   bytes});
  }
  all.push_back({"both directions within a budget",
                 {[] { return bidirectional(lstm({.units = 7, .return_sequences = true})); },
                  [] { return gru({.units = 5}); }, [] { return dense({.units = 1}); }},
                 Input::numbers,
                 false,
                 kMiddling});
}

std::vector<Model> models() {
  std::vector<Model> all;
  for (const std::string& cell : cell_names()) {
    all.push_back({cell, {[cell] { return make_cell(cell, {.units = 7}); }}});
    all.push_back({cell + " backwards", {[cell] {
                     return make_cell(cell, {.units = 7, .return_sequences = true, .go_backwards = true});
                   }}});
    for (const char* mode : {"concat", "ave"}) {
      all.push_back({"bidirectional " + cell + " " + mode, {[cell, mode] {
                       return bidirectional(make_cell(cell, {.units = 7, .return_sequences = true}),
                                            {.merge_mode = mode});
                     }}});
    }
  }
  const std::pair<const char*, RecurrentOptions> options[] = {
      {"dropout", {.units = 7, .dropout = 0.3, .recurrent_dropout = 0.2}},
      {"zoneout", {.units = 7, .zoneout = 0.2}},
      {"layer_norm", {.units = 7, .layer_norm = true}},
      {"clip", {.units = 7, .clip = 1}},
      {"stateful", {.units = 7, .stateful = true}},
      {"blocks", {.units = 6, .recurrent_blocks = 3}}};
  for (const auto& option : options) {
    for (const char* cell : {"lstm", "gru", "simple_rnn"}) {
      all.push_back({std::string(cell) + " with " + option.first,
                     {[cell, chosen = option.second] { return recurrent(cell, chosen); }}});
    }
  }
  all.push_back({"lstm with a projection", {[] { return lstm({.units = 7, .proj_size = 3}); }}});
  all.push_back(
      {"a stack with everything between",
       {[] { return masking(); }, [] { return lstm({.units = 6, .return_sequences = true}); },
        [] { return layer_normalization(); }, [] { return dropout({.rate = 0.3}); },
        [] { return gru({.units = 5, .return_sequences = true}); }, [] { return batch_normalization(); },
        [] { return time_distributed(dense({.units = 4, .activation = "gelu"})); },
        [] { return simple_rnn({.units = 4}); }, [] { return repeat_vector({.n = 3}); },
        [] { return lstm({.units = 4, .return_sequences = true}); },
        [] { return time_pooling({.mode = "max"}); },
        [] { return dense({.units = 2, .activation = "softmax"}); }}});
  all.push_back({"tokens",
                 {[] { return embedding({.input_dim = 6, .output_dim = 4}); },
                  [] { return gru({.units = 5}); }, [] { return dense({.units = 1}); }},
                 Input::tokens});
  all.push_back(
      {"tokens with padding among them",
       {[] { return embedding({.input_dim = 6, .output_dim = 4, .mask_zero = true}); },
        [] { return lstm({.units = 5, .return_sequences = true}); }, [] { return dense({.units = 1}); }},
       Input::tokens});
  all.push_back(
      {"flatten", {[] { return flatten(); }, [] { return dense({.units = 2}); }}, Input::numbers, true});
  add_readings(all);
  add_within_a_budget(all);
  return all;
}

class TrainingStep : public ::testing::TestWithParam<Model> {
  void SetUp() override {
    if (!counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  }
};

TEST_P(TrainingStep, OfEqualBatchesTakesNoMemoryFromTheSecondOn) {
  EXPECT_EQ(taken_after_the_first_round(GetParam(), false), 0);
}

TEST_P(TrainingStep, OfTwoThreadsTakesNoMemoryEither) {
  EXPECT_EQ(taken_after_the_first_round(GetParam(), false, 2), 0);
}

INSTANTIATE_TEST_SUITE_P(Allocation, TrainingStep, ::testing::ValuesIn(models()),
                         [](const auto& info) { return "model_" + std::to_string(info.index); });

class RaggedTrainingStep : public TrainingStep {};

TEST_P(RaggedTrainingStep, TakesNoMemoryOnceEachBatchWasSeen) {
  EXPECT_EQ(taken_after_the_first_round(GetParam(), true), 0);
}

std::vector<Model> models_of_ragged_sequences() {
  std::vector<Model> all = models();
  std::erase_if(all, [](const Model& model) { return model.equal_lengths; });
  return all;
}
INSTANTIATE_TEST_SUITE_P(Allocation, RaggedTrainingStep, ::testing::ValuesIn(models_of_ragged_sequences()),
                         [](const auto& info) { return "model_" + std::to_string(info.index); });

/// Budgets in which all nine steps fit would prove nothing: those take more than twice the least budget.
TEST(TrainingStepTest, WithinABudgetHasLessThanTwiceTheLeastThatDoes) {
  for (Model model : models()) {
    if (model.bptt_memory == 0) continue;
    Pool pool(1);
    const std::vector<Samples> batch = {batch_of(1, false, model.input)};
    EXPECT_NO_THROW(Step(model, "adam", pool).run(batch)) << model.name;
    model.bptt_memory /= 2;
    EXPECT_THROW(Step(model, "adam", pool).run(batch), Error) << model.name;
  }
}

TEST(TrainingStepTest, TakesNoMemoryWithAnyOptimiser) {
  if (!counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  const Model model{"lstm", {[] { return lstm({.units = 7}); }}};
  for (const std::string& name : optimizer_names()) {
    EXPECT_EQ(taken_after_the_first_round(model, false, 1, name), 0) << name;
  }
}

TEST(TrainingStepTest, OfSparseRowsTakesNoMemoryWithAnyOptimiser) {
  if (!counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  const Model model{
      "tokens",
      {[] { return embedding({.input_dim = 6, .output_dim = 4}); }, [] { return gru({.units = 5}); }},
      Input::tokens};
  for (const std::string& name : optimizer_names()) {
    for (const bool lazy : {false, true}) {
      if (lazy && name == "adafactor") continue;  // it is never lazy
      EXPECT_EQ(taken_after_the_first_round(model, true, 1, Json::object({{"name", name}, {"lazy", lazy}})),
                0)
          << name << lazy;
    }
  }
}

TEST(AllocationsTest, AreSeen) {
  if (!counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  const std::size_t before = allocations();
  const auto one = std::make_unique<double>(1);
  const Tensor two({3});
  EXPECT_EQ(allocations() - before, 2) << *one << two.size();
}

}  // namespace
}  // namespace rondo
