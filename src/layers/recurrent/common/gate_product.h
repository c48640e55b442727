#pragma once

#include <array>
#include <cstdint>

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

/// The product of a matrix of weights with what the gates of one range see: one product for all, or, where
/// every gate sees values of its own (dropout masks), one for each gate.
template <class T>
class GateProduct {
 public:
  GateProduct() = default;
  /// `weights` [k, gates·units] in the file's layout; `transposed`: for gradients of what the gates saw.
  template <class Take>
  GateProduct(View<const T> weights, const GateRange& range, std::int64_t units, bool each_gate,
              bool transposed, Take take)
      : range_(range), units_(units), each_gate_(each_gate) {
    const auto pack = [&](View<const T> part) {
      const std::int64_t k = transposed ? part.cols : part.rows, n = transposed ? part.rows : part.cols;
      return kernels::Packed<T>(part, transposed, take(kernels::Packed<T>::size(k, n)));
    };
    if (!each_gate) {
      packed_[0] = pack(gather_gates(weights, range, units, take));
      return;
    }
    for (int i = 0; i < range.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      packed_[at] = pack(weights.columns(range.gate[at] * units, units));
    }
  }

  /// out [rows, count·units] = start + left·weights. Gate g's left is gate_stride·g elements further.
  void multiply(View<const T> left, std::int64_t gate_stride, kernels::Start start, const T* bias,
                View<T> out) const {
    if (!each_gate_) {
      kernels::multiply(left, packed_[0], start, bias, out);
      return;
    }
    for (int i = 0; i < range_.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      View<const T> own = left;
      own.data += range_.gate[at] * gate_stride;
      kernels::multiply(own, packed_[at], start, bias == nullptr ? nullptr : bias + i * units_,
                        out.columns(i * units_, units_));
    }
  }

  /// left = start + d·weightsᵀ for d [rows, count·units]; gate g's left is gate_stride·g elements further.
  void multiply_back(View<const T> d, kernels::Start start, View<T> left, std::int64_t gate_stride) const {
    if (!each_gate_) {
      kernels::multiply<T>(d, packed_[0], start, nullptr, left);
      return;
    }
    for (int i = 0; i < range_.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      View<T> own = left;
      own.data += range_.gate[at] * gate_stride;
      kernels::multiply<T>(d.columns(i * units_, units_), packed_[at], start, nullptr, own);
    }
  }

  const GateRange& range() const { return range_; }

 private:
  GateRange range_;
  std::int64_t units_ = 0;
  bool each_gate_ = false;
  std::array<kernels::Packed<T>, cells::kMaxSums> packed_{};
};

}  // namespace rondo
