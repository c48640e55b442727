#pragma once

#include "layers/recurrent/common/recurrent_plan.h"
#include "layers/recurrent/drivers/driver.h"

// The driver for batches: SIMD lanes are sequences. States are stored [unit][lane], so that no lane is lost
// to a number of units that does not fill vectors, and the formulas read what the products left. Same bits as
// the driver whose lanes are units.

namespace rondo {

bool lanes_apply(const RecurrentPlan<float>& plan, Workspace& workspace);
const RecurrentTrace* lanes_forward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                                    Workspace& workspace, bool keep);
void lanes_backward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                    const RecurrentTrace& trace, const RecurrentPlan<float>::Gradients& gradients,
                    Workspace& workspace);

constexpr RecurrentDriver<RecurrentPlan<float>> kLanesDriver{"lanes", lanes_apply, lanes_forward,
                                                             lanes_backward};

}  // namespace rondo
