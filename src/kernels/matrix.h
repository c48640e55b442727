#pragma once

#include <cstdint>

#include "rondo/tensor/matrix.h"

// Products of matrices for recurrent shapes. Every element of a result is one chain of fused multiply-adds in
// the order k = 0, 1, 2 … (weight gradients: from the last row to the first), whatever the tile, the number
// of lanes, of rows or of threads: the same bits always.

namespace rondo::kernels {

/// The right-hand side of many products, packed once into panels a few vectors wide. Does not own its memory.
template <class T>
class Packed {
 public:
  /// Elements of memory that a [k, n] matrix takes.
  static std::int64_t size(std::int64_t k, std::int64_t n);
  Packed() = default;
  /// Packs b [k, n], or its transpose when `transposed` (then b is [n, k]), into `memory`. `one_row`: for
  /// products of single rows only, which wait for these weights: few columns beyond whole vectors take less
  /// room.
  Packed(View<const T> b, bool transposed, T* memory, bool one_row = false);
  std::int64_t k() const { return k_; }
  std::int64_t n() const { return n_; }
  const T* data() const { return data_; }
  bool one_row() const { return one_row_; }

 private:
  std::int64_t k_ = 0, n_ = 0;
  const T* data_ = nullptr;
  bool one_row_ = false;
};

/// Packs into memory that take(elements) gives.
template <class T, class Take>
Packed<T> pack(View<const T> b, bool transposed, Take take, bool one_row = false) {
  const std::int64_t k = transposed ? b.cols : b.rows, n = transposed ? b.rows : b.cols;
  return Packed<T>(b, transposed, take(Packed<T>::size(k, n)), one_row);
}

enum class Start { zero, bias, accumulate };

/// c [m, n] = start + a [m, k] · b, where start is 0, the row `bias` [n], or c itself. `backwards`: begins
/// with the last columns; steps that alternate find what they read last in the cache, when b is a little
/// larger than that.
template <class T>
void multiply(View<const T> a, const Packed<T>& b, Start start, const T* bias, View<T> c,
              bool backwards = false);

/// c [k, n] += aᵀ · g, for a [m, k] and g [m, n]: the gradient of weights, summed over m from the last row to
/// the first, as backpropagation through time meets the steps. So it may also be added up piece by piece
/// while going back.
template <class T>
void add_transposed_product(View<const T> a, View<const T> g, View<T> c);

/// out [n] += column sums of g, from the last row to the first.
template <class T>
void add_column_sums(View<const T> g, T* out);

}  // namespace rondo::kernels
