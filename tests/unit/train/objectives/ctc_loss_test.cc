#include "unit/train/objectives/ctc_loss.h"

#include "unit/train/objectives/sequences.h"
#include "unit/train/objectives/token_error_rate.h"

// A loss of two lengths and a metric of the corpus, each one file against public headers.

namespace rondo::examples {
namespace {

constexpr std::int64_t kClasses = 3;

/// Steps and labels of a ragged batch: repeats, no labels, no steps, and as many steps as labels.
const std::vector<std::int64_t> kFrames = {4, 0, 5, 3, 2, 6};
const std::vector<std::vector<std::int64_t>> kTranscripts = {{1, 2}, {}, {2, 2}, {}, {1, 2}, {1, 2, 1}};

/// −log Σ p over every path of classes that comes to `labels` when repeats are merged and blanks removed.
double by_brute_force(const Tensor& logits, const std::vector<std::int64_t>& labels) {
  double probability = 0;
  each_sequence(logits.dim(0), kClasses, [&](const std::vector<std::int64_t>& path) {
    std::vector<std::int64_t> read;
    double p = 1;
    for (std::size_t t = 0; t < path.size(); ++t) {
      if (path[t] != 0 && (t == 0 || path[t] != path[t - 1])) read.push_back(path[t]);
      double sum = 0;
      const std::int64_t row = static_cast<std::int64_t>(t) * kClasses;
      for (std::int64_t k = 0; k < kClasses; ++k) sum += std::exp(logits.at(row + k));
      p *= std::exp(logits.at(row + path[t])) / sum;
    }
    if (read == labels) probability += p;
  });
  return -std::log(probability);
}

TEST(CtcLoss, IsTheSumOverAllAlignmentsInRaggedBatches) {
  const Samples logits = ragged_noise(kFrames, kClasses, 1), labels = label_sequences(kTranscripts);
  ParameterStore none(DType::float64);
  const std::vector<double> weights = {1, 2, 0.5, 1, 0, 3};
  const Tensor weight = Tensor::from(std::span<const double>(weights), {6});
  double sum = 0, weighted = 0;
  for (std::size_t b = 0; b < kFrames.size(); ++b) {
    const double one = by_brute_force(logits.sample(static_cast<std::int64_t>(b)), kTranscripts[b]);
    sum += one;
    weighted += weights[b] * one;
  }
  EXPECT_NEAR(differentiate(CtcLoss(), logits, Target(labels), none).value, sum / 6, 1e-12);
  EXPECT_NEAR(differentiate(CtcLoss(), logits, Target(labels, &weight), none).value, weighted / 6, 1e-12);
}

TEST(CtcLoss, HasTheGradientOfFiniteDifferences) {
  Samples logits = ragged_noise(kFrames, kClasses, 2);
  const Samples labels = label_sequences(kTranscripts);
  const Tensor weights = Tensor::from({1, 1, 2, 0.5, 1, 0}, {6});
  const Target target(labels, &weights);
  ParameterStore none(DType::float64);
  const Tensor gradient = differentiate(CtcLoss(), logits, target, none).gradient;
  expect_gradient(logits.values(), gradient,
                  [&] { return differentiate(CtcLoss(), logits, target, none).value; });
}

TEST(CtcLoss, OfASequenceDoesNotDependOnItsBatch) {
  const Samples logits = ragged_noise(kFrames, kClasses, 3), labels = label_sequences(kTranscripts);
  ParameterStore none(DType::float64);
  const Samples all =
      Samples::packed(logits.layout(), differentiate(CtcLoss(), logits, Target(labels), none).gradient);
  for (std::int64_t b = 0; b < 6; ++b) {
    const std::vector<std::int64_t> one = {b};
    const Samples alone = labels.gather(one);
    const Tensor gradient = differentiate(CtcLoss(), logits.gather(one), Target(alone), none).gradient;
    const Tensor within = all.sample(b);
    for (std::int64_t i = 0; i < within.size(); ++i) EXPECT_NEAR(gradient.at(i), 6 * within.at(i), 1e-15);
  }
}

TEST(CtcLoss, RefusesWhatCannotBe) {
  ParameterStore none(DType::float64);
  const auto error_with = [&](const std::vector<std::vector<std::int64_t>>& labels) {
    const Samples target = label_sequences(labels);
    return error_of([&] { differentiate(CtcLoss(), ragged_noise({2}, kClasses, 4), Target(target), none); });
  };
  EXPECT_EQ(error_with({{1, 1}}).kind(), ErrorKind::data);  // the blank between them has no room
  EXPECT_EQ(error_with({{3}}).kind(), ErrorKind::data);
  EXPECT_EQ(error_with({{0}}).kind(), ErrorKind::data);  // the blank is no label
  EXPECT_EQ(error_with({{1}, {2}}).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([] {
              CtcLoss({.blank = 3}).infer(std::vector<ValueShape>{{true, -1, {3}}});
            }).kind(),
            ErrorKind::usage);
}

/// Sequences that show each of their labels for two or three steps, with pauses.
ArrayDataset spelled_labels(std::int64_t samples) {
  std::vector<Tensor> inputs;
  std::vector<std::vector<std::int64_t>> labels;
  const RandomStream random(5);
  std::uint64_t draw = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    std::vector<std::int64_t>& own = labels.emplace_back(random.below(draw++, 4));
    std::vector<double> shown;
    for (std::int64_t& label : own) {
      label = 1 + static_cast<std::int64_t>(random.below(draw++, 2));
      shown.insert(shown.end(), 2 + random.below(draw++, 2), static_cast<double>(label));
      shown.insert(shown.end(), 1 + random.below(draw++, 2), 0.0);
    }
    Tensor& input = inputs.emplace_back(Shape{static_cast<std::int64_t>(shown.size()), kClasses});
    for (std::size_t t = 0; t < shown.size(); ++t)
      input.set(static_cast<std::int64_t>(t) * kClasses + static_cast<std::int64_t>(shown[t]), 1);
  }
  return ArrayDataset(Samples::ragged(inputs), label_sequences(labels));
}

Sequential reader() {
  Sequential model(ValueShape{true, -1, {kClasses}},
                   {gru({.units = 8, .return_sequences = true}), dense({.units = kClasses})});
  model.build(1);
  return model;
}

CompileOptions with_ctc(Json optimizer) {
  return {.optimizer = std::move(optimizer),
          .custom_objectives = {std::make_shared<CtcLoss>()},
          .custom_metrics = {{[] { return std::make_shared<TokenErrorRate>(); }}}};
}

FitOptions quiet_fit(std::int64_t epochs) {
  return {.batch_size = 10, .epochs = epochs, .seed = 3, .run = {.verbose = 0}};
}

TEST(CtcLoss, TrainsAModelToSpell) {
  Sequential model = reader();
  model.compile(with_ctc(Json::object({{"name", "adam"}, {"learning_rate", 0.02}})));
  const ArrayDataset data = spelled_labels(60);
  FitOptions options = quiet_fit(40);
  options.validation_split = 0.2;
  const History history = model.fit(data, options);
  EXPECT_GT(history.at("token_error_rate").front(), 0.5);
  EXPECT_LT(history.at("val_token_error_rate").back(), 0.05);
  EXPECT_LT(history.at("val_loss").back(), 0.2 * history.at("val_loss").front());
}

TEST(CtcLoss, OfABatchInPiecesAddsUpToTheWhole) {
  const ArrayDataset data = spelled_labels(10);
  Sequential whole = reader(), pieces = reader();
  whole.compile(with_ctc(sgd(0.1)));
  pieces.compile(with_ctc(sgd(0.1)));
  FitOptions options = quiet_fit(3);
  const History expected = whole.fit(data, options);
  options.micro_batch_size = 3;
  const History seen = pieces.fit(data, options);
  for (std::size_t epoch = 0; epoch < 3; ++epoch)
    EXPECT_NEAR(seen.at("loss")[epoch], expected.at("loss")[epoch], 1e-5);
  EXPECT_EQ(seen.at("token_error_rate"), expected.at("token_error_rate"));
  const Tensor &a = whole.network().parameters().values(), &b = pieces.network().parameters().values();
  for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a.at(i), b.at(i), 1e-5);
}

TEST(CtcLoss, CannotBeCutInTime) {
  Sequential model = reader();
  model.compile(with_ctc(sgd(0.1)));
  FitOptions options = quiet_fit(1);
  options.tbptt = 2;
  const Error error = error_of([&] { model.fit(spelled_labels(5), options); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_NE(std::string(error.what()).find("objective ctc"), std::string::npos) << error.what();
}

TEST(TokenErrorRate, IsOfTheCorpusWhateverTheBatches) {
  Sequential model = reader();
  model.compile(with_ctc(sgd(0.1)));
  const ArrayDataset data = spelled_labels(30);
  const double whole = model.evaluate(data, {.batch_size = 30}).back().second;
  EXPECT_GT(whole, 0);
  for (const std::int64_t size : {1, 7})
    EXPECT_EQ(model.evaluate(data, {.batch_size = size}).back().second, whole);
}

TEST(TokenErrorRate, CountsEditsOfAllSequencesOverAllLabels) {
  // Decoded greedily: 1 2 | (nothing) | 2.
  const Samples logits =
      Samples::ragged(std::vector<Tensor>{Tensor::from({0, 9, 0, 0, 9, 0, 9, 0, 0, 0, 0, 9}, {4, 3}),
                                          Tensor({0, 3}), Tensor::from({0, 0, 9}, {1, 3})});
  const Samples labels = label_sequences({{1, 1, 2}, {2}, {2}});
  Tape tape;
  tape.reset();
  const std::vector<Value> values = {tape.value(tape.input(logits))};
  TokenErrorRate metric;
  EXPECT_TRUE(std::isnan(metric.result()));
  metric.update(values, Target(labels));
  EXPECT_DOUBLE_EQ(metric.result(), 2.0 / 5);  // one insertion in each of the first two
  const Tensor weights = Tensor::from({1, 0, 2}, {3});
  metric.reset();
  metric.update(values, Target(labels, &weights));
  EXPECT_DOUBLE_EQ(metric.result(), 1.0 / 5);
  TokenErrorRate other;
  other.restore(metric.gathered());
  EXPECT_EQ(other.result(), metric.result());
}

}  // namespace
}  // namespace rondo::examples
