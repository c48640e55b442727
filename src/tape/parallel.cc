#include "tape/parallel.h"

#include "kernels/matrix.h"

namespace rondo {

template <class T>
void add_weight_gradient(Pool& pool, View<const T> a, View<const T> g, View<T> c) {
  constexpr std::int64_t kColumns = 64;  // what a kernel finishes at once: slices begin at panels
  const std::int64_t slices = (g.cols + kColumns - 1) / kColumns;
  parallel_rows(pool, slices, a.rows * a.cols * kColumns, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * kColumns, last = std::min(g.cols, end * kColumns);
    if (first < last) {
      kernels::add_transposed_product(a, g.columns(first, last - first), c.columns(first, last - first));
    }
  });
}
template void add_weight_gradient(Pool&, View<const float>, View<const float>, View<float>);
template void add_weight_gradient(Pool&, View<const double>, View<const double>, View<double>);

}  // namespace rondo
