#pragma once

#include <array>
#include <cstdint>

#include "cells/cell_info.h"

// A step of a small recurrent layer, piece by piece: of a cell of one stage with tanh and sigmoid, weights in
// the caches near the processor. A piece is a few vectors of units; the last units % lanes of them may be one
// of fewer lanes.

namespace rondo::kernels {

/// What never changes between steps. Lanes beyond the real units have zero weights.
struct StreamCellStep {
  const float* weights = nullptr;  ///< [piece][x, then h][vector][sum that x, or h, feeds][lane]
  const float* start = nullptr;    ///< [sums][pitch]
  const float* vectors = nullptr;  ///< [vectors][pitch]
  std::int64_t inputs = 0, units = 0;
  std::int64_t pitch = 0;                       ///< units up to a whole vector
  std::int64_t offset[cells::kMaxStates] = {};  ///< of the states [pitch], from the first, which is h
};

/// The units of one piece, from `unit`: reads x [inputs] and the states, writes its part of next_h [pitch],
/// of the other states and, unless null, of y [units]. Kernels that keep what a backward pass needs write
/// their part of [sums][units] to `next_h` instead, and each of the states `units` floats behind the state
/// that it follows. All that differs between steps comes in registers: what is stored and soon read again in
/// other pieces, as a description in memory would be, waits until all older stores are done, h's among them.
using StreamCellFunction = void (*)(const StreamCellStep& step, const float* x, float* state, float* next_h,
                                    float* y, std::int64_t unit) noexcept;

constexpr int kStreamVectors = 4;  ///< of one piece at most

struct StreamCellKernels {
  std::array<StreamCellFunction, kStreamVectors>
      whole{};  ///< one vector, two, …; null beyond stream_vectors()
  StreamCellFunction half = nullptr, quarter = nullptr;  ///< one vector of so many lanes; null: there is none
};

/// How many vectors one piece has: as many as keep eight sums in flight, four where weights are more than the
/// first-level cache holds, since small pieces leave more of them there when every other step goes backwards.
constexpr int stream_vectors(int gates, bool large) {
  const int sums = large ? 4 : 8, vectors = (sums + gates - 1) / gates;
  return vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
}

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
