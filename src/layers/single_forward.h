#pragma once

#include "layers/recurrence.h"

namespace rondo {

/// Recurrence::forward of one sequence through a small layer when nothing is kept: its steps leave no sums in memory. False,
/// with nothing done, where that does not apply or is not worth packing the weights for.
bool forward_single(const RecurrentShape& shape, const TimeSlice& layout,
                    const RecurrentWeights<const float>& weights, View<const float> x,
                    const std::array<const float*, kMaxStates>& initial, View<float> y,
                    const std::array<float*, kMaxStates>& final, void* owner, TakeMemory<float> take);

}  // namespace rondo
