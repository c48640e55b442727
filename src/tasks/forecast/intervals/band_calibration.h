#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// Counts how often each band held, and where in its forecast distribution each truth lay.
class BandCalibration {
 public:
  /// `quantiles` at `levels`, both ascending and symmetric around the median.
  void add(double actual, std::span<const double> quantiles, std::span<const double> levels);
  void put(ForecastCalibration& out) const;

 private:
  /// Keeps every other one: those left are still evenly spread over the rows.
  void thin();

  std::vector<double> nominal_, inside_, pit_;
  std::int64_t count_ = 0, stride_ = 1;
};

}  // namespace rondo::forecasting
