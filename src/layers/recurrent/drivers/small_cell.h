#pragma once

#include <array>
#include <cstdint>

#include "kernels/cells.h"
#include "kernels/stream.h"
#include "kernels/stream_cell.h"
#include "layers/recurrent/common/recurrent_plan.h"

namespace rondo {

/// Which gate of the input, or of the state, feeds each sum; -1: none.
using SumFeeds = std::array<int, cells::kMaxSums>;
SumFeeds no_feeds();
SumFeeds input_feeds(const cells::CellInfo& info);
SumFeeds state_feeds(const cells::CellInfo& info, int stage);

/// Steps of one sequence by a layer whose weights stay in the first-level cache, or nearly: the cell's own
/// kernels, in which no sum leaves its register (kernels/stream_cell.h). The bits are those of the rows
/// driver.
class SmallCell {
 public:
  /// Whether a layer without extras is small enough, and its options are those of the kernels.
  static bool serves(const RecurrentShape& shape, const kernels::StreamKernels& kernels);
  /// Floats that hold its weights.
  static std::int64_t memory(const RecurrentShape& shape, const kernels::StreamKernels& kernels);

  /// `memory`: that many floats, at 64 bytes, which must live as long as this. `state_offset`: where the
  /// states [whole(units)] are, from the first. `keeps`: for keep_step().
  SmallCell(const RecurrentShape& shape, const RecurrentWeights<const float>& weights,
            const kernels::StreamKernels& kernels, float* memory,
            const std::array<std::int64_t, kMaxStates>& state_offset, bool keeps = false);

  /// One step: reads x [inputs], replaces the states at `h`, writes y [units] unless that is null. `next_h`
  /// [whole(units)] is scratch. Weights a little larger than the first-level cache are there for the most
  /// part when every other step goes `backwards`; the bits are the same.
  void step(const float* x, float* h, float* next_h, float* y, bool backwards) const noexcept;
  /// The same, if it keeps: states after the step go `units` floats behind those before it, where there must
  /// be room for whole vectors, and what a backward pass needs to `sums`, a row of RowsTrace.
  void keep_step(const float* x, float* h, float* sums, float* y, bool backwards) const noexcept;

  /// Whether weights reach beyond the first-level cache.
  bool is_large() const { return large_; }
  std::int64_t units() const { return step_.units; }

 private:
  /// Neighbouring units in vectors of `width` lanes; the last may have lanes beyond the units.
  struct Piece {
    kernels::StreamCellFunction run = nullptr;
    std::int64_t first = 0, end = 0, width = 0;
  };
  static constexpr std::int64_t kMaxPieces = 64;

  void add_pieces(const RecurrentShape& shape, const kernels::StreamKernels& kernels, bool keeps);
  void pack(const RecurrentShape& shape, const RecurrentWeights<const float>& weights, float* out) const;

  kernels::StreamCellStep step_;
  std::array<Piece, kMaxPieces> pieces_{};
  std::size_t count_ = 0;
  bool large_ = false;
};

}  // namespace rondo
