#include "kernels/row_passes.h"

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/row_passes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;

// clang-format off
#include "kernels/cpu/simd_math-inl.h"
#include "kernels/cpu/partial-inl.h"
#include "kernels/cpu/elements-inl.h"
// clang-format on

void MultiplyElements(const float* a, const float* b, std::int64_t n, float* to) {
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR { run.put(run.get(a + i) * run.get(b + i), to + i); });
}

void SumProducts(std::span<const float* const> a, std::span<const float* const> b, std::int64_t n,
                 bool accumulate, float* to) {
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR {
    Lane sum = accumulate ? run.get(to + i) : Lane(0.0);
    for (std::size_t g = 0; g < a.size(); ++g) sum = fma(run.get(a[g] + i), run.get(b[g] + i), sum);
    run.put(sum, to + i);
  });
}

void ZoneRows(const Zone<float>& zone, View<const float> old_rows, View<float> to_rows) {
  const Lane rate(zone.rate);
  const std::uint8_t* bits = zone.bits;
  for (std::int64_t r = 0; r < to_rows.rows; ++r) {
    const float* old = old_rows.row(r);
    float* to = to_rows.row(r);
    if (bits == nullptr) {
      for_lanes(to_rows.cols, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = run.get(to + i);
        run.put(fma(rate, run.get(old + i) - v, v), to + i);
      });
      continue;
    }
    for_lanes(to_rows.cols, [&](std::int64_t i, auto run) HWY_ATTR {
      run.put(run.pick(bits, i, run.get(old + i), run.get(to + i)), to + i);
    });
    bits += zone.stride;
  }
}

void ZoneRowsBackward(const Zone<float>& zone, View<float> d_rows, View<const float> d_output,
                      View<float> d_old_rows) {
  const Lane rate(zone.rate), zero(0.0);
  const std::uint8_t* bits = zone.bits;
  for (std::int64_t r = 0; r < d_rows.rows; ++r) {
    float *d = d_rows.row(r), *d_old = d_old_rows.row(r);
    const float* added = d_output.data == nullptr ? nullptr : d_output.row(r);
    const auto split = [&](auto choose) HWY_ATTR {
      for_lanes(d_rows.cols, [&](std::int64_t i, auto run) HWY_ATTR {
        Lane v = run.get(d + i);
        if (added != nullptr) v = v + run.get(added + i);
        choose(i, run, v);
      });
    };
    if (bits == nullptr) {
      split([&](std::int64_t i, auto run, Lane v) HWY_ATTR {
        const Lane share = rate * v;
        run.put(share, d_old + i);
        run.put(v - share, d + i);
      });
    } else {
      split([&](std::int64_t i, auto run, Lane v) HWY_ATTR {
        run.put(run.pick(bits, i, v, zero), d_old + i);
        run.put(run.pick(bits, i, zero, v), d + i);
      });
      bits += zone.stride;
    }
  }
}

/// Rows whose passes are interleaved: each waits for its sums, but not for those of the others.
constexpr std::int64_t kRowsAtOnce = 8;

void NormalizeRows(View<const float> x, float epsilon, View<float> normal, float* inverse,
                   const RowScale<float>& row_scale, View<float> to) {
  const std::int64_t width = x.cols;
  const float share = 1.0F / static_cast<float>(width);
  float means[kRowsAtOnce];
  for (std::int64_t first = 0; first < x.rows; first += kRowsAtOnce) {
    const std::int64_t count = std::min(x.rows - first, kRowsAtOnce);
    for (std::int64_t r = 0; r < count; ++r) {
      const float* row = x.row(first + r);
      PartialSums sum;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p)
                              HWY_ATTR { sum.part[p] = sum.part[p] + run.get(row + i); });
      means[r] = sum.total() * share;
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const float* row = x.row(first + r);
      const Lane mean(means[r]);
      PartialSums squares;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
        const Lane centred = run.kept(run.get(row + i) - mean);
        squares.part[p] = fma(centred, centred, squares.part[p]);
      });
      inverse[first + r] = 1.0F / std::sqrt(squares.total() * share + epsilon);
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const float *row = x.row(first + r), *gain = row_scale.gain;
      float *normal_row = normal.row(first + r), *to_row = to.row(first + r);
      const float* start = row_scale.bias == nullptr ? to_row : row_scale.bias;
      const Lane mean(means[r]), scale(inverse[first + r]);
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = (run.get(row + i) - mean) * scale;
        run.put(v, normal_row + i);
        run.put(fma(run.get(gain + i), v, run.get(start + i)), to_row + i);
      });
    }
  }
}

void NormalizeRowsBackward(View<const float> d, View<const float> normal, const float* inverse,
                           const float* gain, const RowScaleGradients<float>& to, bool accumulate,
                           View<float> d_x) {
  const std::int64_t width = d.cols;
  const float share = 1.0F / static_cast<float>(width);
  float means[kRowsAtOnce], slopes[kRowsAtOnce];
  for (std::int64_t first = 0; first < d.rows; first += kRowsAtOnce) {
    const std::int64_t count = std::min(d.rows - first, kRowsAtOnce);
    for (std::int64_t r = 0; r < count; ++r) {
      const float *d_row = d.row(first + r), *normal_row = normal.row(first + r);
      float* gain_row = to.d_gain + (first + r) * to.stride;
      float* bias_row = to.d_bias == nullptr ? nullptr : to.d_bias + (first + r) * to.stride;
      PartialSums sum, dot;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
        const Lane up = run.get(d_row + i), v = run.get(normal_row + i), scaled = up * run.get(gain + i);
        sum.part[p] = sum.part[p] + scaled;
        dot.part[p] = fma(scaled, v, dot.part[p]);
        run.put(fma(up, v, run.get(gain_row + i)), gain_row + i);
        if (bias_row != nullptr) run.put(run.get(bias_row + i) + up, bias_row + i);
      });
      means[r] = sum.total() * share;
      slopes[r] = dot.total() * share;
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const float *d_row = d.row(first + r), *normal_row = normal.row(first + r);
      float* out = d_x.row(first + r);
      const Lane mean(means[r]), slope(slopes[r]), scale(inverse[first + r]);
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = run.get(normal_row + i), scaled = run.get(d_row + i) * run.get(gain + i);
        const Lane g = (scaled - fma(v, slope, mean)) * scale;
        run.put(accumulate ? run.get(out + i) + g : g, out + i);
      });
    }
  }
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(MultiplyElements);
HWY_EXPORT(SumProducts);
HWY_EXPORT(ZoneRows);
HWY_EXPORT(ZoneRowsBackward);
HWY_EXPORT(NormalizeRows);
HWY_EXPORT(NormalizeRowsBackward);
}  // namespace

template <>
void multiply_elements(const float* a, const float* b, std::int64_t n, float* to) {
  HWY_DYNAMIC_DISPATCH(MultiplyElements)(a, b, n, to);
}
template <>
void sum_products(std::span<const float* const> a, std::span<const float* const> b, std::int64_t n,
                  bool accumulate, float* to) {
  HWY_DYNAMIC_DISPATCH(SumProducts)(a, b, n, accumulate, to);
}
template <>
void zone_rows(const Zone<float>& zone, View<const float> old, View<float> to) {
  HWY_DYNAMIC_DISPATCH(ZoneRows)(zone, old, to);
}
template <>
void zone_rows_backward(const Zone<float>& zone, View<float> d, View<const float> d_output,
                        View<float> d_old) {
  HWY_DYNAMIC_DISPATCH(ZoneRowsBackward)(zone, d, d_output, d_old);
}
template <>
void normalize_rows(View<const float> x, float epsilon, View<float> normal, float* inverse,
                    const RowScale<float>& scale, View<float> to) {
  HWY_DYNAMIC_DISPATCH(NormalizeRows)(x, epsilon, normal, inverse, scale, to);
}
template <>
void normalize_rows_backward(View<const float> d, View<const float> normal, const float* inverse,
                             const float* gain, const RowScaleGradients<float>& to, bool accumulate,
                             View<float> d_x) {
  HWY_DYNAMIC_DISPATCH(NormalizeRowsBackward)(d, normal, inverse, gain, to, accumulate, d_x);
}

}  // namespace rondo::kernels
#endif
