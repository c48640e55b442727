#pragma once

#include "rondo/train/gradient_flow.h"

namespace rondo::detail {

/// Fills steps_for_99_percent, growth, diagnosis, finding and remedy from the norms and gates.
void diagnose(LayerGradientFlow& flow);

}  // namespace rondo::detail
