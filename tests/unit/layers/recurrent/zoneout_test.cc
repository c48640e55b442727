#include "rondo/layers/cell.h"
#include "unit/layers/run_network.h"

// Zoneout by its definition (Krueger et al. 2017): steps of the plain cell, then old values put back.

namespace rondo {
namespace {

constexpr std::int64_t kBatch = 3, kSteps = 6, kUnits = 5;

RunOptions training(std::uint64_t seed = 1) { return {.training = true, .seed = seed}; }

class ZoneoutOf : public ::testing::TestWithParam<std::string> {
 protected:
  /// Outputs and final states over `x`, float64, and those of the plain cell from given states over one step.
  static std::vector<Samples> whole(RecurrentOptions options, const Samples& x, RunOptions run_options) {
    options.units = kUnits;
    options.return_sequences = options.return_state = true;
    options.name = "rnn";
    Network network = network_of(recurrent(GetParam(), options), {ValueShape{true, -1, {3}}}, DType::float64);
    return run(network, {x}, run_options);
  }
  static std::vector<Tensor> plain_step(const Tensor& x, const std::vector<Tensor>& states) {
    std::vector<ValueShape> specs = {ValueShape{true, -1, {3}}};
    std::vector<Samples> inputs = {Samples(x)};
    for (const Tensor& s : states) specs.push_back({false, -1, {kUnits}}), inputs.emplace_back(s);
    Network network = network_of(
        recurrent(GetParam(), {.units = kUnits, .return_state = true, .name = "rnn"}), specs, DType::float64);
    const auto out = run(network, inputs);
    std::vector<Tensor> next;
    for (std::size_t j = 1; j < out.size(); ++j) next.push_back(out[j].values());
    return next;
  }
  static Tensor step_of(const Tensor& x, std::int64_t t) {
    Tensor now({kBatch, 1, 3}, DType::float64);
    for (std::int64_t b = 0; b < kBatch; ++b) {
      for (std::int64_t k = 0; k < 3; ++k) now.set(b * 3 + k, x.at((b * kSteps + t) * 3 + k));
    }
    return now;
  }
  static std::vector<Tensor> zero_states() {
    return std::vector<Tensor>(GetParam() == "lstm" ? 2 : 1, Tensor({kBatch, kUnits}, DType::float64));
  }
};
INSTANTIATE_TEST_SUITE_P(Cells, ZoneoutOf, ::testing::Values("simple_rnn", "lstm", "gru", "mgu"),
                         [](const auto& param) { return param.param; });

TEST_P(ZoneoutOf, TakesTheExpectedValueInInference) {
  const Tensor x = normal({kBatch, kSteps, 3}, 1, DType::float64);
  const bool cell = GetParam() == "lstm";
  const auto seen = whole({.zoneout = 0.3, .zoneout_cell = cell ? 0.6 : 0}, Samples(x), {});
  std::vector<Tensor> states = zero_states();
  for (std::int64_t t = 0; t < kSteps; ++t) {
    const std::vector<Tensor> next = plain_step(step_of(x, t), states);
    for (std::size_t j = 0; j < states.size(); ++j) {
      const double rate = j == 0 ? 0.3 : 0.6;
      for (std::int64_t i = 0; i < next[j].size(); ++i)
        states[j].set(i, rate * states[j].at(i) + (1 - rate) * next[j].at(i));
    }
  }
  for (std::size_t j = 0; j < states.size(); ++j) {
    for (std::int64_t i = 0; i < states[j].size(); ++i)
      EXPECT_NEAR(seen[1 + j].values().at(i), states[j].at(i), 1e-12) << "state " << j;
  }
}

TEST_P(ZoneoutOf, KeepsTheOldValueOrTakesTheNewOneInTraining) {
  const Tensor x = normal({kBatch, kSteps, 3}, 1, DType::float64);
  const std::vector<double> y = numbers(whole({.zoneout = 0.4}, Samples(x), training())[0].values());
  std::vector<Tensor> states = zero_states();
  int kept = 0, taken = 0;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    std::vector<Tensor> next = plain_step(step_of(x, t), states);
    for (std::int64_t i = 0; i < kBatch * kUnits; ++i) {
      const double now = y[static_cast<std::size_t>(t * kBatch * kUnits + i)];
      const bool old = now == states[0].at(i);
      EXPECT_TRUE(old || std::abs(now - next[0].at(i)) < 1e-12) << "step " << t << ", value " << i;
      ++(old ? kept : taken);
      next[0].set(i, now);
    }
    states = next;
  }
  EXPECT_GT(kept, 15);  // of 90 values, 36 expected
  EXPECT_GT(taken, 30);
}

TEST_P(ZoneoutOf, HasTheBitsOfTheLayerWhenSteppedByHand) {
  const Tensor x = normal({kBatch, kSteps, 3}, 1, DType::float64);
  const RecurrentOptions options{.units = kUnits, .zoneout = 0.4};
  ParameterStore store(DType::float64);
  const Cell cell(GetParam(), options, 3, store, "rnn");
  store.allocate();
  cell.initialize(3);
  Network network(DType::float64);
  RecurrentOptions of_layer = options;
  of_layer.name = "rnn";
  network.set_outputs(
      network.add(recurrent(GetParam(), of_layer), {network.add_input("x", {true, -1, {3}})}));
  network.build(3);
  const Tensor expected = run(network, {Samples(x)}, training())[0].values();
  Tape tape(DType::float64);
  tape.reset(training());
  Cell::State state;
  Var y;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    const Cell::Step step =
        cell.step(tape, tape.input(Samples(step_of(x, t).reshaped({kBatch, 3}))), state, t);
    y = step.output;
    state = step.state;
  }
  EXPECT_EQ(numbers(tape.get(y).values()), numbers(expected));
}

TEST_P(ZoneoutOf, IsAFunctionOfTheSeed) {
  const Samples x(normal({kBatch, kSteps, 3}, 1, DType::float64));
  const auto pass = [&](std::uint64_t seed) {
    return numbers(whole({.zoneout = 0.5}, x, training(seed))[0].values());
  };
  EXPECT_EQ(pass(4), pass(4));
  EXPECT_NE(pass(4), pass(5));
}

TEST_P(ZoneoutOf, DrawsTheSameForASequenceOfAnyLength) {
  const Tensor x = normal({kBatch, kSteps, 3}, 1, DType::float64);
  const std::vector<std::int64_t> lengths = {6, 2, 4};
  const Samples full = whole({.zoneout = 0.5}, Samples(x), training())[0];
  const Samples ragged = whole({.zoneout = 0.5}, Samples::padded(x, lengths), training())[0];
  for (std::int64_t b = 0; b < kBatch; ++b) {
    const Tensor part = ragged.sample(b), all = full.sample(b);
    EXPECT_EQ(numbers(part), numbers(all.slice(0, part.dim(0)))) << "sequence " << b;
  }
}

TEST(Zoneout, OfACellStateIsForTheLstm) {
  expect_usage_error({"zoneout_cell", "gru"}, [] { gru({.units = 2, .zoneout_cell = 0.1}); });
  expect_usage_error({"'zoneout'", "0 <= rate < 1"}, [] { gru({.units = 2, .zoneout = 1.5}); });
}

}  // namespace
}  // namespace rondo
