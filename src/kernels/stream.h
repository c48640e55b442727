#pragma once

#include <cstdint>

#include "rondo/tensor/matrix.h"

// Products of single rows with weights that are packed once and used for ever: a step of a stream. Every
// element is one chain of fused multiply-adds in the order start, x[0], x[1], …, h[0], h[1], …: the bits of
// kernels/matrix.h.

namespace rondo::kernels {

/// out = start + x·Wx + h·Wh for a row, in one pass. Columns come in whole vectors; those beyond the real
/// ones are zero.
struct StreamProduct {
  const float* weights = nullptr;  ///< packed [x_count + h_count, vectors · lanes]
  const float* start = nullptr;    ///< [vectors · lanes]; null: what `out` holds
  std::int64_t vectors = 0;
  std::int64_t panels = 1;  ///< as pack() answered
  std::int64_t first = 0;   ///< where in the rows of `out` the columns begin
  std::int64_t x_count = 0, h_count = 0;
};

constexpr std::int64_t kStreamRows = 8;  ///< rows that one call may have

/// The functions of one instruction set: chosen when a model is frozen, so that a step asks nobody.
struct StreamKernels {
  std::int64_t lanes = 1;
  std::int64_t cache = 0;  ///< bytes of the first-level data cache that weights may fill
  /// weights [k, vectors · lanes] dense to `packed`, of the same size and 64-byte aligned; how many panels it
  /// made.
  std::int64_t (*pack)(View<const float> weights, float* packed);
  /// Rows of x, h and out by their addresses; whole vectors of `out` are written. `backwards`: the last panel
  /// first. Weights a little larger than the first-level cache are there for the most part when every other
  /// step goes backwards; the bits are the same.
  void (*multiply)(const StreamProduct& product, std::int64_t rows, const float* const* x,
                   const float* const* h, float* const* out, bool backwards) noexcept;
};
StreamKernels stream_kernels();

}  // namespace rondo::kernels
