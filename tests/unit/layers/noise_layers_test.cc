#include "unit/layers/run_network.h"

namespace rondo {
namespace {

const ValueShape kWide{false, -1, {1000}};

/// Mean and variance of y over 100 samples of 1000 values that are all `x`.
std::pair<double, double> noise_moments(LayerPtr layer, double x) {
  Network network = network_of(std::move(layer), {kWide}, DType::float64);
  const Samples in(Tensor::full({100, 1000}, x, DType::float64));
  double sum = 0, squares = 0;
  for (const double v : numbers(run(network, {in}, {.training = true, .seed = 1})[0].values()))
    sum += v, squares += v * v;
  const double mean = sum / 100'000;
  return {mean, squares / 100'000 - mean * mean};
}

TEST(Noise, HasTheMomentsOfKeras) {
  const auto [mean, variance] = noise_moments(gaussian_noise({.stddev = 0.7}), 2);
  EXPECT_NEAR(mean, 2, 5 * 0.7 / std::sqrt(100'000));
  EXPECT_NEAR(variance, 0.49, 0.02 * 0.49);
  // Times a number of mean 1 and deviation sqrt(rate / (1 - rate)).
  const auto [product, spread] = noise_moments(gaussian_dropout({.rate = 0.2}), 2);
  EXPECT_NEAR(product, 2, 5 * 1.0 / std::sqrt(100'000));
  EXPECT_NEAR(spread, 4 * 0.25, 0.02);
}

TEST(Noise, IsSilentInInferenceAndWithoutASize) {
  const Samples x(normal({3, 1000}, 4));
  for (const LayerPtr& layer : {gaussian_noise({.stddev = 0.7}), gaussian_dropout({.rate = 0.2}),
                                gaussian_noise({.stddev = 0}), gaussian_dropout({.rate = 0})}) {
    const bool silent = layer->config().as_object().begin()->second.as_real() == 0;
    Network network = network_of(layer, {kWide});
    EXPECT_EQ(numbers(run(network, {x})[0].values()), numbers(x.values()));
    EXPECT_EQ(numbers(run(network, {x}, {.training = true})[0].values()) == numbers(x.values()), silent);
  }
}

TEST(Noise, DependsOnSeedStepAndPlaceOnly) {
  const auto noise = [](std::uint64_t seed, std::uint64_t step, const Samples& x) {
    Network network = network_of(gaussian_noise({.stddev = 1}), {{true, -1, {3}}});
    return run(network, {x}, {.training = true, .seed = seed, .step = step})[0].to_padded();
  };
  const std::vector<std::int64_t> all = {4, 4}, some = {4, 2};
  const Tensor zeros({2, 4, 3});
  const Tensor whole = noise(1, 2, Samples::padded(zeros, all)),
               ragged = noise(1, 2, Samples::padded(zeros, some));
  EXPECT_EQ(numbers(whole), numbers(noise(1, 2, Samples::padded(zeros, all))));
  EXPECT_NE(numbers(whole), numbers(noise(2, 2, Samples::padded(zeros, all))));
  EXPECT_NE(numbers(whole), numbers(noise(1, 3, Samples::padded(zeros, all))));
  for (std::int64_t i = 0; i < 18; ++i) EXPECT_EQ(whole.at(i), ragged.at(i)) << "padding has no say";
}

TEST(SpatialDropout, DropsAFeatureInAllStepsOfASequence) {
  Network network = network_of(spatial_dropout1d({.rate = 0.4}), {{true, -1, {200}}});
  const Tensor y =
      run(network, {Samples(Tensor::full({5, 6, 200}, 1))}, {.training = true, .seed = 3})[0].to_padded();
  double kept = 0;
  for (std::int64_t b = 0; b < 5; ++b) {
    for (std::int64_t c = 0; c < 200; ++c) {
      const double first = y.at(b * 1200 + c);
      kept += first == 0 ? 0 : 1;
      EXPECT_TRUE(first == 0 || std::abs(first - 1 / 0.6) < 1e-6);
      for (std::int64_t t = 1; t < 6; ++t) ASSERT_EQ(y.at(b * 1200 + t * 200 + c), first);
    }
  }
  EXPECT_NEAR(kept / 1000, 0.6, 5 * std::sqrt(0.24 / 1000));
  expect_usage_error({"spatial", "sequence"}, [] { network_of(spatial_dropout1d({.rate = 0.4}), {kWide}); });
}

TEST(Noise, RefusesSizesOutOfRange) {
  expect_usage_error({"stddev"}, [] { gaussian_noise({.stddev = -1}); });
  for (const double rate : {-0.1, 1.0}) {
    expect_usage_error({"rate"}, [&] { gaussian_dropout({.rate = rate}); });
    expect_usage_error({"rate"}, [&] { spatial_dropout1d({.rate = rate}); });
  }
}

}  // namespace
}  // namespace rondo
