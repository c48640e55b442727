#include "unit/train/objectives/crf_loss.h"

#include <atomic>
#include <cstring>
#include <filesystem>

#include "unit/train/objectives/sequences.h"

// A loss with parameters of its own, one file against public headers.

namespace rondo::examples {
namespace {

constexpr std::int64_t kLabels = 3;
const std::vector<std::int64_t> kSteps = {3, 0, 1, 4};
const std::vector<std::vector<std::int64_t>> kTruth = {{0, 2, 1}, {}, {2}, {1, 1, 0, 2}};

/// The loss beside a store of its own, with parameters that are not 0.
struct Crf {
  CrfLoss loss;
  ParameterStore parameters{DType::float64};

  Crf() {
    loss.join(parameters, std::vector<ValueShape>{{true, -1, {kLabels}}}, "crf.", 0);
    parameters.set(0, noise({kLabels, kLabels}, 7));
    parameters.set(1, noise({kLabels}, 8));
    parameters.set(2, noise({kLabels}, 9));
  }
  double score(const Tensor& emissions, const std::vector<std::int64_t>& labels) const {
    if (labels.empty()) return 0;
    double sum = parameters.get(1).at(labels.front()) + parameters.get(2).at(labels.back());
    for (std::size_t t = 0; t < labels.size(); ++t) {
      sum += emissions.at(static_cast<std::int64_t>(t) * kLabels + labels[t]);
      if (t > 0) sum += parameters.get(0).at(labels[t - 1] * kLabels + labels[t]);
    }
    return sum;
  }
};

TEST(CrfLoss, IsTheLikelihoodAmongAllLabellings) {
  Crf crf;
  const Samples emissions = ragged_noise(kSteps, kLabels, 1), labels = label_sequences(kTruth);
  double expected = 0;
  for (std::size_t b = 0; b < kSteps.size(); ++b) {
    const Tensor own = emissions.sample(static_cast<std::int64_t>(b));
    double all = 0;
    each_sequence(kSteps[b], kLabels,
                  [&](const std::vector<std::int64_t>& other) { all += std::exp(crf.score(own, other)); });
    expected += std::log(all) - crf.score(own, kTruth[b]);
  }
  EXPECT_NEAR(differentiate(crf.loss, emissions, Target(labels), crf.parameters).value, expected / 4, 1e-12);
}

TEST(CrfLoss, HasTheGradientsOfFiniteDifferences) {
  Crf crf;
  Samples emissions = ragged_noise(kSteps, kLabels, 2);
  const Samples labels = label_sequences(kTruth);
  const Tensor weights = Tensor::from({1, 1, 0.5, 2}, {4});
  const Target target(labels, &weights);
  const auto value = [&] { return differentiate(crf.loss, emissions, target, crf.parameters).value; };
  const Tensor gradient = differentiate(crf.loss, emissions, target, crf.parameters).gradient;
  const Tensor of_parameters = crf.parameters.gradients();
  expect_gradient(emissions.values(), gradient, value);
  expect_gradient(crf.parameters.values(), of_parameters, value);
}

/// Labels of which each depends on the one before: what emissions alone cannot tell.
ArrayDataset alternating(std::int64_t samples) {
  std::vector<Tensor> inputs;
  std::vector<std::vector<std::int64_t>> labels;
  const RandomStream random(6);
  std::uint64_t draw = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    const auto steps = static_cast<std::int64_t>(random.below(draw++, 7));
    Tensor& input = inputs.emplace_back(Shape{steps, 2});
    std::vector<std::int64_t>& own = labels.emplace_back();
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t label =
          t == 0 ? static_cast<std::int64_t>(random.below(draw++, 3)) : (own.back() + 1) % 3;
      own.push_back(label);
      input.set(2 * t, label == 0 ? 1 : 0);
      input.set(2 * t + 1, random.normal(draw++));
    }
  }
  return ArrayDataset(Samples::ragged(inputs), label_sequences(labels));
}

Sequential tagger() {
  Sequential model(ValueShape{true, -1, {2}}, {dense({.units = kLabels})});
  model.build(1);
  return model;
}

CompileOptions with_crf(double l2 = 0) {
  return {.optimizer = Json::object({{"name", "adam"}, {"learning_rate", 0.05}, {"global_clipnorm", 1.0}}),
          .custom_objectives = {std::make_shared<CrfLoss>(l2)}};
}

FitOptions quiet(std::int64_t epochs) {
  return {.batch_size = 8, .epochs = epochs, .seed = 3, .run = {.verbose = 0}};
}

Tensor transitions_of(Model& model) {
  const ParameterStore& parameters = model.network().parameters();
  const int index = parameters.find("objective.dense.transitions");
  return index < 0 ? Tensor() : parameters.get(index);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.size() == b.size() && a.dtype() == b.dtype() && !a.empty() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())) == 0;
}

std::string scratch_file(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("rondo_crf_" + name)).string();
}

TEST(CrfLoss, HasItsParametersInTheModel) {
  Sequential model = tagger();
  const std::int64_t of_layers = model.network().parameters().total_count();
  const std::string before = model.summary();
  model.compile(with_crf());
  EXPECT_EQ(model.network().parameters().total_count(), of_layers + 3 * 3 + 3 + 3);
  EXPECT_NE(model.summary().find("objective.dense (Objective)"), std::string::npos) << model.summary();
  EXPECT_EQ(before.find("Objective"), std::string::npos);
  EXPECT_EQ(model.network().cast(DType::float64).parameters().total_count(), of_layers + 15);
}

TEST(CrfLoss, LearnsTransitionsWithTheNetwork) {
  Sequential model = tagger();
  model.compile(with_crf());
  const Tensor first = transitions_of(model);
  EXPECT_NE(first.at(0), 0);  // initialised
  const ArrayDataset data = alternating(40);
  const double before = model.evaluate(data).front().second;
  model.fit(data, quiet(40));
  EXPECT_LT(model.evaluate(data).front().second, 0.3 * before);
  const Tensor learned = transitions_of(model);
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_GT(learned.at(i * 3 + (i + 1) % 3), learned.at(i * 3 + i) + 1);
}

TEST(CrfLoss, PaysThePenaltyOfItsParameters) {
  Sequential plain = tagger(), penalised = tagger();
  plain.compile(with_crf());
  penalised.compile(with_crf(0.5));
  const Tensor transitions = transitions_of(penalised);
  double squares = 0;
  for (std::int64_t i = 0; i < transitions.size(); ++i) squares += transitions.at(i) * transitions.at(i);
  const ArrayDataset data = alternating(8);
  EXPECT_NEAR(penalised.evaluate(data).front().second, plain.evaluate(data).front().second + 0.5 * squares,
              1e-6);
}

TEST(CrfLoss, IsSavedAndLoadedWithItsModel) {
  const std::string path = scratch_file("model");
  const ArrayDataset data = alternating(20);
  Sequential model = tagger();
  model.compile(with_crf());
  model.fit(data, quiet(2));
  model.save(path);
  Model loaded = Model::load(path);
  EXPECT_TRUE(same_bits(transitions_of(loaded), transitions_of(model)));
  loaded.predict(data.all().inputs[0]);  // which needs no compilation
  loaded.compile(with_crf());            // its owner's: no name stands for it
  EXPECT_TRUE(same_bits(transitions_of(loaded), transitions_of(model)));
  EXPECT_EQ(loaded.evaluate(data), model.evaluate(data));
  std::filesystem::remove(path);
}

TEST(CrfLoss, KeepsItsParametersWhenTheModelIsCompiledAgain) {
  Sequential model = tagger();
  model.compile(with_crf());
  model.fit(alternating(20), quiet(2));
  const Tensor learned = transitions_of(model);
  model.compile(with_crf());
  EXPECT_TRUE(same_bits(transitions_of(model), learned));
}

TEST(CrfLoss, ResumesToTheBitsOfAnUninterruptedTraining) {
  const std::string path = scratch_file("checkpoint");
  const ArrayDataset data = alternating(30);
  Sequential whole = tagger();
  whole.compile(with_crf());
  const History expected = whole.fit(data, quiet(5));

  FitOptions options = quiet(5);
  options.run.checkpoint = path;
  std::atomic<bool> stop = false;
  options.run.stop = &stop;
  auto interrupt = std::make_shared<LambdaCallback>();
  interrupt->batch_end = [&](TrainingRun& run, std::int64_t batch, const NamedValues&) {
    stop = run.epoch() == 2 && batch == 1;
  };
  options.callbacks = {interrupt};
  Sequential first = tagger(), second = tagger();
  first.compile(with_crf());
  EXPECT_EQ(error_of([&] { first.fit(data, options); }).kind(), ErrorKind::interrupted);
  stop = false;
  interrupt->batch_end = {};
  options.run.resume = true;
  second.compile(with_crf());
  const History history = second.fit(data, options);
  EXPECT_EQ(history.values, expected.values);
  EXPECT_TRUE(same_bits(second.network().parameters().values(), whole.network().parameters().values()));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace rondo::examples
