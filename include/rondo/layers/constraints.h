#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rondo/base/options.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/shape.h"

// What weights are put back to after every step of an optimiser, with Keras's names, options and defaults:
//
//     dense({.units = 8, .kernel_constraint = constraints::max_norm(3)})
//
// and in a spec "non_neg" or {"name": "max_norm", "max_value": 3}.

namespace rondo {

/// A rule for one array. An axis is that of the norm: 0, the inputs of each unit, or 1, the outputs of each
/// input. A vector has one norm.
struct Constraint {
  std::string name = {};                 ///< empty: none
  std::optional<double> max_value = {};  ///< max_norm: 2; min_max_norm, spectral_norm: 1
  double min_value = 0;                  ///< min_max_norm
  double rate = 1;                       ///< min_max_norm: how far a norm is moved to where it belongs
  std::int64_t axis = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("name", self.name, "non_neg, unit_norm, max_norm, min_max_norm or spectral_norm");
    option("max_value", self.max_value, "largest norm");
    option("min_value", self.min_value, "min_max_norm: smallest norm");
    option("rate", self.rate, "min_max_norm: how far a norm is moved to where it belongs");
    option("axis", self.axis, "of the norm: 0, the inputs of each unit, or 1");
  }
  bool operator==(const Constraint&) const = default;
};

/// null, a name alone where the options are the defaults, or {"name": …, its options}.
template <>
struct OptionCodec<Constraint> {
  static Json write(const Constraint& value);
  static void read(const Json& config, Constraint& value, std::string_view path);
};

namespace constraints {

Constraint non_neg();
Constraint unit_norm(std::int64_t axis = 0);
Constraint max_norm(double max_value = 2, std::int64_t axis = 0);
Constraint min_max_norm(double min_value = 0, double max_value = 1, double rate = 1, std::int64_t axis = 0);
/// The largest singular value, ‖W‖₂, is at most max_value (Miyato et al. 2018, without their one-step
/// estimate: it is found to six digits).
Constraint spectral_norm(double max_value = 1);

}  // namespace constraints

/// Throws Error(usage) unless it is a constraint with options in range that suit an array of so many axes.
void check_constraint(const Constraint& constraint, std::size_t axes, const std::string& where);

/// Puts the weights back within the constraint.
void apply_constraint(const Constraint& constraint, const Shape& shape, Matrix weights);

}  // namespace rondo
