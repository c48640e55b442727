#include "kernels/moments.h"

#include <array>
#include <cmath>

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/moments.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {

#include "kernels/formulas/sweep-inl.h"

// Plain loops: within Highway's brackets the compiler turns them into vectors of each instruction set.
template <class T, bool amsgrad>
struct MomentRule {
  static constexpr int kSlots = amsgrad ? 3 : 2;
  T rest_1, rest_2, a, b, s, epsilon;

  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& m = slot[0];
    T& v = slot[1];
    m = m + (g - m) * rest_1;
    v = v + (g * g - v) * rest_2;
    T size = v;
    if constexpr (amsgrad) size = slot[2] = slot[2] < v ? v : slot[2];
    return w - (a * m + b * g) / (std::sqrt(size) * s + epsilon);
  }
};

template <class T>
void UpdateMoments(const MomentStep<T>& step, T* weights, const T* gradients, T* mean, T* square, T* largest,
                   std::int64_t count) {
  const auto run = [&](auto rule) {
    rule.rest_1 = step.rest_1, rule.rest_2 = step.rest_2;
    rule.a = step.a, rule.b = step.b, rule.s = step.s, rule.epsilon = step.epsilon;
    sweep(rule, step.prelude, weights, gradients, mean, square, largest, count);
  };
  if (largest != nullptr)
    run(MomentRule<T, true>{});
  else
    run(MomentRule<T, false>{});
}
void UpdateFloats(const MomentStep<float>& step, float* weights, const float* gradients, float* mean,
                  float* square, float* largest, std::int64_t count) {
  UpdateMoments(step, weights, gradients, mean, square, largest, count);
}
void UpdateDoubles(const MomentStep<double>& step, double* weights, const double* gradients, double* mean,
                   double* square, double* largest, std::int64_t count) {
  UpdateMoments(step, weights, gradients, mean, square, largest, count);
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {

HWY_EXPORT(UpdateFloats);
HWY_EXPORT(UpdateDoubles);

template <>
void update_moments(const MomentStep<float>& step, float* weights, const float* gradients, float* mean,
                    float* square, float* largest, std::int64_t count) noexcept {
  HWY_DYNAMIC_DISPATCH(UpdateFloats)(step, weights, gradients, mean, square, largest, count);
}
template <>
void update_moments(const MomentStep<double>& step, double* weights, const double* gradients, double* mean,
                    double* square, double* largest, std::int64_t count) noexcept {
  HWY_DYNAMIC_DISPATCH(UpdateDoubles)(step, weights, gradients, mean, square, largest, count);
}

}  // namespace rondo::kernels
#endif
