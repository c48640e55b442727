#include "tasks/check/column_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

namespace rondo::checking {

namespace {

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Digits after the point that all values need, 0 … 12; 13: more than those.
int decimals_of(std::span<const double> values) {
  constexpr int kMost = 12;
  int decimals = 0;
  double power = 1;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    while (decimals <= kMost &&
           std::abs(v * power - std::round(v * power)) > 1e-9 + 1e-15 * std::abs(v * power)) {
      ++decimals;
      power *= 10;
    }
  }
  return decimals;
}

bool is_standardised(std::span<const double> values) {
  double n = 0, mean = 0, square = 0;
  for (const double v : values) {
    if (!std::isnan(v)) mean += (v - mean) / ++n;
  }
  constexpr double kFewest = 20;
  if (n < kFewest) return false;
  for (const double v : values) {
    if (!std::isnan(v)) square += (v - mean) * (v - mean);
  }
  // A file with d decimals moves mean and deviation by about 10^-d / sqrt(12 n); beyond a few times 1e-4 that proves
  // nothing any more.
  const double rounding = std::pow(10.0, -decimals_of(values)) / std::sqrt(12 * n);
  if (rounding > 2e-4) return false;
  const double mean_tolerance = std::max(1e-9, 4 * rounding),
               deviation_tolerance = std::max(1e-6, 4 * rounding);
  return std::abs(mean) < mean_tolerance && (std::abs(std::sqrt(square / n) - 1) < deviation_tolerance ||
                                             std::abs(std::sqrt(square / (n - 1)) - 1) < deviation_tolerance);
}

bool is_min_max(std::span<const double> values, std::span<const SeriesRows> series, double test_share) {
  std::set<double> different;
  std::int64_t zeros = 0, ones = 0, early_zeros = 0, early_ones = 0;
  for (const SeriesRows& one : series) {
    const auto border = static_cast<std::size_t>(static_cast<double>(one.rows.size()) * (1 - test_share));
    for (std::size_t i = 0; i < one.rows.size(); ++i) {
      const double v = values[static_cast<std::size_t>(one.rows[i])];
      if (std::isnan(v)) continue;
      if (v < 0 || v > 1) return false;
      zeros += v == 0 ? 1 : 0;
      ones += v == 1 ? 1 : 0;
      early_zeros += v == 0 && i < border ? 1 : 0;
      early_ones += v == 1 && i < border ? 1 : 0;
      constexpr std::size_t kEnough = 20;
      if (different.size() < kEnough) different.insert(v);
    }
  }
  const bool reached_once = zeros >= 1 && zeros <= 2 && ones >= 1 && ones <= 2;
  return reached_once && different.size() >= 20 && (early_zeros == 0 || early_ones == 0);
}

}  // namespace

Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series) {
  constexpr double kFar = 10, kNormal = 1.4826, kNormalMean = 1.2533;
  constexpr std::size_t kFewest = 12;
  Outliers found;
  double farthest = 0;
  for (const SeriesRows& one : series) {
    std::vector<double> there, distances;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)];
      if (!std::isnan(v)) there.push_back(v);
    }
    if (there.size() < kFewest) continue;
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

ScalingMark find_scaling(std::span<const double> values, std::span<const SeriesRows> series,
                         double test_share) {
  if (is_standardised(values)) return ScalingMark::standard;
  if (is_min_max(values, series, test_share)) return ScalingMark::min_max;
  return ScalingMark::none;
}

}  // namespace rondo::checking
