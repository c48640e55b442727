#include "rondo/train/training_step.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "unit/train/objectives/sequences.h"
#include "unit/train/steps/distillation.h"
#include "unit/train/steps/scheduled_sampling.h"

namespace rondo::examples {
namespace {

constexpr std::int64_t kClasses = 3;

Tensor parameters_of(const Network& network) { return network.parameters().values(); }

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.size() == b.size() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())) == 0;
}

FitOptions quiet(std::int64_t epochs) {
  return {.batch_size = 8, .epochs = epochs, .seed = 3, .run = {.verbose = 0}};
}

/// Trains in one go, and interrupted after `batches` of the whole fit and resumed; expects the same bits.
void expect_resumes(const std::function<Network()>& network, const CompileOptions& compile,
                    const Dataset& data, std::int64_t batches) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("rondo_step_" + std::to_string(batches))).string();
  std::filesystem::remove(path);
  Network whole = network(), first = network(), second = network();
  FitOptions options = quiet(4);
  options.validation_split = 0.2;
  const History expected = Trainer(whole, compile).fit(data, options);
  options.run.checkpoint = path;
  options.run.resume = true;
  std::atomic<bool> stop = false;
  options.run.stop = &stop;
  auto interrupt = std::make_shared<LambdaCallback>();
  interrupt->batch_end = [&](TrainingRun&, std::int64_t, const NamedValues&) { stop = --batches == 0; };
  options.callbacks = {interrupt};
  EXPECT_EQ(error_of([&] { Trainer(first, compile).fit(data, options); }).kind(), ErrorKind::interrupted);
  stop = false;
  const History history = Trainer(second, compile).fit(data, options);
  EXPECT_EQ(history.values, expected.values);
  EXPECT_TRUE(same_bits(parameters_of(second), parameters_of(whole)));
  CompileOptions plain = compile;
  plain.step = nullptr;
  EXPECT_EQ(error_of([&] { Trainer(second, plain).fit(data, options); }).kind(), ErrorKind::usage);
  std::filesystem::remove(path);
}

Network classifier(std::uint64_t seed, std::int64_t units) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  int h = net.add(gru({.units = units}), {x})[0];
  h = net.add(dropout({.rate = 0.2}), {h})[0];
  net.set_outputs(net.add(dense({.units = kClasses}), {h}));
  net.build(seed);
  return net;
}

/// Ragged sequences with labels that have nothing to do with them.
ArrayDataset mislabelled() {
  std::vector<std::int64_t> lengths;
  Tensor labels({40, 1});
  const RandomStream random(4);
  for (std::uint64_t b = 0; b < 40; ++b) {
    lengths.push_back(static_cast<std::int64_t>(random.below(b, 6)));
    labels.set(static_cast<std::int64_t>(b), static_cast<double>(random.below(100 + b, kClasses)));
  }
  return ArrayDataset(ragged_noise(lengths, 2, 1, DType::float32), Samples(labels));
}

CompileOptions distilled(Network& teacher, double share) {
  return {.optimizer = Json::object({{"name", "adam"}, {"learning_rate", 0.02}}),
          .loss = Json::object({{"name", "scce"}, {"from_logits", true}}),
          .metrics = {"sparse_categorical_accuracy"},
          .step = share < 0 ? nullptr : std::make_shared<Distillation>(teacher, share, 2.0)};
}

/// Mean over samples of the largest difference of the two networks' probabilities.
double disagreement(Network& a, Network& b, const Dataset& data) {
  const auto probabilities = [&](Network& network) {
    Tape tape;
    tape.reset();
    Trainer trainer(network, {});
    const Var logits = tape.input(trainer.predict(data)[0]);
    return tape.get(ops::softmax(tape, logits)).values();
  };
  const Tensor p = probabilities(a), q = probabilities(b);
  double sum = 0;
  for (std::int64_t i = 0; i < p.dim(0); ++i) {
    double most = 0;
    for (std::int64_t k = 0; k < kClasses; ++k)
      most = std::max(most, std::abs(p.at(i * kClasses + k) - q.at(i * kClasses + k)));
    sum += most;
  }
  return sum / static_cast<double>(p.dim(0));
}

TEST(Distillation, TeachesTheStudentWhatTheTeacherPredicts) {
  const ArrayDataset data = mislabelled();
  Network teacher = classifier(1, 6), student = classifier(2, 4);
  Tensor weights = teacher.parameters().values();
  for (float& w : weights.data<float>()) w *= 3;
  teacher.parameters().values() = weights;  // a teacher that is sure
  const Tensor before = parameters_of(teacher);
  const double apart = disagreement(teacher, student, data);
  const History history = Trainer(student, distilled(teacher, 1)).fit(data, quiet(120));
  EXPECT_LT(disagreement(teacher, student, data), 0.35 * apart);
  EXPECT_LT(history.at("loss").back(), history.at("loss").front());
  EXPECT_TRUE(same_bits(parameters_of(teacher), before));
}

TEST(Distillation, WithoutAShareIsOrdinaryTraining) {
  const ArrayDataset data = mislabelled();
  Network teacher = classifier(1, 6), with = classifier(2, 4), without = classifier(2, 4);
  const History a = Trainer(with, distilled(teacher, 0)).fit(data, quiet(3));
  const History b = Trainer(without, distilled(teacher, -1)).fit(data, quiet(3));
  EXPECT_TRUE(same_bits(parameters_of(with), parameters_of(without)));
  EXPECT_EQ(a.values, b.values);
}

TEST(Distillation, ResumesToTheBitsOfAnUninterruptedTraining) {
  Network teacher = classifier(1, 6);
  for (const std::int64_t batches : {2, 5})
    expect_resumes([] { return classifier(2, 4); }, distilled(teacher, 0.5), mislabelled(), batches);
}

Network next_step() {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {1}});
  const int h = net.add(lstm({.units = 4, .return_sequences = true}), {x})[0];
  net.set_outputs(net.add(dense({.units = 1}), {h}));
  net.build(7);
  return net;
}

/// Ragged waves and what follows each of their steps.
ArrayDataset waves() {
  std::vector<Tensor> inputs, targets;
  for (std::int64_t b = 0; b < 30; ++b) {
    const std::int64_t steps = b % 9;
    Tensor &x = inputs.emplace_back(Shape{steps, 1}), &y = targets.emplace_back(Shape{steps, 1});
    for (std::int64_t t = 0; t < steps; ++t) {
      x.set(t, std::sin(0.7 * static_cast<double>(t + b)));
      y.set(t, std::sin(0.7 * static_cast<double>(t + 1 + b)));
    }
  }
  return ArrayDataset(Samples::ragged(inputs), Samples::ragged(targets));
}

CompileOptions sampled(double probability) {
  return {.optimizer = Json::object({{"name", "adam"}, {"learning_rate", 0.02}}),
          .metrics = {"mae"},
          .step = probability < 0 ? nullptr : std::make_shared<ScheduledSampling>(probability)};
}

TEST(ScheduledSampling, ThatNeverSamplesIsOrdinaryTraining) {
  Network with = next_step(), without = next_step();
  const History a = Trainer(with, sampled(0)).fit(waves(), quiet(3));
  const History b = Trainer(without, sampled(-1)).fit(waves(), quiet(3));
  EXPECT_TRUE(same_bits(parameters_of(with), parameters_of(without)));
  EXPECT_EQ(a.values, b.values);
}

TEST(ScheduledSampling, LearnsFromItsOwnPredictions) {
  Network with = next_step(), without = next_step();
  Trainer trainer(with, sampled(0.5));
  const double before = trainer.evaluate(waves()).front().second;
  trainer.fit(waves(), quiet(60));
  Trainer(without, sampled(-1)).fit(waves(), quiet(60));
  EXPECT_LT(trainer.evaluate(waves()).front().second, 0.5 * before);
  EXPECT_FALSE(same_bits(parameters_of(with), parameters_of(without)));
}

TEST(ScheduledSampling, ResumesToTheBitsOfAnUninterruptedTraining) {
  for (const std::int64_t batches : {1, 4, 6}) expect_resumes(next_step, sampled(0.5), waves(), batches);
}

TEST(ScheduledSampling, HasTheSameBitsWithOneAndTwoThreads) {
  Pool pool(2);
  Network one = next_step(), two = next_step();
  Trainer(one, sampled(0.5)).fit(waves(), quiet(3));
  Trainer(two, sampled(0.5), &pool).fit(waves(), quiet(3));
  EXPECT_TRUE(same_bits(parameters_of(one), parameters_of(two)));
}

TEST(TrainingStep, RefusesWhatCannotBe) {
  struct Nothing : TrainingStep {
    void run(TrainingPass& pass) override { pass.forward(); }
  };
  struct Twice : TrainingStep {
    void run(TrainingPass& pass) override {
      const Vars predictions = pass.forward();
      pass.add_objectives(std::vector<Var>{predictions[0], predictions[0]});
    }
  };
  for (const std::shared_ptr<TrainingStep>& step :
       {std::shared_ptr<TrainingStep>(std::make_shared<Nothing>()),
        std::shared_ptr<TrainingStep>(std::make_shared<Twice>())}) {
    Network net = next_step();
    EXPECT_EQ(error_of([&] { Trainer(net, {.step = step}).fit(waves(), quiet(1)); }).kind(),
              ErrorKind::usage);
  }
}

}  // namespace
}  // namespace rondo::examples
