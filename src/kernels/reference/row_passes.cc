#include "kernels/row_passes.h"

#include <array>
#include <cmath>

// Plain loops in double: what the vectors of every instruction set are compared with.

namespace rondo::kernels {
namespace {

/// term(i) of a row of n elements, summed in the order of row_passes.h.
template <class Term>
double row_sum(std::int64_t n, Term term) {
  std::array<double, 16> part{};
  for (std::int64_t i = 0; i < n; ++i) part[static_cast<std::size_t>(i % 16)] += term(i);
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) part[j] += part[j + half];
  }
  return part[0];
}

bool replaces(const Zone<double>& zone, std::int64_t row, std::int64_t i) {
  return (zone.bits[row * zone.stride + i / 8] >> (i % 8) & 1) != 0;
}

}  // namespace

template <>
void multiply_elements(const double* a, const double* b, std::int64_t n, double* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = a[i] * b[i];
}

template <>
void sum_products(std::span<const double* const> a, std::span<const double* const> b, std::int64_t n,
                  bool accumulate, double* to) {
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = accumulate ? to[i] : 0.0;
    for (std::size_t g = 0; g < a.size(); ++g) sum = a[g][i] * b[g][i] + sum;
    to[i] = sum;
  }
}

template <>
void zone_rows(const Zone<double>& zone, View<const double> old, View<double> to) {
  for (std::int64_t r = 0; r < to.rows; ++r) {
    for (std::int64_t i = 0; i < to.cols; ++i) {
      if (zone.bits == nullptr) {
        to(r, i) = zone.rate * (old(r, i) - to(r, i)) + to(r, i);
      } else if (replaces(zone, r, i)) {
        to(r, i) = old(r, i);
      }
    }
  }
}

template <>
void zone_rows_backward(const Zone<double>& zone, View<double> d, View<const double> d_output,
                        View<double> d_old) {
  for (std::int64_t r = 0; r < d.rows; ++r) {
    for (std::int64_t i = 0; i < d.cols; ++i) {
      const double v = d_output.data == nullptr ? d(r, i) : d(r, i) + d_output(r, i);
      if (zone.bits == nullptr) {
        d_old(r, i) = zone.rate * v;
        d(r, i) = v - zone.rate * v;
      } else {
        const bool old = replaces(zone, r, i);
        d_old(r, i) = old ? v : 0.0;
        d(r, i) = old ? 0.0 : v;
      }
    }
  }
}

template <>
void normalize_rows(View<const double> x, double epsilon, View<double> normal, double* inverse,
                    const RowScale<double>& scale, View<double> to) {
  const double share = 1.0 / static_cast<double>(x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const double mean = row_sum(x.cols, [&](std::int64_t i) { return x(r, i); }) * share;
    const double variance =
        share * row_sum(x.cols, [&](std::int64_t i) { return (x(r, i) - mean) * (x(r, i) - mean); });
    inverse[r] = 1.0 / std::sqrt(variance + epsilon);
    for (std::int64_t i = 0; i < x.cols; ++i) {
      const double v = (x(r, i) - mean) * inverse[r];
      normal(r, i) = v;
      to(r, i) = scale.gain[i] * v + (scale.bias == nullptr ? to(r, i) : scale.bias[i]);
    }
  }
}

template <>
void normalize_rows_backward(View<const double> d, View<const double> normal, const double* inverse,
                             const double* gain, const RowScaleGradients<double>& to, bool accumulate,
                             View<double> d_x) {
  const double share = 1.0 / static_cast<double>(d.cols);
  for (std::int64_t r = 0; r < d.rows; ++r) {
    const double mean = row_sum(d.cols, [&](std::int64_t i) { return d(r, i) * gain[i]; }) * share;
    const double slope =
        row_sum(d.cols, [&](std::int64_t i) { return d(r, i) * gain[i] * normal(r, i); }) * share;
    for (std::int64_t i = 0; i < d.cols; ++i) {
      const double v = normal(r, i), g = (d(r, i) * gain[i] - (v * slope + mean)) * inverse[r];
      to.d_gain[r * to.stride + i] += d(r, i) * v;
      if (to.d_bias != nullptr) to.d_bias[r * to.stride + i] += d(r, i);
      d_x(r, i) = accumulate ? d_x(r, i) + g : g;
    }
  }
}

}  // namespace rondo::kernels
