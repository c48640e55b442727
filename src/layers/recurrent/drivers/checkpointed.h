#pragma once

#include <cstddef>

#include "layers/recurrent/common/recurrent_plan.h"
#include "layers/recurrent/drivers/driver.h"

// Exact backpropagation through time in bounded memory (Chen et al. 2016, "Training deep nets with sublinear
// memory cost"; for recurrent networks Gruslys et al. 2016): the forward pass keeps the states at the
// beginning of some segments only; the backward pass runs each segment forwards once more, from the last to
// the first. Another driver runs the segments. Same bits as with everything kept.

namespace rondo {

/// Bytes that a plan's `memory` must have at least, unless it is 0.
template <class T>
std::size_t least_memory(const RecurrentPlan<T>& plan);

/// Applies where not everything fits into the plan's memory.
template <class T>
RecurrentDriver<RecurrentPlan<T>> checkpointed_driver();

}  // namespace rondo
