#pragma once

// Series for the tests of the statistical methods.

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "rondo/base/random.h"

namespace rondo::forecasting::statistical {

inline std::vector<double> make(std::size_t rows, const std::function<double(double row)>& value) {
  std::vector<double> values;
  for (std::size_t row = 0; row < rows; ++row) values.push_back(value(static_cast<double>(row)));
  return values;
}

/// A level that walks, a season of `period` rows, noise; positive.
inline std::vector<double> seasonal_walk(std::size_t rows, double period, std::uint64_t seed) {
  const RandomStream stream(seed);
  double level = 100;
  return make(rows, [&](double row) {
    level += stream.normal(2 * static_cast<std::uint64_t>(row));
    return level + 10 * std::sin(2 * std::numbers::pi * row / period) +
           stream.normal(2 * static_cast<std::uint64_t>(row) + 1);
  });
}

inline std::vector<double> changed(std::vector<double> values, const std::function<double(double)>& change) {
  for (double& value : values) value = change(value);
  return values;
}

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace rondo::forecasting::statistical
