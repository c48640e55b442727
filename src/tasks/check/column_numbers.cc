#include "tasks/check/column_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace rondo::checking {

namespace {

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series) {
  constexpr double kFar = 10, kNormal = 1.4826, kNormalMean = 1.2533;
  constexpr std::size_t kMinCount = 12;
  Outliers found;
  double farthest = 0;
  for (const SeriesRows& one : series) {
    std::vector<double> there, distances;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)];
      if (!std::isnan(v)) there.push_back(v);
    }
    if (there.size() < kMinCount) continue;
    const double median = median_of(there);
    double mean = 0;
    for (const double v : there) {
      distances.push_back(std::abs(v - median));
      mean += distances.back() / static_cast<double>(there.size());
    }
    double deviation = kNormal * median_of(distances);
    if (deviation == 0) deviation = kNormalMean * mean;
    if (deviation == 0) continue;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)], distance = std::abs(v - median) / deviation;
      if (!(distance > kFar)) continue;
      ++found.count;
      if (distance <= farthest) continue;
      farthest = distance;
      found.row = row;
      found.worst = v;
      found.median = median;
    }
  }
  if (found.count > 0) found.repeats = std::count(values.begin(), values.end(), found.worst);
  return found;
}

bool is_code_for_missing(double value) {
  constexpr std::array kCodes{99.0, 999.0, 9999.0, 99999.0, 999999.0, 999.9, 9999.9, 99.99, 999.99, 9999.99};
  return std::find(kCodes.begin(), kCodes.end(), std::abs(value)) != kCodes.end();
}

}  // namespace rondo::checking
