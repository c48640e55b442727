#include <gtest/gtest.h>

#include <cstring>

#include "rondo/layers.h"
#include "rondo/network.h"
#include "rondo/random.h"

// Random zones are keyed by a sequence's number in its batch: the first sequences of a large batch, which runs with sequences
// as SIMD lanes, have the bits of a small one, which does not.

namespace rondo {
namespace {

constexpr std::int64_t kSteps = 9, kInputs = 3;

struct Outcome {
  Tensor output, input_gradient;
};

Outcome train(std::int64_t batch, const RecurrentOptions& options, const char* type) {
  Network network;
  network.set_outputs(network.add(recurrent(type, options), {network.add_input("x", {true, -1, {kInputs}})}));
  network.build(4);
  const RandomStream random(1);
  Tensor x({batch, kSteps, kInputs}), dy({batch, options.units});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, random.normal(static_cast<std::uint64_t>(i)));
  for (std::int64_t i = 0; i < dy.size(); ++i)
    dy.set(i, random.normal(static_cast<std::uint64_t>(i) + 99999));
  Tape tape;
  tape.reset({.training = true, .seed = 3});
  const Var in = tape.input(Batch(x), true);
  const std::vector<Var> out = network.run(tape, std::vector<Var>{in});
  tape.backward(out, std::vector<Tensor>{dy});
  // Packed rows of equal sequences are time-major: bring them in the order of sequences.
  const Tensor packed = tape.gradient(in);
  Tensor by_sequence({batch, kSteps, kInputs});
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t k = 0; k < kInputs; ++k)
        by_sequence.set((b * kSteps + t) * kInputs + k, packed.at((t * batch + b) * kInputs + k));
    }
  }
  return {tape.get(out[0]).values(), by_sequence};
}

TEST(Zoneout, GivesTheFirstSequencesOfALargeBatchTheBitsOfASmallOne) {
  for (const char* type : {"lstm", "gru", "simple_rnn", "mgu", "normalised lstm"}) {
    RecurrentOptions options{.units = 50, .zoneout = 0.3};
    if (std::string(type) == "normalised lstm") {
      options.layer_norm = true;
      type = "lstm";
    }
    if (std::string(type) == "lstm") options.zoneout_cell = 0.4;
    const Outcome small = train(4, options, type), large = train(40, options, type);
    EXPECT_EQ(std::memcmp(small.output.bytes(), large.output.bytes(),
                          static_cast<std::size_t>(small.output.size()) * 4),
              0)
        << type;
    EXPECT_EQ(std::memcmp(small.input_gradient.bytes(), large.input_gradient.bytes(),
                          static_cast<std::size_t>(small.input_gradient.size()) * 4),
              0)
        << type;
    options.zoneout = 0;
    options.zoneout_cell = 0;
    const Outcome plain = train(40, options, type);
    EXPECT_NE(std::memcmp(plain.output.bytes(), large.output.bytes(),
                          static_cast<std::size_t>(plain.output.size()) * 4),
              0)
        << type;
  }
}

}  // namespace
}  // namespace rondo
