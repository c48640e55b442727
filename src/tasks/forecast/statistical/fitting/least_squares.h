#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rondo::forecasting::statistical {

/// Sums of a regression, of which any columns can be solved for.
class NormalEquations {
 public:
  explicit NormalEquations(std::size_t columns);

  void add(std::span<const double> row, double target, double weight = 1);
  double rows() const { return rows_; }  ///< sum of the weights
  /// Coefficients of `chosen` (ascending), and returns what they leave of the sum of squares. A small ridge
  /// keeps equal columns apart.
  double solve(std::span<const std::size_t> chosen, std::vector<double>& solution) const;

 private:
  std::size_t columns_;
  std::vector<double> gram_, right_;
  double square_ = 0, rows_ = 0;
};

}  // namespace rondo::forecasting::statistical
