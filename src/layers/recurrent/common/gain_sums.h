#pragma once

#include <cstdint>

#include "layers/recurrent/common/recurrent_plan.h"

// Gradients of layer normalisation's gains and of the biases of normalised cells. They are added up for each
// place over its steps, last step first, then over the places: no driver, share of threads or cut into
// segments changes the order.

namespace rondo {

/// Makes sums of zero.
template <class T>
GainSums<T> make_gain_sums(const RecurrentShape& shape, std::int64_t batch, bool with_state,
                           Workspace& workspace);

/// Adds them to `gradients` (pieces without data are skipped).
template <class T>
void add_gain_sums(const RecurrentShape& shape, std::int64_t batch, const GainSums<T>& sums,
                   const RecurrentWeights<T>& gradients);

}  // namespace rondo
