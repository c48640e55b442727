#include "rondo/train/gradient_flow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <numbers>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "support/dense_twin.h"
#include "train/diagnostics/recurrent_replay.h"

namespace rondo {
namespace {

Tensor noise(Shape shape, std::uint64_t seed, double size = 1) {
  Tensor t(std::move(shape), DType::float64);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, size * random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

/// x -> recurrent layer(s) -> dense, in double, every parameter somewhere.
Network network_of(const std::vector<LayerPtr>& layers, std::int64_t inputs) {
  Network network(DType::float64);
  int value = network.add_input("x", {true, -1, {inputs}});
  for (const LayerPtr& layer : layers) value = network.add(layer, {value})[0];
  network.set_outputs(network.add(dense({.units = 1}), {value}));
  network.build(5);
  return network;
}

void set_parameter(Network& network, const std::string& name,
                   const std::function<double(std::int64_t)>& value) {
  ParameterStore& store = network.parameters();
  const int index = store.find(name);
  ASSERT_GE(index, 0) << name;
  Tensor values = store.get(index);
  for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, value(i));
  store.set(index, values);
}

void scale_parameter(Network& network, const std::string& name, double factor) {
  const Tensor before = network.parameters().get(network.parameters().find(name));
  set_parameter(network, name, [&](std::int64_t i) { return factor * before.at(i); });
}

/// Sequences of 0 to `longest` steps with one target each, or one a step.
Batch ragged_examples(std::int64_t longest, std::int64_t inputs, bool sequences) {
  std::vector<Tensor> x, y;
  for (const std::int64_t length : {longest, std::int64_t{3}, std::int64_t{0}, longest, std::int64_t{1}}) {
    x.push_back(noise({length, inputs}, 10 + x.size()));
    y.push_back(noise({length, 1}, 90 + y.size()));
  }
  Batch examples;
  examples.inputs = {Samples::ragged(x)};
  examples.targets = {sequences ? Samples::ragged(y) : Samples(noise({5, 1}, 70))};
  return examples;
}

Batch long_examples(std::int64_t steps, std::int64_t inputs = 3) {
  Batch examples;
  examples.inputs = {Samples(noise({16, steps, inputs}, 1, 0.3))};
  examples.targets = {Samples(noise({16, 1}, 2))};
  return examples;
}

const CompileOptions kSquares{.loss = "mean_squared_error"};

TEST(GradientFlow, StepByStepHasTheGradientsOfTheFastDrivers) {
  for (const char* type : {"simple_rnn", "lstm", "gru", "mgu"}) {
    for (const bool sequences : {false, true}) {
      for (const bool backwards : {false, true}) {
        RecurrentOptions options{.units = 4};
        options.return_sequences = sequences;
        options.go_backwards = backwards;
        if (std::strcmp(type, "gru") == 0) options.reset_after = backwards;
        if (std::strcmp(type, "lstm") == 0) options.peephole = options.coupled = backwards;
        Network network = network_of({recurrent(type, options)}, 2);
        const Batch examples = ragged_examples(7, 2, sequences);
        Tape tape(DType::float64);
        tape.reset();
        const Var x = tape.input(examples.inputs[0], true);
        const Vars out = network.run(tape, std::span<const Var>(&x, 1));
        network.parameters().zero_gradients();
        tape.backward(out, std::vector<Tensor>{noise(tape.get(out[0]).values().shape(), 33)});

        int found = 0;
        for (const Tape::Applied& applied : tape.applied()) {
          if (!detail::RecurrentReplay::covers(applied)) continue;
          ++found;
          detail::RecurrentReplay replay(tape, applied);
          (void)replay.measure();
          const Tensor dx = tape.gradient(x);
          ASSERT_EQ(replay.input_gradient().size(), dx.size());
          for (std::int64_t i = 0; i < dx.size(); ++i)
            EXPECT_NEAR(replay.input_gradient().at(i), dx.at(i), 1e-12) << type << i;
          const ParameterStore& weights = replay.weights();
          for (std::size_t k = 0; k < weights.infos().size(); ++k) {
            const std::string name = weights.infos()[k].name;
            const Tensor seen = weights.get_gradient(static_cast<int>(k));
            const Tensor expected = network.parameters().get_gradient(
                network.parameters().find(std::string(type) + name.substr(name.find('.'))));
            for (std::int64_t i = 0; i < seen.size(); ++i)
              EXPECT_NEAR(seen.at(i), expected.at(i), 1e-11) << type << " " << name;
          }
        }
        EXPECT_EQ(found, 1);
      }
    }
  }
}

/// Elman's network by hand, with `nudge` added to one element of h after step `at`.
double elman_loss(const Network& network, const Tensor& x, const Tensor& target, std::int64_t at,
                  std::int64_t element, double nudge, bool every_step) {
  const auto get = [&](const char* name) {
    return network.parameters().get(network.parameters().find(name));
  };
  const Tensor w = get("simple_rnn.kernel"), u = get("simple_rnn.recurrent_kernel"),
               b = get("simple_rnn.bias"), v = get("dense.kernel"), c = get("dense.bias");
  const std::int64_t units = u.dim(0), inputs = w.dim(0), steps = x.dim(0);
  std::vector<double> h(static_cast<std::size_t>(units), 0.0), next(h.size());
  double loss = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t j = 0; j < units; ++j) {
      double sum = b.at(j);
      for (std::int64_t i = 0; i < inputs; ++i) sum += x.at(t * inputs + i) * w.at(i * units + j);
      for (std::int64_t i = 0; i < units; ++i) sum += h[static_cast<std::size_t>(i)] * u.at(i * units + j);
      next[static_cast<std::size_t>(j)] = std::tanh(sum);
    }
    h = next;
    if (t == at) h[static_cast<std::size_t>(element)] += nudge;
    if (!every_step && t + 1 < steps) continue;
    double y = c.at(0);
    for (std::int64_t j = 0; j < units; ++j) y += h[static_cast<std::size_t>(j)] * v.at(j);
    const double miss = y - target.at(every_step ? t : 0);
    loss += miss * miss / (every_step ? static_cast<double>(steps) : 1.0);
  }
  return loss;
}

TEST(GradientFlow, NormsAreThoseOfFiniteDifferences) {
  constexpr std::int64_t kSteps = 6, kUnits = 3, kInputs = 2;
  for (const bool every_step : {false, true}) {
    RecurrentOptions options{.units = kUnits};
    options.return_sequences = every_step;
    Network network = network_of({simple_rnn(options)}, kInputs);
    const Tensor x = noise({kSteps, kInputs}, 4), y = noise({every_step ? kSteps : 1, 1}, 5);
    Batch examples;
    examples.inputs = {Samples(x.reshaped({1, kSteps, kInputs}))};
    examples.targets = {every_step ? Samples(y.reshaped({1, kSteps, 1})) : Samples(y)};
    const GradientFlow flow = measure_gradient_flow(network, examples, kSquares);
    ASSERT_EQ(flow.layers.size(), 1U);
    ASSERT_EQ(flow.layers[0].norm.size(), static_cast<std::size_t>(kSteps));
    for (std::int64_t back = 0; back < kSteps; ++back) {
      double squares = 0;
      for (std::int64_t j = 0; j < kUnits; ++j) {
        constexpr double kNudge = 1e-5;
        const std::int64_t at = kSteps - 1 - back;
        const double slope = (elman_loss(network, x, y, at, j, kNudge, every_step) -
                              elman_loss(network, x, y, at, j, -kNudge, every_step)) /
                             (2 * kNudge);
        squares += slope * slope;
      }
      EXPECT_NEAR(flow.layers[0].norm[static_cast<std::size_t>(back)], std::sqrt(squares), 1e-8) << back;
    }
    if (every_step)
      EXPECT_NE(flow.layers[0].norm, flow.layers[0].norm_from_end);
    else
      EXPECT_EQ(flow.layers[0].norm, flow.layers[0].norm_from_end);
    EXPECT_EQ(flow.layers[0].norm[0], flow.layers[0].norm_from_end[0]);
  }
}

TEST(GradientFlow, SmallRecurrentWeightsMakeGradientsVanish) {
  Network network = network_of({simple_rnn({.units = 16})}, 3);
  scale_parameter(network, "simple_rnn.recurrent_kernel", 0.3);
  const GradientFlow flow = measure_gradient_flow(network, long_examples(40), kSquares);
  const LayerGradientFlow& layer = flow.layers.at(0);
  EXPECT_EQ(flow.diagnosis, GradientDiagnosis::vanishing);
  EXPECT_LT(layer.steps_for_99_percent, 8);
  EXPECT_LT(layer.growth, 0.31);
  EXPECT_NE(layer.finding.find("gradients vanish: the last"), std::string::npos) << layer.finding;
  EXPECT_NE(layer.finding.find("of 40 steps carry 99 %"), std::string::npos) << layer.finding;
  EXPECT_NE(layer.remedy.find("lstm"), std::string::npos);
  ASSERT_EQ(layer.spectra.size(), 1U);
  EXPECT_NEAR(layer.spectra[0].spectral_radius, 0.3, 1e-3) << "orthogonal, times 0.3";
  EXPECT_NEAR(layer.spectra[0].largest_singular_value, 0.3, 1e-6);
}

TEST(GradientFlow, LargeRecurrentWeightsMakeGradientsExplode) {
  RecurrentOptions options{.units = 32};
  options.activation = "linear";
  for (const char* activation : {"linear", "tanh"}) {
    options.activation = activation;
    Network network = network_of({simple_rnn(options)}, 3);
    scale_parameter(network, "simple_rnn.recurrent_kernel", 3.0);
    const GradientFlow flow = measure_gradient_flow(network, long_examples(40), kSquares);
    EXPECT_EQ(flow.diagnosis, GradientDiagnosis::exploding) << activation;
    EXPECT_NE(flow.layers[0].finding.find("explode"), std::string::npos);
    EXPECT_NE(flow.layers[0].remedy.find("clipnorm"), std::string::npos);
    EXPECT_NEAR(flow.layers[0].spectra[0].spectral_radius, 3, 0.01);
  }
}

TEST(GradientFlow, GradientsThatAreNotFiniteExplode) {
  RecurrentOptions options{.units = 4};
  options.activation = "linear";
  Network network = network_of({simple_rnn(options)}, 3);
  scale_parameter(network, "simple_rnn.recurrent_kernel", 1e9);
  Tape tape(DType::float64);
  tape.reset();
  const Samples x = long_examples(60).inputs[0];
  const Vars out = network.run(tape, std::span(&x, 1));
  tape.backward(out, std::vector<Tensor>{Tensor::full({16, 1}, 1, DType::float64)});
  const GradientFlow flow = measure_gradient_flow(tape);
  EXPECT_EQ(flow.diagnosis, GradientDiagnosis::exploding);
}

TEST(GradientFlow, LstmAndGruAreHealthyOverTwoDozenSteps) {
  for (const char* type : {"lstm", "gru"}) {
    Network network = network_of({recurrent(type, {.units = 16})}, 3);
    const GradientFlow flow = measure_gradient_flow(network, long_examples(24), kSquares);
    EXPECT_EQ(flow.diagnosis, GradientDiagnosis::healthy) << type << ": " << flow.layers[0].finding;
    EXPECT_TRUE(flow.layers[0].remedy.empty());
    EXPECT_EQ(flow.layers[0].sequences, 16);
  }
}

TEST(GradientFlow, OfShortSequencesTellsHowMuchReachesTheFirstStep) {
  Network network = network_of({lstm({.units = 8})}, 3);
  const LayerGradientFlow layer = measure_gradient_flow(network, long_examples(5), kSquares).layers[0];
  EXPECT_EQ(layer.diagnosis, GradientDiagnosis::healthy);
  const std::string share = std::to_string(std::lround(100 * layer.norm[4] / layer.norm[0]));
  EXPECT_NE(layer.finding.find("at the first of 5 steps the gradient is " + share + " %"), std::string::npos)
      << layer.finding;
  const LayerGradientFlow one = measure_gradient_flow(network, long_examples(1), kSquares).layers[0];
  EXPECT_EQ(one.diagnosis, GradientDiagnosis::healthy);
}

TEST(GradientFlow, AStateKeptByAnOpenForgetGateReachesBackFurther) {
  const auto growth = [](double forget_bias) {
    Network network = network_of({lstm({.units = 8})}, 3);
    set_parameter(network, "lstm.bias", [&](std::int64_t i) { return i >= 8 && i < 16 ? forget_bias : 0.0; });
    return measure_gradient_flow(network, long_examples(30), kSquares).layers[0].growth;
  };
  EXPECT_GT(growth(4), growth(1));
  EXPECT_GT(growth(4), 0.95);
  EXPECT_GT(growth(1), growth(-2));
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(GradientFlow, CountsGatesThatAreShutOrOpen) {
  // Without inputs and recurrent weights a gate is the sigmoid of its bias.
  for (const bool peephole : {false, true}) {
    RecurrentOptions options{.units = 4};
    options.peephole = peephole;
    Network network = network_of({lstm(options)}, 3);
    for (const char* name : {"lstm.kernel", "lstm.recurrent_kernel"})
      set_parameter(network, name, [](std::int64_t) { return 0.0; });
    const std::vector<double> bias = {-4, -4, -2, 0, 4, 4, 4, 2, 9, 9, 9, 9, 0, 0, 0, 0};
    set_parameter(network, "lstm.bias", [&](std::int64_t i) { return bias[static_cast<std::size_t>(i)]; });
    const auto gates = measure_gradient_flow(network, long_examples(100), kSquares).layers[0].gates;
    ASSERT_EQ(gates.size(), 3U);
    EXPECT_EQ(gates[0].gate, "input");
    EXPECT_EQ(gates[1].gate, "forget");
    EXPECT_EQ(gates[2].gate, "output");
    ASSERT_LT(sigmoid(-4), 0.05);
    ASSERT_GT(sigmoid(-2), 0.05);
    EXPECT_EQ(gates[0].low, 0.5);
    EXPECT_EQ(gates[0].high, 0.0);
    EXPECT_EQ(gates[1].high, 0.75);
    EXPECT_EQ(gates[2].low + gates[2].high, 0.0);
  }
}

TEST(GradientFlow, NamesTheGatesOfEveryCell) {
  const auto names = [](const char* type, RecurrentOptions options) {
    Network network = network_of({recurrent(type, std::move(options))}, 3);
    std::string all;
    const LayerGradientFlow layer = measure_gradient_flow(network, long_examples(12), kSquares).layers[0];
    for (const GateSaturation& gate : layer.gates) all += gate.gate + " ";
    all += "|";
    for (const GateSpectrum& spectrum : layer.spectra) all += " " + spectrum.gate;
    return all;
  };
  EXPECT_EQ(names("simple_rnn", {.units = 4}), "state | state");
  EXPECT_EQ(names("gru", {.units = 4}), "update reset | update reset candidate");
  EXPECT_EQ(names("gru", {.units = 4, .reset_after = false}), "update reset | update reset candidate");
  EXPECT_EQ(names("mgu", {.units = 4}), "forget | forget candidate");
  EXPECT_EQ(names("lstm", {.units = 4, .coupled = true}), "forget output | forget candidate output");
  EXPECT_EQ(names("lstm", {.units = 4, .proj_size = 2}), "|") << "not square, and gates see another state";
  EXPECT_EQ(names("lstm", {.units = 4, .layer_norm = true}), "| input forget candidate output");
}

TEST(GradientFlow, SeesInBlocksWhatItSeesInADenseLayerWithZerosBetweenThem) {
  for (const char* cell : {"lstm", "gru", "mgu"}) {
    Network blocks = network_of({recurrent(cell, {.units = 12, .recurrent_blocks = 3})}, 3),
            dense = network_of({recurrent(cell, {.units = 12})}, 3);
    scale_parameter(blocks, std::string(cell) + ".kernel", 40);  // some gates are shut or open
    scale_parameter(blocks, std::string(cell) + ".recurrent_kernel", 4);
    copy_blocks(blocks, dense);
    const LayerGradientFlow a = measure_gradient_flow(blocks, long_examples(12), kSquares).layers[0];
    const LayerGradientFlow b = measure_gradient_flow(dense, long_examples(12), kSquares).layers[0];
    EXPECT_EQ(a.norm, b.norm) << cell;
    ASSERT_EQ(a.gates.size(), b.gates.size());
    for (std::size_t g = 0; g < a.gates.size(); ++g) {
      EXPECT_GT(a.gates[g].low + a.gates[g].high, 0) << cell;
      EXPECT_EQ(a.gates[g].low, b.gates[g].low) << cell;
      EXPECT_EQ(a.gates[g].high, b.gates[g].high) << cell;
    }
    ASSERT_EQ(a.spectra.size(), b.spectra.size());
    for (std::size_t g = 0; g < a.spectra.size(); ++g) {
      EXPECT_NEAR(a.spectra[g].spectral_radius / b.spectra[g].spectral_radius, 1, 1e-2) << cell;
      EXPECT_NEAR(a.spectra[g].largest_singular_value / b.spectra[g].largest_singular_value, 1, 1e-6) << cell;
    }
  }
}

TEST(GradientFlow, SaysWhenGatesAreSaturated) {
  Network network = network_of({gru({.units = 8})}, 3);
  set_parameter(network, "gru.bias", [](std::int64_t i) { return i < 16 ? 6.0 : 0.0; });
  const GradientFlow flow = measure_gradient_flow(network, long_examples(20), kSquares);
  EXPECT_EQ(flow.diagnosis, GradientDiagnosis::saturated);
  EXPECT_NE(flow.layers[0].remedy.find("learning rate"), std::string::npos);
}

TEST(GradientFlow, LooksIntoEveryLayerAndIntoWrappers) {
  RecurrentOptions lower{.units = 6}, upper{.units = 5};
  lower.return_sequences = true;
  Network network = network_of({bidirectional(lstm(lower)), gru(upper)}, 3);
  const GradientFlow flow = measure_gradient_flow(network, long_examples(12), kSquares);
  ASSERT_EQ(flow.layers.size(), 3U);
  EXPECT_EQ(flow.layers[0].layer, "bidirectional.forward");
  EXPECT_EQ(flow.layers[1].layer, "bidirectional.backward");
  EXPECT_EQ(flow.layers[2].layer, "gru");
  for (const LayerGradientFlow& layer : flow.layers) EXPECT_GT(layer.norm[0], 0) << layer.layer;
  const GradientFlow first = measure_gradient_flow(network, long_examples(12), kSquares, 2);
  ASSERT_EQ(first.layers.size(), 2U) << "as many as are asked for";
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(first.layers[i].norm, flow.layers[i].norm);
}

TEST(GradientFlow, LeavesParametersAndTheirGradientsAlone) {
  Network network = network_of({lstm({.units = 4})}, 3);
  network.parameters().mutable_gradients().set(3, 0.25);
  const Tensor values = network.parameters().values(), gradients = network.parameters().gradients();
  (void)measure_gradient_flow(network, long_examples(9), kSquares);
  const auto same = [](const Tensor& a, const Tensor& b) {
    return a.size() == b.size() &&
           std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * 8) == 0;
  };
  EXPECT_TRUE(same(network.parameters().values(), values));
  EXPECT_TRUE(same(network.parameters().gradients(), gradients));
}

TEST(GradientFlow, MeasuresNetworksInFloatToo) {
  Network exact = network_of({lstm({.units = 8})}, 3);
  Network single = exact.cast(DType::float32);
  const LayerGradientFlow a = measure_gradient_flow(exact, long_examples(20), kSquares).layers[0];
  const LayerGradientFlow b = measure_gradient_flow(single, long_examples(20), kSquares).layers[0];
  for (std::size_t k = 0; k < a.norm.size(); ++k) EXPECT_NEAR(b.norm[k] / a.norm[k], 1, 1e-4) << k;
}

TEST(GradientFlow, OfANetworkWithoutRecurrenceIsEmpty) {
  Network network(DType::float64);
  network.set_outputs(network.add(dense({.units = 1}), {network.add_input("x", {false, -1, {2}})}));
  network.build(1);
  Batch examples;
  examples.inputs = {Samples(noise({4, 2}, 1))};
  examples.targets = {Samples(noise({4, 1}, 2))};
  EXPECT_TRUE(measure_gradient_flow(network, examples, kSquares).empty());
}

TEST(GradientFlow, RefusesWhatItCannotMeasure) {
  Network network = network_of({lstm({.units = 4})}, 3);
  const auto kind = [&](const Batch& examples) {
    try {
      (void)measure_gradient_flow(network, examples, kSquares);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::resources;
  };
  Batch examples = long_examples(5);
  examples.targets.clear();
  EXPECT_EQ(kind(examples), ErrorKind::usage);
  examples = long_examples(5);
  examples.targets[0].values().set(0, std::nan(""));
  EXPECT_EQ(kind(examples), ErrorKind::diverged);
  Tape tape(DType::float64);
  tape.reset();
  EXPECT_THROW((void)measure_gradient_flow(tape), Error);
}

TEST(SpectralRadius, IsTheLargestEigenvaluesSize) {
  const std::vector<double> diagonal = {0.5, 0, 0, 0, -0.9, 0, 0, 0, 0.2};
  EXPECT_NEAR(spectral_radius(diagonal, 3), 0.9, 1e-6);
  const double angle = std::numbers::pi / 7, size = 1.3;  // a complex pair
  const std::vector<double> turn = {size * std::cos(angle), -size * std::sin(angle), size * std::sin(angle),
                                    size * std::cos(angle)};
  EXPECT_NEAR(spectral_radius(turn, 2), 1.3, 1e-9);
  const std::vector<double> nilpotent = {0, 5, 0, 0};
  EXPECT_EQ(spectral_radius(nilpotent, 2), 0);
  EXPECT_NEAR(largest_singular_value(nilpotent, 2), 5, 1e-6);
  const std::vector<double> shear = {1, 100, 0, 1};  // far from normal
  EXPECT_NEAR(spectral_radius(shear, 2), 1, 1e-3);
  EXPECT_EQ(spectral_radius(std::vector<double>(4, 0.0), 2), 0);
  EXPECT_EQ(largest_singular_value(std::vector<double>(4, 0.0), 2), 0);
  EXPECT_THROW(spectral_radius(diagonal, 2), Error);
}

TEST(SpectralRadius, LiesBetweenNothingAndTheLargestSingularValue) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Tensor a = noise({12, 12}, seed);
    const std::span<const double> values = a.data<double>();
    const double radius = spectral_radius(values, 12), largest = largest_singular_value(values, 12);
    EXPECT_GT(radius, 0);
    EXPECT_LE(radius, largest * 1.001) << seed;
    std::vector<double> twice(values.begin(), values.end());
    for (double& v : twice) v *= 2;
    EXPECT_NEAR(spectral_radius(twice, 12), 2 * radius, 1e-9 * radius);
  }
}

}  // namespace
}  // namespace rondo
