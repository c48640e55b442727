#pragma once

#include <cstdint>

#include "layers/recurrent/common/recurrent_plan.h"

// Gradients of weights where every packed step has a row: products over all steps at once.

namespace rondo {

/// What weight gradients are made of. Where gates saw values of their own (dropout masks), those of gate g
/// lie g · gate_stride elements further.
template <class T>
struct StepRows {
  View<const T> x;  ///< [total, inputs]
  std::int64_t x_gate_stride = 0;
  View<T> h, gated_state;  ///< [total, width of h]: what the recurrent products of stages 1 and 2 read
  std::int64_t h_gate_stride = 0;
  View<T> d_sums, d_vectors;  ///< [total, sums · units], [total, vectors · units]
  /// [total, gates · units] each, in the order of the preactivations: gradients of normalised products.
  /// Without data they are those of the preactivations. With data the biases are left to add_gain_sums.
  View<T> d_inputs{}, d_recurrent{};
};

/// Adds to `gradients` (pieces without data are skipped). Every sum begins with what the gradient holds and
/// runs over rows from the last to the first.
template <class T>
void add_weight_gradients(const RecurrentShape& shape, const StepRows<T>& rows,
                          const RecurrentWeights<T>& gradients, Workspace& workspace);

}  // namespace rondo
