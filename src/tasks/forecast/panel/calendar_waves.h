#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace rondo::tasks {
class Archive;
}

namespace rondo::forecasting {

/// No count in a model file is larger, so that a product of three still is a whole number.
inline constexpr std::int64_t kMaxCount = 1000000;

/// Sines and cosines of 1 … order cycles of each season: what is known of a position in time.
struct CalendarWaves {
  std::vector<double> seasons;       ///< in rows
  std::vector<std::int64_t> orders;  ///< by season; 0: none

  std::int64_t count() const {
    std::int64_t sum = 0;
    for (const std::int64_t order : orders) sum += 2 * order;
    return sum;
  }

  /// Returns how many numbers these were.
  template <class T>
  std::size_t write(double position, std::span<T> out) const {
    std::size_t next = 0;
    for (std::size_t season = 0; season < orders.size(); ++season) {
      const double angle = 2 * std::numbers::pi * position / seasons[season];
      for (std::int64_t k = 1; k <= orders[season]; ++k) {
        out[next++] = static_cast<T>(std::sin(static_cast<double>(k) * angle));
        out[next++] = static_cast<T>(std::cos(static_cast<double>(k) * angle));
      }
    }
    return next;
  }

  void archive(tasks::Archive& archive);
};

}  // namespace rondo::forecasting
