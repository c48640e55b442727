#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/tape/layer.h"

// The checks that every cell and layer of rondo must pass, for layers of one's own as well.

namespace rondo::testing {

/// What a check needs to know of a layer.
struct Subject {
  std::string name;                ///< for messages
  std::function<LayerPtr()> make;  ///< a fresh layer with the same options every time
  std::vector<ValueShape> inputs;  ///< a sequence of `steps` -1 is tried with ragged lengths, 0 among them
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
/// check_invariance of a small ragged batch, for every sequence of it.
Report check_alone_equals_batch(const Subject& subject, std::uint64_t seed = 1);
/// 1, 2 and 3 threads give the same bits: outputs and all gradients.
Report check_threads(const Subject& subject, std::uint64_t seed = 1);
/// A sequence run step by step and in chunks, states carried by hand, has the bits of one pass; gradients
/// agree too.
Report check_split_in_time(const Subject& subject, std::uint64_t seed = 1);
/// The spec and parameters survive writing and reading: same outputs, same bits.
Report check_spec_round_trip(const Subject& subject, std::uint64_t seed = 1);
/// A second network that the layer is added to has its weights, and no use of it there, nor one that it
/// refuses, changes the first.
Report check_sharing(const Subject& subject, std::uint64_t seed = 1);
/// All of the above that apply; reports joined.
Report check_all(const Subject& subject, std::uint64_t seed = 1);

/// Where the steps of a sequence stand in a padded batch.
enum class Padding { right, left, scattered };

/// A batch for check_invariance; its values are random.
struct InvarianceCase {
  std::vector<std::int64_t>
      lengths;  ///< steps of each sequence; 0 is legal. Inputs of fixed steps ignore them
  Padding padding = Padding::right;
  std::vector<std::int64_t> watched =
      {};                          ///< samples that are compared in all; empty: first, middle and last
  int threads = 1;                 ///< of the batch; a sequence alone has one
  std::int64_t integer_limit = 0;  ///< inputs are ids below it; 0: normal numbers
  double magnitude = 1;            ///< scale of the inputs
  bool training = false;           ///< run as in training; not with random numbers, which belong to places
};

/// The contract of bit invariance. For each watched sample, with memcmp:
/// - its outputs, final states, input gradients and initial-state gradients are those that it has alone,
/// without padding
///   and on one thread;
/// - its own contribution to every parameter's gradient (the loss of all others is taken out, gradients begin
/// at zero) is
///   the gradient that it gives alone, and then no gradient reaches another sample's inputs;
/// - neighbours that are NaN from end to end change none of its outputs and input gradients.
/// Of the other samples (all in a small batch, eight in a large one) the first of these.
/// The network is built; every input that is a sequence has the lengths of the case.
Report check_invariance(Network& network, const InvarianceCase& batch, std::uint64_t seed = 1);
/// The same for a layer as a network of its own.
Report check_invariance(const Subject& subject, InvarianceCase batch, DType dtype = DType::float32,
                        std::uint64_t seed = 1);
/// Outputs and all gradients have the same bits on every instruction set with fused multiply-add (on the
/// others the last digits differ). Uses use_instruction_set: not while others compute.
Report check_instruction_sets(Network& network, const InvarianceCase& batch, std::uint64_t seed = 1);

/// Names of the instruction sets that this machine has and rondo has kernels for, best first.
std::vector<std::string> instruction_sets();
/// Makes kernels use one instruction set until called with "" (the best again, or what RONDO_INSTRUCTION_SET
/// names). For tests; not while others compute.
void use_instruction_set(const std::string& name);

}  // namespace rondo::testing
