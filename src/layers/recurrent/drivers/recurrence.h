#pragma once

#include <array>
#include <cstdint>

#include "kernels/cells.h"
#include "layers/recurrent/common/recurrent_extras.h"
#include "layers/recurrent/common/time_slice.h"
#include "rondo/base/pool.h"
#include "rondo/tensor/matrix.h"

// The driver that runs any cell's formulas over ragged batches, forwards and through time backwards. Arrays
// of steps are packed ([layout.total(), …]); arrays of states are in the order of the layout's places
// (longest sequence first).

namespace rondo {

constexpr int kMaxStates = cells::kMaxStates;

struct RecurrentShape {
  const kernels::CellKernels* cell = nullptr;
  std::int64_t inputs = 0, units = 0;
  kernels::ActivationKind activation = kernels::ActivationKind::tanh;
  kernels::ActivationKind recurrent_activation = kernels::ActivationKind::sigmoid;
  double clip = 0;  ///< of the inputs of activations; 0: none

  /// Distance of two rows of sums: whole cache lines, and never a multiple of 4 KiB (rows would share cache
  /// sets).
  std::int64_t sums_stride() const;
};

/// Parameters in the file's layout; null data = absent (no bias).
template <class T>
struct RecurrentWeights {
  View<T> kernel;            ///< [inputs, gates·units]
  View<T> recurrent_kernel;  ///< [units, gates·units]
  View<T> bias;              ///< [1 or 2, gates·units]
  std::array<T*, cells::kMaxVectors> vectors{};
  // Layer normalisation: gains of the columns of the two products, and of the cell state with its bias
  // (LSTM).
  T *kernel_gain = nullptr, *recurrent_gain = nullptr;  ///< [gates·units]
  T *state_gain = nullptr, *state_bias = nullptr;       ///< [units]
  View<T> projection;                                   ///< [units, width of h], LSTM with a projection
};

/// How many threads share the work of a pass: a hand-over must be worth it.
int part_count(const RecurrentShape& shape, const TimeSlice& layout, const Pool& pool);
/// Where range `part` of `parts` ranges of places begins, all with about equal numbers of steps.
std::int64_t first_place(const TimeSlice& layout, int parts, int part);

struct LaneTrace;
template <class T>
struct ExtraTrace;

/// What the forward pass leaves for the backward pass, one row a step.
template <class T>
struct RecurrentTrace {
  T* sums = nullptr;                     ///< [total, sums_stride]
  std::array<T*, kMaxStates> states{};   ///< [total, units]: states before each step
  T* operand = nullptr;                  ///< [total, units], two-stage cells only
  const T* vectors = nullptr;            ///< [vectors, units]
  const LaneTrace* lanes = nullptr;      ///< instead of all that, when lanes were sequences
  const ExtraTrace<T>* extra = nullptr;  ///< instead of all that, when there were extras
};

/// Takes memory for `count` elements of T that lives as long as the pass.
template <class T>
using TakeMemory = T* (*)(void* owner, std::int64_t count);

/// One row for every packed step: what weight gradients are summed up from.
template <class T>
struct StepRows {
  View<const T> x;
  View<T> h, operand;         ///< [total, units]: what the recurrent products of stages 1 and 2 were made of
  View<T> d_sums, d_vectors;  ///< [total, sums · units], [total, vectors · units]
  /// [total, gates · units] each, in the sums' order: gradients of the products of a normalised cell of one
  /// stage. Without data they are those of the sums. With data the biases are left to add_gain_sums.
  View<T> d_inputs{}, d_recurrent{};
};
/// Adds to `gradients` (pieces without data are skipped). Every sum goes on from what the gradient holds,
/// over rows from the last to the first.
template <class T>
void add_weight_gradients(const RecurrentShape& shape, Pool& pool, const StepRows<T>& rows,
                          const RecurrentWeights<T>& gradients, void* owner, TakeMemory<T> take);

template <class T>
class Recurrence {
 public:
  /// `extras`: the same in backward as in forward.
  Recurrence(const RecurrentShape& shape, const TimeSlice& layout, Pool& pool, void* owner,
             TakeMemory<T> take, const RecurrentExtras<T>& extras = {})
      : shape_(shape), layout_(layout), pool_(pool), owner_(owner), take_(take), extras_(extras) {}

  /// x [total, inputs]; initial[j] and final[j] [batch, units] by place, initial null = zero; y [total,
  /// units] or no data. `trace` null: nothing is kept.
  void forward(const RecurrentWeights<const T>& weights, View<const T> x,
               const std::array<const T*, kMaxStates>& initial, View<T> y,
               const std::array<T*, kMaxStates>& final, RecurrentTrace<T>* trace);

  /// dy [total, units] or no data. d_state[j] [batch, units] by place: in: gradient of the final states; out:
  /// of the initial states. Adds to `gradients` (pieces without data are skipped) and, if it has data, to dx.
  void backward(const RecurrentWeights<const T>& weights, View<const T> x, const RecurrentTrace<T>& trace,
                View<const T> dy, const std::array<T*, kMaxStates>& d_state,
                const RecurrentWeights<T>& gradients, View<T> dx);

 private:
  T* take(std::int64_t count) { return take_(owner_, count); }

  RecurrentShape shape_;
  TimeSlice layout_;
  Pool& pool_;
  void* owner_;
  TakeMemory<T> take_;
  RecurrentExtras<T> extras_;
};

}  // namespace rondo
