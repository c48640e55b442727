#pragma once

#include <string>

#include "rondo/layers/constraints.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/shape.h"

namespace rondo {

/// Throws Error(usage) unless it is a constraint with options in range that suit an array of so many axes.
void check_constraint(const Constraint& constraint, std::size_t axes, const std::string& where);

/// Puts the weights back within the constraint.
void apply_constraint(const Constraint& constraint, const Shape& shape, Matrix weights);

}  // namespace rondo
