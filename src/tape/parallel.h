#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/matrix.h"
#include "rondo/base/pool.h"
#include "rondo/tape/layer.h"
#include "rondo/tensor/matrix.h"

// How layers share their work out over a pool's threads without the results depending on it.

namespace rondo {

/// Runs job(begin, end) over ranges of rows on the pool's threads. `work_per_row` is in multiply-adds: a
/// hand-over costs a few microseconds, which little work does not repay.
template <class Job>
void parallel_rows(Pool& pool, std::int64_t rows, std::int64_t work_per_row, Job job) {
  constexpr std::int64_t kWorthwhile = 200'000;
  const bool small = rows * work_per_row < kWorthwhile;
  const int parts =
      small ? 1 : static_cast<int>(std::min<std::int64_t>(pool.threads(), std::max<std::int64_t>(rows, 1)));
  if (parts == 1) {
    job(std::int64_t{0}, rows);
    return;
  }
  pool.run(parts, [&](int part) { job(rows * part / parts, rows * (part + 1) / parts); });
}

/// c = start + a·b for b, or its transpose, shared out by rows of c; then(begin, count) of the same rows.
template <class T, class Then>
void multiply_rows(const Call& call, View<const T> a, View<const T> b, bool transposed, kernels::Start start,
                   const T* bias, View<T> c, Then then) {
  const auto packed = kernels::pack<T>(b, transposed, [&](std::int64_t n) { return call.scratch<T>(n); });
  parallel_rows(call.pool(), c.rows, b.rows * b.cols, [&](std::int64_t begin, std::int64_t end) {
    kernels::multiply<T>(a.rows_from(begin, end - begin), packed, start, bias,
                         c.rows_from(begin, end - begin));
    then(begin, end - begin);
  });
}
/// c += a·bᵀ.
template <class T>
void add_product_transposed(const Call& call, View<const T> a, View<const T> b, View<T> c) {
  multiply_rows<T>(call, a, b, true, kernels::Start::accumulate, nullptr, c, [](auto, auto) {});
}

/// c += aᵀ·g, shared out by columns of c, so that every sum keeps its order for any number of threads.
template <class T>
void add_weight_gradient(Pool& pool, View<const T> a, View<const T> g, View<T> c);

}  // namespace rondo
