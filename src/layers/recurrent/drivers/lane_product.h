#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/common/recurrent_plan.h"

namespace rondo {

inline kernels::PackedRows take_packed_rows(std::int64_t rows, std::int64_t k, Workspace& workspace) {
  return {rows, k, workspace.take<float>(kernels::PackedRows::size(rows, k))};
}

/// GateProduct where lanes are sequences: a matrix of weights times what the gates of one range see, one
/// product for all or, where every gate sees values of its own (dropout masks), one for each gate.
class LaneProduct {
 public:
  LaneProduct() = default;
  /// `weights` [k, gates·units] in the file's layout.
  LaneProduct(View<const float> weights, const GateRange& range, std::int64_t units, bool each_gate,
              Workspace& workspace)
      : range_(range), units_(units), each_gate_(each_gate) {
    const std::int64_t rows = each_gate ? units : range.count * units;
    for (int i = 0; i < range.count; ++i) {
      kernels::PackedRows& packed = nth(packed_, each_gate ? i : 0);
      if (each_gate || i == 0) packed = take_packed_rows(rows, weights.rows, workspace);
      packed.put_transposed(weights.columns(nth(range.gate, i) * units, units), each_gate ? 0 : i * units, 0);
    }
  }

  /// out [count · units][lane] = weights · left [k][lane], over the first k_count of k. Gate g's left lies g
  /// · gate_stride elements further; rows are `width` apart.
  void multiply(const float* left, std::int64_t gate_stride, std::int64_t k_count, float* out,
                std::int64_t width, std::int64_t lanes) const {
    const int count = each_gate_ ? range_.count : 1;
    for (int i = 0; i < count; ++i) {
      const float* own = left + (each_gate_ ? nth(range_.gate, i) * gate_stride : 0);
      kernels::multiply_lanes(nth(packed_, i), {own, k_count, lanes, width}, kernels::Start::zero, nullptr,
                              {out + i * units_ * width, nth(packed_, i).rows(), lanes, width});
    }
  }

 private:
  GateRange range_;
  std::int64_t units_ = 0;
  bool each_gate_ = false;
  std::array<kernels::PackedRows, cells::kMaxSums> packed_{};
};

/// What the products of one step read: x [inputs][lane] and h [units][lane], `gate_stride` elements further
/// for the next gate where every gate reads its own (0: all read the same).
struct ProductInputs {
  const float *x = nullptr, *h = nullptr;
  std::int64_t x_gate_stride = 0, h_gate_stride = 0;
};

}  // namespace rondo
