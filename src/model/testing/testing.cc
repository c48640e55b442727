#include "rondo/model/testing.h"

#include <algorithm>
#include <cmath>

#include "kernels/instruction_sets.h"
#include "model/testing/testing_pass.h"
#include "rondo/base/error.h"

namespace rondo::testing {
namespace {

constexpr std::int64_t kSteps = 7;
/// Unsorted, with a sequence of one step and one of none.
const std::vector<std::int64_t> kLengths = {4, 7, 0, 1, 6};

Tensor random_tensor(Shape shape, const RandomStream& random, const Subject& subject) {
  Tensor t(shape, DType::float64);
  const auto data = t.data<double>();
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = subject.integer_inputs
                  ? static_cast<double>(random.below(i, static_cast<std::uint64_t>(subject.integer_limit)))
                  : static_cast<float>(subject.magnitude * random.normal(i));
  }
  return subject.integer_inputs ? t.cast(DType::int32) : t;
}

std::vector<Samples> make_inputs(const Subject& subject, std::uint64_t seed) {
  std::vector<Samples> batches;
  for (std::size_t i = 0; i < subject.inputs.size(); ++i) {
    const ValueShape& spec = subject.inputs[i];
    const RandomStream random(seed, purpose_key("testing.inputs"), i);
    Shape shape = spec.features;
    if (!spec.sequence) {
      shape.insert(shape.begin(), static_cast<std::int64_t>(kLengths.size()));
      batches.emplace_back(random_tensor(shape, random, subject));
      continue;
    }
    const std::int64_t steps = spec.steps < 0 ? kSteps : spec.steps;
    std::vector<std::int64_t> lengths = kLengths;
    if (subject.equal_lengths || spec.steps >= 0) lengths.assign(kLengths.size(), steps);
    auto layout = Layout::from_lengths(lengths, steps);
    shape.insert(shape.begin(), layout->total());
    Tensor values = random_tensor(shape, random, subject);
    batches.push_back(Samples::packed(std::move(layout), std::move(values)));
  }
  return batches;
}

Report compare(const std::string& what, const Tensor& seen, const Tensor& expected, double tolerance) {
  if (seen.size() != expected.size()) return what + ": sizes differ\n";
  double scale = 1;
  for (std::int64_t i = 0; i < expected.size(); ++i) scale = std::max(scale, std::abs(expected.at(i)));
  for (std::int64_t i = 0; i < seen.size(); ++i) {
    if (!(std::abs(seen.at(i) - expected.at(i)) <= tolerance * scale))
      return difference(what, i, seen.at(i), expected.at(i));
  }
  return {};
}

std::string label(const char* check, const Subject& subject) { return subject.name + ": " + check + ": "; }

RunSetup setup_of(const Subject& subject, std::uint64_t seed, bool gradients = true, int threads = 1) {
  RunSetup setup;
  setup.seed = seed;
  setup.integer_inputs = subject.integer_inputs;
  setup.training = subject.training;
  setup.gradients = gradients;
  setup.threads = threads;
  return setup;
}

bool ragged(const Subject& subject) {
  for (const ValueShape& spec : subject.inputs) {
    if (spec.sequence && spec.steps < 0) return !subject.equal_lengths;
  }
  return false;
}

}  // namespace

Report check_gradients(const Subject& subject, std::uint64_t seed, Tolerance tolerance) {
  Network network = make_network(subject, seed);
  std::vector<Samples> inputs = make_inputs(subject, seed);
  const Pass analytic = run(network, inputs, setup_of(subject, seed));
  constexpr double kStep = 1e-5;
  const auto slope = [&](double& value) {
    const double middle = value;
    value = middle + kStep;
    const double up = run(network, inputs, setup_of(subject, seed, false)).loss;
    value = middle - kStep;
    const double down = run(network, inputs, setup_of(subject, seed, false)).loss;
    value = middle;
    return (up - down) / (2 * kStep);
  };
  const auto check = [&](const std::string& what, std::int64_t i, double seen, double& value) -> Report {
    const double expected = slope(value);
    const bool near =
        std::abs(seen - expected) <= tolerance.absolute + tolerance.relative * std::abs(expected);
    return near ? Report() : difference(label("gradient", subject) + what, i, seen, expected);
  };
  Report report;
  for (std::size_t i = 0; !subject.integer_inputs && i < inputs.size(); ++i) {
    const auto values = inputs[i].values().data<double>();
    for (std::size_t k = 0; k < values.size(); ++k) {
      report += check("input " + std::to_string(i), static_cast<std::int64_t>(k),
                      analytic.input_gradients[i].data<double>()[k], values[k]);
    }
  }
  ParameterStore& parameters = network.parameters();
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    const ParameterInfo& info = parameters.infos()[p];
    if (!parameters.is_trainable(static_cast<int>(p))) continue;
    double* const values = parameters.value(static_cast<int>(p)).view<double>().data;
    for (std::int64_t k = 0; k < info.size; ++k)
      report += check(info.name, k, analytic.parameter_gradients.at(info.offset + k), values[k]);
  }
  return report;
}

Report check_float_against_double(const Subject& subject, std::uint64_t seed) {
  Network wide = make_network(subject, seed), narrow = make_network(subject, seed, DType::float32);
  const std::vector<Samples> inputs = make_inputs(subject, seed);
  const Pass expected = run(wide, inputs, setup_of(subject, seed)),
             seen = run(narrow, inputs, setup_of(subject, seed));
  Report report;
  for (std::size_t i = 0; i < seen.outputs.size(); ++i) {
    report += compare(label("float against double", subject) + "output " + std::to_string(i),
                      seen.outputs[i].values(), expected.outputs[i].values(), 2e-6);
  }
  for (std::size_t i = 0; i < seen.input_gradients.size(); ++i) {
    report += compare(label("float against double", subject) + "gradient of input " + std::to_string(i),
                      seen.input_gradients[i], expected.input_gradients[i], 2e-5);
  }
  return report + compare(label("float against double", subject) + "gradients of parameters",
                          seen.parameter_gradients, expected.parameter_gradients, 2e-5);
}

Report check_threads(const Subject& subject, std::uint64_t seed) {
  // Many copies of the batch: enough work for the layers to share out.
  Network network = make_network(subject, seed, DType::float32);
  std::vector<Samples> inputs = make_inputs(subject, seed);
  std::vector<std::int64_t> many;
  for (int copy = 0; copy < 400; ++copy) {
    for (std::size_t b = 0; b < kLengths.size(); ++b) many.push_back(static_cast<std::int64_t>(b));
  }
  for (Samples& batch : inputs) batch = batch.gather(many);
  const Pass one = run(network, inputs, setup_of(subject, seed, true, 1));
  Report report;
  for (const int threads : {2, 3}) {
    const Pass more = run(network, inputs, setup_of(subject, seed, true, threads));
    const std::string where = label("threads", subject) + std::to_string(threads) + " threads, ";
    report += same_pass(where, more, one);
    report += same_bits(where + "gradients of parameters", more.parameter_gradients, one.parameter_gradients);
  }
  return report;
}

namespace {

/// What a network computes of a batch of equal sequences.
struct SplitPass {
  Tensor y;                   ///< [batch, steps, width of output 0]
  std::vector<Tensor> final;  ///< states after the last step
  Tensor gradients, dx;       ///< of all parameters; of the input [batch · steps, features], step after step
};

/// Steps begin … end - 1 of x [batch, steps, features].
Tensor steps_of(const Tensor& x, std::int64_t begin, std::int64_t end) {
  const std::int64_t batch = x.dim(0), steps = x.dim(1), features = x.dim(2);
  Tensor part({batch, end - begin, features});
  for (std::int64_t b = 0; b < batch; ++b) {
    std::copy_n(x.data<float>().data() + (b * steps + begin) * features, (end - begin) * features,
                part.data<float>().data() + b * (end - begin) * features);
  }
  return part;
}

/// Runs x in chunks of so many steps, each from the states that the one before left, and back through all of
/// them.
SplitPass run_in_chunks(Network& network, const Tensor& x, const std::vector<Tensor>& start,
                        std::int64_t chunk, std::uint64_t seed) {
  const std::int64_t batch = x.dim(0), steps = x.dim(1), width = network.output_spec(0).width();
  SplitPass result{Tensor({batch, steps, width}), {}, {}, Tensor({batch * steps, x.dim(2)})};
  Tape tape(DType::float32);
  tape.reset();
  network.parameters().zero_gradients();
  std::vector<Var> state, values, pieces;
  std::vector<Tensor> cotangents;
  for (const Tensor& s : start) state.push_back(tape.input(Samples(s), true));
  for (std::int64_t t = 0; t < steps; t += chunk) {
    const std::int64_t count = std::min(steps, t + chunk) - t;
    std::vector<Var> inputs = {tape.input(Samples(steps_of(x, t, t + count)), true)};
    inputs.insert(inputs.end(), state.begin(), state.end());
    const std::vector<Var> out = network.run(tape, inputs);
    const Tensor part = tape.get(out[0]).to_padded();
    Tensor up(tape.get(out[0]).values().shape());
    for (std::int64_t b = 0; b < batch; ++b) {
      std::copy_n(part.data<float>().data() + b * count * width, count * width,
                  result.y.data<float>().data() + (b * steps + t) * width);
      for (std::int64_t k = 0; k < count; ++k) {  // dense: packed row of step k is k·batch + b
        for (std::int64_t c = 0; c < width; ++c)
          up.set((k * batch + b) * width + c, cotangent_weight(seed, 0, b, t + k, c));
      }
    }
    values.push_back(out[0]);
    cotangents.push_back(std::move(up));
    pieces.push_back(inputs[0]);
    state.assign(out.begin() + 1, out.end());
  }
  for (const Var s : state) result.final.push_back(tape.get(s).values());
  tape.backward(values, cotangents);
  result.gradients = network.parameters().gradients();
  float* dx = result.dx.data<float>().data();
  for (const Var p : pieces) {
    const Tensor g = tape.gradient(p);
    dx = std::copy_n(g.data<float>().data(), g.size(), dx);
  }
  return result;
}

}  // namespace

Report check_split_in_time(const Subject& subject, std::uint64_t seed) {
  Report report;
  Network network = make_network(subject, seed, DType::float32);
  const std::size_t states = network.output_count() - 1;
  const std::int64_t batch = 3;
  const Tensor x = random_tensor({batch, kSteps, subject.inputs[0].width()},
                                 RandomStream(seed, purpose_key("testing.split")), subject)
                       .cast(DType::float32);
  std::vector<Tensor> start;
  for (std::size_t j = 0; j < states; ++j) {
    start.push_back(random_tensor({batch, subject.inputs[1 + j].width()}, RandomStream(seed, 77 + j), subject)
                        .cast(DType::float32));
  }
  const SplitPass whole = run_in_chunks(network, x, start, kSteps, seed);
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{3}}) {
    const SplitPass split = run_in_chunks(network, x, start, chunk, seed);
    const std::string where =
        label("step ≡ chunk ≡ sequence", subject) + "chunks of " + std::to_string(chunk) + ", ";
    report += same_bits(where + "outputs", split.y, whole.y);
    for (std::size_t j = 0; j < states; ++j)
      report += same_bits(where + "final state " + std::to_string(j), split.final[j], whole.final[j]);
    report += same_bits(where + "gradient of the input", split.dx, whole.dx);
    report += compare(where + "gradients of parameters", split.gradients, whole.gradients,
                      1e-6);  // chunks sum in another order
  }
  return report;
}

Report check_spec_round_trip(const Subject& subject, std::uint64_t seed) {
  Network network = make_network(subject, seed);
  Network copy = Network::from_spec(parse_json(to_json(network.spec())), DType::float64);
  copy.build(seed + 1);
  if (to_json(copy.spec()) != to_json(network.spec()))
    return label("spec", subject) + "reading and writing changed it\n";
  copy.parameters().values() = network.parameters().values().copy();
  const std::vector<Samples> inputs = make_inputs(subject, seed);
  const Pass a = run(network, inputs, setup_of(subject, seed, false)),
             b = run(copy, inputs, setup_of(subject, seed, false));
  return same_pass(label("spec", subject), b, a);
}

Report check_sharing(const Subject& subject, std::uint64_t seed) {
  Network first = make_network(subject, seed);
  const LayerPtr layer = first.layer(first.layers().front()->name());
  const std::vector<Samples> inputs = make_inputs(subject, seed);
  const RunSetup setup = setup_of(subject, seed, false);
  const Pass expected = run(first, inputs, setup);
  const auto network_with = [&](std::int64_t wider) {
    Network network(DType::float64);
    std::vector<int> ids;
    for (ValueShape input : subject.inputs) {
      if (!input.features.empty()) input.features.back() += wider;
      ids.push_back(network.add_input({}, input));
    }
    network.set_outputs(network.add(layer, ids));
    network.build(seed + 1);
    return network;
  };
  Network second = network_with(0);
  const std::string where = label("sharing", subject);
  Report report = same_pass(where + "the second network: ", run(second, inputs, setup), expected) +
                  same_pass(where + "the first one afterwards: ", run(first, inputs, setup), expected);
  try {
    network_with(1);  // where weights do not fit, an error
  } catch (const Error&) {
    report += same_pass(where + "the first one after a use that was refused: ", run(first, inputs, setup),
                        expected);
  }
  report += same_pass(where + "the second network in the end: ", run(second, inputs, setup), expected);
  const ParameterStore::Flat values = second.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, 0.5 * values.at(i));
  return report + same_bits(where + "weights", first.parameters().values(), second.parameters().values());
}

Report check_all(const Subject& subject, std::uint64_t seed) {
  Report report = check_gradients(subject, seed) + check_float_against_double(subject, seed) +
                  check_threads(subject, seed) + check_spec_round_trip(subject, seed) +
                  check_sharing(subject, seed);
  if (!subject.mixes_samples && (ragged(subject) || subject.equal_lengths))
    report += check_alone_equals_batch(subject, seed);
  if (subject.splits_in_time) report += check_split_in_time(subject, seed);
  return report;
}

std::vector<std::string> instruction_sets() { return kernels::instruction_sets(); }
void use_instruction_set(const std::string& name) { kernels::use_instruction_set(name); }

}  // namespace rondo::testing
