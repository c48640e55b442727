#pragma once

#include "rondo/layers/layers.h"
#include "rondo/tape/tape.h"

namespace rondo {

/// Adds the penalties of a layer's outputs to what training minimises: (l1·Σ|y| + l2·Σy²) / batch size, as
/// Keras's activity_regularizer; of sequences over the steps that they have.
void penalize_activity(Tape& tape, Vars outputs, const Regularizer& regularizer);

}  // namespace rondo
