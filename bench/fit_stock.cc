// The program that most people write first: windows of 60 prices, SimpleRNN(50), Dense(1), ten epochs of fit.
// The counterpart of bench/rivals/fit_keras.py; bench/fit.py times both from process start to trained model.
// Argument: threads.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "rondo/train/model.h"

namespace {

/// A random walk scaled to 0 … 1, made of whole numbers so that every language makes the same one.
std::vector<double> prices(std::size_t count) {
  std::uint64_t state = 1;
  std::vector<double> values;
  double price = 0;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    price += static_cast<double>(state >> 40) / (1 << 24) - 0.5;
    values.push_back(price);
  }
  const auto [low, high] = std::ranges::minmax(values);
  for (double& value : values) value = (value - low) / (high - low);
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rondo;
  constexpr std::int64_t kWindow = 60;
  const std::vector<double> series = prices(2000);
  const std::int64_t samples = static_cast<std::int64_t>(series.size()) - kWindow;
  Tensor x({samples, kWindow, 1}), y({samples, 1});
  for (std::int64_t i = 0; i < samples; ++i) {
    for (std::int64_t t = 0; t < kWindow; ++t)
      x.set(i * kWindow + t, series[static_cast<std::size_t>(i + t)]);
    y.set(i, series[static_cast<std::size_t>(i + kWindow)]);
  }
  Sequential model({simple_rnn({.units = 50}), dense({.units = 1})});
  model.set_threads(argc > 1 ? std::atoi(argv[1]) : 1);
  model.compile({.optimizer = "adam", .loss = "mse"});
  const History history = model.fit(x, y, {.batch_size = 32, .epochs = 10, .run = {.verbose = 0}});
  std::printf("%g\n", history.at("loss").back());
}
