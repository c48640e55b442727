#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/model/testing.h"

// What the checks of rondo/testing.h are made of: one pass over a network with a loss that every output
// counts in.

namespace rondo::testing {

/// A layer as a network of its own, with parameters that are nowhere special (biases and peepholes not zero).
/// Values are those of a float32, so that both types have the same. Built anew for each type rather than
/// cast: a layer of one's own has no entry in the registry of specs.
Network make_network(const Subject& subject, std::uint64_t seed, DType dtype = DType::float64);

struct RunSetup {
  std::uint64_t seed = 1;
  bool integer_inputs = false, training = false;
  bool gradients = true;
  int threads = 1;
  std::vector<std::int64_t> samples = {};  ///< who each sample of the batch is; empty: 0, 1, 2 …
  std::int64_t only = -1;  ///< when not negative: the loss is that of this place of the batch alone
};

struct Pass {
  std::vector<Samples> outputs;
  std::vector<Tensor> input_gradients;
  Tensor parameter_gradients;
  double loss = 0;  ///< computed when `gradients` is off
};

/// The loss is Σ output · weight with a fixed weight for each output, sample, step and column.
Pass run(Network& network, std::span<const Samples> inputs, const RunSetup& setup);

/// The gradient of sample b of input i, [length, features...] or [features...].
Tensor gradient_of_sample(const Pass& pass, std::span<const Samples> inputs, std::size_t i, std::int64_t b);

/// A fixed number for each element of an output.
double cotangent_weight(std::uint64_t seed, std::size_t output, std::int64_t sample, std::int64_t position,
                        std::int64_t column);

Report difference(const std::string& what, std::int64_t index, double seen, double expected);
/// Empty when every bit is the same.
Report same_bits(const std::string& what, const Tensor& seen, const Tensor& expected);

/// The same of all outputs and all gradients of inputs.
Report same_pass(const std::string& where, const Pass& seen, const Pass& expected);

}  // namespace rondo::testing
