#pragma once

#include <array>
#include <cstdint>

#include "cells/cell_info.h"

// A step of a small recurrent layer as one call: of a cell of one stage with tanh and sigmoid, weights in the first-level
// cache.

namespace rondo::kernels {

/// One row. Arrays over units are whole vectors long: `units` counts those beyond the real ones, whose weights are zero.
struct StreamCellStep {
  const float* weights = nullptr;  ///< [group of blocks][x, then h][block][sum that x, or h, feeds][lane]
  const float* start = nullptr;    ///< [sums][units]
  const float* vectors = nullptr;  ///< [vectors][units]
  const float* x = nullptr;
  std::int64_t inputs = 0, states = 0, units = 0;  ///< states: how many of h are real
  float* state[cells::kMaxStates] = {};            ///< before and after the step
  float* next_h = nullptr;                         ///< room for h
};
using StreamCellFunction = void (*)(const StreamCellStep&) noexcept;

/// How many vectors of units one group of blocks has at most: about eight sums in flight. A power of two.
constexpr int stream_blocks(int sums) { return sums == 1 ? 8 : sums == 2 ? 4 : sums <= 4 ? 2 : 1; }

/// Which sums the input, or the state, feeds.
constexpr std::array<bool, cells::kMaxSums> fed_sums(const cells::CellInfo& info, bool by_input) {
  std::array<bool, cells::kMaxSums> fed{};
  for (int g = 0; g < info.gates; ++g) {
    const auto at = static_cast<std::size_t>(g);
    fed[static_cast<std::size_t>(by_input ? info.input_sum[at] : info.recurrent_sum[at])] = true;
  }
  return fed;
}

}  // namespace rondo::kernels
