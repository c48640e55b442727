#include "tasks/check/orthogonal_fit.h"

#include <cmath>

namespace rondo::checking {

namespace {

double dot(const double* a, const double* b, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// x minus twice its projection on v (of length 1).
void reflect(const double* v, double* x, std::int64_t count) {
  const double twice = 2 * dot(v, x, count);
  for (std::int64_t i = 0; i < count; ++i) x[i] -= twice * v[i];
}

}  // namespace

OrthogonalFit::OrthogonalFit(std::vector<double> design, std::int64_t rows)
    : rows_(rows),
      columns_(static_cast<std::int64_t>(design.size()) / rows),
      reflectors_(std::move(design)),
      diagonal_(static_cast<std::size_t>(columns_), 0.0),
      pivot_(static_cast<std::size_t>(columns_), -1) {
  constexpr double kDependent = 1e-10;
  std::int64_t rank = 0;
  for (std::int64_t c = 0; c < columns_; ++c) {
    double* column = reflectors_.data() + c * rows_;
    const double whole = std::sqrt(dot(column, column, rows_));
    const std::int64_t below = rows_ - rank;
    double* lower = column + rank;
    const double left = std::sqrt(dot(lower, lower, below));
    if (below <= 0 || !(left > kDependent * whole)) continue;
    // The reflector takes the place of what it makes zero; R's entries above stay.
    const double head = lower[0] > 0 ? -left : left;
    diagonal_[static_cast<std::size_t>(c)] = head;
    pivot_[static_cast<std::size_t>(c)] = rank;
    lower[0] -= head;
    const double length = std::sqrt(dot(lower, lower, below));
    for (std::int64_t i = 0; i < below; ++i) lower[i] /= length;
    for (std::int64_t next = c + 1; next < columns_; ++next) {
      reflect(lower, reflectors_.data() + next * rows_ + rank, below);
    }
    ++rank;
  }
}

OrthogonalFit::Result OrthogonalFit::fit(std::span<const double> values) const {
  std::vector<double> b(values.begin(), values.end());
  Result result;
  result.squares_left.push_back(dot(b.data(), b.data(), rows_));
  for (std::int64_t c = 0; c < columns_; ++c) {
    const std::int64_t at = pivot_[static_cast<std::size_t>(c)];
    if (at < 0) {
      result.squares_left.push_back(result.squares_left.back());
      continue;
    }
    reflect(reflectors_.data() + c * rows_ + at, b.data() + at, rows_ - at);
    result.squares_left.push_back(dot(b.data() + at + 1, b.data() + at + 1, rows_ - at - 1));
  }
  result.coefficients.assign(static_cast<std::size_t>(columns_), 0.0);
  for (std::int64_t c = columns_; c-- > 0;) {
    const std::int64_t at = pivot_[static_cast<std::size_t>(c)];
    if (at < 0) continue;
    double sum = b[static_cast<std::size_t>(at)];
    for (std::int64_t next = c + 1; next < columns_; ++next) {
      sum -= reflectors_[static_cast<std::size_t>(next * rows_ + at)] *
             result.coefficients[static_cast<std::size_t>(next)];
    }
    result.coefficients[static_cast<std::size_t>(c)] = sum / diagonal_[static_cast<std::size_t>(c)];
  }
  return result;
}

}  // namespace rondo::checking
