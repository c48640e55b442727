#include "rondo/layers/cell.h"

#include <gtest/gtest.h>

#include <cstring>

#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/train/optimizers.h"

namespace rondo {
namespace {

Tensor noise(Shape shape, std::uint64_t seed) {
  Tensor t(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

TEST(Cell, SteppedByHandHasTheBitsOfTheLayerOverTheSequence) {
  constexpr std::int64_t kBatch = 3, kSteps = 5, kInputs = 2;
  for (const char* type : {"simple_rnn", "lstm", "gru", "mgu"}) {
    Network network;
    network.set_outputs(network.add(recurrent(type, {.units = 7, .name = "cell"}),
                                    {network.add_input("x", {true, -1, {kInputs}})}));
    network.build(3);
    ParameterStore weights;
    const Cell cell(type, {.units = 7}, kInputs, weights);
    weights.allocate();
    cell.initialize(3);

    const Tensor x = noise({kBatch, kSteps, kInputs}, 1);
    Tape tape;
    tape.reset();
    const Samples input(x);
    const Tensor expected = tape.get(network.run(tape, std::span(&input, 1))[0]).values();
    Cell::State state;
    Var y;
    for (std::int64_t t = 0; t < kSteps; ++t) {
      Tensor now({kBatch, kInputs});
      for (std::int64_t b = 0; b < kBatch; ++b) {
        for (std::int64_t k = 0; k < kInputs; ++k)
          now.set(b * kInputs + k, x.at((b * kSteps + t) * kInputs + k));
      }
      const Cell::Step step = cell.step(tape, tape.input(Samples(now)), state);
      y = step.output;
      state = step.state;
    }
    const Tensor seen = tape.get(y).values();
    ASSERT_EQ(seen.shape(), expected.shape()) << type;
    EXPECT_EQ(std::memcmp(seen.bytes(), expected.bytes(), static_cast<std::size_t>(seen.size()) * 4), 0)
        << type;
  }
}

TEST(Cell, LearnsInALoopOfOnesOwn) {
  ParameterStore weights;
  const Cell cell("gru", {.units = 8}, 1, weights);
  const int head = weights.declare("head", {8, 1});
  weights.allocate();
  cell.initialize(1);
  weights.set(head, noise({8, 1}, 5));
  Tape tape;
  const auto loss_of_pass = [&] {
    tape.reset();
    Cell::State state;
    Var h;
    for (int t = 0; t < 4; ++t) {  // remember the first of four numbers
      const Cell::Step step =
          cell.step(tape, tape.input(Samples(noise({16, 1}, static_cast<std::uint64_t>(t)))), state);
      state = step.state;
      h = step.output;
    }
    const Var error = ops::subtract(tape, ops::matmul(tape, h, tape.parameter(weights, head)),
                                    tape.input(Samples(noise({16, 1}, 0))));
    return ops::mean(tape, ops::square(tape, error));
  };
  const auto optimizer = make_optimizer(Json::object({{"name", "adam"}, {"learning_rate", 0.02}}));
  double first = 0, last = 0;
  for (int pass = 0; pass < 150; ++pass) {
    const Var loss = loss_of_pass();
    last = tape.get(loss).values().at(0);
    if (pass == 0) first = last;
    weights.zero_gradients();
    tape.backward(loss);
    optimizer->step(weights);
  }
  EXPECT_LT(last, 0.1 * first);
}

TEST(Cell, RefusesWhatItCannotMean) {
  ParameterStore weights;
  EXPECT_THROW(Cell("lstm", {.units = 4, .return_sequences = true}, 2, weights), Error);
  const Cell cell("lstm", {.units = 4}, 2, weights);
  weights.allocate();
  Tape tape;
  tape.reset();
  const Var x = tape.input(Samples(Tensor({3, 2})));
  const Var h = tape.input(Samples(Tensor({3, 4})));
  EXPECT_THROW(cell.step(tape, x, {h}), Error);  // an LSTM has two states
}

}  // namespace
}  // namespace rondo
