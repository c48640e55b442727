#pragma once

#include "layers/recurrent/drivers/rows.h"

// The driver for one sequence through a small layer: its preactivations stay in registers until the formulas
// are done. It leaves what rows_forward does, so that one backward pass serves both.

namespace rondo {

RecurrentDriver<RecurrentPlan<float>> single_driver();

}  // namespace rondo
