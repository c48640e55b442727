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
using Lane = Lanes;
#include "kernels/formulas/activations-inl.h"
// clang-format on

constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(FloatTag()));

HWY_INLINE Lanes Get(const float* p, std::int64_t n) {
  return n >= kLanes ? hn::LoadU(FloatTag(), p) : LoadFirst(FloatTag(), p, n);
}
HWY_INLINE void Put(Lanes v, float* p, std::int64_t n) {
  if (n >= kLanes) {
    hn::StoreU(v.v, FloatTag(), p);
  } else {
    StoreFirst(v.v, FloatTag(), p, n);
  }
}

/// visit(row, column, how many lanes are real) for every vector of a matrix; rows that follow each other are
/// one.
template <class Visit>
HWY_INLINE void ForEachVector(std::int64_t rows, std::int64_t cols, bool joined, Visit visit) {
  const std::int64_t width = joined ? rows * cols : cols;
  for (std::int64_t r = 0; r < (joined ? 1 : rows); ++r) {
    for (std::int64_t c = 0; c < width; c += kLanes) visit(r, c, width - c);
  }
}

/// Sums over a row in an order that no instruction set, batch or thread changes: sixteen sums, one for each
/// column modulo 16, and those as a tree.
class RowSum {
 public:
  static_assert(kLanes <= 16);
  RowSum() {
    for (FloatVec& part : parts_) part = hn::Zero(FloatTag());
  }
  /// Adds a·b of the lanes that begin at `column`; lanes that are not real must be 0 in `a`.
  HWY_INLINE void add(std::int64_t column, Lanes a, Lanes b) {
    FloatVec& part = parts_[column / kLanes % kParts];
    part = hn::MulAdd(a.v, b.v, part);
  }
  float total() const {
    HWY_ALIGN float sums[16];
    for (int p = 0; p < kParts; ++p) hn::Store(parts_[p], FloatTag(), sums + p * kLanes);
    for (int half = 8; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
    }
    return sums[0];
  }

 private:
  static constexpr int kParts = static_cast<int>(16 / kLanes);
  FloatVec parts_[kParts];
};

/// The lanes from n on become 0.
HWY_INLINE Lanes First(Lanes v, std::int64_t n) {
  if (n >= kLanes) return v;
  return hn::IfThenElseZero(hn::FirstN(FloatTag(), static_cast<std::size_t>(n)), v.v);
}

template <class Entry>
constexpr bool kLogarithm = std::is_same_v<Entry, activation::LogSoftmax>;

template <class Entry>
void SoftmaxRow(const float* x, float* y, std::int64_t n) {
  constexpr bool logarithm = kLogarithm<Entry>;
  const FloatTag d;
  FloatVec best = hn::Set(d, -HUGE_VALF);
  for (std::int64_t c = 0; c < n; c += kLanes) {
    const FloatVec v = n - c >= kLanes ? hn::LoadU(d, x + c)
                                       : hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(n - c)),
                                                        LoadFirst(d, x + c, n - c), hn::Set(d, -HUGE_VALF));
    best = hn::Max(best, v);
  }
  HWY_ALIGN float lanes[kLanes];
  hn::Store(best, d, lanes);
  float largest = lanes[0];
  for (const float v : lanes) largest = v > largest ? v : largest;

  const Lanes top = hn::Set(d, largest);
  RowSum sum;
  for (std::int64_t c = 0; c < n; c += kLanes) {
    const Lanes shifted = Get(x + c, n - c) - top;
    const Lanes e = exp(shifted);
    sum.add(c, First(e, n - c), Lanes(1.0));
    Put(logarithm ? shifted : e, y + c, n - c);
  }
  const float total = sum.total();
  const Lanes by = hn::Set(d, logarithm ? std::log(total) : total);
  for (std::int64_t c = 0; c < n; c += kLanes) {
    const Lanes v = Get(y + c, n - c);
    Put(logarithm ? v - by : v / by, y + c, n - c);
  }
}

template <class Entry>
void SoftmaxRowBackward(const float* y, const float* dy, float* dx, std::int64_t n) {
  constexpr bool logarithm = kLogarithm<Entry>;
  RowSum sum;
  for (std::int64_t c = 0; c < n; c += kLanes)
    sum.add(c, Get(dy + c, n - c), logarithm ? Lanes(1.0) : Get(y + c, n - c));
  const Lanes dot = hn::Set(FloatTag(), sum.total());
  for (std::int64_t c = 0; c < n; c += kLanes) {
    const Lanes out = Get(y + c, n - c), up = Get(dy + c, n - c);
    const Lanes d = logarithm ? up - exp(out) * dot : out * (up - dot);
    Put(Get(dx + c, n - c) + d, dx + c, n - c);
  }
}

template <class Entry>
void Activate(View<const float> x, View<float> y) {
  if constexpr (activation::kHasValue<Entry>) {
    const bool joined = x.stride == x.cols && y.stride == x.cols;
    ForEachVector(x.rows, x.cols, joined, [&](std::int64_t r, std::int64_t c, std::int64_t n) HWY_ATTR {
      Put(Entry::value(Get(x.row(r) + c, n)), y.row(r) + c, n);
    });
  } else {
    for (std::int64_t r = 0; r < x.rows; ++r) SoftmaxRow<Entry>(x.row(r), y.row(r), x.cols);
  }
}

template <class Entry>
void ActivateBackward(View<const float> x, View<const float> y, View<const float> dy, View<float> dx) {
  if constexpr (activation::kHasValue<Entry>) {
    const bool joined =
        x.stride == y.cols && y.stride == y.cols && dy.stride == y.cols && dx.stride == y.cols;
    ForEachVector(y.rows, y.cols, joined, [&](std::int64_t r, std::int64_t c, std::int64_t n) HWY_ATTR {
      const Lanes in = Get(x.row(r) + c, n), out = Get(y.row(r) + c, n), up = Get(dy.row(r) + c, n);
      Put(activation::add_gradient<Entry>(in, out, up, Get(dx.row(r) + c, n)), dx.row(r) + c, n);
    });
  } else {
    for (std::int64_t r = 0; r < y.rows; ++r)
      SoftmaxRowBackward<Entry>(y.row(r), dy.row(r), dx.row(r), y.cols);
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
