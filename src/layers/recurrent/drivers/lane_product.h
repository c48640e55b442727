#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/drivers/recurrence.h"

namespace rondo {

/// GateProduct where lanes are sequences: a matrix of weights times what the gates of one range see, one
/// product for all or, where every gate sees values of its own (dropout masks), one for each gate.
class LaneProduct {
 public:
  LaneProduct() = default;
  /// `weights` [k, gates·units] in the file's layout.
  template <class Take>
  LaneProduct(View<const float> weights, const GateRange& range, std::int64_t units, bool each_gate,
              Take take)
      : range_(range), units_(units), each_gate_(each_gate) {
    const std::int64_t rows = each_gate ? units : range.count * units;
    for (int i = 0; i < range.count; ++i) {
      if (each_gate || i == 0) {
        packed_[static_cast<std::size_t>(i)] = kernels::PackedRows(
            rows, weights.rows,
            take(std::max<std::int64_t>(1, kernels::PackedRows::size(rows, weights.rows))));
      }
      packed_[each_gate ? static_cast<std::size_t>(i) : 0].put_transposed(
          weights.columns(range.gate[static_cast<std::size_t>(i)] * units, units), each_gate ? 0 : i * units,
          0);
    }
  }

  /// out [count · units][lane] = weights · left [k][lane], over the first k_count of k. Gate g's left lies g
  /// · gate_stride elements further; rows are `width` apart.
  void multiply(const float* left, std::int64_t gate_stride, std::int64_t k_count, float* out,
                std::int64_t width, std::int64_t lanes) const {
    const int count = each_gate_ ? range_.count : 1;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const float* from = left + (each_gate_ ? range_.gate[at] * gate_stride : 0);
      kernels::multiply_lanes(packed_[at], {from, k_count, lanes, width}, kernels::Start::zero, nullptr,
                              {out + i * units_ * width, packed_[at].rows(), lanes, width});
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
struct LaneOperands {
  const float *x = nullptr, *h = nullptr;
  std::int64_t x_gate_stride = 0, h_gate_stride = 0;
};

}  // namespace rondo
