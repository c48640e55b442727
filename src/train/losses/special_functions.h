#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace rondo::detail {

/// log(1 + eˣ) without overflow.
inline double softplus(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }
/// Its derivative.
inline double logistic(double x) {
  const double small = std::exp(-std::abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
}

/// log Γ(x) without its main part (x − ½) log x − x + ½ log 2π, for x ≥ 10: Stirling's series (Abramowitz and
/// Stegun 6.1.41).
inline double stirling_rest(double x) {
  const double y = 1 / (x * x);
  return (1.0 / 12 -
          y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360)))))) /
         x;
}
/// ψ(x) without its main part log x − 1/(2x), for x ≥ 10 (Abramowitz and Stegun 6.3.18).
inline double digamma_rest(double x) {
  const double y = 1 / (x * x);
  return -y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132)))));
}

/// log Γ(x) for x > 0, after moving x above 10. Unlike the C library's lgamma it writes no global variable.
inline double log_gamma(double x) {
  double shift = 1;
  while (x < 10) shift *= x++;
  return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + stirling_rest(x) - std::log(shift);
}
/// d log Γ(x) / dx for x > 0, after moving x above 10.
inline double digamma(double x) {
  double shift = 0;
  while (x < 10) shift += 1 / x++;
  return std::log(x) - 0.5 / x + digamma_rest(x) - shift;
}

/// A positive parameter of a distribution and its derivative by the raw number that the network gives:
/// exp(raw) + smallest where `logarithmic`, else softplus(raw) + smallest.
struct Linked {
  double value, slope;
};
inline Linked link(bool logarithmic, double raw, double smallest) {
  if (!logarithmic) return {softplus(raw) + smallest, logistic(raw)};
  const double e = std::exp(raw);
  return {e + smallest, e};
}
/// Whether a link is "log" and not "softplus"; Error(usage) for other names.
bool is_logarithmic(const std::string& link, const std::string& where);
/// Columns for each of `parameters` parameters; Error(usage) where they do not come out even.
std::int64_t split_columns(const char* loss, std::int64_t columns, std::int64_t parameters);

}  // namespace rondo::detail
