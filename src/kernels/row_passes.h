#pragma once

#include <cstdint>
#include <span>

// Passes over rows that options of recurrent layers add to a step. Row r of an array starts at pointer + r ·
// its stride. The same bits on every instruction set with fused multiply-adds.

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

/// to = replaced ? old : to; without bits to = to + rate·(old - to).
template <class T>
void zone_rows(std::int64_t rows, std::int64_t width, const Zone<T>& zone, const T* old,
               std::int64_t old_stride, T* to, std::int64_t stride);
/// d is the gradient of what zone_rows made (d_output, or null, is added to it): d_old = replaced ? d : 0 and
/// d = replaced ? 0 : d; without bits rate·d and (1 - rate)·d.
template <class T>
void zone_rows_backward(std::int64_t rows, std::int64_t width, const Zone<T>& zone, T* d, std::int64_t stride,
                        const T* d_output, std::int64_t d_output_stride, T* d_old, std::int64_t d_old_stride);

// Layer normalisation. Sums over a row have one order: 16 partial sums, the j-th of elements j, j + 16, j +
// 32 …, of which then j and j + 8, j and j + 4, j and j + 2, j and j + 1 are added.

/// normal = (x - mean) / sqrt(variance + epsilon) of each row, inverse = 1 / sqrt(…), and
/// to = (bias ? bias : to) + gain·normal. `normal` may be x.
template <class T>
void normalize_rows(std::int64_t rows, std::int64_t width, const T* x, std::int64_t x_stride, T epsilon,
                    T* normal, std::int64_t normal_stride, T* inverse, const T* gain, const T* bias, T* to,
                    std::int64_t to_stride);
/// d is the gradient of normalize_rows's result: d_x = (accumulate ? d_x : 0) + the gradient of x (d_x may be
/// `normal`), and in each row's own accumulators d_gain += d·normal, d_bias += d (null: none).
template <class T>
void normalize_rows_backward(std::int64_t rows, std::int64_t width, const T* d, std::int64_t d_stride,
                             const T* normal, std::int64_t normal_stride, const T* inverse, const T* gain,
                             T* d_gain, T* d_bias, std::int64_t accumulator_stride, bool accumulate, T* d_x,
                             std::int64_t d_x_stride);

}  // namespace rondo::kernels
