#include "train/losses/probability_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "train/losses/special_functions.h"

namespace rondo::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTiny = 1e-300;
constexpr double kPrecision = 1e-15;
constexpr double kLargeShape = 1e5;
constexpr int kMaxTerms = 200000;  // the expansions need about √a terms near their middle

/// The continued fraction of I_x(a, b) by Lentz's method (Abramowitz and Stegun 26.5.8; converges quickly for
/// x < (a + 1) / (a + b + 2)).
double beta_fraction(double a, double b, double x) {
  const auto away = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < kMaxTerms; ++m) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1) < kPrecision) break;
  }
  return value;
}

/// P(a, x) / (xᵃ e⁻ˣ / Γ(a)) by its power series, for x < a + 1.
double gamma_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < kMaxTerms && term > sum * kPrecision; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/// Q(a, x) / (xᵃ e⁻ˣ / Γ(a)) by its continued fraction (Abramowitz and Stegun 6.5.31), for x ≥ a + 1.
double gamma_fraction(double a, double x) {
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, value = d;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double k = -n * (n - a);
    b += 2;
    d = k * d + b;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = b + k / c;
    if (std::abs(c) < kTiny) c = kTiny;
    value *= d * c;
    if (std::abs(d * c - 1) < kPrecision) break;
  }
  return value;
}

/// Q(a, x) for large a by Temme's uniform expansion (1979; DLMF 8.12.3-8.12.11), the terms of order 1 and
/// 1/√a; the next one is below 1e-11 from a = 1e5 on.
double gamma_expansion(double a, double x) {
  const double away = (x - a) / a;
  const double half_square = away - std::log1p(away);
  const double eta = std::copysign(std::sqrt(2 * half_square), away);
  const double c = std::abs(eta) < 0.05 ? -1.0 / 3 + eta * (1.0 / 12 - eta * (2.0 / 135 - eta * (1.0 / 864)))
                                        : 1 / away - 1 / eta;
  const double bell = std::exp(-a * half_square) / std::sqrt(2 * std::numbers::pi * a);
  return std::clamp(0.5 * std::erfc(eta * std::sqrt(a / 2)) + bell * c, 0.0, 1.0);
}

}  // namespace

double log_gamma_ratio(double x, double y) {
  if (x < 10) return log_gamma(x + y) - log_gamma(x);
  return (x - 0.5) * std::log1p(y / x) + y * std::log(x + y) - y + stirling_rest(x + y) - stirling_rest(x);
}

double digamma_difference(double x, double y) {
  if (x < 10) return digamma(x + y) - digamma(x);
  return std::log1p(y / x) + 0.5 * y / (x * (x + y)) + digamma_rest(x + y) - digamma_rest(x);
}

double normal_density(double z) {
  return std::exp(-0.5 * z * z) * 0.5 * std::numbers::inv_sqrtpi * std::numbers::sqrt2;
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return std::nan("");
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  // Start with Abramowitz and Stegun 26.2.23 (error below 4.5e-4) on the smaller tail, then Halley's steps.
  const double tail = std::min(p, 1 - p);
  const double t = std::sqrt(-2 * std::log(tail));
  double z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int step = 0; step < 3; ++step) {
    const double density = normal_density(z);
    if (density < kTiny) break;
    const double miss = (normal_cdf(z) - tail) / density;
    z -= miss / (1 + 0.5 * z * miss);
  }
  return p < 0.5 ? z : -z;
}

double incomplete_beta(double a, double b, double x) { return incomplete_beta(a, b, x, 1 - x); }

double incomplete_beta(double a, double b, double x, double one_minus_x) {
  if (!(x >= 0 && x <= 1)) return std::nan("");
  if (x == 0 || one_minus_x == 0) return x == 0 ? 0 : 1;
  const double log_x = x < 0.5 ? std::log(x) : std::log1p(-one_minus_x);
  const double log_rest = x < 0.5 ? std::log1p(-x) : std::log(one_minus_x);
  // log of xᵃ (1 − x)ᵇ / B(a, b); Γ(a + b) / Γ(max) by the ratio that does not cancel
  const double small = std::min(a, b), large = std::max(a, b);
  const double front = std::exp(a * log_x + b * log_rest + log_gamma_ratio(large, small) - log_gamma(small));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, one_minus_x) / b;
}

double incomplete_gamma_upper(double a, double x) {
  if (!(x >= 0)) return std::nan("");
  if (x == 0) return 1;
  if (x == kInfinity) return 0;
  if (a > kLargeShape) return gamma_expansion(a, x);
  const double front = std::exp(a * std::log(x) - x - log_gamma(a));
  return x < a + 1 ? 1 - front * gamma_series(a, x) : front * gamma_fraction(a, x);
}

double student_t_log_density(double t, double nu) {
  return log_gamma_ratio(nu / 2, 0.5) - 0.5 * std::log(nu * std::numbers::pi) -
         0.5 * (nu + 1) * std::log1p(t * t / nu);
}

double student_t_cdf(double t, double nu) {
  if (std::isnan(t)) return t;
  const double square = t * t;
  if (std::isinf(square)) return t < 0 ? 0 : 1;
  const double tail = 0.5 * incomplete_beta(nu / 2, 0.5, nu / (nu + square), square / (nu + square));
  return t < 0 ? tail : 1 - tail;
}

double student_t_quantile(double p, double nu) {
  if (!(p >= 0 && p <= 1) || !(nu > 0)) return std::nan("");
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  if (p == 0.5) return 0;
  // In the lower tail: Newton's steps on the logarithm of the probability, which is concave there, kept
  // inside a bracket that bisection shrinks.
  const double tail = std::min(p, 1 - p);
  double low = -1, high = 0;
  while (student_t_cdf(low, nu) > tail && low > -1e300) low *= 2;
  double t = std::max(normal_quantile(tail), low);
  for (int step = 0; step < 200; ++step) {
    const double f = student_t_cdf(t, nu);
    (f > tail ? high : low) = t;
    const double slope = std::exp(student_t_log_density(t, nu)) / f;
    double next = t - std::log(f / tail) / slope;
    // Steps double their digits, so after one this small the next would only be rounding.
    const bool arrived = std::abs(next - t) <= 1e-12 * std::abs(t);
    if (!arrived && !(next > low && next < high)) next = 0.5 * (low + high);
    t = next;
    if (arrived) break;
  }
  return p < 0.5 ? t : -t;
}

}  // namespace rondo::detail
