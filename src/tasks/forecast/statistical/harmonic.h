#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/statistical/known_columns.h"

namespace rondo::forecasting::statistical {

/// Regression with errors of exponential smoothing: seasons that stay as they are, as sines and cosines, and
/// known columns, by least squares on what a smooth trend leaves of the values and of the columns (Frisch,
/// Waugh, Lovell). How many waves a season has is chosen by BIC. `seasons` need not be whole; those longer
/// than two thirds of the rows are left out.
class HarmonicRegression {
 public:
  /// `values` as of the first observed row.
  HarmonicRegression(std::span<const double> values, std::span<const double> seasons,
                     const KnownColumns& known = {});

  /// What seasons and columns add at a row, from 0 on and beyond the last one.
  double effect(std::int64_t row) const;
  /// Of it, what one known column adds.
  double known_effect(std::int64_t row, std::int64_t column) const;
  /// The values without it; missing ones stay missing.
  const std::vector<double>& adjusted() const { return adjusted_; }

 private:
  void fill(std::int64_t row, std::vector<double>& to) const;

  std::vector<double> seasons_;
  std::vector<std::int64_t> waves_;  ///< by season, at most
  KnownColumns known_;
  std::vector<std::size_t> columns_;
  std::vector<double> coefficients_, adjusted_;
};

/// Effects go on; what they leave is forecast by the exponential smoothing without season that AICc chooses.
std::vector<double> forecast_harmonic(std::span<const double> values, std::span<const double> seasons,
                                      std::int64_t horizon, const KnownColumns& known = {});

}  // namespace rondo::forecasting::statistical
