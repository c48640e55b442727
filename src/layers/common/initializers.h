#pragma once

#include <string>

#include "rondo/base/random.h"
#include "rondo/tensor/matrix.h"

namespace rondo {

/// Fills an array as Keras's initialiser `name` does (semantics: keras.initializers). For an array of one
/// axis pass it as a single row. Unknown name: Error(usage) that says where.
void initialize_array(const std::string& name, Matrix array, const RandomStream& random,
                      const std::string& where);

/// Throws Error(usage) unless `name` is an initialiser.
void check_initializer(const std::string& name, const std::string& where);

}  // namespace rondo
