#include <set>

#include "unit/model/run_network.h"

// Dropout inside recurrent layers, by its properties: the numbers are random, so no other framework's are the oracle.

namespace rondo {
namespace {

/// A simple_rnn without activation, bias and recurrence whose output is its input as it was read: masks made visible.
Network mirror(RecurrentOptions options, std::int64_t width, DType dtype = DType::float32) {
  options.units = width;
  options.activation = "linear";
  options.use_bias = false;
  options.return_sequences = true;
  Network network(dtype);
  network.set_outputs(network.add(simple_rnn(options), {network.add_input("x", {true, -1, {width}})}));
  network.build(1);
  Tensor& values = network.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, 0);
  for (std::int64_t i = 0; i < width; ++i) values.set(i * width + i, 1);  // the kernel comes first
  return network;
}

RunOptions training(std::uint64_t seed = 1, std::uint64_t step = 0) {
  return {.training = true, .seed = seed, .step = step};
}

TEST(RecurrentInputDropout, DropsTheSameFeaturesAtEveryStepOfASequence) {
  Network network = mirror({.dropout = 0.3}, 9);
  const std::vector<std::int64_t> lengths = {4, 7, 1};
  const Batch x = Batch::padded(Tensor::full({3, 7, 9}, 1), lengths);
  const Batch y = run(network, {x}, training())[0];
  std::set<std::vector<double>> masks;
  for (std::int64_t b = 0; b < 3; ++b) {
    const Tensor one = y.sample(b);
    for (std::int64_t t = 1; t < one.dim(0); ++t)
      EXPECT_EQ(numbers(one.slice(t, t + 1)), numbers(one.slice(0, 1))) << "sequence " << b << ", step " << t;
    masks.insert(numbers(one.slice(0, 1)));
  }
  EXPECT_EQ(masks.size(), 3U) << "sequences have masks of their own";
}

TEST(RecurrentInputDropout, KeepsTheMeanAndDropsItsShare) {
  for (const double rate : {0.1, 0.5, 0.8}) {
    Network network = mirror({.dropout = rate}, 100, DType::float64);
    const Tensor y =
        run(network, {Batch(Tensor::full({200, 1, 100}, 1, DType::float64))}, training())[0].values();
    double sum = 0, zeros = 0;
    for (const double v : numbers(y)) {
      sum += v;
      zeros += v == 0 ? 1 : 0;
      EXPECT_TRUE(v == 0 || v == 1 / (1 - rate)) << v;
    }
    const double n = static_cast<double>(y.size()), deviation = std::sqrt(rate / (1 - rate) / n);
    EXPECT_NEAR(sum / n, 1, 5 * deviation) << rate;
    EXPECT_NEAR(zeros / n, rate, 5 * std::sqrt(rate * (1 - rate) / n)) << rate;
  }
}

TEST(RecurrentInputDropout, IsAFunctionOfSeedStepAndLayer) {
  const Batch x(Tensor::full({4, 3, 20}, 1));
  const auto pass = [&](RunOptions options, const char* name) {
    Network network = mirror({.dropout = 0.5, .name = name}, 20);
    return numbers(run(network, {x}, options)[0].values());
  };
  const auto first = pass(training(1, 0), "a");
  EXPECT_EQ(pass(training(1, 0), "a"), first);
  EXPECT_NE(pass(training(2, 0), "a"), first);
  EXPECT_NE(pass(training(1, 1), "a"), first) << "every training step draws anew";
  EXPECT_NE(pass(training(1, 0), "b"), first) << "every layer draws its own";
}

TEST(RecurrentInputDropout, DoesNothingInInferenceOrAtRateZero) {
  const Batch x(normal({4, 3, 6}, 2));
  Network plain = mirror({}, 6), dropping = mirror({.dropout = 0.5}, 6);
  EXPECT_EQ(numbers(run(dropping, {x})[0].values()), numbers(run(plain, {x})[0].values()));
  EXPECT_EQ(numbers(run(plain, {x}, training())[0].values()), numbers(run(plain, {x})[0].values()));
}

TEST(RecurrentInputDropout, DirectionsHaveMasksOfTheirOwn) {
  Network network(DType::float32);
  network.set_outputs(network.add(bidirectional(simple_rnn({.units = 20,
                                                            .activation = "linear",
                                                            .use_bias = false,
                                                            .kernel_initializer = "identity",
                                                            .recurrent_initializer = "zeros",
                                                            .dropout = 0.5,
                                                            .return_sequences = true})),
                                  {network.add_input("x", {true, -1, {20}})}));
  network.build(1);
  const Tensor y = run(network, {Batch(Tensor::full({1, 1, 20}, 1))}, training())[0].values();
  std::vector<double> both = numbers(y);
  EXPECT_NE(std::vector<double>(both.begin(), both.begin() + 20),
            std::vector<double>(both.begin() + 20, both.end()));
}

TEST(RecurrentInputDropout, RefusesRatesThatAreNone) {
  for (const double rate : {-0.1, 1.1, std::nan("")})
    expect_usage_error({"'dropout'", "0 <= rate < 1"}, [&] { lstm({.units = 2, .dropout = rate}); });
  expect_usage_error({"'dropout'", "Keras"}, [] { gru({.units = 2, .dropout = 1}); });
}

}  // namespace
}  // namespace rondo
