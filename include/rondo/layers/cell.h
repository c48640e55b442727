#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "rondo/layers/layers.h"
#include "rondo/tape/tape.h"
#include "rondo/tensor/parameters.h"

namespace rondo {

/// The low-level way: a recurrent cell with weights of its own that is stepped by hand, on a tape.
///
///     ParameterStore weights;
///     Cell cell("lstm", {.units = 16}, 3, weights);          // three inputs
///     weights.allocate();
///     cell.initialize(seed);
///     Cell::State state;                             // empty: zeros
///     for (each step) {
///       auto [y, next] = cell.step(tape, x, state);  // x [batch, 3], y [batch, 16]
///       state = next;
///     }
///
/// Steps have the bits of the layer over the whole sequence.
class Cell {
 public:
  /// h, and c for an LSTM: [batch, units] each; empty = zeros.
  class State {
   public:
    State() = default;
    State(std::initializer_list<Var> values) : State(std::span<const Var>(values.begin(), values.size())) {}
    explicit State(std::span<const Var> values);

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    const Var& operator[](std::size_t i) const { return values_[i]; }
    const Var* begin() const { return values_.data(); }
    const Var* end() const { return values_.data() + count_; }

   private:
    std::array<Var, 4> values_{};
    std::size_t count_ = 0;
  };
  struct Step {
    Var output;  ///< [batch, units]
    State state;
  };

  /// `type` as in layer_types(): "simple_rnn", "lstm", "gru", …. The cell's arrays are listed in `store`
  /// under `name` + ".", for allocate() and optimisers. Options about sequences (return_sequences,
  /// go_backwards, stateful) have no meaning here and are refused.
  Cell(const std::string& type, RecurrentOptions options, std::int64_t inputs, ParameterStore& store,
       const std::string& name = "cell");

  /// Fills the arrays, once the store is allocated.
  void initialize(std::uint64_t seed) const;

  /// One step for a whole batch. x [batch, inputs]. `time` is the number of the step in its sequence: with
  /// zoneout every step has random numbers of its own; nothing else depends on it.
  Step step(Tape& tape, Var x, const State& state, std::int64_t time = 0) const;

  std::int64_t units() const { return units_; }
  std::size_t state_count() const { return states_; }

 private:
  LayerPtr layer_;
  std::int64_t units_ = 0;
  std::size_t states_ = 0;
  bool timed_ = false;
};

}  // namespace rondo
