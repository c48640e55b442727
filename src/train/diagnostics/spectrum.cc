#include <algorithm>
#include <cmath>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/train/gradient_flow.h"

namespace rondo {
namespace {

void check_square(std::span<const double> values, std::int64_t size) {
  if (size > 0 && static_cast<std::int64_t>(values.size()) == size * size) return;
  throw Error(ErrorKind::usage, "a square matrix has size · size values")
      .seen(std::to_string(values.size()) + " values for size " + std::to_string(size));
}

double norm(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

/// Scales `v` to length 1 and returns what its length was.
double normalise(std::vector<double>& v) {
  const double length = norm(v);
  if (length > 0)
    for (double& x : v) x /= length;
  return length;
}

/// No eigenvector of a matrix anybody uses is orthogonal to this one.
std::vector<double> start_vector(std::int64_t size) {
  std::vector<double> v(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = 1 + std::sin(1.7 * static_cast<double>(i + 1));
  normalise(v);
  return v;
}

void multiply(std::span<const double> a, const std::vector<double>& x, std::vector<double>& y) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += a[i * n + k] * x[k];
    y[i] = sum;
  }
}

void multiply_transposed(std::span<const double> a, const std::vector<double>& x, std::vector<double>& y) {
  const std::size_t n = x.size();
  std::ranges::fill(y, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) y[k] += a[i * n + k] * x[i];
}

}  // namespace

// Gelfand: ‖A^k v‖^(1/k) goes to the spectral radius, for complex pairs too, where the usual power iteration
// turns around without end. The growth between step k and step 2k leaves the constant out.
double spectral_radius(std::span<const double> values, std::int64_t size) {
  check_square(values, size);
  constexpr std::int64_t kMaxWork = 200'000'000;
  const std::int64_t half = std::clamp<std::int64_t>(kMaxWork / (2 * size * size), 200, 2000);
  std::vector<double> v = start_vector(size), next(v.size());
  double logarithm = 0;
  for (std::int64_t k = 0; k < 2 * half; ++k) {
    multiply(values, v, next);
    std::swap(v, next);
    const double length = normalise(v);
    if (!(length > 0)) return length == 0 ? 0 : length;
    if (k >= half) logarithm += std::log(length);
  }
  return std::exp(logarithm / static_cast<double>(half));
}

double largest_singular_value(std::span<const double> values, std::int64_t size) {
  check_square(values, size);
  std::vector<double> v = start_vector(size), forward(v.size());
  double before = 0;
  for (int k = 0; k < 1000; ++k) {
    multiply(values, v, forward);
    multiply_transposed(values, forward, v);
    const double now = std::sqrt(normalise(v));
    if (!(now > 0) || std::abs(now - before) <= 1e-9 * now) return now;
    before = now;
  }
  return before;
}

}  // namespace rondo
