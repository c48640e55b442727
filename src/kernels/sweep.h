#pragma once

#include <limits>

namespace rondo::kernels {

/// What happens to a gradient and a weight before the rule of an optimiser sees them.
template <class T>
struct Prelude {
  T scale = 1;                                   ///< of the gradient, from clipping by a norm
  T limit = std::numeric_limits<T>::infinity();  ///< of each element
  T l2 = 0;                                      ///< PyTorch's weight decay: gradient += l2 · weight
  T shrink = 0;                                  ///< decoupled weight decay: weight −= shrink · weight
};

}  // namespace rondo::kernels
