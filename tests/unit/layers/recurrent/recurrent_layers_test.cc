#include <limits>

#include "unit/layers/run_network.h"

// What recurrent layers promise beyond their formulas (those: tests/conformance): masks, states, directions.

namespace rondo {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const ValueShape kInput{true, -1, {3}};

class EveryCellType : public ::testing::TestWithParam<std::string> {
 protected:
  static LayerPtr layer(RecurrentOptions options) {
    if (options.units == 0) options.units = 5;
    return recurrent(GetParam(), std::move(options));
  }
};
INSTANTIATE_TEST_SUITE_P(Cells, EveryCellType, ::testing::Values("simple_rnn", "lstm", "gru"),
                         [](const auto& param) { return param.param; });

/// Rows `used` of a [time, 3] tensor.
Tensor cut(const Tensor& sequence, const std::vector<std::int64_t>& used) { return sequence.gather(used); }

TEST_P(EveryCellType, ReadsAMaskedSequenceAsIfTheStepsWereNotThere) {
  Network network = network_of(layer({.return_sequences = true, .return_state = true}), {kInput});
  const std::vector<std::vector<std::int64_t>> kept = {{2, 3, 4, 5}, {0, 1, 4, 5}, {0, 1, 2},
                                                       {},           {0, 2, 5},    {0, 1, 2, 3, 4, 5}};
  Tensor padded = normal({6, 6, 3}, 4);
  std::vector<std::uint8_t> mask(36, 0);
  std::vector<Tensor> alone;
  for (std::size_t b = 0; b < kept.size(); ++b) {
    const auto at = static_cast<std::int64_t>(b);
    alone.push_back(cut(padded.slice(at, at + 1).reshaped({6, 3}), kept[b]));
    for (const std::int64_t t : kept[b]) mask[b * 6 + static_cast<std::size_t>(t)] = 1;
  }
  for (std::int64_t i = 0; i < padded.size(); ++i) {
    if (mask[static_cast<std::size_t>(i / 3)] == 0) padded.set(i, kNan);
  }
  const auto masked = run(network, {Samples::masked(padded, mask)});
  for (std::size_t b = 0; b < kept.size(); ++b) {
    const auto single = run(network, {Samples::ragged(std::span<const Tensor>(&alone[b], 1))});
    const auto at = static_cast<std::int64_t>(b);
    EXPECT_EQ(numbers(masked[0].sample(at)), numbers(single[0].sample(0))) << "bits of sequence " << b;
    for (std::size_t j = 1; j < masked.size(); ++j)
      EXPECT_EQ(numbers(masked[j].sample(at)), numbers(single[j].sample(0))) << b;
  }
  for (const Samples& out : masked) EXPECT_TRUE(all_finite(out.values())) << "NaN behind a mask leaked";
}

TEST_P(EveryCellType, NeverLetsNanBehindAMaskIntoGradients) {
  Network network = network_of(layer({}), {kInput});
  Tensor padded = normal({2, 4, 3}, 4);
  for (std::int64_t i = 6; i < 12; ++i) padded.set(i, kNan);
  const std::uint8_t mask[] = {1, 1, 0, 0, 1, 1, 1, 1};
  Tape tape;
  tape.reset({.training = true});
  const auto out = network.run(tape, std::vector<Samples>{Samples::masked(padded, mask)});
  network.parameters().zero_gradients();
  tape.backward(out, std::vector<Tensor>{Tensor::full({2, 5}, 1)});
  EXPECT_TRUE(all_finite(network.parameters().gradients()));
}

TEST_P(EveryCellType, ShowsNanWhereItIsRead) {
  for (const char* activation : {"tanh", "relu", "sigmoid", "elu", "hard_sigmoid"}) {
    Network network = network_of(layer({.activation = activation}), {kInput});
    Tensor x = normal({2, 4, 3}, 4);
    x.set(7, kNan);
    const Tensor y = run(network, {Samples(x)})[0].values();
    EXPECT_TRUE(std::isnan(y.at(0))) << activation << " hides NaN";
    EXPECT_TRUE(std::isfinite(y.at(5))) << activation << ": it reaches the other sequence";
  }
}

TEST_P(EveryCellType, CarriesItsStateFromHalfToHalf) {
  const Tensor x = normal({4, 10, 3}, 5);
  const auto half = [&](std::int64_t begin, std::int64_t end) {
    Tensor part({4, end - begin, 3});
    for (std::int64_t b = 0; b < 4; ++b) {
      for (std::int64_t i = begin * 3; i < end * 3; ++i)
        part.set(b * (end - begin) * 3 + i - begin * 3, x.at(b * 30 + i));
    }
    return Samples(part);
  };
  for (const bool stateful : {true, false}) {
    Network network = network_of(layer({.stateful = stateful}), {kInput});
    const std::vector<double> whole = numbers(run(network, {Samples(x)})[0].values());
    CarriedState carried;
    const RunOptions options{.carried = &carried, .carry_all = !stateful};
    run(network, {half(0, 4)}, options);
    CarriedState fork = carried;
    EXPECT_EQ(numbers(run(network, {half(4, 10)}, options)[0].values()), whole);
    EXPECT_EQ(numbers(run(network, {half(4, 10)}, {.carried = &fork, .carry_all = !stateful})[0].values()),
              whole)
        << "a copy of the state is a stream of its own";
    expect_usage_error({"batch", "2", "4"}, [&] { run(network, {Samples(normal({2, 3, 3}, 1))}, options); });
    carried.clear();
    EXPECT_EQ(numbers(run(network, {Samples(x)}, options)[0].values()), whole);
  }
}

TEST_P(EveryCellType, ReadsBackwardsAsTheReversedSequence) {
  const std::vector<Tensor> sequences = {normal({4, 3}, 1), normal({6, 3}, 2), normal({1, 3}, 3)};
  std::vector<Tensor> reversed;
  for (const Tensor& s : sequences) {
    std::vector<std::int64_t> rows;
    for (std::int64_t t = s.dim(0); t-- > 0;) rows.push_back(t);
    reversed.push_back(s.gather(rows));
  }
  Network forwards = network_of(layer({.return_sequences = true}), {kInput});
  Network backwards = network_of(layer({.return_sequences = true, .go_backwards = true}), {kInput});
  const Samples a = run(forwards, {Samples::ragged(reversed)})[0],
                b = run(backwards, {Samples::ragged(sequences)})[0];
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(numbers(a.sample(i)), numbers(b.sample(i))) << "in order of processing";
}

TEST_P(EveryCellType, InBothDirectionsIsTwoLayers) {
  Network both = network_of(bidirectional(layer({.return_sequences = true})), {kInput});
  const std::vector<Tensor> sequences = {normal({4, 3}, 1), normal({6, 3}, 2), Tensor({0, 3})};
  const Samples x = Samples::ragged(sequences), y = run(both, {x})[0];
  for (const bool backwards : {false, true}) {
    Network one =
        network_of(layer({.return_sequences = true, .go_backwards = backwards, .name = "one"}), {kInput});
    for (const ParameterInfo& info : one.parameters().infos()) {
      const std::string name =
          (backwards ? "bidirectional.backward" : "bidirectional.forward") + info.name.substr(3);
      one.parameters().set(one.parameters().find(info.name),
                           both.parameters().get(both.parameters().find(name)));
    }
    const Samples z = run(one, {x})[0];
    for (std::int64_t b = 0; b < 3; ++b) {
      const Tensor joined = y.sample(b), single = z.sample(b);
      for (std::int64_t t = 0; t < single.dim(0); ++t) {
        const std::int64_t from = backwards ? single.dim(0) - 1 - t : t;
        for (std::int64_t u = 0; u < 5; ++u)
          EXPECT_EQ(joined.at(t * 10 + (backwards ? 5 : 0) + u), single.at(from * 5 + u));
      }
    }
  }
}

TEST_P(EveryCellType, StaysFiniteOverTenThousandSteps) {
  Network network = network_of(layer({}), {kInput});
  Tape tape;
  tape.reset({.training = true});
  const auto out = network.run(tape, std::vector<Samples>{Samples(normal({1, 10'000, 3}, 6))});
  EXPECT_TRUE(all_finite(tape.get(out[0]).values()));
  network.parameters().zero_gradients();
  tape.backward(out, std::vector<Tensor>{Tensor::full({1, 5}, 1)});
  EXPECT_TRUE(all_finite(network.parameters().gradients()));
}

TEST_P(EveryCellType, OfZerosWithoutBiasIsZero) {
  Network network(DType::float32);
  network.set_outputs(network.add(layer({.use_bias = false}), {network.add_input("x", kInput)}));
  network.build(1);
  EXPECT_EQ(numbers(run(network, {Samples(Tensor({2, 7, 3}))})[0].values()), std::vector<double>(10, 0.0));
}

TEST_P(EveryCellType, GivesItsInitialStateBackForASequenceWithoutSteps) {
  const bool two = GetParam() == "lstm";
  std::vector<ValueShape> specs = {kInput, {false, -1, {5}}};
  std::vector<Tensor> none = {Tensor({0, 3}), normal({2, 3}, 1)};
  const Tensor state = normal({2, 5}, 2);
  std::vector<Samples> inputs = {Samples::ragged(none), Samples(state)};
  if (two) specs.push_back(specs[1]), inputs.push_back(Samples(state));
  Network network = network_of(layer({.return_state = true}), specs);
  const auto out = run(network, inputs);
  EXPECT_EQ(numbers(out[1].sample(0)), numbers(state.slice(0, 1)));
  EXPECT_NE(numbers(out[1].sample(1)), numbers(state.slice(1, 2)));
}

TEST(Lstm, OfZeroInputIsItsBiasAlone) {
  Network network = network_of(lstm({.units = 1}), {ValueShape{true, -1, {1}}}, DType::float64);
  const Tensor b = network.parameters().get(network.parameters().find("lstm.bias"));
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double cell = sigmoid(b.at(0)) * std::tanh(b.at(2));  // gates i, f, c, o
  EXPECT_NEAR(run(network, {Samples(Tensor({1, 1, 1}))})[0].values().at(0),
              sigmoid(b.at(3)) * std::tanh(cell), 1e-14);
}

TEST(RecurrentLayer, VariantsAreOptionsNotTypes) {
  for (const char* variant : {"peephole_lstm", "coupled_lstm", "gru_reset_before"}) {
    EXPECT_THROW(recurrent(variant, {.units = 2}), Error) << variant;  // its spec could not be read again
  }
  EXPECT_NO_THROW(recurrent("lstm", {.units = 2, .peephole = true, .coupled = true}));
}

}  // namespace
}  // namespace rondo
