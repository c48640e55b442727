#include "model/testing/testing_pass.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <sstream>

#include "rondo/base/pool.h"
#include "rondo/base/random.h"
#include "rondo/tape/tape.h"

namespace rondo::testing {
namespace {

Network unbuilt(const Subject& subject, DType dtype) {
  Network network(dtype);
  std::vector<int> ids;
  for (std::size_t i = 0; i < subject.inputs.size(); ++i)
    ids.push_back(network.add_input("x" + std::to_string(i), subject.inputs[i]));
  network.set_outputs(network.add(subject.make(), ids));
  return network;
}

RandomStream weights_of(std::uint64_t seed, std::size_t output, std::int64_t sample) {
  return RandomStream(seed, purpose_key("testing.cotangents") + output, static_cast<std::uint64_t>(sample));
}

double weight_at(const RandomStream& random, std::int64_t position, std::int64_t column) {
  return static_cast<float>(random.normal(static_cast<std::uint64_t>(position * 1000 + column)));
}

/// Weights follow sample and time, not the packed row, so that a sequence alone gets those it has in a batch.
Tensor cotangent(const Samples& batch, std::size_t output, const RunSetup& setup) {
  Tensor t(batch.values().shape(), DType::float64);
  const auto data = t.data<double>();
  const ConstMatrix m = as_matrix(batch.values());
  const auto fill = [&](std::int64_t row, std::int64_t place, std::int64_t position) {
    if (setup.only >= 0 && place != setup.only) return;  // zero
    const std::int64_t sample =
        setup.samples.empty() ? place : setup.samples[static_cast<std::size_t>(place)];
    const RandomStream random = weights_of(setup.seed, output, sample);
    for (std::int64_t c = 0; c < m.cols; ++c)
      data[static_cast<std::size_t>(row * m.cols + c)] = weight_at(random, position, c);
  };
  if (!batch.is_sequence()) {
    for (std::int64_t r = 0; r < m.rows; ++r) fill(r, r, 0);
    return t;
  }
  const Layout& layout = *batch.layout();
  for (std::int64_t step = 0; step < layout.longest(); ++step) {
    for (std::int64_t r = 0; r < layout.rows(step); ++r)
      fill(layout.offset(step) + r, layout.sequence_at(r), step);
  }
  return t;
}

}  // namespace

Network make_network(const Subject& subject, std::uint64_t seed, DType dtype) {
  Network network = unbuilt(subject, dtype);
  network.build(seed);
  const RandomStream noise(seed, purpose_key("testing.parameters"));
  Tensor initial = network.parameters().values();
  if (dtype != DType::float64) {  // both types start from the numbers that double has
    Network wide = unbuilt(subject, DType::float64);
    wide.build(seed);
    initial = wide.parameters().values();
  }
  for (const ParameterInfo& info : network.parameters().infos()) {
    const bool positive = info.name.ends_with("variance");
    for (std::int64_t k = info.offset; k < info.offset + info.size; ++k) {
      double v = subject.magnitude * (initial.at(k) + 0.3 * noise.normal(static_cast<std::uint64_t>(k)));
      if (positive) v = 0.5 + std::abs(v);
      network.parameters().values().set(k, static_cast<float>(v));
    }
  }
  return network;
}

double cotangent_weight(std::uint64_t seed, std::size_t output, std::int64_t sample, std::int64_t position,
                        std::int64_t column) {
  return weight_at(weights_of(seed, output, sample), position, column);
}

Pass run(Network& network, std::span<const Samples> inputs, const RunSetup& setup) {
  Pool pool(setup.threads);
  Tape tape(network.parameters().dtype(), &pool);
  RunOptions options;
  options.training = setup.training;
  options.seed = setup.seed;
  const Tensor before = network.parameters().values();  // running statistics must not drift between passes
  tape.reset(options, setup.gradients);
  network.parameters().zero_gradients();
  std::vector<Var> vars;
  for (const Samples& batch : inputs) vars.push_back(tape.input(batch, !setup.integer_inputs));
  const std::vector<Var> outputs = network.run(tape, vars);
  Pass pass;
  std::vector<Tensor> cotangents;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    pass.outputs.push_back(tape.get(outputs[i]));
    cotangents.push_back(cotangent(pass.outputs.back(), i, setup));
  }
  if (setup.gradients) {
    tape.backward(outputs, cotangents);
    for (const Var v : vars) pass.input_gradients.push_back(tape.gradient(v));
    pass.parameter_gradients = network.parameters().gradients();
  } else {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor values = pass.outputs[i].values().cast(DType::float64);
      const std::span<const double> v = values.data<double>(), w = cotangents[i].data<double>();
      pass.loss = std::inner_product(v.begin(), v.end(), w.begin(), pass.loss);
    }
  }
  network.parameters().values() = before;
  return pass;
}

Tensor gradient_of_sample(const Pass& pass, std::span<const Samples> inputs, std::size_t i, std::int64_t b) {
  if (inputs[i].is_sequence()) return Samples::packed(inputs[i].layout(), pass.input_gradients[i]).sample(b);
  Samples batch;
  batch.values() = pass.input_gradients[i];
  return batch.sample(b);
}

Report difference(const std::string& what, std::int64_t index, double seen, double expected) {
  std::ostringstream text;
  text.precision(17);
  text << what << "[" << index << "]: seen " << seen << ", expected " << expected << ", difference "
       << seen - expected << "\n";
  return text.str();
}

Report same_bits(const std::string& what, const Tensor& seen, const Tensor& expected) {
  if (seen.shape() != expected.shape())
    return what + ": shapes differ: " + to_string(seen.shape()) + " and " + to_string(expected.shape()) +
           "\n";
  const std::size_t width = dtype_size(seen.dtype());
  if (seen.size() == 0 ||
      std::memcmp(seen.bytes(), expected.bytes(), static_cast<std::size_t>(seen.size()) * width) == 0)
    return {};
  for (std::int64_t i = 0; i < seen.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * width;
    if (std::memcmp(seen.bytes() + at, expected.bytes() + at, width) != 0)
      return difference(what + " (bits)", i, seen.at(i), expected.at(i));
  }
  return {};
}

}  // namespace rondo::testing
