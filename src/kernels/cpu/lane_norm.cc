#include "kernels/lane_norm.h"

#include "kernels/cpu/unroll.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/lane_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));

// clang-format off
#include "kernels/cpu/lane_norm-inl.h"
// clang-format on

/// Calls pass(lane, vectors): pairs of vectors where `most` is 2, then one.
template <class Pass>
HWY_INLINE void ForVectors(std::int64_t lanes, int most, Pass pass) {
  std::int64_t lane = 0;
  for (; most == 2 && lane + 2 * N <= lanes; lane += 2 * N) pass(lane, 2);
  for (; lane < lanes; lane += N) pass(lane, 1);
}

/// Calls pass.operator()<NV, Values>(lane): pairs of vectors, then one.
template <class Pass>
HWY_INLINE void ForValues(std::int64_t lanes, const LaneValues& values, Pass pass, int most = 2) {
  ForVectors(lanes, most, [&](std::int64_t lane, int vectors) HWY_ATTR {
    const auto run = [&]<int NV>() HWY_ATTR {
      if (values.weights == nullptr) return pass.template operator()<NV, Rows<NV>>(lane);
      switch (values.inputs) {
        case 1: return pass.template operator()<NV, Made<NV, 1>>(lane);
        case 2: return pass.template operator()<NV, Made<NV, 2>>(lane);
        case 3: return pass.template operator()<NV, Made<NV, 3>>(lane);
        default: return pass.template operator()<NV, Made<NV, 4>>(lane);
      }
    };
    if (vectors == 2) {
      run.template operator()<2>();
    } else {
      run.template operator()<1>();
    }
  });
}

}  // namespace

void NormalizeLanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const LaneValues& x,
                    float epsilon, float* normal, float* mean, float* inverse, const float* gain,
                    const float* bias, float* to) {
  ForValues(lanes, x, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    Normalize<NV, Values>(rows, ld, Values::of(x, ld, lane), epsilon,
                          normal == nullptr ? nullptr : normal + lane,
                          mean == nullptr ? nullptr : mean + lane, inverse + lane, gain, bias, to + lane);
  });
}

void NormalizeLanesAgain(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float* x, const float* mean,
                         const float* inverse) {
  const D d;
  for (std::int64_t lane = 0; lane < lanes; lane += N) {
    const V m = hn::LoadU(d, mean + lane), scale = hn::LoadU(d, inverse + lane);
    float* at = x + lane;
    for (std::int64_t r = 0; r < rows; ++r, at += ld)
      hn::StoreU(hn::Mul(hn::Sub(hn::LoadU(d, at), m), scale), d, at);
  }
}

void NormalizeLanePair(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float epsilon,
                       const LaneProductNorm& input, const LaneProductNorm& recurrent, const float* bias,
                       float* to) {
  ForValues(lanes, input.values, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    NormalizePair<NV, Values>(rows, lane, ld, epsilon, input, recurrent, bias, to);
  });
}

void NormalizeLanePairBackward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                               const LaneProductNorm& input, const LaneProductNorm& recurrent,
                               float* d_bias) {
  ForValues(
      lanes, input.values,
      [&]<int NV, class Values>(std::int64_t first) HWY_ATTR {
        if constexpr (NV == 1) {
          const auto run = [&](std::int64_t lane) HWY_ATTR {
            const auto values = Values::of(input.values, ld, lane);
            if constexpr (std::is_same_v<Values, Rows<1>>) {
              NormalizePairBackward(rows, lane, lanes, ld, d, values, input, recurrent, d_bias);
            } else {
              Normalized<1, Values> made{values, {}, {}};
              made.mean[0] = hn::LoadU(D(), input.mean + lane);
              made.scale[0] = hn::LoadU(D(), input.inverse + lane);
              NormalizePairBackward(rows, lane, lanes, ld, d, made, input, recurrent, d_bias);
            }
          };
          run(first);
        }
      },
      1);
}

void ScaleLanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* normal,
                const float* gain, const float* bias, float* to) {
  const D d;
  for (std::int64_t r = 0; r < rows; ++r, normal += ld, to += ld) {
    const V g = hn::Set(d, gain[r]), start = hn::Set(d, bias[r]);
    for (std::int64_t lane = 0; lane < lanes; lane += N)
      hn::StoreU(hn::MulAdd(g, hn::LoadU(d, normal + lane), start), d, to + lane);
  }
}

void NormalizeLanesBackward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                            const LaneValues& normal, const float* mean, const float* inverse,
                            const float* gain, float* d_gain, float* d_bias, bool accumulate, float* d_x,
                            std::int64_t d_x_ld) {
  ForValues(lanes, normal, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    const auto run = [&]<bool kBias, bool kAccumulate>(auto values) HWY_ATTR {
      NormalizeBackward<NV, kBias, kAccumulate>(rows, lanes, ld, d + lane, values, inverse + lane, gain,
                                                d_gain + lane, kBias ? d_bias + lane : nullptr, d_x + lane,
                                                d_x_ld);
    };
    const auto values = Values::of(normal, ld, lane);
    if constexpr (!std::is_same_v<Values, Rows<NV>>) {
      Normalized<NV, Values> made{values, {}, {}};
      for (int v = 0; v < NV; ++v) {
        made.mean[v] = hn::LoadU(D(), mean + lane + v * N);
        made.scale[v] = hn::LoadU(D(), inverse + lane + v * N);
      }
      if (d_bias != nullptr) {
        run.template operator()<true, false>(made);
      } else {
        run.template operator()<false, false>(made);
      }
    } else if (d_bias != nullptr && accumulate) {
      run.template operator()<true, true>(values);
    } else if (d_bias != nullptr) {
      run.template operator()<true, false>(values);
    } else if (accumulate) {
      run.template operator()<false, true>(values);
    } else {
      run.template operator()<false, false>(values);
    }
  });
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(NormalizeLanes);
HWY_EXPORT(NormalizeLanesAgain);
HWY_EXPORT(ScaleLanes);
HWY_EXPORT(NormalizeLanePair);
HWY_EXPORT(NormalizeLanePairBackward);
HWY_EXPORT(NormalizeLanesBackward);
}  // namespace

void normalize_lanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const LaneValues& x,
                     float epsilon, float* normal, float* mean, float* inverse, const float* gain,
                     const float* bias, float* to) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanes)
  (rows, lanes, ld, x, epsilon, normal, mean, inverse, gain, bias, to);
}
void normalize_lanes_again(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float* x,
                           const float* mean, const float* inverse) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesAgain)(rows, lanes, ld, x, mean, inverse);
}
void normalize_lane_pair(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float epsilon,
                         const LaneProductNorm& input, const LaneProductNorm& recurrent, const float* bias,
                         float* to) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanePair)(rows, lanes, ld, epsilon, input, recurrent, bias, to);
}
void normalize_lane_pair_backward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                                  const LaneProductNorm& input, const LaneProductNorm& recurrent,
                                  float* d_bias) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanePairBackward)(rows, lanes, ld, d, input, recurrent, d_bias);
}
void scale_lanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* normal,
                 const float* gain, const float* bias, float* to) {
  HWY_DYNAMIC_DISPATCH(ScaleLanes)(rows, lanes, ld, normal, gain, bias, to);
}
void normalize_lanes_backward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                              const LaneValues& normal, const float* mean, const float* inverse,
                              const float* gain, float* d_gain, float* d_bias, bool accumulate, float* d_x,
                              std::int64_t d_x_ld) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesBackward)
  (rows, lanes, ld, d, normal, mean, inverse, gain, d_gain, d_bias, accumulate, d_x, d_x_ld);
}

}  // namespace rondo::kernels
#endif
