#pragma once

#include <array>
#include <cstdint>

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

/// The product of a matrix of weights with what the gates of one range see: one product for all or, where
/// every gate sees values of its own (dropout masks), one for each gate, whose values lie gate ·
/// `gate_stride` elements further.
template <class T>
class GateProduct {
 public:
  struct Options {
    bool each_gate = false;   ///< every gate sees values of its own
    bool transposed = false;  ///< for multiply_back()
    bool one_row = false;     ///< kernels::Packed
  };

  GateProduct() = default;
  /// `weights` [k, gates·units] in the file's layout.
  GateProduct(View<const T> weights, const GateRange& range, std::int64_t units, const Options& options,
              Workspace& workspace)
      : range_(range), units_(units), each_gate_(options.each_gate) {
    const auto pack = [&](View<const T> part) {
      return kernels::pack<T>(
          part, options.transposed, [&](std::int64_t n) { return workspace.take<T>(n); }, options.one_row);
    };
    if (!each_gate_) {
      packed_[0] = pack(gather_gates(weights, range, units, workspace));
      return;
    }
    for (int i = 0; i < range.count; ++i)
      nth(packed_, i) = pack(weights.columns(nth(range.gate, i) * units, units));
  }

  /// out [rows, count·units] = start + left·weights. `backwards`: kernels::multiply.
  void multiply(View<const T> left, std::int64_t gate_stride, kernels::Start start, const T* bias,
                View<T> out, bool backwards = false) const {
    if (each_gate_) return multiply_each(left, gate_stride, start, bias, out);
    kernels::multiply(left, packed_[0], start, bias, out, backwards);
  }

  /// left = start + d·weightsᵀ for d [rows, count·units].
  void multiply_back(View<const T> d, kernels::Start start, View<T> left, std::int64_t gate_stride) const {
    if (each_gate_) return multiply_each_back(d, start, left, gate_stride);
    kernels::multiply<T>(d, packed_[0], start, nullptr, left);
  }

 private:
  void multiply_each(View<const T> left, std::int64_t gate_stride, kernels::Start start, const T* bias,
                     View<T> out) const;
  void multiply_each_back(View<const T> d, kernels::Start start, View<T> left,
                          std::int64_t gate_stride) const;

  GateRange range_;
  std::int64_t units_ = 0;
  bool each_gate_ = false;
  std::array<kernels::Packed<T>, cells::kMaxSums> packed_{};
};

template <class T>
void GateProduct<T>::multiply_each(View<const T> left, std::int64_t gate_stride, kernels::Start start,
                                   const T* bias, View<T> out) const {
  for (int i = 0; i < range_.count; ++i) {
    View<const T> own = left;
    own.data += nth(range_.gate, i) * gate_stride;
    kernels::multiply(own, nth(packed_, i), start, bias == nullptr ? nullptr : bias + i * units_,
                      out.columns(i * units_, units_));
  }
}

template <class T>
void GateProduct<T>::multiply_each_back(View<const T> d, kernels::Start start, View<T> left,
                                        std::int64_t gate_stride) const {
  for (int i = 0; i < range_.count; ++i) {
    View<T> own = left;
    own.data += nth(range_.gate, i) * gate_stride;
    kernels::multiply<T>(d.columns(i * units_, units_), nth(packed_, i), start, nullptr, own);
  }
}

}  // namespace rondo
