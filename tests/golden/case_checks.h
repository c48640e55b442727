#pragma once

#include "golden/comparison.h"
#include "golden/golden_file.h"

// One function for each kind of case: does in rondo what the oracle did and compares.

namespace rondo::golden {

void check_forward_backward(const GoldenCase& golden, DType dtype, Comparison& comparison);
void check_model_loss(const GoldenCase& golden, DType dtype, Comparison& comparison);
void check_training(const GoldenCase& golden, DType dtype, Comparison& comparison);
void check_loss(const GoldenCase& golden, DType dtype, Comparison& comparison);
void check_metric(const GoldenCase& golden, DType dtype, Comparison& comparison);
void check_schedule(const GoldenCase& golden, DType dtype, Comparison& comparison);

}  // namespace rondo::golden
