#pragma once

#include "layers/recurrent/drivers/recurrence.h"

namespace rondo {

/// Recurrence::forward of one sequence through a small layer: its sums stay in registers until the formulas
/// are done. False, with nothing done, where that does not apply or is not worth packing the weights for.
bool forward_single(const RecurrentShape& shape, const TimeSlice& layout,
                    const RecurrentWeights<const float>& weights, View<const float> x,
                    const std::array<const float*, kMaxStates>& initial, View<float> y,
                    const std::array<float*, kMaxStates>& final, RecurrentTrace<float>* trace, void* owner,
                    TakeMemory<float> take);

}  // namespace rondo
