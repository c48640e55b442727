#include "kernels/activations.h"

#include <array>
#include <cmath>
#include <numbers>

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/activations.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;

// clang-format off
#include "kernels/cpu/simd_math-inl.h"
#include "kernels/cpu/partial-inl.h"
#include "kernels/cpu/elements-inl.h"
#include "kernels/formulas/activations-inl.h"
// clang-format on

template <class Entry>
constexpr bool kLogarithm = std::is_same_v<Entry, activation::LogSoftmax>;

template <class Entry>
void SoftmaxRow(const float* x, float* y, std::int64_t n) {
  constexpr bool logarithm = kLogarithm<Entry>;
  const Lane lowest(-HUGE_VAL);
  Lane best = lowest;
  for_lanes(n, [&](std::int64_t i, auto run)
                   HWY_ATTR { best = hn::Max(best.v, run.kept(run.get(x + i), lowest).v); });
  HWY_ALIGN float lanes[kLanes];
  hn::Store(best.v, FloatTag(), lanes);
  float largest = lanes[0];
  for (const float v : lanes) largest = v > largest ? v : largest;

  const Lane top = hn::Set(FloatTag(), largest);
  PartialSums sum;
  for_partials(n, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
    const Lane shifted = run.get(x + i) - top, e = exp(shifted);
    sum.part[p] = sum.part[p] + run.kept(e);
    run.put(logarithm ? shifted : e, y + i);
  });
  const float total = sum.total();
  const Lane by = hn::Set(FloatTag(), logarithm ? std::log(total) : total);
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR {
    const Lane v = run.get(y + i);
    run.put(logarithm ? v - by : v / by, y + i);
  });
}

template <class Entry>
void SoftmaxRowBackward(const float* y, const float* dy, float* dx, std::int64_t n) {
  constexpr bool logarithm = kLogarithm<Entry>;
  PartialSums sum;
  for_partials(n, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
    sum.part[p] = fma(run.get(dy + i), logarithm ? Lane(1.0) : run.get(y + i), sum.part[p]);
  });
  const Lane dot = hn::Set(FloatTag(), sum.total());
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR {
    const Lane out = run.get(y + i), up = run.get(dy + i);
    run.put(run.get(dx + i) + (logarithm ? up - exp(out) * dot : out * (up - dot)), dx + i);
  });
}

/// Rows that follow each other are one.
template <class Entry>
void Activate(View<const float> x, View<float> y) {
  const bool joined = activation::kHasValue<Entry> && x.stride == x.cols && y.stride == x.cols;
  const std::int64_t rows = joined ? 1 : x.rows, width = joined ? x.rows * x.cols : x.cols;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* from = x.row(r);
    float* to = y.row(r);
    if constexpr (activation::kHasValue<Entry>) {
      for_lanes(width,
                [&](std::int64_t i, auto run) HWY_ATTR { run.put(Entry::value(run.get(from + i)), to + i); });
    } else {
      SoftmaxRow<Entry>(from, to, width);
    }
  }
}

template <class Entry>
void ActivateBackward(View<const float> x, View<const float> y, View<const float> dy, View<float> dx) {
  const bool joined = activation::kHasValue<Entry> && x.stride == y.cols && y.stride == y.cols &&
                      dy.stride == y.cols && dx.stride == y.cols;
  const std::int64_t rows = joined ? 1 : y.rows, width = joined ? y.rows * y.cols : y.cols;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float *in = x.row(r), *out = y.row(r), *up = dy.row(r);
    float* to = dx.row(r);
    if constexpr (activation::kHasValue<Entry>) {
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane d = activation::add_gradient<Entry>(run.get(in + i), run.get(out + i), run.get(up + i),
                                                       run.get(to + i));
        run.put(d, to + i);
      });
    } else {
      SoftmaxRowBackward<Entry>(out, up, to, width);
    }
  }
}

using ActivateFunction = void (*)(View<const float>, View<float>);
using BackwardFunction = void (*)(View<const float>, View<const float>, View<const float>, View<float>);
template <class... Entry>
constexpr auto ActivateOf(activation::List<Entry...>) {
  return std::array<ActivateFunction, sizeof...(Entry)>{Activate<Entry>...};
}
template <class... Entry>
constexpr auto BackwardOf(activation::List<Entry...>) {
  return std::array<BackwardFunction, sizeof...(Entry)>{ActivateBackward<Entry>...};
}
constexpr auto kActivate = ActivateOf(activation::Entries());
constexpr auto kBackward = BackwardOf(activation::Entries());

void ActivateRows(ActivationKind kind, View<const float> x, View<float> y) {
  kActivate[static_cast<std::size_t>(kind)](x, y);
}
void ActivateRowsBackward(ActivationKind kind, View<const float> x, View<const float> y, View<const float> dy,
                          View<float> dx) {
  kBackward[static_cast<std::size_t>(kind)](x, y, dy, dx);
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(ActivateRows);
HWY_EXPORT(ActivateRowsBackward);
}  // namespace

template <>
void activate_rows(ActivationKind kind, View<const float> x, View<float> y) {
  HWY_DYNAMIC_DISPATCH(ActivateRows)(kind, x, y);
}
template <>
void activate_rows_backward(ActivationKind kind, View<const float> x, View<const float> y,
                            View<const float> dy, View<float> dx) {
  HWY_DYNAMIC_DISPATCH(ActivateRowsBackward)(kind, x, y, dy, dx);
}

}  // namespace rondo::kernels
#endif
