#pragma once

#include "layers/recurrent/drivers/rows.h"

// The driver for one sequence through a small layer: its preactivations stay in registers until the formulas
// are done. It leaves what rows_forward does, so that one backward pass serves both.

namespace rondo {

/// False also where packing the weights does not repay.
bool single_applies(const RecurrentPlan<float>& plan, Workspace& workspace);
const RecurrentTrace* single_forward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                                     Workspace& workspace, bool keep);

constexpr RecurrentDriver<RecurrentPlan<float>> kSingleDriver{"single", single_applies, single_forward,
                                                              rows_backward<float>};

}  // namespace rondo
