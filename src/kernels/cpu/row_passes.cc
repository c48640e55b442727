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
// clang-format on

using Lane = Lanes;
using Number = float;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(FloatTag()));

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE float sum_of_halves(Lane v) { return hn::GetLane(v.v); }
#else
template <class D>
HWY_INLINE float HalvesOf([[maybe_unused]] D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    return hn::GetLane(v);
  } else {
    const hn::Half<D> half;
    return HalvesOf(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
HWY_INLINE float sum_of_halves(Lane v) { return HalvesOf(FloatTag(), v.v); }
#endif

/// A register full of elements.
struct Whole {
  HWY_INLINE Lane get(const float* p) const { return hn::LoadU(FloatTag(), p); }
  HWY_INLINE void put(Lane v, float* p) const { hn::StoreU(v.v, FloatTag(), p); }
  HWY_INLINE Lane pick(const std::uint8_t* bits, std::int64_t i, Lane yes, Lane no) const {
    // Fewer than eight lanes lie somewhere within a byte. Highway may read eight bytes.
    std::uint8_t own[8] = {static_cast<std::uint8_t>(bits[i / 8] >> (i % 8))};
    if constexpr (kLanes > 8) own[1] = bits[i / 8 + 1];
    return hn::IfThenElse(hn::LoadMaskBits(FloatTag(), own), yes.v, no.v);
  }
  HWY_INLINE Lane kept(Lane v) const { return v; }
};
/// The last `count` elements of a row.
struct Some {
  std::int64_t count;
  HWY_INLINE Lane get(const float* p) const { return LoadFirst(FloatTag(), p, count); }
  HWY_INLINE void put(Lane v, float* p) const { StoreFirst(v.v, FloatTag(), p, count); }
  HWY_INLINE Lane pick(const std::uint8_t* bits, std::int64_t i, Lane yes, Lane no) const {
    return Whole().pick(bits, i, yes, no);
  }
  HWY_INLINE Lane kept(Lane v) const {
    return hn::IfThenElseZero(hn::FirstN(FloatTag(), static_cast<std::size_t>(count)), v.v);
  }
};

#include "kernels/cpu/row_passes-inl.h"

}  // namespace

void MultiplyElements(const float* a, const float* b, std::int64_t n, float* to) {
  multiply_elements_of(a, b, n, to);
}
void SumProducts(std::span<const float* const> a, std::span<const float* const> b, std::int64_t n,
                 bool accumulate, float* to) {
  sum_products_of(a, b, n, accumulate, to);
}
void ZoneRows(std::int64_t rows, std::int64_t width, const Zone<float>& zone, const float* old,
              std::int64_t old_stride, float* to, std::int64_t stride) {
  zone_rows_of(rows, width, zone, old, old_stride, to, stride);
}
void ZoneRowsBackward(std::int64_t rows, std::int64_t width, const Zone<float>& zone, float* d,
                      std::int64_t stride, const float* d_output, std::int64_t d_output_stride, float* d_old,
                      std::int64_t d_old_stride) {
  zone_rows_backward_of(rows, width, zone, d, stride, d_output, d_output_stride, d_old, d_old_stride);
}
void NormalizeRows(std::int64_t rows, std::int64_t width, const float* x, std::int64_t x_stride,
                   float epsilon, float* normal, std::int64_t normal_stride, float* inverse,
                   const float* gain, const float* bias, float* to, std::int64_t to_stride) {
  normalize_rows_of(rows, width, x, x_stride, epsilon, normal, normal_stride, inverse, gain, bias, to,
                    to_stride);
}
void NormalizeRowsBackward(std::int64_t rows, std::int64_t width, const float* d, std::int64_t d_stride,
                           const float* normal, std::int64_t normal_stride, const float* inverse,
                           const float* gain, float* d_gain, float* d_bias, std::int64_t accumulator_stride,
                           bool accumulate, float* d_x, std::int64_t d_x_stride) {
  normalize_rows_backward_of(rows, width, d, d_stride, normal, normal_stride, inverse, gain, d_gain, d_bias,
                             accumulator_stride, accumulate, d_x, d_x_stride);
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {

namespace scalar {
#include "kernels/cpu/scalar_math-inl.h"

using Lane = double;
using Number = double;
constexpr std::int64_t kLanes = 1;

inline double sum_of_halves(double v) { return v; }

struct Whole {
  double get(const double* p) const { return *p; }
  void put(double v, double* p) const { *p = v; }
  double pick(const std::uint8_t* bits, std::int64_t i, double yes, double no) const {
    return (bits[i / 8] >> (i % 8) & 1) != 0 ? yes : no;
  }
  double kept(double v) const { return v; }
};
struct Some : Whole {
  explicit Some(std::int64_t) {}
};

#include "kernels/cpu/row_passes-inl.h"
}  // namespace scalar

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
void multiply_elements(const double* a, const double* b, std::int64_t n, double* to) {
  scalar::multiply_elements_of(a, b, n, to);
}
template <>
void sum_products(std::span<const float* const> a, std::span<const float* const> b, std::int64_t n,
                  bool accumulate, float* to) {
  HWY_DYNAMIC_DISPATCH(SumProducts)(a, b, n, accumulate, to);
}
template <>
void sum_products(std::span<const double* const> a, std::span<const double* const> b, std::int64_t n,
                  bool accumulate, double* to) {
  scalar::sum_products_of(a, b, n, accumulate, to);
}
template <>
void zone_rows(std::int64_t rows, std::int64_t width, const Zone<float>& zone, const float* old,
               std::int64_t old_stride, float* to, std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(ZoneRows)(rows, width, zone, old, old_stride, to, stride);
}
template <>
void zone_rows(std::int64_t rows, std::int64_t width, const Zone<double>& zone, const double* old,
               std::int64_t old_stride, double* to, std::int64_t stride) {
  scalar::zone_rows_of(rows, width, zone, old, old_stride, to, stride);
}
template <>
void zone_rows_backward(std::int64_t rows, std::int64_t width, const Zone<float>& zone, float* d,
                        std::int64_t stride, const float* d_output, std::int64_t d_output_stride,
                        float* d_old, std::int64_t d_old_stride) {
  HWY_DYNAMIC_DISPATCH(ZoneRowsBackward)
  (rows, width, zone, d, stride, d_output, d_output_stride, d_old, d_old_stride);
}
template <>
void zone_rows_backward(std::int64_t rows, std::int64_t width, const Zone<double>& zone, double* d,
                        std::int64_t stride, const double* d_output, std::int64_t d_output_stride,
                        double* d_old, std::int64_t d_old_stride) {
  scalar::zone_rows_backward_of(rows, width, zone, d, stride, d_output, d_output_stride, d_old, d_old_stride);
}
template <>
void normalize_rows(std::int64_t rows, std::int64_t width, const float* x, std::int64_t x_stride,
                    float epsilon, float* normal, std::int64_t normal_stride, float* inverse,
                    const float* gain, const float* bias, float* to, std::int64_t to_stride) {
  HWY_DYNAMIC_DISPATCH(NormalizeRows)
  (rows, width, x, x_stride, epsilon, normal, normal_stride, inverse, gain, bias, to, to_stride);
}
template <>
void normalize_rows(std::int64_t rows, std::int64_t width, const double* x, std::int64_t x_stride,
                    double epsilon, double* normal, std::int64_t normal_stride, double* inverse,
                    const double* gain, const double* bias, double* to, std::int64_t to_stride) {
  scalar::normalize_rows_of(rows, width, x, x_stride, epsilon, normal, normal_stride, inverse, gain, bias, to,
                            to_stride);
}
template <>
void normalize_rows_backward(std::int64_t rows, std::int64_t width, const float* d, std::int64_t d_stride,
                             const float* normal, std::int64_t normal_stride, const float* inverse,
                             const float* gain, float* d_gain, float* d_bias, std::int64_t accumulator_stride,
                             bool accumulate, float* d_x, std::int64_t d_x_stride) {
  HWY_DYNAMIC_DISPATCH(NormalizeRowsBackward)
  (rows, width, d, d_stride, normal, normal_stride, inverse, gain, d_gain, d_bias, accumulator_stride,
   accumulate, d_x, d_x_stride);
}
template <>
void normalize_rows_backward(std::int64_t rows, std::int64_t width, const double* d, std::int64_t d_stride,
                             const double* normal, std::int64_t normal_stride, const double* inverse,
                             const double* gain, double* d_gain, double* d_bias,
                             std::int64_t accumulator_stride, bool accumulate, double* d_x,
                             std::int64_t d_x_stride) {
  scalar::normalize_rows_backward_of(rows, width, d, d_stride, normal, normal_stride, inverse, gain, d_gain,
                                     d_bias, accumulator_stride, accumulate, d_x, d_x_stride);
}

}  // namespace rondo::kernels
#endif
