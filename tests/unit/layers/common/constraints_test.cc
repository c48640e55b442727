#include "rondo/layers/constraints.h"

#include <algorithm>
#include <cmath>

#include "rondo/train/gradient_flow.h"
#include "rondo/train/training.h"
#include "unit/layers/run_network.h"

namespace rondo {
namespace {

Tensor constrained(const Constraint& constraint, Tensor weights) {
  apply_constraint(constraint, weights.shape(), as_matrix(weights));
  return weights;
}

double norm_of_column(const Tensor& w, std::int64_t c) {
  double squares = 0;
  for (std::int64_t r = 0; r < w.dim(0); ++r) squares += w.at(r * w.dim(1) + c) * w.at(r * w.dim(1) + c);
  return std::sqrt(squares);
}

TEST(Constraints, PutNormsWhereTheyBelong) {
  const Tensor w = normal({5, 8}, 1, DType::float64);
  for (std::int64_t c = 0; c < 8; ++c) {
    const double norm = norm_of_column(w, c);
    EXPECT_NEAR(norm_of_column(constrained(constraints::unit_norm(), w), c), 1, 1e-6);
    EXPECT_NEAR(norm_of_column(constrained(constraints::max_norm(2), w), c), std::min(norm, 2.0), 1e-6);
    EXPECT_NEAR(norm_of_column(constrained(constraints::min_max_norm(1.5, 2.5), w), c),
                std::clamp(norm, 1.5, 2.5), 1e-6);
    EXPECT_NEAR(norm_of_column(constrained(constraints::min_max_norm(0, 1, 0.25), w), c),
                0.75 * norm + 0.25 * std::min(norm, 1.0), 1e-6);
  }
  const Tensor rows = constrained(constraints::unit_norm(1), w);
  double squares = 0;
  for (std::int64_t c = 0; c < 8; ++c) squares += rows.at(c) * rows.at(c);
  EXPECT_NEAR(squares, 1, 1e-6);
  for (const double v : numbers(constrained(constraints::non_neg(), w))) EXPECT_GE(v, 0);
}

TEST(Constraints, OfAVectorSeeOneNorm) {
  const Tensor b = constrained(constraints::unit_norm(), normal({6}, 2, DType::float64));
  double squares = 0;
  for (const double v : numbers(b)) squares += v * v;
  EXPECT_NEAR(squares, 1, 1e-6);
}

TEST(Constraints, BoundTheSpectralNorm) {
  for (const Shape& shape : {Shape{6, 9}, Shape{9, 6}, Shape{1, 4}}) {
    const std::int64_t size = std::max(shape[0], shape[1]);
    const auto largest = [&](const Tensor& w) {  // of a square matrix with zeros around it
      std::vector<double> square(static_cast<std::size_t>(size * size), 0);
      for (std::int64_t i = 0; i < w.size(); ++i)
        square[static_cast<std::size_t>(i / shape[1] * size + i % shape[1])] = w.at(i);
      return largest_singular_value(square, size);
    };
    const Tensor w = normal(shape, 3, DType::float64);
    EXPECT_NEAR(largest(constrained(constraints::spectral_norm(0.5), w)), 0.5, 1e-3);
    EXPECT_EQ(numbers(constrained(constraints::spectral_norm(100), w)), numbers(w));
  }
}

TEST(Constraints, HoldAfterEveryStepOfATrainingAndNotForFrozenLayers) {
  for (const bool frozen : {false, true}) {
    Network net;
    const LayerPtr core = gru({.units = 4,
                               .kernel_constraint = constraints::max_norm(0.5),
                               .recurrent_constraint = constraints::unit_norm(),
                               .bias_constraint = constraints::non_neg()});
    core->set_trainable(!frozen);
    const int x = net.add_input("x", ValueShape{true, -1, {3}});
    net.set_outputs(net.add(dense({.units = 1}), net.add(core, {x})));
    net.build(3);
    const Tensor start = net.parameters().get(net.parameters().find("gru.recurrent_kernel"));
    Trainer trainer(net, {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.5}})});
    Batch batch;
    batch.inputs = {Samples(normal({6, 5, 3}, 4))};
    batch.targets = {Samples(normal({6, 1}, 5))};
    for (int step = 0; step < 5; ++step) {
      trainer.train_on_batch(batch);
      const Tensor kernel = net.parameters().get(net.parameters().find("gru.kernel")),
                   recurrent = net.parameters().get(net.parameters().find("gru.recurrent_kernel"));
      if (frozen) {
        EXPECT_EQ(numbers(recurrent), numbers(start));
        continue;
      }
      for (std::int64_t c = 0; c < 12; ++c) {
        EXPECT_LE(norm_of_column(kernel, c), 0.5 + 1e-6);
        EXPECT_NEAR(norm_of_column(recurrent, c), 1, 1e-5);
      }
      for (const double v : numbers(net.parameters().get(net.parameters().find("gru.bias")))) EXPECT_GE(v, 0);
    }
  }
}

TEST(Constraints, GoThroughASpecAndAreRefusedOutOfRange) {
  const LayerPtr layer = dense({.units = 2,
                                .kernel_constraint = constraints::min_max_norm(0.5, 3),
                                .bias_constraint = constraints::non_neg()});
  EXPECT_EQ(to_json(make_layer(parse_json(to_json(layer_spec(*layer))))->config()), to_json(layer->config()));
  EXPECT_EQ(layer->config().at("bias_constraint"), Json("non_neg"));
  const auto refuse = [](const char* constraint, std::initializer_list<std::string> pieces) {
    expect_usage_error(pieces, [&] {
      network_of(make_layer(parse_json(std::string(R"({"type": "dense", "units": 2, "bias_constraint": )") +
                                       constraint + "}")),
                 {{false, -1, {3}}});
    });
  };
  refuse(R"("max_nrom")", {"max_nrom", "max_norm"});
  refuse(R"({"name": "max_norm", "max_value": -1})", {"min_value <= max_value"});
  refuse(R"({"name": "unit_norm", "axis": 1})", {"axis"});
  refuse(R"({"name": "unit_norm", "max_value": 1})", {"unit_norm", "max_value"});
  refuse(R"("spectral_norm")", {"spectral_norm of matrices"});
}

/// The loss of one batch of ragged sequences, all at once or in pieces, without a step.
double loss_with_activity(Regularizer regularizer, std::int64_t pieces, bool evaluates = false) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {3}});
  net.set_outputs(
      net.add(gru({.units = 1, .activity_regularizer = regularizer, .return_sequences = true}), {x}));
  net.build(3);
  Trainer trainer(net, {.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.0}})});
  const std::vector<std::int64_t> lengths = {5, 1, 0, 3, 4, 2};
  const ArrayDataset data(Samples::padded(normal({6, 5, 3}, 4), lengths), Samples(Tensor({6, 5, 1})));
  FitOptions options{.batch_size = 6, .micro_batch_size = pieces};
  options.run.verbose = 0;
  return evaluates ? trainer.evaluate(data, {.batch_size = 6}).front().second
                   : trainer.fit(data, options).at("loss")[0];
}

TEST(ActivityRegularizer, AddsThePenaltyOfTheOutputsBySampleToTheLoss) {
  // Against a target of zeros the mean squared error is Σy² / 15 steps, and an l2 of 2 adds 2·Σy² / 6
  // samples.
  const double plain = loss_with_activity({}, 0);
  const double penalty = 2 * plain * 15 / 6;
  EXPECT_NEAR(loss_with_activity({.l2 = 2}, 0), plain + penalty, 1e-6);
  EXPECT_NEAR(loss_with_activity({.l2 = 2}, 0, true), plain + penalty, 1e-6) << "in evaluation, too";
  EXPECT_NEAR(loss_with_activity({.l2 = 2}, 4), plain + penalty, 1e-6)
      << "of pieces of a batch, by their share";
}

}  // namespace
}  // namespace rondo
