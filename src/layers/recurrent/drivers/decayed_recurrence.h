#pragma once

#include <cstdint>

#include "layers/recurrent/drivers/recurrence.h"
#include "rondo/tensor/layout.h"

// A recurrence whose state fades between steps: the cell's formulas and its recurrent product see γ_t ⊙
// h_{t-1} where they saw h_{t-1} (Che et al. 2018, eq. 9). For cells of one stage and one state; sums have
// the order of the other drivers, so that γ = 1 gives their bits.

namespace rondo {

/// What the forward pass leaves for the backward pass, one row a step.
template <class T>
struct DecayedTrace {
  T* sums = nullptr;    ///< [total, sums_stride]
  T* states = nullptr;  ///< [total, units]: before each step
  T* faded = nullptr;   ///< [total, units]: γ times that
};

template <class T>
class DecayedRecurrence {
 public:
  DecayedRecurrence(const RecurrentShape& shape, const Layout& layout, Pool& pool, void* owner,
                    TakeMemory<T> take)
      : shape_(shape), layout_(layout), pool_(pool), owner_(owner), take_(take) {}

  /// x [total, inputs]; decay [total, units]; initial (null: zero) and final [batch, units] by place; y
  /// [total, units] or no data.
  DecayedTrace<T> forward(const RecurrentWeights<const T>& weights, View<const T> x, View<const T> decay,
                          const T* initial, View<T> y, T* final);

  /// dy [total, units] or no data. d_state [batch, units] by place: in: gradient of the final state; out: of
  /// the initial one. d_decay [total, units] is overwritten with ∂L/∂γ. Adds to `gradients` (pieces without
  /// data are skipped) and, if it has data, to dx.
  void backward(const RecurrentWeights<const T>& weights, View<const T> x, View<const T> decay,
                const DecayedTrace<T>& trace, View<const T> dy, T* d_state,
                const RecurrentWeights<T>& gradients, View<T> d_decay, View<T> dx);

 private:
  T* take(std::int64_t count) { return take_(owner_, count); }

  RecurrentShape shape_;
  const Layout& layout_;
  Pool& pool_;
  void* owner_;
  TakeMemory<T> take_;
};

}  // namespace rondo
