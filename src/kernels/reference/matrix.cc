#include "kernels/matrix.h"

#include <algorithm>

// Plain loops in double: what the tiles of every instruction set are compared with.

namespace rondo::kernels {

template <>
std::int64_t Packed<double>::size(std::int64_t k, std::int64_t n) {
  return k * n;
}

template <>
Packed<double>::Packed(View<const double> b, bool transposed, double* memory, bool)
    : k_(transposed ? b.cols : b.rows), n_(transposed ? b.rows : b.cols), data_(memory) {
  for (std::int64_t i = 0; i < k_; ++i) {
    for (std::int64_t j = 0; j < n_; ++j) memory[i * n_ + j] = transposed ? b(j, i) : b(i, j);
  }
}

template <>
void multiply<double>(View<const double> a, const Packed<double>& b, Start start, const double* bias,
                      View<double> c, bool) {
  const std::int64_t n = b.n();
  for (std::int64_t r = 0; r < a.rows; ++r) {
    double* to = c.row(r);
    if (start == Start::zero) std::fill(to, to + n, 0.0);
    if (start == Start::bias) std::copy(bias, bias + n, to);
    for (std::int64_t i = 0; i < a.cols; ++i) {
      const double x = a(r, i);
      const double* w = b.data() + i * n;
      for (std::int64_t j = 0; j < n; ++j) to[j] += x * w[j];
    }
  }
}

template <>
void add_transposed_product<double>(View<const double> a, View<const double> g, View<double> c) {
  for (std::int64_t m = a.rows; m-- > 0;) {
    for (std::int64_t k = 0; k < a.cols; ++k) {
      const double x = a(m, k);
      for (std::int64_t n = 0; n < g.cols; ++n) c(k, n) += x * g(m, n);
    }
  }
}

template <>
void add_column_sums<double>(View<const double> g, double* out) {
  for (std::int64_t m = g.rows; m-- > 0;) {
    for (std::int64_t n = 0; n < g.cols; ++n) out[n] += g(m, n);
  }
}

}  // namespace rondo::kernels
