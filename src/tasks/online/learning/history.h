#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "tasks/common/archive.h"

namespace rondo::online {

/// The last rows of numbers of one width: row `i`, counted from the start of the stream, is there until
/// `capacity` others have come.
template <class T>
class RecentRows {
 public:
  RecentRows() = default;
  RecentRows(std::int64_t capacity, std::int64_t width) : capacity_(capacity), width_(width) {
    values_.assign(static_cast<std::size_t>(capacity * width), T{});
  }
  std::span<T> operator[](std::int64_t row) { return std::span(values_).subspan(start(row), width()); }
  std::span<const T> operator[](std::int64_t row) const {
    return std::span(values_).subspan(start(row), width());
  }
  void archive(tasks::Archive& archive, const char* name) { archive.array(name, std::span(values_)); }

 private:
  std::size_t width() const { return static_cast<std::size_t>(width_); }
  std::size_t start(std::int64_t row) const { return static_cast<std::size_t>((row % capacity_) * width_); }

  std::int64_t capacity_ = 1, width_ = 0;
  std::vector<T> values_;
};

/// What a network is trained on: its inputs by row, and its targets.
struct History {
  RecentRows<float> inputs;  ///< [row][inputs]
  /// [row][targets]: what the linear model left, in units that make it about 1; NaN where the truth is not
  /// known. Known for rows below `known`.
  RecentRows<float> aims;
};

/// The derivative of a Huber loss (Huber 1964), whose error counts no more than this: rows far off do not
/// throw weights about. 0 where the aim is missing.
inline float huber_gradient(float output, float aim) {
  constexpr float kLargest = 3;
  return std::isnan(aim) ? 0.0F : std::clamp(output - aim, -kLargest, kLargest);
}

}  // namespace rondo::online
