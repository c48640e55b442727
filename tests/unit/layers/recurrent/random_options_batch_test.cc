#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"

// Random numbers are keyed by a sequence's number in its batch: the first sequences of a large batch, which
// runs with sequences as SIMD lanes, have the bits of a small one, which does not.

namespace rondo {
namespace {

constexpr std::int64_t kInputs = 3;
/// Only so many sequences have a loss: gradients of weights are those of a batch of them alone.
constexpr std::int64_t kSmall = 4;

struct Outcome {
  Tensor output, input_gradient;
  std::vector<Tensor> weight_gradients;
};

struct Case {
  std::int64_t steps = 9;
  int threads = 1;
  bool infinite = false;  ///< one recurrent weight
};

Outcome train(std::int64_t batch, const RecurrentOptions& options, const char* type, const Case& how = {}) {
  const std::int64_t steps = how.steps;
  Network network;
  network.set_outputs(network.add(recurrent(type, options), {network.add_input("x", {true, -1, {kInputs}})}));
  network.build(4);
  if (how.infinite) {
    const int index = network.parameters().find(std::string(type) + ".recurrent_kernel");
    Matrix weights = network.parameters().value(index);
    weights.view<float>()(0, 0) = std::numeric_limits<float>::infinity();
  }
  const RandomStream random(1);
  Tensor x({batch, steps, kInputs}), dy({batch, options.units});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, random.normal(static_cast<std::uint64_t>(i)));
  for (std::int64_t i = 0; i < kSmall * options.units; ++i)
    dy.set(i, random.normal(static_cast<std::uint64_t>(i) + 99999));
  Pool pool(how.threads);
  Tape tape(DType::float32, &pool);
  tape.reset({.training = true, .seed = 3});
  const Var in = tape.input(Samples(x), true);
  const std::vector<Var> out = network.run(tape, std::vector<Var>{in});
  tape.backward(out, std::vector<Tensor>{dy});

  Outcome outcome;
  outcome.output = tape.get(out[0]).values();
  // Packed rows of equal sequences are time-major: bring them in the order of sequences.
  const Tensor packed = tape.gradient(in);
  outcome.input_gradient = Tensor({batch, steps, kInputs});
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t k = 0; k < kInputs; ++k)
        outcome.input_gradient.set((b * steps + t) * kInputs + k, packed.at((t * batch + b) * kInputs + k));
    }
  }
  for (std::size_t p = 0; p < network.parameters().infos().size(); ++p) {
    const ConstMatrix g = network.parameters().gradient(static_cast<int>(p));
    Tensor copy({g.rows, g.cols});
    for (std::int64_t r = 0; r < g.rows; ++r) {
      for (std::int64_t c = 0; c < g.cols; ++c) copy.set(r * g.cols + c, g.view<float>()(r, c));
    }
    outcome.weight_gradients.push_back(copy);
  }
  return outcome;
}

bool begins_with(const Tensor& all, const Tensor& first) {
  return std::memcmp(all.bytes(), first.bytes(), static_cast<std::size_t>(first.size()) * 4) == 0;
}

void expect_same_outcome(const Outcome& small, const Outcome& large, const std::string& what) {
  EXPECT_TRUE(begins_with(large.output, small.output)) << what;
  EXPECT_TRUE(begins_with(large.input_gradient, small.input_gradient)) << what;
  for (std::size_t k = 0; k < small.weight_gradients.size(); ++k)
    EXPECT_TRUE(begins_with(large.weight_gradients[k], small.weight_gradients[k]))
        << what << ", weight " << k;
}

RecurrentOptions with(std::int64_t units, double recurrent_dropout, double zoneout) {
  RecurrentOptions options;
  options.units = units;
  options.recurrent_dropout = recurrent_dropout;
  options.zoneout = zoneout;
  options.bias_initializer = "ones";  // so that its absence shows
  return options;
}

struct RandomOption {
  const char* name;
  void (*set)(RecurrentOptions&);
};

void check(const char* type, const RecurrentOptions& options, const std::string& name) {
  const std::string what = std::string(type) + ", " + name;
  const Outcome small = train(kSmall, options, type);
  for (const std::int64_t batch : {16, 40, 70}) {
    expect_same_outcome(small, train(batch, options, type), what + ", batch " + std::to_string(batch));
    expect_same_outcome(small, train(batch, options, type, {.threads = 2}),
                        what + ", two threads, batch " + std::to_string(batch));
  }
  EXPECT_FALSE(begins_with(train(40, with(options.units, 0, 0), type).output, small.output))
      << what << " does nothing";
}

const RandomOption kOptions[] = {
    {"dropout", [](RecurrentOptions& o) { o.dropout = 0.2; }},
    {"recurrent_dropout", [](RecurrentOptions& o) { o.recurrent_dropout = 0.25; }},
    {"zoneout", [](RecurrentOptions& o) { o.zoneout = 0.3; }},
    {"layer_norm", [](RecurrentOptions& o) { o.layer_norm = true; }},
    {"clip", [](RecurrentOptions& o) { o.clip = 0.8; }},
    {"no bias", [](RecurrentOptions& o) { o.use_bias = false; }},
};

/// 17 units and 50: neither fills vectors, and tiles end elsewhere.
TEST(RandomOptions, GiveTheFirstSequencesOfALargeBatchTheBitsOfASmallOneInEveryPair) {
  for (const char* type : {"lstm", "gru", "simple_rnn", "mgu"}) {
    for (const RandomOption& first : kOptions) {
      for (const RandomOption& second : kOptions) {
        if (&second < &first) continue;
        RecurrentOptions options = with(&first == &second ? 50 : 17, 0, 0);
        first.set(options);
        second.set(options);
        check(type, options, std::string(first.name) + " and " + second.name);
      }
    }
    RecurrentOptions all = with(33, 0, 0);
    for (const RandomOption& option : kOptions) option.set(all);
    check(type, all, "all");
  }
}

/// Without an initial state the first step has no recurrent product at all, on either side: one that was
/// computed would be NaN with an infinite weight, and +0 + -0 elsewhere.
TEST(RandomOptions, SkipTheRecurrentProductOfAStateThatIsZero) {
  for (const char* type : {"lstm", "gru", "simple_rnn"}) {
    for (const RandomOption& option : kOptions) {
      RecurrentOptions options = with(17, 0, 0);
      option.set(options);
      const Case one_step{.steps = 1, .infinite = true};
      const Outcome small = train(kSmall, options, type, one_step),
                    large = train(40, options, type, one_step);
      const std::string what = std::string(type) + ", " + option.name;
      EXPECT_TRUE(begins_with(large.output, small.output)) << what;
      for (std::int64_t i = 0; i < small.output.size(); ++i)
        ASSERT_TRUE(std::isfinite(small.output.at(i))) << what;
    }
  }
}

TEST(RandomOptions, GiveTheSameBitsInVariantsOfCells) {
  RecurrentOptions options = with(50, 0.25, 0.3);
  options.zoneout_cell = 0.4;
  check("lstm", options, "both states");
  options.peephole = true;
  check("lstm", options, "peepholes");
  options.coupled = true;
  check("lstm", options, "coupled, with peepholes");
  options = with(50, 0.25, 0.3);
  options.reset_after = false;
  check("gru", options, "reset before");
}

}  // namespace
}  // namespace rondo
