// The smallest complete training: sequences of random numbers, sorted into classes by a simple recurrent
// network.
//
// A sequence has 12 steps, and at each step 4 random numbers, one for each of 4 channels. Its class is the
// channel with the largest sum. No single step gives that away: the network has to read the whole sequence
// and remember.

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include <rondo/rondo.h>

namespace {

constexpr std::int64_t kSteps = 12;
constexpr std::int64_t kChannels = 4;  // and as many classes

struct Samples {
  rondo::Tensor x;  // [samples, steps, channels]
  rondo::Tensor y;  // [samples, classes]: 1 at the class, 0 elsewhere ("one-hot")
};

Samples make_samples(std::int64_t count, std::uint64_t seed) {
  Samples samples{rondo::Tensor({count, kSteps, kChannels}), rondo::Tensor({count, kChannels})};
  // Number n of a stream is a pure function of (seed, n), so every run draws the same sequences.
  const rondo::RandomStream random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    std::array<double, kChannels> sums{};
    for (std::int64_t t = 0; t < kSteps; ++t) {
      for (std::int64_t channel = 0; channel < kChannels; ++channel) {
        const std::int64_t element = (i * kSteps + t) * kChannels + channel;
        const double value = random.normal(static_cast<std::uint64_t>(element));
        samples.x.set(element, value);
        sums[static_cast<std::size_t>(channel)] += value;
      }
    }
    const std::int64_t winner = std::max_element(sums.begin(), sums.end()) - sums.begin();
    samples.y.set(i * kChannels + winner, 1);
  }
  return samples;
}

}  // namespace

int main() try {
  const Samples train = make_samples(4000, 1);
  const Samples test = make_samples(500, 2);  // never shown in training

  // The recurrent layer reads a sequence step by step and hands on its last state, 50 numbers. The dense
  // layer makes of them one probability a class.
  rondo::Sequential model({
      rondo::simple_rnn({.units = 50}),
      rondo::dense({.units = kChannels, .activation = "softmax"}),
  });
  model.compile({.optimizer = "rmsprop", .loss = "categorical_crossentropy", .metrics = {"accuracy"}});

  // The last tenth of the samples is kept out of training, to watch how well the network does on what it has
  // not seen.
  model.fit(train.x, train.y,
            {.batch_size = 32, .epochs = 15, .validation_split = 0.1, .run = {.verbose = 2}});
  // The sizes of the layers follow from the first data, so the summary comes after them.
  std::cout << model.summary() << '\n';

  double loss = 0, accuracy = 0;
  for (const auto& [name, value] : model.evaluate(test.x, test.y)) {
    if (name == "loss") loss = value;
    if (name == "accuracy") accuracy = value;
  }
  std::printf("on 500 new sequences: loss %.3f, accuracy %.1f %% (guessing: %.1f %%)\n", loss, 100 * accuracy,
              100.0 / kChannels);

  if (accuracy < 0.75) {
    std::cerr << "error: the network should have learnt to tell at least 75 % of the sequences\n";
    return 1;
  }
  return 0;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
