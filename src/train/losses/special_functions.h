#pragma once

#include <cmath>

namespace rondo::detail {

/// log(1 + eˣ) without overflow.
inline double softplus(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }
/// Its derivative.
inline double logistic(double x) {
  const double small = std::exp(-std::abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
}

/// log Γ(x) for x > 0: Stirling's series after moving x above 10 (Abramowitz and Stegun 6.1.41). Unlike the C
/// library's lgamma it writes no global variable.
inline double log_gamma(double x) {
  double shift = 1;
  while (x < 10) shift *= x++;
  const double y = 1 / (x * x);
  const double series =
      (1.0 / 12 -
       y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360)))))) /
      x;
  return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + series - std::log(shift);
}

/// d log Γ(x) / dx for x > 0 (Abramowitz and Stegun 6.3.18 after moving x above 10).
inline double digamma(double x) {
  double shift = 0;
  while (x < 10) shift += 1 / x++;
  const double y = 1 / (x * x);
  const double series =
      y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132)))));
  return std::log(x) - 0.5 / x - series - shift;
}

}  // namespace rondo::detail
