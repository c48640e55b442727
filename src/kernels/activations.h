#pragma once

#include "kernels/activation_kind.h"
#include "rondo/matrix.h"

namespace rondo::kernels {

/// y = f(x) for every element, by rows for softmax; in place when y is x.
template <class T>
void activate_rows(ActivationKind kind, View<const T> x, View<T> y);

/// dx += dy · f'(x); y = f(x) as computed.
template <class T>
void activate_rows_backward(ActivationKind kind, View<const T> x, View<const T> y, View<const T> dy,
                            View<T> dx);

}  // namespace rondo::kernels
