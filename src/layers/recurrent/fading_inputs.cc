#include "layers/recurrent/fading_inputs.h"

#include <algorithm>

#include "kernels/activations.h"
#include "tape/parallel.h"

namespace rondo {

template <class T>
void fade(View<T> a) {
  for (std::int64_t r = 0; r < a.rows; ++r) {
    T* row = a.row(r);
    for (std::int64_t c = 0; c < a.cols; ++c) row[c] = row[c] <= 0 ? T{0} : -row[c];  // NaN stays NaN
  }
  kernels::activate_rows<T>(kernels::ActivationKind::exponential, a, a);
}

template <class T>
void fade_backward(View<const T> gamma, View<T> d) {
  for (std::int64_t r = 0; r < d.rows; ++r) {
    const T* g = gamma.row(r);
    T* row = d.row(r);
    for (std::int64_t c = 0; c < d.cols; ++c) row[c] = g[c] < 1 ? -g[c] * row[c] : T{0};
  }
}

template <class T>
void FadingInputs<T>::fade_rows(View<const T> x, View<T> gamma) const {
  if (kernel_ == nullptr) {
    for (std::int64_t r = 0; r < gamma.rows; ++r) std::fill_n(gamma.row(r), readings_, T{1});
    return;
  }
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const T* elapsed = x.row(r) + 2 * readings_;
    for (std::int64_t c = 0; c < readings_; ++c) gamma(r, c) = elapsed[c] * kernel_[c] + bias_[c];
  }
  fade(gamma);
}

template <class T>
void FadingInputs<T>::read_row(const T* x, const T* gamma, const T* means, T* last, T* seen) const {
  const std::int64_t n = readings_;
  const T *value = x, *mask = value + n, *elapsed = mask + n;
  for (std::int64_t c = 0; c < n; ++c) {
    if (mask[c] != 0) {
      last[c] = value[c];
      seen[c] = value[c];
    } else {
      seen[c] = means[c] + gamma[c] * (last[c] - means[c]);
    }
  }
  std::copy_n(mask, n, seen + n);
  if (with_elapsed_) std::copy_n(elapsed, n, seen + 2 * n);
}

template <class T>
void FadingInputs<T>::forward(Pool& pool, const Layout& layout, View<const T> x, const T* means,
                              const T* first, const FadedRows<T>& rows, View<T> seen, T* final) const {
  const std::int64_t n = readings_;
  const View<T> gamma{rows.gamma, x.rows, n, n};
  parallel_rows(pool, x.rows, 8 * n, [&](std::int64_t begin, std::int64_t end) {
    fade_rows(x.rows_from(begin, end - begin), gamma.rows_from(begin, end - begin));
  });
  std::copy_n(first, layout.batch() * n, final);
  parallel_rows(pool, layout.batch(), 8 * n * layout.longest(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = 0; t < layout.longest(); ++t) {
      for (std::int64_t place = begin; place < std::min(end, layout.rows(t)); ++place) {
        const std::int64_t r = layout.offset(t) + place;
        std::copy_n(final + place * n, n, rows.last + r * n);
        read_row(x.row(r), gamma.row(r), means, final + place * n, seen.row(r));
      }
    }
  });
}

template <class T>
void FadingInputs<T>::backward(Pool& pool, const Layout& layout, View<const T> x, const T* means,
                               const FadedRows<T>& rows, View<const T> d_seen, T* d_last, T* d_gamma,
                               View<T> dx, const Gradients& gradients) const {
  const std::int64_t n = readings_;
  const View<const T> gamma{rows.gamma, x.rows, n, n};
  const View<T> d_fade{d_gamma, x.rows, n, n};
  parallel_rows(pool, layout.batch(), 8 * n * layout.longest(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = layout.longest(); t-- > 0;) {
      for (std::int64_t place = begin; place < std::min(end, layout.rows(t)); ++place) {
        const std::int64_t r = layout.offset(t) + place;
        const T *mask = x.row(r) + n, *d = d_seen.row(r), *g = gamma.row(r), *before = rows.last + r * n;
        T *d_here = d_fade.row(r), *d_reading = d_last + place * n;
        T* d_value = dx.data == nullptr ? nullptr : dx.row(r);
        for (std::int64_t c = 0; c < n; ++c) {
          if (mask[c] != 0) {
            d_here[c] = 0;
            if (d_value != nullptr) d_value[c] += d[c] + d_reading[c];
            d_reading[c] = 0;
          } else {
            d_here[c] = d[c] * (before[c] - means[c]);
            d_reading[c] += d[c] * g[c];
          }
          if (d_value == nullptr) continue;
          d_value[n + c] += d[n + c];
          if (with_elapsed_) d_value[2 * n + c] += d[2 * n + c];
        }
      }
    }
  });
  if (kernel_ == nullptr) return;
  fade_backward<T>(gamma, d_fade);
  for (std::int64_t r = x.rows; r-- > 0;) {  // from the last row to the first, as all weight gradients
    const T *elapsed = x.row(r) + 2 * n, *d = d_fade.row(r);
    for (std::int64_t c = 0; c < n; ++c) {
      if (gradients.kernel != nullptr) gradients.kernel[c] += elapsed[c] * d[c];
      if (gradients.bias != nullptr) gradients.bias[c] += d[c];
      if (dx.data != nullptr) dx(r, 2 * n + c) += d[c] * kernel_[c];
    }
  }
}

template void fade(View<float>);
template void fade(View<double>);
template void fade_backward(View<const float>, View<float>);
template void fade_backward(View<const double>, View<double>);
template class FadingInputs<float>;
template class FadingInputs<double>;

}  // namespace rondo
