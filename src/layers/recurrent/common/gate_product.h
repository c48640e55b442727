#pragma once

#include <array>
#include <cstdint>

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

/// The product of a matrix of weights with what the gates of one range see: one product for all, or one for
/// each gate of each block, where every gate sees values of its own (dropout masks), which lie gate ·
/// `gate_stride` elements further, or every block of units only its part of the values.
template <class T>
class GateProduct {
 public:
  struct Options {
    bool each_gate = false;   ///< every gate sees values of its own
    bool transposed = false;  ///< for multiply_back()
    bool one_row = false;     ///< kernels::Packed
    std::int64_t blocks = 1;  ///< of units
  };

  GateProduct() = default;
  /// `weights` [k / blocks, gates·units] in the file's layout.
  GateProduct(View<const T> weights, const GateRange& range, std::int64_t units, const Options& options,
              Workspace& workspace)
      : range_(range),
        units_(units),
        blocks_(options.blocks),
        each_gate_(options.each_gate),
        whole_(!each_gate_ && blocks_ == 1) {
    const auto pack = [&](View<const T> part) {
      return kernels::pack<T>(
          part, options.transposed, [&](std::int64_t n) { return workspace.take<T>(n); }, options.one_row);
    };
    if (whole_) {
      packed_ = workspace.copy(pack(gather_gates(weights, range, units, workspace)));
      return;
    }
    packed_ = workspace.take<kernels::Packed<T>>(range.count * blocks_);
    for (int i = 0; i < range.count; ++i) {
      for (std::int64_t b = 0; b < blocks_; ++b)
        packed_[i * blocks_ + b] = pack(columns(weights, nth(range.gate, i), b));
    }
  }

  /// out [rows, count·units] = start + left·weights. `backwards`: kernels::multiply.
  void multiply(View<const T> left, std::int64_t gate_stride, kernels::Start start, const T* bias,
                View<T> out, bool backwards = false) const {
    if (whole_) return kernels::multiply(left, *packed_, start, bias, out, backwards);
    for (int i = 0; i < range_.count; ++i) {
      for (std::int64_t b = 0; b < blocks_; ++b) {
        const View<T> to = columns(out, i, b);
        kernels::multiply(seen(left, gate_stride, i, b), packed_[i * blocks_ + b], start,
                          bias == nullptr ? nullptr : bias + (to.data - out.data), to);
      }
    }
  }

  /// left = start + d·weightsᵀ for d [rows, count·units].
  void multiply_back(View<const T> d, kernels::Start start, View<T> left, std::int64_t gate_stride) const {
    if (whole_) return kernels::multiply<T>(d, *packed_, start, nullptr, left);
    for (int i = 0; i < range_.count; ++i) {
      for (std::int64_t b = 0; b < blocks_; ++b) {
        kernels::multiply<T>(columns(d, i, b), packed_[i * blocks_ + b],
                             i == 0 || each_gate_ ? start : kernels::Start::accumulate, nullptr,
                             seen(left, gate_stride, i, b));
      }
    }
  }

 private:
  /// Of a block's units in the i-th group of `units` columns.
  template <class Number>
  View<Number> columns(View<Number> all, int i, std::int64_t block) const {
    return all.columns(i * units_ + block * (units_ / blocks_), units_ / blocks_);
  }
  /// What the i-th gate of the range sees in a block.
  template <class Number>
  View<Number> seen(View<Number> left, std::int64_t gate_stride, int i, std::int64_t block) const {
    if (each_gate_) left.data += nth(range_.gate, i) * gate_stride;
    return left.columns(block * (left.cols / blocks_), left.cols / blocks_);
  }

  GateRange range_;
  std::int64_t units_ = 0, blocks_ = 1;
  bool each_gate_ = false, whole_ = true;
  kernels::Packed<T>* packed_ = nullptr;  ///< the whole, or [gate of the range][block]
};

}  // namespace rondo
