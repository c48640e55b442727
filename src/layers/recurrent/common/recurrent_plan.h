#pragma once

#include <array>
#include <cstdint>

#include "kernels/cells.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/common/step_options.h"
#include "layers/recurrent/common/time_slice.h"
#include "rondo/tensor/matrix.h"

// What a recurrence of a cell of pointwise formulas computes. Arrays of steps are packed ([total, …]); states
// are rows of numbers, [batch, size of the state] in the order of the layout's places (longest sequence
// first).

namespace rondo {

constexpr int kMaxStates = cells::kMaxStates;

struct RecurrentShape {
  const kernels::CellKernels* cell = nullptr;
  std::int64_t inputs = 0, units = 0;
  kernels::ActivationKind activation = kernels::ActivationKind::tanh;
  kernels::ActivationKind recurrent_activation = kernels::ActivationKind::sigmoid;
  double clip = 0;          ///< of the inputs of activations; 0: none
  std::int64_t blocks = 1;  ///< of units of a block-diagonal recurrence

  /// Whether every unit sees the whole of h by weights, which is what most kernels are made for.
  bool is_dense() const { return cell->info.recurrence == cells::Recurrence::dense && blocks == 1; }
  /// Distance of two rows of preactivations: whole cache lines, and never a multiple of 4 KiB (rows would
  /// share cache sets).
  std::int64_t sums_stride() const;
  /// A call of the cell's formulas that lacks rows and arrays.
  template <class T>
  kernels::CellCall<T> cell_call() const {
    kernels::CellCall<T> call;
    call.units = units;
    call.activation = activation;
    call.recurrent_activation = recurrent_activation;
    call.clip = static_cast<T>(clip);
    return call;
  }
};

/// Parameters in the file's layout; null data = absent (no bias).
template <class T>
struct RecurrentWeights {
  View<T> kernel;            ///< [inputs, gates·units]
  View<T> recurrent_kernel;  ///< [width of h / blocks, gates·units]: a column is of its unit's block
  View<T> bias;              ///< [1 or 2, gates·units]
  std::array<T*, cells::kMaxVectors> vectors{};
  // Layer normalisation: gains of the columns of the two products, and of the cell state with its bias
  // (LSTM).
  T *kernel_gain = nullptr, *recurrent_gain = nullptr;  ///< [gates·units]
  T *state_gain = nullptr, *state_bias = nullptr;       ///< [units]
  View<T> projection;                                   ///< [units, width of h], LSTM with a projection
};

/// Which recurrence: all that a choice of driver may depend on.
template <class T>
struct RecurrentPlan {
  RecurrentShape shape;
  TimeSlice time;
  StepOptions<T> options{};
  std::size_t memory = 0;  ///< bytes that may be kept for a backward pass; 0: as many as it needs

  struct Args {
    RecurrentWeights<const T> weights{};
    View<const T> x{};                           ///< [total, inputs]
    std::array<const T*, kMaxStates> initial{};  ///< null: zero
    View<T> y{};                                 ///< out: h after every step [total, width of h], or no data
    std::array<T*, kMaxStates> final{};          ///< out: states after each sequence's last step
  };
  struct Gradients {
    View<const T> dy;                      ///< [total, width of h], or no data
    std::array<T*, kMaxStates> d_state{};  ///< in: of the final states; out: of the initial ones
    RecurrentWeights<T> weights;           ///< is added to; pieces without data are skipped
    View<T> dx;                            ///< is added to, if it has data
    View<T> d_state_decay;                 ///< [total, units], overwritten where states decay
  };

  const cells::CellInfo& info() const { return shape.cell->info; }
  /// Numbers of state j of one sequence; h alone may be narrower than the cell.
  std::int64_t state_size(int j) const {
    return j == 0 && options.projected > 0 ? options.projected : shape.units;
  }
};

/// Parameters of one value a unit side by side, [vectors, units].
template <class T>
const T* gather_vectors(const RecurrentShape& shape, const RecurrentWeights<const T>& weights,
                        Workspace& workspace) {
  const int count = shape.cell->info.vectors;
  T* vectors = workspace.take<T>(count * shape.units);
  for (int p = 0; p < count; ++p)
    std::copy_n(nth(weights.vectors, p), shape.units, vectors + p * shape.units);
  return vectors;
}

/// `count` numbers of a state, from its number `first` on; null is a state of zero.
template <class T>
void copy_state(const T* state, std::int64_t first, std::int64_t count, T* to) {
  if (state != nullptr) {
    std::copy_n(state + first, count, to);
  } else {
    std::fill_n(to, count, T{0});
  }
}

/// How many threads share the work of a pass: a hand-over must repay.
template <class T>
int part_count(const RecurrentPlan<T>& plan, const Pool& pool);
/// Where range `part` of `parts` ranges of places begins, all with about equal numbers of steps.
std::int64_t first_place(const TimeSlice& time, int parts, int part);
/// Runs job(begin, end) for ranges of places on as many threads as repay.
template <class T, class Job>
void for_places(const RecurrentPlan<T>& plan, int parts, Pool& pool, Job job) {
  pool.run(parts, [&](int part) {
    job(first_place(plan.time, parts, part), first_place(plan.time, parts, part + 1));
  });
}

}  // namespace rondo
