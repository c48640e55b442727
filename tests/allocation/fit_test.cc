#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "allocation/allocations.h"
#include "rondo/train/model.h"
#include "unit/train/objectives/crf_loss.h"
#include "unit/train/objectives/ctc_loss.h"
#include "unit/train/objectives/token_error_rate.h"
#include "unit/train/steps/distillation.h"
#include "unit/train/steps/scheduled_sampling.h"

// Training with a Trainer or a Model takes no memory for a step: not for gathering a batch, nor for its
// layout, its losses and its metrics. An epoch may take some (its logs go to the history, validation begins
// anew), however many steps it has.

namespace rondo {
namespace {

class Training : public ::testing::Test {
  void SetUp() override {
    if (!counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  }
};

Tensor random_tensor(Shape shape, std::uint64_t seed) {
  Tensor out(shape);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

constexpr std::int64_t kSamples = 50, kSteps = 9, kFeatures = 3;

Samples ragged_inputs() {
  std::vector<std::int64_t> lengths;
  const RandomStream random(3);
  for (std::uint64_t b = 0; b < kSamples; ++b)
    lengths.push_back(static_cast<std::int64_t>(random.below(b, kSteps + 1)));
  return Samples::padded(random_tensor({kSamples, kSteps, kFeatures}, 1), lengths);
}
Samples equal_inputs() { return Samples(random_tensor({kSamples, kSteps, kFeatures}, 1)); }

Sequential last_step_model() {
  return Sequential({bidirectional(lstm({.units = 6})), dropout({.rate = 0.2}), dense({.units = 2})});
}
Sequential every_step_model() {
  return Sequential(
      {gru({.units = 6, .return_sequences = true}), dense({.units = 1, .activation = "sigmoid"})});
}

/// What steps of `fit` take, from the end of the first step of an epoch to the end of its last; the first
/// epoch, in which buffers grow, is left out.
std::size_t taken_by_steps(Model& model, const Dataset& data, FitOptions options) {
  std::size_t before = 0, taken = 0;
  auto watcher = std::make_shared<LambdaCallback>();
  watcher->batch_end = [&](TrainingRun& run, std::int64_t batch, const NamedValues&) {
    if (run.epoch() > 0 && batch > 0) taken += allocations() - before;
    before = allocations();
  };
  options.callbacks = {watcher};
  options.epochs = 4;
  options.batch_size = 8;  // the last one is smaller
  options.run.verbose = 0;
  model.fit(data, options);
  return taken;
}

TEST_F(Training, OnOneBatchAfterTheOtherTakesNoMemory) {
  Sequential model = last_step_model();
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae", "rmse", "r2_score"}});
  Batch batch;
  batch.inputs = {ragged_inputs()};
  batch.targets = {Samples(random_tensor({kSamples, 2}, 2))};
  batch.weights = {Tensor::full({kSamples}, 0.5)};
  for (int i = 0; i < 2; ++i) model.train_on_batch(batch);
  const std::size_t before = allocations();
  for (int i = 0; i < 5; ++i) model.train_on_batch(batch);
  EXPECT_EQ(allocations() - before, 0);
}

TEST_F(Training, OfEqualSequencesTakesNoMemoryForAStep) {
  Sequential model = last_step_model();
  model.compile({.optimizer = "adam", .loss = "huber", .metrics = {"mae"}, .weighted_metrics = {"mse"}});
  const ArrayDataset data({equal_inputs()}, {Samples(random_tensor({kSamples, 2}, 2))},
                          {Tensor::full({kSamples}, 0.5)});
  EXPECT_EQ(taken_by_steps(model, data, {}), 0);
}

TEST_F(Training, OfRaggedSequencesTakesNoMemoryForAStep) {
  Sequential model = last_step_model();
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  const ArrayDataset data(ragged_inputs(), Samples(random_tensor({kSamples, 2}, 2)));
  EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false}), 0);
}

TEST_F(Training, WithinABudgetOfMemoryTakesNoMemoryForAStep) {
  for (const bool ragged : {false, true}) {
    Sequential model = last_step_model();
    model.compile({.optimizer = "adam", .loss = "mse"});
    const ArrayDataset data(ragged ? ragged_inputs() : equal_inputs(),
                            Samples(random_tensor({kSamples, 2}, 2)));
    constexpr std::int64_t kHalf = 9'000;  // of the 21 kB that each direction keeps of eight sequences
    EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false, .bptt_memory = kHalf}), 0) << ragged;
  }
}

TEST_F(Training, OnReadingsAtIrregularTimesTakesNoMemoryForAStep) {
  Tensor readings =
      random_tensor({kSamples, kSteps, kFeatures}, 1);  // value, whether it was read, elapsed time
  for (std::int64_t i = 0; i < readings.size(); ++i) {
    if (i % kFeatures == 1) readings.set(i, readings.at(i) > 0);
    if (i % kFeatures == 2) readings.set(i, std::abs(readings.at(i)));
  }
  Sequential model({gru_d({.units = 6, .dropout = 0.2}), dense({.units = 2})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const ArrayDataset data(Samples(readings), Samples(random_tensor({kSamples, 2}, 2)));
  EXPECT_EQ(taken_by_steps(model, data, {}), 0);
}

TEST_F(Training, WithValidationAndDataOfAnotherTypeTakesNoMemoryForAStep) {
  Sequential model = last_step_model();
  model.compile({.optimizer = "adam", .loss = "mse"});
  const ArrayDataset data(equal_inputs().cast(DType::float64),
                          Samples(random_tensor({kSamples, 2}, 2).cast(DType::float64)));
  EXPECT_EQ(taken_by_steps(model, data, {.validation_split = 0.3}), 0);
}

TEST_F(Training, AgainstOneNumberAStepTakesNoMemoryForAStep) {
  Sequential model = every_step_model();
  model.compile({.optimizer = "adam", .loss = "bce", .metrics = {"accuracy", "auc", "f1_score"}});
  Tensor targets({kSamples, kSteps});
  for (std::int64_t i = 0; i < targets.size(); i += 3) targets.set(i, 1);
  const ArrayDataset data(ragged_inputs(),
                          Samples(targets));  // [batch, time]: reordered to the inputs' steps
  EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false, .class_weight = {{1, 2.0}}}), 0);
}

TEST_F(Training, OfObjectivesOfSequencesTakesNoMemoryForAStep) {
  Tensor targets({kSamples, kSteps, 1});
  for (std::int64_t i = 0; i < targets.size(); i += 3) targets.set(i, 1);
  std::vector<std::int64_t> none(kSamples, 0);
  const Samples inputs = ragged_inputs(), labels = Samples::padded(targets, inputs.layout()->lengths());
  for (const bool ctc : {true, false}) {
    Sequential model({gru({.units = 6, .return_sequences = true}), dense({.units = 3})});
    CompileOptions compile = {.optimizer = "adam"};
    if (ctc) {
      compile.custom_objectives = {std::make_shared<examples::CtcLoss>()};
      compile.custom_metrics = {{[] { return std::make_shared<examples::TokenErrorRate>(); }}};
    } else {
      compile.custom_objectives = {std::make_shared<examples::CrfLoss>()};
    }
    model.compile(compile);
    const ArrayDataset data(inputs, ctc ? Samples::padded(targets, none) : labels);
    EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false}), 0) << ctc;
  }
}

TEST_F(Training, ByStepsOfOnesOwnTakesNoMemoryForAStep) {
  Network teacher;
  const int x = teacher.add_input("x", ValueShape{true, -1, {kFeatures}});
  teacher.set_outputs(teacher.add(gru({.units = kFeatures, .return_sequences = true}), {x}));
  teacher.build(1);
  const ArrayDataset data(ragged_inputs(), ragged_inputs());
  for (const bool distilled : {true, false}) {
    Sequential model({gru({.units = 6, .return_sequences = true}), dense({.units = kFeatures})});
    CompileOptions compile = {.optimizer = "adam"};
    if (distilled)
      compile.step = std::make_shared<examples::Distillation>(teacher, 0.5, 2.0);
    else
      compile.step = std::make_shared<examples::ScheduledSampling>(0.5);
    model.compile(compile);
    EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false}), 0) << distilled;
  }
}

TEST_F(Training, OfABatchInPiecesTakesNoMemoryForAStep) {
  Sequential model = last_step_model();
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  const ArrayDataset data(ragged_inputs(), Samples(random_tensor({kSamples, 2}, 2)));
  EXPECT_EQ(taken_by_steps(model, data, {.shuffle = false, .micro_batch_size = 3}), 0);
}

/// More ids in every batch than in the one before: lists of touched rows have room for all rows from the
/// beginning.
TEST_F(Training, OfAnEmbeddingTakesNoMemoryForAStepHoweverManyRowsItTouches) {
  for (const bool lazy : {false, true}) {
    constexpr std::int64_t kVocabulary = 500;
    Tensor ids({kSamples, kSteps}, DType::int32), classes({kSamples, 1}, DType::int32);
    for (std::int64_t i = 0; i < ids.size(); ++i) ids.set(i, static_cast<double>(i % (1 + i / 2)));
    for (std::int64_t b = 0; b < kSamples; ++b) classes.set(b, static_cast<double>(b % 3));
    Sequential model({embedding({.input_dim = kVocabulary, .output_dim = 4}), lstm({.units = 6}),
                      dense({.units = 3, .activation = "softmax"})});
    model.compile({.optimizer = Json::object({{"name", "adam"}, {"global_clipnorm", 1}, {"lazy", lazy}}),
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    Batch batch;
    batch.targets = {Samples(classes)};
    std::vector<Samples> inputs = {Samples::tokens(Tensor(ids.shape(), DType::int32)), Samples::tokens(ids)};
    batch.inputs = {inputs[0]};
    for (int i = 0; i < 2; ++i) model.train_on_batch(batch);
    batch.inputs = {inputs[1]};
    const std::size_t before = allocations();
    for (int i = 0; i < 3; ++i) model.train_on_batch(batch);
    EXPECT_EQ(allocations() - before, 0) << lazy;
    EXPECT_GT(model.network().parameters().touched_rows(0), 100);
    const ArrayDataset data(Samples::tokens(ids), Samples(classes));
    EXPECT_EQ(taken_by_steps(model, data, {}), 0) << lazy;
  }
}

TEST_F(Training, AnEpochTakesTheSameForAnyNumberOfSteps) {
  const auto taken_by_epoch = [](std::int64_t batch_size) {
    Sequential model = last_step_model();
    model.compile({.optimizer = "adam", .loss = "mse"});
    std::vector<std::size_t> at;
    auto watcher = std::make_shared<LambdaCallback>();
    watcher->epoch_begin = [&](TrainingRun&) { at.push_back(allocations()); };
    at.reserve(100);
    model.fit(equal_inputs(), Samples(random_tensor({kSamples, 2}, 2)),
              {.batch_size = batch_size, .epochs = 4, .callbacks = {watcher}, .run = {.verbose = 0}});
    return at[3] - at[2];
  };
  const std::size_t few = taken_by_epoch(25), many = taken_by_epoch(2);
  EXPECT_EQ(few, many);
  EXPECT_LE(few, 20);
}

}  // namespace
}  // namespace rondo
