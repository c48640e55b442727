#pragma once

#include <string>

#include "rondo/base/random.h"
#include "rondo/layers/initializers.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/shape.h"

namespace rondo {

/// Fills an array of the given shape as Keras's initialiser does (semantics: keras.initializers). For an
/// array of one axis pass it as a single row. An initialiser that does not exist: Error(usage) that says
/// where.
void initialize_array(const Initializer& initializer, const Shape& shape, Matrix array,
                      const RandomStream& random, const std::string& where);

/// Throws Error(usage) unless it is an initialiser and its options are in range.
void check_initializer(const Initializer& initializer, const std::string& where);

}  // namespace rondo
