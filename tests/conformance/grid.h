#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/random.h"

namespace rondo {

/// Combinations of the values of several axes. Each axis goes through its values in an order of its own,
/// shuffled anew every time round, so that few combinations meet every value of every axis.
class Grid {
 public:
  Grid(std::uint64_t seed, const std::string& name) : seed_(seed), key_(purpose_key(name.c_str())) {}

  /// The value of an axis in combination `index`. Axes are told apart by the order in which they are asked.
  template <class T>
  const T& pick(std::span<const T> values, std::int64_t index) {
    const auto count = static_cast<std::int64_t>(values.size());
    std::vector<std::int64_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    shuffle_indices(RandomStream(seed_, key_ + static_cast<std::uint64_t>(axis_++),
                                 static_cast<std::uint64_t>(index / count)),
                    order);
    return values[static_cast<std::size_t>(order[static_cast<std::size_t>(index % count)])];
  }
  template <class T>
  const T& pick(const std::vector<T>& values, std::int64_t index) {
    return pick(std::span<const T>(values), index);
  }
  void next() { axis_ = 0; }

 private:
  std::uint64_t seed_, key_;
  int axis_ = 0;
};

}  // namespace rondo
