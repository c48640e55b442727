#include "layers/recurrent/drivers/small_cell.h"

#include <algorithm>

#include "layers/common/stream_steps.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

SumFeeds no_feeds() {
  SumFeeds feeds;
  feeds.fill(-1);
  return feeds;
}

SumFeeds input_feeds(const cells::CellInfo& info) {
  SumFeeds feeds = no_feeds();
  for (int g = 0; g < info.gates; ++g) nth(feeds, nth(info.input_sum, g)) = g;
  return feeds;
}

SumFeeds state_feeds(const cells::CellInfo& info, int stage) {
  SumFeeds feeds = no_feeds();
  if (!info.has_recurrent_kernel()) return feeds;
  for (int g = 0; g < info.gates; ++g) {
    if (nth(info.recurrent_stage, g) == stage) nth(feeds, nth(info.recurrent_sum, g)) = g;
  }
  return feeds;
}

bool SmallCell::serves(const RecurrentShape& shape, const kernels::StreamKernels& kernels) {
  const cells::CellInfo& info = shape.cell->info;
  const bool usual = shape.activation == kernels::ActivationKind::tanh &&
                     (!info.gated || shape.recurrent_activation == kernels::ActivationKind::sigmoid);
  const std::int64_t padded = whole_vectors(shape.units, kernels.lanes);
  const std::int64_t bytes = 4 * (shape.inputs + shape.units) * info.gates * padded;
  // Beyond that cache, formulas that run while the next units' products wait for weights still win; a cell of
  // one or two gates has too few.
  const std::int64_t most = info.gates > 2 ? 3 * kernels.cache : kernels.cache;
  return usual && shape.is_dense() && shape.clip == 0 && bytes <= most &&
         padded / kernels.lanes < kMaxPieces && shape.cell->stream(false).whole[0] != nullptr;
}

std::int64_t SmallCell::memory(const RecurrentShape& shape, const kernels::StreamKernels& kernels) {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t rows = (shape.inputs + shape.units) * info.gates + info.sums + info.vectors;
  return rows * whole_vectors(shape.units, kernels.lanes);
}

SmallCell::SmallCell(const RecurrentShape& shape, const RecurrentWeights<const float>& weights,
                     const kernels::StreamKernels& kernels, float* memory,
                     const std::array<std::int64_t, kMaxStates>& state_offset, bool keeps) {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t units = shape.units, pitch = whole_vectors(units, kernels.lanes);
  std::fill_n(memory, SmallCell::memory(shape, kernels), 0.0F);
  step_.pitch = pitch;
  step_.inputs = shape.inputs;
  step_.units = units;
  for (std::size_t j = 0; j < state_offset.size(); ++j) step_.offset[j] = state_offset[j];
  float* packed = memory;
  float* start = packed + (shape.inputs + units) * info.gates * pitch;
  float* vectors = start + info.sums * pitch;
  step_.weights = packed;
  step_.start = start;
  step_.vectors = vectors;
  // sum_biases writes rows of `units`: side by side first, then from the last row on to their places.
  sum_biases<float>(info, weights.bias, units, start);
  for (int s = info.sums; s-- > 1;) {
    std::copy_backward(start + s * units, start + (s + 1) * units, start + s * pitch + units);
    std::fill(start + s * pitch + units, start + (s + 1) * pitch, 0.0F);
  }
  std::fill(start + units, start + pitch, 0.0F);
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(weights.vectors[static_cast<std::size_t>(p)], units, vectors + p * pitch);
  add_pieces(shape, kernels, keeps);
  pack(shape, weights, packed);
}

void SmallCell::step(const float* x, float* h, float* next_h, float* y, bool backwards) const noexcept {
  const std::size_t last = count_ - 1;
  if (last == 0) {
    pieces_[0].run(step_, x, h, h, y, 0);
    return;
  }
  backwards = backwards && large_;
  // h is read until the last piece has its sums: that one may write over it, the others' waits elsewhere.
  for (std::size_t i = 0; i < last; ++i) {
    const Piece& piece = pieces_[backwards ? last - i : i];
    piece.run(step_, x, h, next_h, y, piece.first);
  }
  const Piece& piece = pieces_[backwards ? 0 : last];
  piece.run(step_, x, h, h, y, piece.first);
  std::copy(next_h, next_h + piece.first, h);
  std::copy(next_h + piece.end, next_h + step_.pitch, h + piece.end);
}

void SmallCell::keep_step(const float* x, float* h, float* sums, float* y, bool backwards) const noexcept {
  backwards = backwards && large_;
  for (std::size_t i = 0; i < count_; ++i) {
    const Piece& piece = pieces_[backwards ? count_ - 1 - i : i];
    piece.run(step_, x, h, sums, y, piece.first);
  }
}

void SmallCell::add_pieces(const RecurrentShape& shape, const kernels::StreamKernels& kernels, bool keeps) {
  const kernels::StreamCellKernels steps = shape.cell->stream(keeps);
  const std::int64_t lanes = kernels.lanes, rest = shape.units % lanes;
  const int gates = shape.cell->info.gates;
  // The last units in fewer lanes, where these are enough.
  Piece tail{nullptr, shape.units - rest, shape.units, lanes};
  if (steps.half != nullptr && rest > 0 && 2 * rest <= lanes) tail.run = steps.half, tail.width = lanes / 2;
  if (steps.quarter != nullptr && rest > 0 && 4 * rest <= lanes)
    tail.run = steps.quarter, tail.width = lanes / 4;
  const std::int64_t wide = tail.run == nullptr ? step_.pitch : shape.units - rest;
  tail.end = wide + tail.width;
  const std::int64_t bytes =
      4 * (shape.inputs + shape.units) * gates * (tail.run == nullptr ? wide : tail.end);
  large_ = bytes > kernels.cache;
  const std::int64_t most = kernels::stream_vectors(gates, large_);
  for (std::int64_t first = 0; first < wide;) {
    const std::int64_t vectors = std::min(most, (wide - first) / lanes), end = first + vectors * lanes;
    pieces_[count_++] = {steps.whole[static_cast<std::size_t>(vectors - 1)], first, end, lanes};
    first = end;
  }
  if (tail.run == nullptr) return;
  // Its few sums wait long for each other: behind another piece's products, whichever is the last.
  const auto middle = pieces_.begin() + static_cast<std::ptrdiff_t>(count_ / 2);
  const auto end = pieces_.begin() + static_cast<std::ptrdiff_t>(count_);
  std::copy_backward(middle, end, end + 1);
  *middle = tail;
  ++count_;
}

/// In the order in which the kernel reads: inputs and states of a piece, then its vectors, then sums. A piece
/// lies where all those of smaller units end.
void SmallCell::pack(const RecurrentShape& shape, const RecurrentWeights<const float>& weights,
                     float* packed) const {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t units = shape.units, of_unit = (shape.inputs + units) * info.gates;
  const std::array<SumFeeds, 2> feeds{input_feeds(info), state_feeds(info, 0)};
  const std::array<View<const float>, 2> arrays{weights.kernel, weights.recurrent_kernel};
  for (std::size_t i = 0; i < count_; ++i) {
    const Piece& piece = pieces_[i];
    float* out = packed + piece.first * of_unit;
    for (std::size_t part = 0; part < 2; ++part) {
      for (std::int64_t k = 0; k < (part == 0 ? shape.inputs : units); ++k) {
        const float* row = arrays[part].row(k);
        for (std::int64_t begin = piece.first; begin < piece.end; begin += piece.width) {
          for (int s = 0; s < info.sums; ++s) {
            const int gate = feeds[part][static_cast<std::size_t>(s)];
            if (gate < 0) continue;
            std::copy_n(row + gate * units + begin, std::min(units - begin, piece.width), out);
            out += piece.width;
          }
        }
      }
    }
  }
}

}  // namespace rondo
