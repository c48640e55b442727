#include <gtest/gtest.h>

#include <cmath>

#include "rondo/base/random.h"
#include "rondo/train/model.h"

// predict as in training: samples of Monte-Carlo dropout.

namespace rondo {
namespace {

Tensor normal_values(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

std::vector<double> all_numbers(const Samples& samples) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < samples.values().size(); ++i) out.push_back(samples.values().at(i));
  return out;
}

const Samples kSequences(normal_values({40, 6, 3}, 1));

TEST(Predict, AsInTrainingDropsByTheSeed) {
  Sequential model({true, -1, {3}}, {lstm({.units = 8}), dropout({.rate = 0.5}), dense({.units = 1})});
  const auto sample = [&](std::uint64_t seed) {
    return all_numbers(model.predict(kSequences, {.training = true, .seed = seed}));
  };
  const std::vector<double> plain = all_numbers(model.predict(kSequences));
  EXPECT_EQ(sample(1), sample(1));
  EXPECT_NE(sample(1), sample(2));
  EXPECT_NE(sample(1), plain);
  EXPECT_EQ(all_numbers(model.predict(kSequences)), plain);
  // Inverted dropout in front of a linear layer: the mean over many samples is the plain prediction.
  std::vector<double> mean(plain.size(), 0);
  constexpr int kSamples = 400;
  for (int s = 0; s < kSamples; ++s) {
    const std::vector<double> one = sample(static_cast<std::uint64_t>(s));
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one[i] / kSamples;
  }
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(mean[i], plain[i], 0.1);
}

TEST(Predict, AsInTrainingDropsOtherUnitsInEveryBatch) {
  Sequential model({false, -1, {100}}, {dropout({.rate = 0.5})});
  const std::vector<double> y =
      all_numbers(model.predict(Samples(Tensor::full({2, 100}, 1)), {.batch_size = 1, .training = true}));
  EXPECT_NE(std::vector<double>(y.begin(), y.begin() + 100), std::vector<double>(y.begin() + 100, y.end()));
}

TEST(Predict, AsInTrainingLeavesTheNetworkAsItWas) {
  Sequential model({false, -1, {3}}, {batch_normalization({.momentum = 0.5}), dense({.units = 2})});
  const Samples x(normal_values({10, 3}, 2));
  const std::vector<double> plain = all_numbers(model.predict(x));
  EXPECT_NE(all_numbers(model.predict(x, {.training = true})), plain) << "statistics of the batch";
  EXPECT_EQ(all_numbers(model.predict(x)), plain) << "moving statistics are put back";
}

}  // namespace
}  // namespace rondo
