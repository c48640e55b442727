#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rondo::detail {

/// The value in the middle, of an even number the upper one of the two; there is at least one.
template <class T>
T median_of(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// By linear interpolation between order statistics (Hyndman and Fan's type 7); `sorted` is not empty.
template <class Values>
double quantile_of_sorted(const Values& sorted, double share) {
  const double at = std::max(share * static_cast<double>(sorted.size() - 1), 0.0);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Each value once, in ascending order.
template <class T>
void sort_unique(std::vector<T>& values) {
  if (!std::is_sorted(values.begin(), values.end())) std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace rondo::detail
