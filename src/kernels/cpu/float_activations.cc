#include "kernels/float_activations.h"

#include <cmath>
#include <numbers>

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/float_activations.cc"
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
#include "kernels/formulas/recurrent_activation-inl.h"
// clang-format on

using Kind = ActivationKind;
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

void Softmax(const float* x, float* y, std::int64_t n, bool logarithm) {
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

void SoftmaxBackward(const float* y, const float* dy, float* dx, std::int64_t n, bool logarithm) {
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

// The tanh form of gelu, x·(1 + tanh(a·(x + b·x³))) / 2, which is x·sigmoid(2·a·(x + b·x³)).
constexpr double kGeluA = 2 * std::numbers::inv_sqrtpi * std::numbers::sqrt2, kGeluB = 0.044715;
HWY_INLINE Lanes GeluInner(Lanes x) { return Lanes(kGeluA) * fma(Lanes(kGeluB) * x * x, x, x); }

/// Beyond ±200 these functions are their asymptotes, while products of infinity and zero would be NaN.
HWY_INLINE Lanes NotTooNegative(Lanes x) { return max(x, Lanes(-200.0)); }

Lanes Value(Kind kind, Lanes x) {
  switch (kind) {
    case Kind::silu: return NotTooNegative(x) * sigmoid(x);
    case Kind::gelu_tanh: return NotTooNegative(x) * sigmoid(GeluInner(x));
    case Kind::mish: return NotTooNegative(x) * tanh(softplus(x));
    case Kind::log_sigmoid: return -softplus(-x);
    default: return activate(kind, x);
  }
}

/// f'(x), y = f(x).
Lanes Derivative(Kind kind, Lanes x, Lanes y) {
  const Lanes zero = 0.0, one = 1.0;
  switch (kind) {
    case Kind::tanh: return fma(-y, y, one);
    case Kind::sigmoid: return y - y * y;
    case Kind::relu: return if_less(zero, x, one, zero);
    case Kind::hard_sigmoid: return if_less(abs(x), Lanes(3.0), Lanes(1.0 / 6.0), zero);
    case Kind::hard_tanh: return if_less(abs(x), one, one, zero);
    case Kind::relu6: return if_less(zero, x, if_less(x, Lanes(6.0), one, zero), zero);
    case Kind::leaky_relu: return if_less(x, zero, Lanes(0.2), one);
    case Kind::elu: return if_less(x, zero, y + one, one);
    case Kind::selu:
      return if_less(x, zero, y + Lanes(1.05070098735548049 * 1.67326324235437728),
                     Lanes(1.05070098735548049));
    case Kind::softplus: return sigmoid(x);
    case Kind::softsign: return (one - abs(y)) * (one - abs(y));
    case Kind::exponential: return y;
    case Kind::silu: {
      const Lanes s = sigmoid(x);
      return fma(clamp(x, -200, 200), s * (one - s), s);
    }
    case Kind::gelu_tanh: {
      const Lanes v = clamp(x, -200, 200), inner = GeluInner(v), s = sigmoid(inner);
      const Lanes slope = fma(Lanes(3 * kGeluB) * v, v, one) * Lanes(kGeluA);
      return fma(v * slope, s * sigmoid(-inner), s);  // 1 - s would lose the digits that v·slope shows
    }
    case Kind::mish: {
      const Lanes t = tanh(softplus(x));
      return fma(clamp(x, -200, 200) * fma(-t, t, one), sigmoid(x), t);
    }
    case Kind::log_sigmoid: return sigmoid(-x);
    default: return one;
  }
}

bool Activate(Kind kind, View<const float> x, View<float> y) {
  if (kind == Kind::gelu) return false;
  if (kind == Kind::softmax || kind == Kind::log_softmax) {
    for (std::int64_t r = 0; r < x.rows; ++r) Softmax(x.row(r), y.row(r), x.cols, kind == Kind::log_softmax);
    return true;
  }
  const bool joined = x.stride == x.cols && y.stride == x.cols;
  ForEachVector(x.rows, x.cols, joined, [&](std::int64_t r, std::int64_t c, std::int64_t n) HWY_ATTR {
    Put(Value(kind, Get(x.row(r) + c, n)), y.row(r) + c, n);
  });
  return true;
}

bool ActivateBackward(Kind kind, View<const float> x, View<const float> y, View<const float> dy,
                      View<float> dx) {
  if (kind == Kind::gelu) return false;
  if (kind == Kind::softmax || kind == Kind::log_softmax) {
    for (std::int64_t r = 0; r < y.rows; ++r)
      SoftmaxBackward(y.row(r), dy.row(r), dx.row(r), y.cols, kind == Kind::log_softmax);
    return true;
  }
  const bool joined = x.stride == y.cols && y.stride == y.cols && dy.stride == y.cols && dx.stride == y.cols;
  ForEachVector(y.rows, y.cols, joined, [&](std::int64_t r, std::int64_t c, std::int64_t n) HWY_ATTR {
    const Lanes slope = Derivative(kind, Get(x.row(r) + c, n), Get(y.row(r) + c, n));
    Put(fma(Get(dy.row(r) + c, n), slope, Get(dx.row(r) + c, n)), dx.row(r) + c, n);
  });
  return true;
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(Activate);
HWY_EXPORT(ActivateBackward);
}  // namespace

bool activate_float_rows(ActivationKind kind, View<const float> x, View<float> y) {
  return HWY_DYNAMIC_DISPATCH(Activate)(kind, x, y);
}
bool activate_float_rows_backward(ActivationKind kind, View<const float> x, View<const float> y,
                                  View<const float> dy, View<float> dx) {
  return HWY_DYNAMIC_DISPATCH(ActivateBackward)(kind, x, y, dy, dx);
}

}  // namespace rondo::kernels
#endif
