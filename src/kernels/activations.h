#pragma once

#include "kernels/activation_kind.h"
#include "rondo/tensor/matrix.h"

namespace rondo::kernels {

/// y = f(x) for every element, by rows for softmax; in place when y is x. In double by the standard library.
/// In float (except gelu) by the vector functions of simd_math-inl.h, whose bounds hold; softmax and
/// log_softmax sum a row of n in one order on every instruction set, and with d the distance of x from the
/// row's largest value
///   softmax      is within p·(3e-7 + 6e-8·(d + n/16)) + 1.5e-45 of p,
///   log_softmax  is within 3e-7 + 6e-8·(2·d + n/16) of the exact value.
/// A row of softmax sums to 1 within 2e-7 + 6e-8·n/16. A NaN or a +∞ in a row makes all of it NaN, and so
/// does -∞ in every place; some -∞ give 0.
template <class T>
void activate_rows(ActivationKind kind, View<const T> x, View<T> y);

/// dx += dy · f'(x); y = f(x) as computed.
template <class T>
void activate_rows_backward(ActivationKind kind, View<const T> x, View<const T> y, View<const T> dy,
                            View<T> dx);

}  // namespace rondo::kernels
