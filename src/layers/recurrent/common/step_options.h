#pragma once

#include <array>
#include <cstdint>

#include "kernels/row_passes.h"
#include "rondo/tensor/matrix.h"

namespace rondo {

/// Gradients of the gains of layer normalisation and of the biases behind them, one row a place, in the order
/// of the preactivations.
template <class T>
struct GainSums {
  T *input = nullptr, *recurrent = nullptr;      ///< [batch, gates·units]
  T *bias = nullptr, *recurrent_bias = nullptr;  ///< the same; the latter of cells that have one
  T *state = nullptr, *state_bias = nullptr;     ///< [batch, units]
};

/// What options of a recurrent layer add to the cell's formulas at every step. Everything is absent by
/// default. Arrays with a row a sequence are in the order of the layout's places.
template <class T>
struct StepOptions {
  /// Elements from what one gate's input weights see to what the next gate's see: x is [gates][total,
  /// inputs]. 0: all see the same x. The gradient dx has the same layout.
  std::int64_t input_gate_stride = 0;
  /// recurrent_dropout, [gates][batch, width of h]: the recurrent product of gate g reads h·mask[g]. Null: h
  /// itself.
  const T* recurrent_masks = nullptr;
  /// Of state 0 and state 1: rows of bits are packed rows. `zoned` says which are in use.
  std::array<kernels::Zone<T>, 2> zones{};
  std::array<bool, 2> zoned{};
  /// Layer normalisation of the products and of the cell state (RecurrentWeights has its gains): `epsilon` is
  /// added to variances.
  bool normalized = false;
  T epsilon = 0;
  /// Where a backward pass over one of several segments adds the gains' gradients to; the caller adds them up
  /// after the last. Without memory a pass does both itself.
  GainSums<T> gain_sums{};
  /// Width of h when it is a projection of what the formulas give (RecurrentWeights::projection); 0: it is
  /// not.
  std::int64_t projected = 0;
  /// γ [total, units]: formulas and products see γ_t ⊙ h_{t-1} instead of h_{t-1} (GRU-D, Che et al. 2018,
  /// eq. 9). For cells of one stage.
  View<const T> state_decay{};

  bool any() const {
    return input_gate_stride > 0 || recurrent_masks != nullptr || zoned[0] || zoned[1] || normalized ||
           projected > 0 || state_decay.data != nullptr;
  }
};

}  // namespace rondo
