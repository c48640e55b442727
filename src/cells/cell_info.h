#pragma once

#include <array>
#include <cstdint>

namespace rondo::cells {

constexpr int kMaxSums = 8, kMaxStates = 4, kMaxVectors = 4, kMaxOptions = 8;

/// What of h reaches the next sums by weights.
enum class Recurrence {
  dense,  ///< h times recurrent_kernel, by the machinery; block-diagonal where a layer asks for blocks
  block_diagonal,  ///< the same of a cell that is never run as a dense one; the layer says how many blocks
  diagonal,        ///< each unit its own h times `vectors`, by the formulas
  none,            ///< nothing
};

/// An option that says which variant of a cell a layer is.
struct Choice {
  const char* option = nullptr;
  bool value = false;
};

/// What the machinery must know of a cell besides its formulas.
///
/// A hidden unit has `sums` accumulators, laid out [sum][unit] for every row. Gate g of `kernel` (its columns
/// g·units … (g+1)·units, in the order of the file's parameters) is multiplied with the input and added to
/// sum `input_sum[g]`; gate g of `recurrent_kernel` to `recurrent_sum[g]`. A cell of two stages computes some
/// sums from the state, lets its first formulas make a vector of them (`set_operand`), and multiplies that
/// one for the rest.
struct CellInfo {
  const char* name;  ///< as in a config: "gru"
  const char* doc;
  int gates;  ///< groups of `units` columns in kernel and recurrent_kernel
  int sums;
  int states;  ///< state 0 is the output h
  std::array<int, kMaxSums> input_sum{};
  std::array<int, kMaxSums> recurrent_sum{};
  std::array<int, kMaxSums> recurrent_stage{};  ///< which stage multiplies gate g
  int stages = 1;
  bool direct = false;  ///< the formulas give d_state(0): h reaches the next h without a product, as in a GRU
  bool recurrent_bias =
      false;  ///< bias is [2, gates·units]: a row for the input product, one for the recurrent
  Recurrence recurrence = Recurrence::dense;
  int forget_gate = -1;  ///< the gate that unit_forget_bias sets to one
  int normalized_state =
      -1;             ///< the state that layer normalisation puts a norm behind: `output` reads it; -1: none
  bool gated = true;  ///< false: no recurrent_activation
  int vectors = 0;    ///< parameters with one value a unit
  std::array<const char*, kMaxVectors> vector_names{};
  /// The type whose options choose this cell; such cells are no types of their own.
  const char* variant_of = nullptr;
  /// Options of RecurrentOptions that some cells have and others do not: those that this one has.
  std::array<const char*, kMaxOptions> options{};
  std::array<Choice, 2> chosen_by{};  ///< which of them choose this variant, by what value
  /// What people call gate g: "forget". A gate's value must be saved in the place of sum input_sum[g];
  /// "candidate" and "state" are no gates. Absent: nobody looks inside (see gradient_flow.h).
  std::array<const char*, kMaxSums> gate_names{};

  /// Whether the machinery multiplies h by weights.
  constexpr bool has_recurrent_kernel() const {
    return recurrence == Recurrence::dense || recurrence == Recurrence::block_diagonal;
  }
};

}  // namespace rondo::cells
