#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/rows.h"

namespace rondo::forecasting {

/// Sums from which a linear regression on any subset of the columns follows: a pass over the data made once.
struct Moments {
  std::int64_t columns = 0, targets = 0;
  double count = 0;
  std::vector<double> sum_x, sum_y;  ///< [columns], [targets]
  std::vector<double> sum_xx;        ///< [columns, columns]
  std::vector<double> sum_xy;        ///< [columns, targets]

  Moments(std::int64_t columns, std::int64_t targets);
  /// Equally many rows of inputs and targets.
  void add(const Rows& x, const Rows& y);
};

/// y = intercept + weights' x over the chosen columns.
struct LinearMap {
  std::vector<double> weights;    ///< [chosen columns, targets]
  std::vector<double> intercept;  ///< [targets]
};

/// Ridge regressions: minimise mean (y - a - w'x)² + penalty Σ (σ_c w_c)², where σ_c is the standard
/// deviation of column c; so the penalty does not depend on units, and the intercept is free. One solution
/// for each penalty (> 0). Needs count > 0.
std::vector<LinearMap> solve_ridge(const Moments& moments, std::span<const std::int64_t> chosen,
                                   std::span<const double> penalties);

/// Predictions [rows, targets] from the chosen columns of x.
Rows predict(const LinearMap& map, const Rows& x, std::span<const std::int64_t> chosen);

}  // namespace rondo::forecasting
