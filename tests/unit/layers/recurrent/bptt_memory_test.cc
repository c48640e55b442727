#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"

// Backpropagation through time within a budget of memory: the same bits as with everything kept.

namespace rondo {
namespace {

struct MemoryOutcome {
  std::vector<Tensor> values;  // outputs, input gradients, parameter gradients
  std::size_t memory = 0;
};

Tensor normals(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

struct MemoryCase {
  std::string type = "lstm";
  RecurrentOptions options;
  std::int64_t inputs = 3, batch = 4, steps = 60;
  bool ragged = false;
  bool with_states = false;  // initial states from outside
  int threads = 1;
};

MemoryOutcome run(const MemoryCase& c, std::size_t budget) {
  Network network;
  RecurrentOptions options = c.options;
  options.return_state = true;
  const LayerPtr layer = recurrent(c.type, options);
  std::vector<int> inputs = {network.add_input("x", {true, -1, {c.inputs}})};
  const int states = c.type == "lstm" ? 2 : 1;
  for (int j = 0; c.with_states && j < states; ++j)
    inputs.push_back(network.add_input("s" + std::to_string(j), {false, -1, {options.units}}));
  network.set_outputs(network.add(layer, inputs));
  network.build(3);

  std::vector<std::int64_t> lengths;
  for (std::int64_t b = 0; b < c.batch; ++b)
    lengths.push_back(c.ragged ? (b * 37 + 11) % (c.steps + 1) : c.steps);
  lengths.front() = c.steps;
  Pool pool(c.threads);
  Tape tape(DType::float32, &pool);
  tape.reset({.training = true, .seed = 5, .bptt_memory = budget});
  std::vector<Var> given = {
      tape.input(Samples::padded(normals({c.batch, c.steps, c.inputs}, 1), lengths), true)};
  for (std::size_t j = 1; j < inputs.size(); ++j)
    given.push_back(tape.input(Samples(normals({c.batch, options.units}, 10 + j)), true));
  const std::vector<Var> out = network.run(tape, given);
  std::vector<Tensor> gradients;
  MemoryOutcome result;
  for (std::size_t k = 0; k < out.size(); ++k) {
    const Tensor value = tape.get(out[k]).values();
    result.values.push_back(value);
    gradients.push_back(normals(value.shape(), 20 + k));
  }
  tape.backward(out, gradients);
  for (const Var v : given) result.values.push_back(tape.gradient(v));
  for (std::size_t p = 0; p < network.parameters().infos().size(); ++p) {
    const ConstMatrix g = network.parameters().gradient(static_cast<int>(p));
    Tensor copy({g.rows, g.cols});
    for (std::int64_t r = 0; r < g.rows; ++r) {
      for (std::int64_t k = 0; k < g.cols; ++k) copy.set(r * g.cols + k, g.view<float>()(r, k));
    }
    result.values.push_back(copy);
  }
  result.memory = tape.arena_bytes();
  return result;
}

void expect_same_bits(const MemoryOutcome& a, const MemoryOutcome& b, const std::string& what) {
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    ASSERT_EQ(a.values[i].size(), b.values[i].size());
    EXPECT_EQ(std::memcmp(a.values[i].bytes(), b.values[i].bytes(),
                          static_cast<std::size_t>(a.values[i].size()) * 4),
              0)
        << what << ", value " << i;
  }
}

TEST(BpttMemory, GivesTheSameBitsForEveryCellAndBatch) {
  for (const char* type : {"simple_rnn", "lstm", "gru", "mgu"}) {
    for (const std::int64_t batch : {1, 5, 32, 50}) {
      for (const bool ragged : {false, true}) {
        for (const std::int64_t units : {5, 50}) {
          MemoryCase c;
          c.type = type;
          c.options.units = units;
          c.options.return_sequences = batch != 5;
          c.batch = batch;
          c.ragged = ragged;
          c.with_states = batch == 32 && std::string(type) != "mgu";
          c.threads = batch == 50 ? 2 : 1;
          const MemoryOutcome whole = run(c, 0);
          const std::string what = std::string(type) + ", batch " + std::to_string(batch) + ", units " +
                                   std::to_string(units) + (ragged ? ", ragged" : "");
          const auto row = static_cast<std::size_t>(batch * units * 4);
          for (const std::size_t steps : {25, 40}) expect_same_bits(whole, run(c, row * 10 * steps), what);
        }
      }
    }
  }
}

TEST(BpttMemory, GivesTheSameBitsBackwardsAndWithPeepholesAndDropout) {
  MemoryCase c;
  c.options = {.units = 20, .peephole = true, .return_sequences = true, .go_backwards = true};
  c.batch = 33;
  c.ragged = true;
  expect_same_bits(run(c, 0), run(c, 600'000), "peephole, backwards");
  c.options = {.units = 20, .dropout = 0.3, .recurrent_dropout = 0.2, .zoneout = 0.1};
  expect_same_bits(run(c, 0), run(c, 600'000), "dropout and zoneout");
  c.options = {.units = 20, .recurrent_blocks = 4, .recurrent_dropout = 0.2, .return_sequences = true};
  expect_same_bits(run(c, 0), run(c, 600'000), "blocks");
}

TEST(BpttMemory, GivesTheSameBitsWithLayerNormalisation) {
  for (const char* type : {"simple_rnn", "lstm", "gru", "mgu"}) {
    for (const std::int64_t batch : {3, 33}) {
      for (const bool ragged : {false, true}) {
        MemoryCase c;
        c.type = type;
        c.options = {.units = 20, .layer_norm = true, .return_sequences = true};
        c.batch = batch;
        c.ragged = ragged;
        c.threads = ragged ? 1 : 2;
        const auto row = static_cast<std::size_t>(batch * c.options.units * 4);
        expect_same_bits(run(c, 0), run(c, row * 10 * 40),
                         std::string(type) + ", batch " + std::to_string(batch) + (ragged ? ", ragged" : ""));
      }
    }
  }
}

TEST(BpttMemory, StaysFlatFromAThousandToAHundredThousandSteps) {
  MemoryCase c;
  c.options.units = 16;
  c.inputs = 1;
  c.batch = 1;
  const std::size_t budget = 1 << 20;
  const auto beyond_data = [&](std::int64_t steps) {
    c.steps = steps;
    // The input and its gradient are the caller's: two numbers a step.
    return run(c, budget).memory - static_cast<std::size_t>(steps) * 2 * sizeof(float);
  };
  const std::size_t at_thousand = beyond_data(1000);
  for (const std::int64_t steps : {10'000, 100'000})
    EXPECT_LE(beyond_data(steps), at_thousand + 3 * budget) << steps;
  c.steps = 100'000;
  EXPECT_GT(run(c, 0).memory, 20 * budget);  // the comparison means something
}

TEST(BpttMemory, SaysHowMuchIsNeededWhenItIsTooLittle) {
  MemoryCase c;
  c.options.units = 16;
  try {
    run(c, 1000);
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("bptt_memory is too small"), std::string::npos) << text;
    EXPECT_NE(text.find("at least"), std::string::npos) << text;
    EXPECT_NE(text.find("lstm"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace rondo
