#include <set>

#include "unit/layers/run_network.h"

// Dropout inside recurrent layers, by its properties: the numbers are random, so no other framework's are the
// oracle.

namespace rondo {
namespace {

/// A simple_rnn without activation, bias and recurrence whose output is its input as it was read: masks made
/// visible.
Network mirror(RecurrentOptions options, std::int64_t width, DType dtype = DType::float32) {
  options.units = width;
  options.activation = "linear";
  options.use_bias = false;
  options.return_sequences = true;
  Network network(dtype);
  network.set_outputs(network.add(simple_rnn(options), {network.add_input("x", {true, -1, {width}})}));
  network.build(1);
  const auto values = network.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, 0);
  for (std::int64_t i = 0; i < width; ++i) values.set(i * width + i, 1);  // the kernel comes first
  return network;
}

RunOptions dropout_training(std::uint64_t seed = 1, std::uint64_t step = 0) {
  return {.training = true, .seed = seed, .step = step};
}

TEST(RecurrentInputDropout, DropsTheSameFeaturesAtEveryStepOfASequence) {
  Network network = mirror({.dropout = 0.3}, 9);
  const std::vector<std::int64_t> lengths = {4, 7, 1};
  const Samples x = Samples::padded(Tensor::full({3, 7, 9}, 1), lengths);
  const Samples y = run(network, {x}, dropout_training())[0];
  std::set<std::vector<double>> masks;
  for (std::int64_t b = 0; b < 3; ++b) {
    const Tensor one = y.sample(b);
    for (std::int64_t t = 1; t < one.dim(0); ++t)
      EXPECT_EQ(numbers(one.slice(t, t + 1)), numbers(one.slice(0, 1))) << "sequence " << b << ", step " << t;
    masks.insert(numbers(one.slice(0, 1)));
  }
  EXPECT_EQ(masks.size(), 3U) << "sequences have masks of their own";
}

TEST(RecurrentInputDropout, KeepsTheMeanAndDropsItsShare) {
  for (const double rate : {0.1, 0.5, 0.8}) {
    Network network = mirror({.dropout = rate}, 100, DType::float64);
    const Tensor y =
        run(network, {Samples(Tensor::full({200, 1, 100}, 1, DType::float64))}, dropout_training())[0]
            .values();
    double sum = 0, zeros = 0;
    for (const double v : numbers(y)) {
      sum += v;
      zeros += v == 0 ? 1 : 0;
      EXPECT_TRUE(v == 0 || v == 1 / (1 - rate)) << v;
    }
    const double n = static_cast<double>(y.size()), deviation = std::sqrt(rate / (1 - rate) / n);
    EXPECT_NEAR(sum / n, 1, 5 * deviation) << rate;
    EXPECT_NEAR(zeros / n, rate, 5 * std::sqrt(rate * (1 - rate) / n)) << rate;
  }
}

TEST(RecurrentInputDropout, IsAFunctionOfSeedStepAndLayer) {
  const Samples x(Tensor::full({4, 3, 20}, 1));
  const auto pass = [&](RunOptions options, const char* name) {
    Network network = mirror({.dropout = 0.5, .name = name}, 20);
    return numbers(run(network, {x}, options)[0].values());
  };
  const auto first = pass(dropout_training(1, 0), "a");
  EXPECT_EQ(pass(dropout_training(1, 0), "a"), first);
  EXPECT_NE(pass(dropout_training(2, 0), "a"), first);
  EXPECT_NE(pass(dropout_training(1, 1), "a"), first) << "every dropout_training step draws anew";
  EXPECT_NE(pass(dropout_training(1, 0), "b"), first) << "every layer draws its own";
}

TEST(RecurrentInputDropout, DoesNothingInInferenceOrAtRateZero) {
  const Samples x(normal({4, 3, 6}, 2));
  Network plain = mirror({}, 6), dropping = mirror({.dropout = 0.5}, 6);
  EXPECT_EQ(numbers(run(dropping, {x})[0].values()), numbers(run(plain, {x})[0].values()));
  EXPECT_EQ(numbers(run(plain, {x}, dropout_training())[0].values()), numbers(run(plain, {x})[0].values()));
}

TEST(RecurrentInputDropout, DirectionsHaveMasksOfTheirOwn) {
  Network network(DType::float32);
  network.set_outputs(network.add(bidirectional(simple_rnn({.units = 20,
                                                            .activation = "linear",
                                                            .use_bias = false,
                                                            .kernel_initializer = "identity",
                                                            .recurrent_initializer = "zeros",
                                                            .dropout = 0.5,
                                                            .return_sequences = true})),
                                  {network.add_input("x", {true, -1, {20}})}));
  network.build(1);
  const Tensor y = run(network, {Samples(Tensor::full({1, 1, 20}, 1))}, dropout_training())[0].values();
  std::vector<double> both = numbers(y);
  EXPECT_NE(std::vector<double>(both.begin(), both.begin() + 20),
            std::vector<double>(both.begin() + 20, both.end()));
}

/// One step from state `h` (and cell state `c`) of a cell whose gates are linear, without input: parameters
/// are chosen by `set`, which gets the name's last part and the values.
template <class Set>
std::vector<double> step_from(const std::string& type, double h, double c, RecurrentOptions options, Set set,
                              std::int64_t steps = 1) {
  options.activation = options.recurrent_activation = "linear";
  options.return_sequences = true;
  const std::int64_t units = options.units;
  Network network(DType::float64);
  std::vector<int> inputs = {network.add_input("x", {true, -1, {1}}),
                             network.add_input("h", {false, -1, {units}})};
  std::vector<Samples> values = {Samples(Tensor({2, steps, 1}, DType::float64)),
                                 Samples(Tensor::full({2, units}, h, DType::float64))};
  if (type == "lstm") {
    inputs.push_back(network.add_input("c", {false, -1, {units}}));
    values.emplace_back(Tensor::full({2, units}, c, DType::float64));
  }
  network.set_outputs(network.add(recurrent(type, options), inputs));
  network.build(1);
  for (const ParameterInfo& info : network.parameters().infos()) {
    const int index = network.parameters().find(info.name);
    Tensor t(info.shape, DType::float64);
    set(info.name.substr(info.name.rfind('.') + 1), t);
    network.parameters().set(index, t);
  }
  return numbers(run(network, values, dropout_training())[0].values());
}

/// Puts an identity into gate `gate` of a recurrent kernel [units, gates·units].
void pass_state_to(Tensor& kernel, std::int64_t gate) {
  const std::int64_t units = kernel.dim(0), width = kernel.dim(1);
  for (std::int64_t u = 0; u < units; ++u) kernel.set(u * width + gate * units + u, 1);
}

TEST(RecurrentDropout, MasksTheStateOfEachGateOnItsOwn) {
  constexpr std::int64_t kUnits = 40;
  std::set<std::vector<double>> masks;
  for (std::int64_t gate = 0; gate < 4;
       ++gate) {  // i, f, c, o; the others let the gate under test through to h
    const double biases[4][4] = {{0, 0, 1, 1}, {0, 0, 0, 1}, {1, 0, 0, 1}, {0, 1, 0, 0}};
    const std::vector<double> h =
        step_from("lstm", 1, gate == 1 || gate == 3 ? 1 : 0, {.units = kUnits, .recurrent_dropout = 0.25},
                  [&](const std::string& name, Tensor& t) {
                    if (name == "recurrent_kernel") pass_state_to(t, gate);
                    for (std::int64_t i = 0; name == "bias" && i < t.size(); ++i)
                      t.set(i, biases[gate][i / kUnits]);
                  });
    double dropped = 0;
    for (const double v : h) {
      EXPECT_TRUE(v == 0 || v == 1 / 0.75) << v;
      dropped += v == 0 ? 1 : 0;
    }
    EXPECT_GT(dropped, 5);
    EXPECT_LT(dropped, 40);
    masks.emplace(h.begin(), h.begin() + kUnits);
    masks.emplace(h.begin() + kUnits, h.end());
  }
  EXPECT_EQ(masks.size(), 8U) << "four gates of two sequences";
}

TEST(RecurrentDropout, IsTheSameAtEveryStep) {
  const std::vector<double> h = step_from(
      "simple_rnn", 1, 0, {.units = 20, .recurrent_dropout = 0.5},
      [](const std::string& name, Tensor& t) {
        if (name == "recurrent_kernel") pass_state_to(t, 0);
      },
      3);
  for (std::size_t i = 0; i < 40; ++i) {  // packed: step 0 of both sequences, step 1, …
    EXPECT_TRUE(h[i] == 0 || h[i] == 2) << h[i];
    EXPECT_EQ(h[40 + i], h[i] * h[i]);
    EXPECT_EQ(h[80 + i], h[i] * h[i] * h[i]);
  }
}

TEST(RecurrentDropout, LeavesAStateAloneThatPassesNoProduct) {
  for (const bool after : {true, false}) {
    const std::vector<double> h =
        step_from("gru", 3, 0, {.units = 20, .reset_after = after, .recurrent_dropout = 0.5},
                  [](const std::string& name, Tensor& t) {  // z = 1: h' = h
                    for (std::int64_t i = 0; name == "bias" && i < 20; ++i) t.set(i, 1);
                  });
    for (const double v : h) EXPECT_EQ(v, 3);
  }
}

TEST(RecurrentDropout, OfAResetStateMasksTheProductsOperand) {
  const std::vector<double> h =
      step_from("gru", 3, 0, {.units = 20, .reset_after = false, .recurrent_dropout = 0.5},
                [](const std::string& name, Tensor& t) {  // z = 0, r = 1: h' = r·(h·mask)
                  for (std::int64_t i = 20; name == "bias" && i < 40; ++i) t.set(i, 1);
                  if (name == "recurrent_kernel") pass_state_to(t, 2);
                });
  double dropped = 0;
  for (const double v : h) {
    EXPECT_TRUE(v == 0 || v == 6) << v;
    dropped += v == 0 ? 1 : 0;
  }
  EXPECT_GT(dropped, 5);
  EXPECT_LT(dropped, 35);
}

TEST(RecurrentDropout, GivesInputsAMaskForEachGateToo) {
  constexpr std::int64_t kUnits = 50;  // an input of one feature reaches gate c of all units or of none
  int differ = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const double recurrent_rate : {0.0, 0.5}) {
      Network network(DType::float64);
      network.set_outputs(network.add(gru({.units = 1,
                                           .activation = "linear",
                                           .recurrent_activation = "linear",
                                           .dropout = 0.5,
                                           .recurrent_dropout = recurrent_rate}),
                                      {network.add_input("x", {true, -1, {kUnits}})}));
      network.build(1);
      Tensor kernel({kUnits, 3}, DType::float64);  // z = Σ of half its mask, h̃ = the same: h = (1 - z)·h̃
      for (std::int64_t i = 0; i < kUnits; ++i) kernel.set(3 * i, 1), kernel.set(3 * i + 2, 1);
      network.parameters().set(network.parameters().find("gru.kernel"), kernel);
      const double h =
          run(network, {Samples(Tensor::full({1, 1, kUnits}, 1, DType::float64))}, dropout_training(seed))[0]
              .values()
              .at(0);
      // One mask: z = h̃ = s with s even: h = (1 - s)·s. Two: some other number.
      const double s = (1 + std::sqrt(1 - 4 * h)) / 2;
      const bool one_mask = h <= 0 && std::abs(s - 2 * std::round(s / 2)) < 1e-9;
      if (recurrent_rate == 0) {
        EXPECT_TRUE(one_mask) << h;
      } else {
        differ += one_mask ? 0 : 1;
      }
    }
  }
  EXPECT_GT(differ, 10);
}

TEST(RecurrentDropout, DoesNothingInInference) {
  for (const char* type : {"simple_rnn", "lstm", "gru"}) {
    Network plain = network_of(recurrent(type, {.units = 6}), {ValueShape{true, -1, {3}}});
    Network dropping = network_of(recurrent(type, {.units = 6, .dropout = 0.3, .recurrent_dropout = 0.5}),
                                  {ValueShape{true, -1, {3}}});
    const Samples x(normal({4, 5, 3}, 2));
    EXPECT_EQ(numbers(run(dropping, {x})[0].values()), numbers(run(plain, {x})[0].values()));
    EXPECT_NE(numbers(run(dropping, {x}, dropout_training())[0].values()),
              numbers(run(plain, {x})[0].values()));
  }
}

TEST(RecurrentInputDropout, RefusesRatesThatAreNone) {
  for (const double rate : {-0.1, 1.1, std::nan("")})
    expect_usage_error({"'dropout'", "0 <= rate < 1"}, [&] { lstm({.units = 2, .dropout = rate}); });
  expect_usage_error({"'dropout'", "Keras"}, [] { gru({.units = 2, .dropout = 1}); });
}

}  // namespace
}  // namespace rondo
