#pragma once

#include "kernels/activation_kind.h"
#include "rondo/tensor/matrix.h"

namespace rondo::kernels {

/// activate_rows and activate_rows_backward in float with the vector functions of simd_math-inl.h. False, and
/// nothing done, for a kind that has no vector function.
bool activate_float_rows(ActivationKind kind, View<const float> x, View<float> y);
bool activate_float_rows_backward(ActivationKind kind, View<const float> x, View<const float> y,
                                  View<const float> dy, View<float> dx);

}  // namespace rondo::kernels
