#include "rondo/train/training.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <sstream>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "support/scratch_folder.h"

namespace rondo {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Tensor noise(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// A recurrent network for sequences of two features.
Network small_network(bool every_step = false, bool with_dropout = false, bool stateful = false) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  int h = net.add(lstm({.units = 4, .return_sequences = every_step, .stateful = stateful}), {x})[0];
  if (with_dropout) h = net.add(dropout({.rate = 0.3}), {h})[0];
  net.set_outputs(net.add(dense({.units = 1}), {h}));
  net.build(7);
  return net;
}

ArrayDataset small_data(std::int64_t samples = 20, std::int64_t steps = 6, bool every_step = false) {
  const Tensor y = every_step ? noise({samples, steps, 1}, 2) : noise({samples, 1}, 2);
  return ArrayDataset(Samples(noise({samples, steps, 2}, 1)), Samples(y));
}

bool same_parameters(const Network& a, const Network& b) {
  const Tensor& x = a.parameters().values();
  const Tensor& y = b.parameters().values();
  return x.size() == y.size() &&
         std::memcmp(x.bytes(), y.bytes(), static_cast<std::size_t>(x.size()) * dtype_size(x.dtype())) == 0;
}

double loss_of(const NamedValues& logs) { return logs.front().second; }

FitOptions quietly(std::int64_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 8;
  options.run.verbose = 0;
  options.seed = 3;
  return options;
}

template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::check_failed, "(no error)");
}

TEST(Training, LearnsWhatIsThereToLearn) {
  Network net = small_network();
  const ArrayDataset data = small_data();
  Trainer trainer(
      net, {.optimizer = Json::object({{"name", "adam"}, {"learning_rate", 0.02}}), .metrics = {"mae"}});
  const double before = loss_of(trainer.evaluate(data));
  const History history = trainer.fit(data, quietly(60));
  const double after = loss_of(trainer.evaluate(data));
  EXPECT_LT(after, 0.2 * before);
  EXPECT_EQ(history.at("loss").size(), 60u);
  EXPECT_EQ(history.at("mae").size(), 60u);
  EXPECT_LT(history.at("loss").back(), history.at("loss").front());
}

TEST(Training, EpochLossIsTheMeanOverBatchesByTheirSize) {
  Network net = small_network();
  Trainer trainer(net, {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.0}})});
  const ArrayDataset data = small_data(20);
  const History history = trainer.fit(data, quietly(1));  // batches of 8, 8 and 4
  EXPECT_NEAR(history.at("loss")[0], loss_of(trainer.evaluate(data, {.batch_size = 20})), 1e-6);
}

TEST(Training, GivesTheSameBitsWithOneAndTwoThreads) {
  const ArrayDataset data = small_data();
  Network one = small_network(false, true), two = small_network(false, true);
  Pool pool(2);
  Trainer(one, {.optimizer = "adam"}).fit(data, quietly(3));
  Trainer(two, {.optimizer = "adam"}, &pool).fit(data, quietly(3));
  EXPECT_TRUE(same_parameters(one, two));
}

TEST(Training, OrderAndDropoutFollowTheSeed) {
  const ArrayDataset data = small_data();
  Network a = small_network(false, true), b = small_network(false, true), c = small_network(false, true);
  FitOptions other = quietly(2);
  other.seed = 4;
  Trainer(a, {.optimizer = "adam"}).fit(data, quietly(2));
  Trainer(b, {.optimizer = "adam"}).fit(data, quietly(2));
  Trainer(c, {.optimizer = "adam"}).fit(data, other);
  EXPECT_TRUE(same_parameters(a, b));
  EXPECT_FALSE(same_parameters(a, c));
}

/// Asks for a stop after so many batches.
std::shared_ptr<LambdaCallback> stop_after(std::int64_t batches, std::atomic<bool>& flag) {
  auto callback = std::make_shared<LambdaCallback>();
  auto seen = std::make_shared<std::int64_t>(0);
  callback->batch_end = [=, &flag](TrainingRun&, std::int64_t, const NamedValues&) {
    if (++*seen == batches) flag = true;
  };
  return callback;
}

class ResumedTraining : public testing::TestWithParam<std::int64_t> {};

TEST_P(ResumedTraining, EndsWithTheBitsOfAnUninterruptedOne) {
  const ScratchFolder folder;
  const ArrayDataset data = small_data();
  const CompileOptions compile = {.optimizer = "nadam", .metrics = {"mae", "r2_score"}};
  const auto options = [&](CallbackPtr first) {
    FitOptions o = quietly(6);
    o.validation_split = 0.25;
    o.callbacks = {
        std::move(first),
        std::make_shared<EarlyStopping>(EarlyStoppingOptions{.patience = 4, .restore_best_weights = true}),
        std::make_shared<ReduceLrOnPlateau>(ReduceLrOnPlateauOptions{.factor = 0.5, .patience = 1}),
        std::make_shared<CsvLogger>(folder / "log.csv")};
    return o;
  };
  Network whole = small_network(false, true);
  const History expected = Trainer(whole, compile).fit(data, options(std::make_shared<LambdaCallback>()));
  const std::string log = read_file(folder / "log.csv");

  std::atomic<bool> flag = false;
  Network resumed = small_network(false, true);
  FitOptions first = options(stop_after(GetParam(), flag));
  first.run.stop = &flag;
  first.run.checkpoint = folder / "checkpoint";
  const Error error = error_of([&] { Trainer(resumed, compile).fit(data, first); });
  EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.what();

  resumed = small_network(false, true);
  FitOptions second = options(std::make_shared<LambdaCallback>());
  second.run.checkpoint = first.run.checkpoint;
  second.run.resume = true;
  const History history = Trainer(resumed, compile).fit(data, second);
  EXPECT_TRUE(same_parameters(whole, resumed));
  EXPECT_EQ(history.epochs, expected.epochs);
  EXPECT_EQ(history.values, expected.values);
  EXPECT_EQ(read_file(folder / "log.csv"), log);

  // Resuming what has ended changes nothing more.
  Network again = small_network(false, true);
  const History ended = Trainer(again, compile).fit(data, second);
  EXPECT_TRUE(same_parameters(whole, again));
  EXPECT_EQ(ended.values, expected.values);
}

INSTANTIATE_TEST_SUITE_P(StoppedAfterBatch, ResumedTraining, testing::Values(1, 2, 3, 5, 8));

TEST(Training, ResumeBeginsAnewWithoutACheckpointAndRefusesAnotherRuns) {
  const ScratchFolder folder;
  const ArrayDataset data = small_data();
  Network net = small_network(), plain = small_network();
  FitOptions options = quietly(2);
  options.run.checkpoint = folder / "checkpoint";
  options.run.resume = true;
  Trainer(net, {.optimizer = "adam"}).fit(data, options);
  Trainer(plain, {.optimizer = "adam"}).fit(data, quietly(2));
  EXPECT_TRUE(same_parameters(net, plain));

  options.batch_size = 5;
  const Error error = error_of([&] { Trainer(net, {.optimizer = "adam"}).fit(data, options); });
  EXPECT_NE(std::string(error.what()).find("batch_size"), std::string::npos) << error.what();
  options.batch_size = 8;
  EXPECT_EQ(error_of([&] { Trainer(net, {.optimizer = "sgd"}).fit(data, options); }).kind(),
            ErrorKind::model_file);
  write_file_atomically(options.run.checkpoint, "not a checkpoint");
  EXPECT_EQ(error_of([&] { Trainer(net, {.optimizer = "adam"}).fit(data, options); }).kind(),
            ErrorKind::model_file);
}

TEST(Training, ValidationSplitTakesTheLastSamplesBeforeShuffling) {
  const ArrayDataset data = small_data(20);
  std::vector<std::int64_t> first(15), last(5);
  for (std::int64_t i = 0; i < 15; ++i) first[static_cast<std::size_t>(i)] = i;
  for (std::int64_t i = 0; i < 5; ++i) last[static_cast<std::size_t>(i)] = 15 + i;
  const auto part = [&](const std::vector<std::int64_t>& rows) {
    return ArrayDataset(data.all().inputs[0].gather(rows), data.all().targets[0].gather(rows));
  };
  const ArrayDataset train = part(first), validation = part(last);
  Network split = small_network(), apart = small_network();
  FitOptions options = quietly(2);
  options.validation_split = 0.25;
  const History a = Trainer(split, {.optimizer = "adam"}).fit(data, options);
  options.validation_split = 0;
  options.validation_data = &validation;
  const History b = Trainer(apart, {.optimizer = "adam"}).fit(train, options);
  EXPECT_TRUE(same_parameters(split, apart));
  EXPECT_EQ(a.at("val_loss"), b.at("val_loss"));
}

TEST(Training, PaddingHasNoPartInTheLossHoweverItLies) {
  // Sequences of 3, 5 and 0 steps; the padded arrays hold NaN where there is no step.
  const Tensor x = noise({3, 5, 2}, 1), y = noise({3, 5, 1}, 2);
  Tensor holed_x = x, holed_y = y;
  std::vector<std::uint8_t> mask(15, 0);
  const std::vector<std::int64_t> lengths = {3, 5, 0};
  for (std::int64_t b = 0; b < 3; ++b) {
    for (std::int64_t t = 0; t < 5; ++t) {
      const bool used = t < lengths[static_cast<std::size_t>(b)];
      mask[static_cast<std::size_t>(b * 5 + t)] = used ? 1 : 0;
      if (used) continue;
      for (std::int64_t c = 0; c < 2; ++c) holed_x.set((b * 5 + t) * 2 + c, kNaN);
      holed_y.set(b * 5 + t, kNaN);
    }
  }
  Network net = small_network(true);
  Trainer trainer(net, {.metrics = {"mae"}});
  const auto measured = [&](Samples input, Samples target) {
    return trainer.evaluate(ArrayDataset(std::move(input), std::move(target)));
  };
  const NamedValues padded = measured(Samples::padded(holed_x, lengths), Samples(holed_y));
  EXPECT_TRUE(std::isfinite(loss_of(padded)));
  EXPECT_EQ(padded, measured(Samples::masked(holed_x, mask), Samples::padded(holed_y, lengths)));
  EXPECT_EQ(padded, measured(Samples::padded(x, lengths), Samples(y.reshaped({3, 5}))));  // [batch, time]
  // Σ over used steps / number of used steps.
  const double a =
      loss_of(measured(Samples::padded(x.slice(0, 1), std::vector<std::int64_t>{3}), Samples(y.slice(0, 1))));
  const double b = loss_of(measured(Samples(x.slice(1, 2)), Samples(y.slice(1, 2))));
  EXPECT_NEAR(loss_of(padded), (3 * a + 5 * b) / 8, 1e-6);
}

TEST(Training, SampleAndStepWeightsCount) {
  const Tensor x = noise({4, 5, 2}, 1), y = noise({4, 5, 1}, 2);
  Network net = small_network(true);
  Trainer trainer(net, {.loss = Json::object({{"name", "mse"}, {"reduction", "mean_with_sample_weight"}}),
                        .metrics = {"mse"},
                        .weighted_metrics = {"mae"}});
  const Tensor by_sample = Tensor::from({1, 0, 1, 0}, {4});
  Tensor by_step({4, 5});
  for (std::int64_t i = 0; i < 20; ++i) by_step.set(i, (i / 5) % 2 == 0 ? 1 : 0);
  const auto weighted = [&](const Tensor& w) {
    return trainer.evaluate(ArrayDataset({Samples(x)}, {Samples(y)}, {w}));
  };
  const std::vector<std::int64_t> kept = {0, 2};
  const NamedValues rest = trainer.evaluate(ArrayDataset(Samples(x).gather(kept), Samples(y).gather(kept)));
  for (const NamedValues& seen : {weighted(by_sample), weighted(by_step)}) {
    EXPECT_NEAR(seen[0].second, rest[0].second, 1e-6);  // loss
    EXPECT_NEAR(seen[2].second, rest[2].second, 1e-6);  // weighted_metrics
    EXPECT_NE(seen[1].second, rest[1].second);          // metrics do not look at weights
  }
  const auto wrong = [&] { weighted(Tensor({4, 3})); };
  EXPECT_EQ(error_of(wrong).kind(), ErrorKind::usage);
}

Network classifier() {
  Network net;
  const int x = net.add_input("x", ValueShape{false, -1, {2}});
  net.set_outputs(net.add(dense({.units = 3, .activation = "softmax"}), {x}));
  net.build(1);
  return net;
}

TEST(Training, ClassWeightsAreSampleWeightsByClass) {
  const Tensor x = noise({6, 2}, 1);
  const Tensor classes = Tensor::from({0, 1, 2, 0, 1, 2}, {6, 1});
  const Tensor weights = Tensor::from({1, 2, 0.5, 1, 2, 0.5}, {6});
  Network a = classifier(), b = classifier();
  FitOptions options = quietly(2);
  Trainer(a, {.loss = "scce"}).fit(ArrayDataset({Samples(x)}, {Samples(classes)}, {weights}), options);
  options.class_weight = {{1, 2.0}, {2, 0.5}};
  Trainer(b, {.loss = "scce"}).fit(ArrayDataset(Samples(x), Samples(classes)), options);
  EXPECT_TRUE(same_parameters(a, b));
}

TEST(Training, TruncatedBpttWithOneChunkIsOrdinaryTraining) {
  const ArrayDataset data = small_data(10, 6, true);
  Network whole = small_network(true), cut = small_network(true);
  FitOptions options = quietly(2);
  Trainer(whole, {.optimizer = "adam"}).fit(data, options);
  options.tbptt = 6;
  Trainer(cut, {.optimizer = "adam"}).fit(data, options);
  EXPECT_TRUE(same_parameters(whole, cut));
}

TEST(Training, ABudgetOfMemoryChangesNoBit) {
  const ArrayDataset data = small_data(10, 60, true);
  Network whole = small_network(true), tight = small_network(true);
  FitOptions options = quietly(2);
  Trainer(whole, {.optimizer = "adam"}).fit(data, options);
  options.bptt_memory = 40'000;
  Trainer(tight, {.optimizer = "adam"}).fit(data, options);
  EXPECT_TRUE(same_parameters(whole, tight));
  options.bptt_memory = 100;
  EXPECT_THROW(Trainer(tight, {.optimizer = "adam"}).fit(data, options), Error);
}

TEST(Training, TruncatedBpttCarriesTheStateFromChunkToChunk) {
  const std::vector<std::int64_t> lengths = {7, 3, 0, 5, 1};
  const Tensor x = noise({5, 7, 2}, 1);
  const CompileOptions still = {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.0}}),
                                .metrics = {"mae"}};
  for (const bool every_step : {true, false}) {
    const Samples target = every_step ? Samples(noise({5, 7, 1}, 2)) : Samples(noise({5, 1}, 2));
    // A sequence without steps has no end, so a loss on ends does not see it; give it no weight there.
    const Tensor weights = every_step ? Tensor() : Tensor::from({1, 1, 0, 1, 1}, {5});
    const ArrayDataset data({Samples::padded(x, lengths)}, {target}, {weights});
    Network net = small_network(every_step);
    Trainer trainer(net, still);
    FitOptions options = quietly(1);
    options.tbptt = 2;
    options.shuffle = false;
    const History history = trainer.fit(data, options);
    const double whole = loss_of(trainer.evaluate(data, {.batch_size = 8})) * (every_step ? 1.0 : 5.0 / 4.0);
    EXPECT_NEAR(history.at("loss")[0], whole, 1e-6) << every_step;
    EXPECT_EQ(trainer.optimizer().iterations(), 4);
  }
}

TEST(Training, TruncatedBpttMakesOneStepAChunk) {
  const ArrayDataset data = small_data(8, 6, true);
  Network net = small_network(true);
  Trainer trainer(net, {.optimizer = "sgd"});
  FitOptions options = quietly(1);
  options.tbptt = 2;
  trainer.fit(data, options);
  EXPECT_EQ(trainer.optimizer().iterations(), 3);
}

TEST(Training, StatefulLayersGoOnFromBatchToBatch) {
  // One long sequence as two batches of a stateful network is the sequence in one piece.
  const Tensor x = noise({2, 8, 2}, 1), y = noise({2, 8, 1}, 2);
  const auto half = [](const Tensor& t, std::int64_t from) {
    Tensor out({2, 4, t.dim(2)});
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t i = 0; i < 4 * t.dim(2); ++i) {
        out.set(b * 4 * t.dim(2) + i, t.at((b * 8 + from) * t.dim(2) + i));
      }
    }
    return out;
  };
  Network whole = small_network(true), pieces = small_network(true, false, true);
  const Tensor expected = Trainer(whole, {}).predict(Samples(x)).to_padded();
  Trainer trainer(pieces, {});
  for (int round = 0; round < 2; ++round) {
    const Tensor a = trainer.predict(Samples(half(x, 0))).to_padded(),
                 b = trainer.predict(Samples(half(x, 4))).to_padded();
    for (std::int64_t s = 0; s < 2; ++s) {
      for (std::int64_t t = 0; t < 4; ++t) {
        EXPECT_EQ(a.at(s * 4 + t), expected.at(s * 8 + t));
        EXPECT_EQ(b.at(s * 4 + t), expected.at(s * 8 + 4 + t));
      }
    }
    trainer.reset_states();
  }
}

TEST(Training, PredictionsDoNotDependOnTheBatchSize) {
  const std::vector<std::int64_t> lengths = {4, 0, 6, 2, 6};
  const Samples x = Samples::padded(noise({5, 6, 2}, 1), lengths);
  for (const bool every_step : {true, false}) {
    Network net = small_network(every_step);
    Trainer trainer(net, {});
    const Tensor one = trainer.predict(x, {.batch_size = 1}).to_padded(),
                 all = trainer.predict(x, {.batch_size = 5}).to_padded();
    ASSERT_EQ(one.shape(), all.shape());
    for (std::int64_t i = 0; i < one.size(); ++i) EXPECT_EQ(one.at(i), all.at(i));
  }
}

TEST(Training, StopsAtTheFirstLossThatIsNotFiniteAndSaysWhere) {
  Tensor y = noise({20, 1}, 2);
  y.set(19, kNaN);
  const ArrayDataset data(Samples(noise({20, 6, 2}, 1)), Samples(y));
  Network net = small_network();
  FitOptions options = quietly(5);
  options.shuffle = false;
  const Error error = error_of([&] { Trainer(net, {.optimizer = "adam"}).fit(data, options); });
  EXPECT_EQ(error.kind(), ErrorKind::diverged);
  EXPECT_NE(std::string(error.what()).find("step 2"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("last finite loss"), std::string::npos) << error.what();
  for (std::int64_t i = 0; i < net.parameters().values().size(); ++i) {
    EXPECT_TRUE(std::isfinite(net.parameters().values().at(i)));
  }
  options.terminate_on_nan = false;
  EXPECT_NO_THROW(Trainer(net, {.optimizer = "adam"}).fit(data, options));
}

TEST(Training, PenaltiesAreInTheLossAndTheGradient) {
  Network net;
  const int x = net.add_input("x", ValueShape{false, -1, {1}});
  net.set_outputs(net.add(dense({.units = 1, .use_bias = false, .kernel_regularizer = {.l2 = 0.5}}), {x}));
  net.build(1);
  net.parameters().set(0, Tensor::from({2}, {1, 1}));
  Trainer trainer(net, {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.1}})});
  Batch zero{{Samples(Tensor({1, 1}))}, {Samples(Tensor({1, 1}))}, {}};
  EXPECT_NEAR(loss_of(trainer.train_on_batch(zero)), 0.5 * 4, 1e-6);
  EXPECT_NEAR(net.parameters().get(0).at(0), 2 - 0.1 * 2 * 0.5 * 2, 1e-6);
}

TEST(Training, SeveralOutputsAddUpByTheirWeights) {
  Network net;
  const int x = net.add_input("x", ValueShape{false, -1, {2}});
  const int a = net.add(dense({.units = 1, .name = "a"}), {x})[0];
  const int b = net.add(dense({.units = 3, .activation = "softmax", .name = "b"}), {x})[0];
  net.set_outputs({a, b});
  net.build(1);
  const ArrayDataset data({Samples(noise({6, 2}, 1))},
                          {Samples(noise({6, 1}, 2)), Samples(Tensor::from({0, 1, 2, 0, 1, 2}, {6, 1}))});
  CompileOptions compile;
  compile.loss = Json::list(std::vector<std::string>{"mse", "scce"});
  compile.loss_weights = {1, 0.25};
  compile.metrics = {Json::list(std::vector<std::string>{"mae"}),
                     Json::list(std::vector<std::string>{"accuracy"})};
  Trainer trainer(net, compile);
  const NamedValues logs = trainer.evaluate(data);
  ASSERT_EQ(logs.size(), 5u);
  EXPECT_EQ(logs[1].first, "a_loss");
  EXPECT_EQ(logs[4].first, "b_accuracy");
  EXPECT_NEAR(logs[0].second, logs[1].second + 0.25 * logs[2].second, 1e-6);
  trainer.fit(data, quietly(20));
  EXPECT_LT(loss_of(trainer.evaluate(data)), logs[0].second);
}

TEST(Training, WritesPlainLinesWhereThereIsNoTerminal) {
  Network net = small_network();
  std::ostringstream out;
  FitOptions options = quietly(2);
  options.run.verbose = -1;
  options.run.progress = &out;
  Trainer(net, {.metrics = {"mae"}}).fit(small_data(), options);
  const std::string text = out.str();
  EXPECT_NE(text.find("mae"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n') >= 2, true) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Training, RefusesWhatDoesNotFit) {
  Network net = small_network();
  const ArrayDataset data = small_data();
  EXPECT_EQ(error_of([&] { Trainer(net, {.loss = "msee"}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { Trainer(net, {.metrics = {"acuracy"}}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { Trainer(net, {.loss_weights = {1, 2}}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { Trainer(net, {.loss = "gaussian_nll"}); }).kind(),
            ErrorKind::usage);  // one column only
  Trainer trainer(net, {});
  for (const auto& spoil : std::vector<std::function<void(FitOptions&)>>{
           [](FitOptions& o) { o.batch_size = 0; }, [](FitOptions& o) { o.validation_split = 1; },
           [](FitOptions& o) { o.epochs = -1; }, [](FitOptions& o) { o.run.resume = true; },
           [](FitOptions& o) { o.tbptt = -1; }, [](FitOptions& o) { o.run.verbose = 7; }}) {
    FitOptions options = quietly(1);
    spoil(options);
    EXPECT_EQ(error_of([&] { trainer.fit(data, options); }).kind(), ErrorKind::usage);
  }
  const ArrayDataset none(Samples(Tensor({0, 6, 2})), Samples(Tensor({0, 1})));
  EXPECT_EQ(error_of([&] { trainer.fit(none, quietly(1)); }).kind(), ErrorKind::data);
  const ArrayDataset wide(Samples(noise({4, 6, 2}, 1)), Samples(noise({4, 2}, 2)));
  const Error error = error_of([&] { trainer.fit(wide, quietly(1)); });
  EXPECT_NE(std::string(error.what()).find("target"), std::string::npos) << error.what();
}

TEST(Training, ResumeRefusesACheckpointOfOtherDataOfTheSameSize) {
  const ScratchFolder folder;
  FitOptions options = quietly(2);
  options.run.checkpoint = folder / "checkpoint";
  options.run.resume = true;
  options.validation_split = 0.2;
  Network net = small_network();
  Trainer(net, {.optimizer = "adam"}).fit(small_data(), options);
  for (const bool in_target : {false, true}) {
    Samples input = small_data().all().inputs[0], target = small_data().all().targets[0];
    Tensor& changed = (in_target ? target : input).values();
    changed.set(changed.size() - 1, std::nextafter(static_cast<float>(changed.at(changed.size() - 1)), 9.0F));
    const ArrayDataset other(input, target);
    const Error error = error_of([&] { Trainer(net, {.optimizer = "adam"}).fit(other, options); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("other data"), std::string::npos) << error.what();
  }
}

TEST(Training, CheckpointsWithinAnEpochWhenAskedTo) {
  const ScratchFolder folder;
  FitOptions options = quietly(1);
  options.run.checkpoint = folder / "checkpoint";
  options.run.checkpoint_every_batches = 2;
  auto watcher = std::make_shared<LambdaCallback>();
  std::vector<bool> there;
  watcher->batch_end = [&](TrainingRun&, std::int64_t, const NamedValues&) {
    there.push_back(std::filesystem::exists(options.run.checkpoint));
  };
  options.callbacks = {watcher};
  Network net = small_network();
  Trainer(net, {.optimizer = "adam"}).fit(small_data(30), options);  // batches of 8, 8, 8 and 6
  EXPECT_EQ(there, (std::vector<bool>{false, false, true, true}));
  options.run.checkpoint_every_batches = -1;
  EXPECT_EQ(error_of([&] { Trainer(net, {}).fit(small_data(), options); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace rondo
