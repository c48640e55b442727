#include "tasks/forecast/statistical/fitting/least_squares.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting::statistical {

namespace {

constexpr double kRidge = 1e-4;  // of a column's mean square

}  // namespace

NormalEquations::NormalEquations(std::size_t columns)
    : columns_(columns), gram_(columns * columns, 0.0), right_(columns, 0.0) {}

void NormalEquations::add(std::span<const double> row, double target, double weight) {
  for (std::size_t i = 0; i < columns_; ++i) {
    const double part = weight * row[i];
    right_[i] += part * target;
    for (std::size_t j = 0; j <= i; ++j) gram_[i * columns_ + j] += part * row[j];
  }
  square_ += weight * target * target;
  rows_ += weight;
}

double NormalEquations::solve(std::span<const std::size_t> chosen, std::vector<double>& solution) const {
  const std::size_t n = chosen.size();
  std::vector<double> factor(n * n);
  solution.assign(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = gram_[chosen[i] * columns_ + chosen[j]];
      if (i == j) sum = sum * (1 + kRidge) + 1e-9;
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / factor[j * n + j];
    }
    double sum = right_[chosen[i]];
    for (std::size_t k = 0; k < i; ++k) sum -= factor[i * n + k] * solution[k];
    solution[i] = sum / factor[i * n + i];
  }
  double rest = square_;
  for (const double part : solution) rest -= part * part;
  for (std::size_t i = n; i-- > 0;) {
    double sum = solution[i];
    for (std::size_t k = i + 1; k < n; ++k) sum -= factor[k * n + i] * solution[k];
    solution[i] = sum / factor[i * n + i];
  }
  return std::max(rest, 1e-12 * (square_ + 1e-300));
}

}  // namespace rondo::forecasting::statistical
