#pragma once

#include <algorithm>
#include <cstdint>

#include "rondo/base/pool.h"
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

/// c += aᵀ·g, shared out by columns of c, so that every sum keeps its order for any number of threads.
template <class T>
void add_weight_gradient(Pool& pool, View<const T> a, View<const T> g, View<T> c);

}  // namespace rondo
