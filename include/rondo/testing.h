#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rondo/layer.h"
#include "rondo/network.h"

// The checks that every cell and layer of rondo must pass, for layers of one's own as well.

namespace rondo::testing {

/// What a check needs to know of a layer.
struct Subject {
  std::string name;                ///< for messages
  std::function<LayerPtr()> make;  ///< a fresh layer with the same options every time
  std::vector<Spec> inputs;        ///< a sequence of `steps` -1 is tried with ragged lengths, 0 among them
  bool integer_inputs = false;     ///< ids below `integer_limit` instead of normal numbers
  std::int64_t integer_limit = 1;
  bool training = false;       ///< run as in training (batch statistics, dropout)
  bool mixes_samples = false;  ///< batch statistics: a sample is not independent of its batch
  bool splits_in_time = false;  ///< recurrent with return_sequences and return_state: step ≡ chunk ≡ sequence
  bool equal_lengths = false;  ///< no ragged batches (flatten, reshape)
  double magnitude = 1;        ///< scale of inputs and parameters; small for formulas that grow without bound
};

struct Tolerance {
  double absolute = 1e-6, relative = 1e-4;
};

/// Empty when the check passed, else what differed, where, by how much.
using Report = std::string;

/// Analytic gradients of inputs, initial states and parameters in double against central differences.
Report check_gradients(const Subject& subject, std::uint64_t seed = 1, Tolerance tolerance = {});
/// float32 against float64: outputs within 2e-6·scale, gradients within 2e-5·scale.
Report check_float_against_double(const Subject& subject, std::uint64_t seed = 1);
/// Every sequence alone has the same bits as in the ragged batch: outputs and input gradients.
Report check_alone_equals_batch(const Subject& subject, std::uint64_t seed = 1);
/// 1, 2 and 3 threads give the same bits: outputs and all gradients.
Report check_threads(const Subject& subject, std::uint64_t seed = 1);
/// A sequence run step by step and in chunks, states carried by hand, has the bits of one pass; gradients agree too.
Report check_split_in_time(const Subject& subject, std::uint64_t seed = 1);
/// Spec and parameters survive writing and reading: same outputs, same bits.
Report check_spec_round_trip(const Subject& subject, std::uint64_t seed = 1);
/// All of the above that apply; reports joined.
Report check_all(const Subject& subject, std::uint64_t seed = 1);

/// Names of the instruction sets that this machine has and rondo has kernels for, best first.
std::vector<std::string> instruction_sets();
/// Makes kernels use one instruction set until called with "" (the best again, or what RONDO_INSTRUCTION_SET names). For
/// tests; not while others compute.
void use_instruction_set(const std::string& name);

}  // namespace rondo::testing
