#include <cmath>

#include "unit/train/objectives/sequences.h"

// A batch that runs in pieces, and objectives of several outputs.

namespace rondo::examples {
namespace {

FitOptions quiet(std::int64_t micro_batch_size) {
  FitOptions options = {.batch_size = 12, .epochs = 3, .seed = 3, .run = {.verbose = 0}};
  options.micro_batch_size = micro_batch_size;
  return options;
}

Network every_step() {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  const int h = net.add(gru({.units = 4, .return_sequences = true}), {x})[0];
  net.set_outputs(
      net.add(dense({.units = 2, .activation = "softmax", .kernel_regularizer = {.l2 = 0.01}}), {h}));
  net.build(7);
  return net;
}

/// Ragged sequences with targets and weights for every place of the padded array.
ArrayDataset weighted_steps() {
  const std::vector<std::int64_t> lengths = {3, 0, 5, 1, 5, 2, 4, 5, 3, 1, 0, 2};
  Tensor classes({12, 5}), weights({12, 5});
  const RandomStream random(9);
  for (std::int64_t i = 0; i < 60; ++i) {
    classes.set(i, static_cast<double>(random.below(static_cast<std::uint64_t>(i), 2)));
    weights.set(i, static_cast<double>(random.below(static_cast<std::uint64_t>(100 + i), 3)));
  }
  return ArrayDataset({ragged_noise(lengths, 2, 1, DType::float32)}, {Samples(classes)}, {weights});
}

TEST(MicroBatches, AddUpToTheWholeBatchForEveryReduction) {
  for (const char* reduction : {"sum_over_batch_size", "sum", "mean_with_sample_weight"}) {
    const CompileOptions compile = {.optimizer = sgd(0.1),
                                    .loss = Json::object({{"name", "scce"}, {"reduction", reduction}}),
                                    .metrics = {"accuracy"},
                                    .weighted_metrics = {"sparse_categorical_crossentropy"}};
    Network whole = every_step(), pieces = every_step();
    const ArrayDataset data = weighted_steps();
    FitOptions options = quiet(0);
    options.class_weight = {{1, 2.0}};
    const History expected = Trainer(whole, compile).fit(data, options);
    options.micro_batch_size = 5;
    const History seen = Trainer(pieces, compile).fit(data, options);
    ASSERT_EQ(seen.values.size(), expected.values.size());
    for (std::size_t v = 0; v < seen.values.size(); ++v) {
      for (std::size_t e = 0; e < 3; ++e)
        EXPECT_NEAR(seen.values[v].second[e], expected.values[v].second[e], 1e-5) << seen.values[v].first;
    }
    const Tensor &a = whole.parameters().values(), &b = pieces.parameters().values();
    for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a.at(i), b.at(i), 1e-5) << reduction;
  }
}

TEST(MicroBatches, AreRefusedWhereABatchIsOnePiece) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  net.set_outputs(net.add(gru({.units = 2, .return_sequences = true, .stateful = true}), {x}));
  net.build(1);
  const ArrayDataset data(ragged_noise({2, 3}, 2, 1, DType::float32),
                          ragged_noise({2, 3}, 2, 2, DType::float32));
  EXPECT_EQ(error_of([&] { Trainer(net, {}).fit(data, quiet(1)); }).kind(), ErrorKind::usage);
  FitOptions options = quiet(1);
  options.tbptt = 2;
  EXPECT_EQ(error_of([&] { Trainer(net, {}).fit(data, options); }).kind(), ErrorKind::usage);
}

/// A Gaussian likelihood of two outputs of a network, mean and log σ, from primitive operations.
class TwoHeads : public Objective {
 public:
  std::string name() const override { return "two_heads"; }
  std::size_t prediction_count() const override { return 2; }
  double count(std::span<const Value> predictions, const Target&) const override {
    return static_cast<double>(predictions[0].data.rows);
  }
  Var record(Tape& tape, std::span<const Var> predictions, const Target& target,
             double count) const override {
    const Var error = ops::subtract(tape, tape.input(target.samples()), predictions[0]);
    const Var scaled = ops::multiply(tape, error, ops::exp(tape, ops::negate(tape, predictions[1])));
    const Var terms = ops::add(tape, ops::scale(tape, ops::square(tape, scaled), 0.5), predictions[1]);
    return ops::scale(tape, ops::sum(tape, terms), 1 / count);
  }
};

Network two_heads() {
  Network net;
  const int x = net.add_input("x", ValueShape{false, -1, {2}});
  const int mean = net.add(dense({.units = 1, .name = "mean"}), {x})[0];
  const int scale = net.add(dense({.units = 1, .name = "log_scale"}), {x})[0];
  const int other = net.add(dense({.units = 1, .name = "other"}), {x})[0];
  net.set_outputs({mean, scale, other});
  net.build(3);
  return net;
}

TEST(Objective, MayReadSeveralOutputsOfANetwork) {
  const Samples x = Samples(noise({40, 2}, 1, DType::float32));
  Tensor y({40, 1}), z({40, 1});
  for (std::int64_t i = 0; i < 40; ++i) {
    const double a = x.values().at(2 * i), b = x.values().at(2 * i + 1);
    y.set(i, 2 * a + 0.1 * b);
    z.set(i, -b);
  }
  const ArrayDataset data({x}, {Samples(y), Samples(z)});
  Network net = two_heads();
  Trainer trainer(net, {.optimizer = Json::object({{"name", "adam"}, {"learning_rate", 0.05}}),
                        .loss = "mse",
                        .loss_weights = {1, 0.5},
                        .metrics = {"mae"},
                        .custom_objectives = {std::make_shared<TwoHeads>()}});
  const NamedValues before = trainer.evaluate(data);
  ASSERT_EQ(before.size(), 5U);
  EXPECT_EQ(before[1].first, "mean_loss");
  EXPECT_EQ(before[2].first, "other_loss");
  EXPECT_NEAR(before[0].second, before[1].second + 0.5 * before[2].second, 1e-6);
  FitOptions options = quiet(0);
  options.epochs = 400;
  trainer.fit(data, options);
  const NamedValues after = trainer.evaluate(data);
  EXPECT_LT(after[1].second, before[1].second - 1);
  EXPECT_LT(after[3].second, 0.3 * before[3].second);
  EXPECT_EQ(error_of([&] {
              Trainer(net, {.loss = Json::list(std::vector<std::string>{"mse", "mse"})});
            }).kind(),
            ErrorKind::usage);
}

}  // namespace
}  // namespace rondo::examples
