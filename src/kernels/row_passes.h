#pragma once

#include <cstdint>
#include <span>

#include "rondo/tensor/matrix.h"

// Passes over rows that options of recurrent layers add to a step. The same bits on every instruction set
// with fused multiply-adds.

namespace rondo::kernels {

/// to[i] = a[i]·b[i]
template <class T>
void multiply_elements(const T* a, const T* b, std::int64_t n, T* to);

/// to[i] = (accumulate ? to[i] : 0) + Σ_g a[g][i]·b[g][i], in order of g, one fused multiply-add each.
template <class T>
void sum_products(std::span<const T* const> a, std::span<const T* const> b, std::int64_t n, bool accumulate,
                  T* to);

/// Which of a row's values are replaced by old ones.
template <class T>
struct Zone {
  const std::uint8_t* bits =
      nullptr;              ///< bit i of a row is set: value i is replaced; null: the expected value
  std::int64_t stride = 0;  ///< bytes from row to row; a byte beyond the last row may be read
  T rate = 0;               ///< of replacement, for the expected value
};

/// to = replaced ? old : to; without bits to = to + rate·(old - to). Sizes are those of `to`.
template <class T>
void zone_rows(const Zone<T>& zone, View<const T> old, View<T> to);
/// d is the gradient of what zone_rows made (d_output, unless its data is null, is added to it): d_old =
/// replaced ? d : 0 and d = replaced ? 0 : d; without bits rate·d and (1 - rate)·d. Sizes are those of `d`.
template <class T>
void zone_rows_backward(const Zone<T>& zone, View<T> d, View<const T> d_output, View<T> d_old);

// Layer normalisation. Sums over a row have one order: 16 partial sums, the j-th of elements j, j + 16, j +
// 32 …, of which then j and j + 8, j and j + 4, j and j + 2, j and j + 1 are added.

/// The parameters of a normalisation: to = (bias ? bias : to) + gain·normal.
template <class T>
struct RowScale {
  const T *gain = nullptr, *bias = nullptr;
};
/// normal = (x - mean) / sqrt(variance + epsilon) of each row, inverse [rows] = 1 / sqrt(…), and `to` as
/// RowScale says. `normal` may be x. Sizes are those of `x`.
template <class T>
void normalize_rows(View<const T> x, T epsilon, View<T> normal, T* inverse, const RowScale<T>& scale,
                    View<T> to);

/// Each row's own accumulators of gradients: d_gain += d·normal, d_bias += d (null: none).
template <class T>
struct RowScaleGradients {
  T *d_gain = nullptr, *d_bias = nullptr;
  std::int64_t stride = 0;
};
/// d is the gradient of normalize_rows's result: d_x = (accumulate ? d_x : 0) + the gradient of x (d_x may be
/// `normal`). Sizes are those of `d`.
template <class T>
void normalize_rows_backward(View<const T> d, View<const T> normal, const T* inverse, const T* gain,
                             const RowScaleGradients<T>& to, bool accumulate, View<T> d_x);

}  // namespace rondo::kernels
