#pragma once

#include <functional>
#include <span>
#include <vector>

namespace rondo::forecasting::statistical {

/// Value at a point, and the gradient there into `gradient`. Infinity where the function is not defined.
using Objective = std::function<double(std::span<const double> point, std::span<double> gradient)>;

struct MinimiseOptions {
  int iterations = 200;
  double tolerance = 1e-6;  ///< ends when steps win less than this, twice in a row
};

/// Moves `point` to a minimum inside the box lower <= point <= upper and returns the value there. Projected
/// quasi-Newton: BFGS's Hessian (kept positive as Powell's damping does), a step in the variables that are
/// not held by a bound, halved until it wins (Nocedal and Wright, Numerical Optimization, 2006, ch. 16.7
/// and 18.3). `scale`: how far each variable is worth moving at first.
double minimise(const Objective& objective, std::span<double> point, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> scale,
                const MinimiseOptions& options = {});

}  // namespace rondo::forecasting::statistical
