#include <algorithm>
#include <limits>

#include "unit/layers/run_network.h"

namespace rondo {
namespace {

const ValueShape kSequence{true, -1, {3}};

TEST(Initializers, DependOnSeedAndName) {
  const auto kernel = [](std::uint64_t seed, const char* name) {
    Network network;
    network.set_outputs(
        network.add(dense({.units = 4, .name = name}), {network.add_input("x", {false, -1, {3}})}));
    network.build(seed);
    return numbers(network.parameters().get(0));
  };
  EXPECT_EQ(kernel(1, "d"), kernel(1, "d"));
  EXPECT_NE(kernel(1, "d"), kernel(2, "d"));
  EXPECT_NE(kernel(1, "d"), kernel(1, "e"));
}

TEST(Lstm, BeginsWithAForgetBiasOfOne) {
  for (const bool unit : {true, false}) {
    Network network;
    network.set_outputs(
        network.add(lstm({.units = 2, .unit_forget_bias = unit}), {network.add_input("x", kSequence)}));
    network.build(1);
    const double f = unit ? 1 : 0;
    EXPECT_EQ(numbers(network.parameters().get(network.parameters().find("lstm.bias"))),
              (std::vector<double>{0, 0, f, f, 0, 0, 0, 0}));
  }
}

TEST(Dropout, DropsItsShareAndScalesTheRest) {
  Network network = network_of(dropout({.rate = 0.3}), {ValueShape{false, -1, {1000}}});
  const Tensor y =
      run(network, {Samples(Tensor::full({100, 1000}, 2))}, {.training = true, .seed = 1})[0].values();
  std::int64_t dropped = 0;
  for (const double v : numbers(y)) {
    if (v == 0) {
      ++dropped;
    } else {
      ASSERT_FLOAT_EQ(static_cast<float>(v), 2.0F / 0.7F);
    }
  }
  EXPECT_NEAR(static_cast<double>(dropped) / 100'000, 0.3, 5 * std::sqrt(0.21 / 100'000));
  EXPECT_EQ(numbers(run(network, {Samples(Tensor::full({1, 1000}, 2))})[0].values()),
            std::vector<double>(1000, 2.0))
      << "not when predicting";
}

TEST(Dropout, DependsOnSeedStepAndLayerOnly) {
  const Samples x(Tensor::full({4, 50}, 1));
  const auto mask = [&](const char* name, std::uint64_t seed, std::uint64_t step) {
    Network network = network_of(dropout({.rate = 0.5, .name = name}), {ValueShape{false, -1, {50}}});
    return numbers(run(network, {x}, {.training = true, .seed = seed, .step = step})[0].values());
  };
  EXPECT_EQ(mask("first", 1, 2), mask("first", 1, 2));
  EXPECT_NE(mask("first", 1, 2), mask("first", 2, 2));
  EXPECT_NE(mask("first", 1, 2), mask("first", 1, 3));
  EXPECT_NE(mask("first", 1, 2), mask("second", 1, 2));
}

TEST(Dropout, DoesNotDependOnPackingOrPadding) {
  Network network = network_of(dropout({.rate = 0.5}), {kSequence});
  const RunOptions options{.training = true, .seed = 1};
  const Tensor ones = Tensor::full({3, 6, 3}, 1);
  const Tensor whole = run(network, {Samples(ones)}, options)[0].to_padded();
  const std::int64_t lengths[] = {2, 6, 4};
  const Samples ragged = run(network, {Samples::padded(ones, lengths)}, options)[0];
  const Samples wider = run(network, {Samples(Tensor::full({3, 9, 3}, 1))}, options)[0];
  for (std::int64_t b = 0; b < 3; ++b) {
    const std::vector<double> all = numbers(whole.slice(b, b + 1));
    const std::vector<double> some = numbers(ragged.sample(b));
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << b;
    const std::vector<double> more = numbers(wider.sample(b));
    EXPECT_TRUE(std::equal(all.begin(), all.end(), more.begin()))
        << "longer neighbours changed sequence " << b;
  }
}

TEST(Dropout, MayUseOneMaskForAllSteps) {
  Network network = network_of(dropout({.rate = 0.5, .same_for_all_steps = true}), {kSequence});
  const Samples y = run(network, {Samples(Tensor::full({4, 5, 3}, 1))}, {.training = true, .seed = 1})[0];
  for (std::int64_t b = 0; b < 4; ++b) {
    const std::vector<double> steps = numbers(y.sample(b));
    for (std::size_t i = 3; i < steps.size(); ++i) EXPECT_EQ(steps[i], steps[i % 3]);
  }
  EXPECT_NE(numbers(y.sample(0)), numbers(y.sample(1)));
}

TEST(Dropout, RefusesARateOutOfRange) {
  expect_usage_error({"rate", "1"}, [] { dropout({.rate = 1}); });
  expect_usage_error({"rate"}, [] { dropout({.rate = -0.1}); });
  expect_usage_error({"rate"}, [] { dropout({.rate = std::numeric_limits<double>::quiet_NaN()}); });
}

TEST(Embedding, WithMaskZeroIsTheSequenceWithoutItsZeros) {
  Network network;
  const int x = network.add_input("x", {true, -1, {}});
  const int e = network.add(embedding({.input_dim = 5, .output_dim = 3, .mask_zero = true}), {x})[0];
  network.set_outputs(network.add(lstm({.units = 4}), {e}));
  network.build(1);
  const auto with_zeros =
      run(network, {Samples::tokens(Tensor::from({0, 3, 0, 2, 4, 0, 1, 0, 0, 0, 0, 0}, {2, 6}))})[0];
  EXPECT_EQ(numbers(with_zeros.sample(0)),
            numbers(run(network, {Samples::tokens(Tensor::from({3, 2, 4}, {1, 3}))})[0].values()));
  EXPECT_EQ(numbers(with_zeros.sample(1)),
            numbers(run(network, {Samples::tokens(Tensor::from({1}, {1, 1}))})[0].values()));
}

TEST(Embedding, RefusesIdsThatAreNone) {
  Network network = network_of(embedding({.input_dim = 5, .output_dim = 3}), {ValueShape{true, -1, {}}});
  for (const double bad : {-1.0, 5.0, 1.5, 1e30, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()}) {
    const Samples numbers = Samples::packed(Layout::dense(1, 2), Tensor::full({2}, bad));
    expect_usage_error({"embedding"}, [&] { run(network, {numbers}); });
  }
}

TEST(Masking, LeavesOutStepsThatEqualItsValueAndNothingElse) {
  Network network;
  const int x = network.add_input("x", {true, -1, {2}});
  network.set_outputs(network.add(masking({.mask_value = -1}), {x}));
  network.build(1);
  const Samples y = run(network, {Samples(Tensor::from({-1, -1, 1, 2, -1, 3, -1, -1}, {1, 4, 2}))})[0];
  EXPECT_EQ(numbers(y.sample(0)), (std::vector<double>{1, 2, -1, 3}));
  EXPECT_EQ(y.layout()->position(0, 0), 1);
}

TEST(BatchNormalization, KeepsRunningStatisticsOfValidStepsOnly) {
  Network network;
  network.set_outputs(
      network.add(batch_normalization({.momentum = 0.9}), {network.add_input("x", {true, -1, {1}})}));
  network.build(1);
  const std::int64_t lengths[] = {2, 1};
  const Samples x =
      Samples::padded(Tensor::from({1, 2, 99, 6, 99, 99}, {2, 3, 1}), lengths);  // mean 3, variance 14/3
  const Samples y = run(network, {x}, {.training = true})[0];
  const double inverse = 1 / std::sqrt(14.0 / 3 + 1e-3);
  EXPECT_NEAR(y.sample(0).at(0), -2 * inverse, 1e-6);
  EXPECT_NEAR(y.sample(1).at(0), 3 * inverse, 1e-6);
  const auto running = [&](const char* name) {
    return network.parameters()
        .get(network.parameters().find(std::string("batch_normalization.") + name))
        .at(0);
  };
  EXPECT_NEAR(running("moving_mean"), 0.3, 1e-6);
  EXPECT_NEAR(running("moving_variance"), 0.9 + 0.1 * 14 / 3, 1e-6);
  EXPECT_NEAR(run(network, {x})[0].sample(0).at(0), (1 - 0.3) / std::sqrt(0.9 + 1.4 / 3 + 1e-3), 1e-6)
      << "predicting uses them";
  EXPECT_NEAR(running("moving_mean"), 0.3, 1e-6) << "and does not change them";
}

TEST(Regularization, HasItsValueAndGradient) {
  Network network(DType::float64);
  network.set_outputs(network.add(
      dense({.units = 1, .kernel_regularizer = {.l1 = 0.1, .l2 = 0.01}, .bias_regularizer = {.l2 = 1}}),
      {network.add_input("x", {false, -1, {3}})}));
  network.build(1);
  network.parameters().set(0, Tensor::from({2, -3, 0}, {3, 1}));
  network.parameters().set(1, Tensor::from({0.5}, {1}));
  EXPECT_NEAR(network.regularization(false), 0.1 * 5 + 0.01 * 13 + 0.25, 1e-14);
  EXPECT_EQ(numbers(network.parameters().get_gradient(0)), (std::vector<double>{0, 0, 0}));
  network.regularization(true);
  const std::vector<double> g = numbers(network.parameters().get_gradient(0));
  EXPECT_NEAR(g[0], 0.1 + 0.04, 1e-14);
  EXPECT_NEAR(g[1], -0.1 - 0.06, 1e-14);
  EXPECT_EQ(g[2], 0);
  EXPECT_NEAR(network.parameters().get_gradient(1).at(0), 1, 1e-14);
}

}  // namespace
}  // namespace rondo
