#include "kernels/lane_norm.h"

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/lane_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifdef __clang__
#define RONDO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
constexpr int kPartials = 16;
constexpr int kAtOnce =
    4;  // partial sums that run side by side: as many chains as hide an addition's latency

/// Sums over rows, `kSums` of them for NV vectors of lanes. add(row, v, sums) adds what vector v of a row has.
template <int kSums, int NV, class Add>
HWY_INLINE void SumRows(std::int64_t rows, Add add, V (&total)[NV][kSums]) {
  const D d;
  V partial[kPartials][NV][kSums];
  for (int first = 0; first < kPartials; first += kAtOnce) {
    V sum[kAtOnce][NV][kSums];
    RONDO_UNROLL for (int j = 0; j < kAtOnce; ++j) {
      RONDO_UNROLL for (int v = 0; v < NV; ++v) {
        RONDO_UNROLL for (int k = 0; k < kSums; ++k) sum[j][v][k] = hn::Zero(d);
      }
    }
    std::int64_t row = first;
    for (; row + kAtOnce <= rows; row += kPartials) {
      RONDO_UNROLL for (int j = 0; j < kAtOnce; ++j) {
        RONDO_UNROLL for (int v = 0; v < NV; ++v) add(row + j, v, sum[j][v]);
      }
    }
    RONDO_UNROLL for (int j = 0; j < kAtOnce; ++j) {
      if (row + j < rows) {
        RONDO_UNROLL for (int v = 0; v < NV; ++v) add(row + j, v, sum[j][v]);
      }
    }
    RONDO_UNROLL for (int j = 0; j < kAtOnce; ++j) {
      RONDO_UNROLL for (int v = 0; v < NV; ++v) {
        RONDO_UNROLL for (int k = 0; k < kSums; ++k) partial[first + j][v][k] = sum[j][v][k];
      }
    }
  }
  for (int half = kPartials / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) {
      RONDO_UNROLL for (int v = 0; v < NV; ++v) {
        RONDO_UNROLL for (int k = 0; k < kSums; ++k) partial[j][v][k] =
            hn::Add(partial[j][v][k], partial[j + half][v][k]);
      }
    }
  }
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    RONDO_UNROLL for (int k = 0; k < kSums; ++k) total[v][k] = partial[0][v][k];
  }
}

template <int NV>
HWY_NOINLINE void Normalize(std::int64_t rows, std::int64_t ld, const float* x, float epsilon, float* normal,
                            float* means, float* inverse, const float* gain, const float* bias, float* to) {
  const D d;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  V total[NV][1], mean[NV], scale[NV];
  SumRows<1, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[1])
          HWY_ATTR { sum[0] = hn::Add(sum[0], hn::LoadU(d, x + r * ld + v * N)); },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) mean[v] = hn::Mul(total[v][0], share);
  SumRows<1, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[1]) HWY_ATTR {
        const V centred = hn::Sub(hn::LoadU(d, x + r * ld + v * N), mean[v]);
        sum[0] = hn::MulAdd(centred, centred, sum[0]);
      },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    const V variance = hn::Add(hn::Mul(total[v][0], share), hn::Set(d, epsilon));
    scale[v] = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(variance));
    hn::StoreU(scale[v], d, inverse + v * N);
    if (means != nullptr) hn::StoreU(mean[v], d, means + v * N);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const V g = hn::Set(d, gain[r]);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      const std::int64_t at = r * ld + v * N;
      const V value = hn::Mul(hn::Sub(hn::LoadU(d, x + at), mean[v]), scale[v]);
      const V start = bias == nullptr ? hn::LoadU(d, to + at) : hn::Set(d, bias[r]);
      if (normal != nullptr) hn::StoreU(value, d, normal + at);
      hn::StoreU(hn::MulAdd(g, value, start), d, to + at);
    }
  }
}

template <int NV, bool kBias, bool kAccumulate>
HWY_NOINLINE void NormalizeBackward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* up,
                                    const float* normal, const float* inverse, const float* gain,
                                    float* d_gain, float* d_bias, float* d_x, std::int64_t d_x_ld) {
  const D d;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  V total[NV][2], mean[NV], slope[NV], scale[NV];
  SumRows<2, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[2]) HWY_ATTR {
        const std::int64_t at = r * ld + v * N, own = r * lanes + v * N;
        const V above = hn::LoadU(d, up + at), value = hn::LoadU(d, normal + at);
        const V scaled = hn::Mul(above, hn::Set(d, gain[r]));
        sum[0] = hn::Add(sum[0], scaled);
        sum[1] = hn::MulAdd(scaled, value, sum[1]);
        hn::StoreU(hn::MulAdd(above, value, hn::LoadU(d, d_gain + own)), d, d_gain + own);
        if constexpr (kBias) hn::StoreU(hn::Add(hn::LoadU(d, d_bias + own), above), d, d_bias + own);
      },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    mean[v] = hn::Mul(total[v][0], share);
    slope[v] = hn::Mul(total[v][1], share);
    scale[v] = hn::LoadU(d, inverse + v * N);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const V g = hn::Set(d, gain[r]);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      const std::int64_t at = r * ld + v * N;
      float* out = d_x + r * d_x_ld + v * N;
      const V value = hn::LoadU(d, normal + at), scaled = hn::Mul(hn::LoadU(d, up + at), g);
      const V raw = hn::Mul(hn::Sub(scaled, hn::MulAdd(value, slope[v], mean[v])), scale[v]);
      hn::StoreU(kAccumulate ? hn::Add(hn::LoadU(d, out), raw) : raw, d, out);
    }
  }
}

/// Calls pass(lane, vectors): pairs of vectors, then one.
template <class Pass>
HWY_INLINE void ForVectors(std::int64_t lanes, Pass pass) {
  std::int64_t lane = 0;
  for (; lane + 2 * N <= lanes; lane += 2 * N) pass(lane, 2);
  for (; lane < lanes; lane += N) pass(lane, 1);
}

}  // namespace

void NormalizeLanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* x, float epsilon,
                    float* normal, float* mean, float* inverse, const float* gain, const float* bias,
                    float* to) {
  ForVectors(lanes, [&](std::int64_t lane, int vectors) HWY_ATTR {
    const auto normalize = vectors == 2 ? Normalize<2> : Normalize<1>;
    normalize(rows, ld, x + lane, epsilon, normal == nullptr ? nullptr : normal + lane,
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

void NormalizeLanesBackward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                            const float* normal, const float* inverse, const float* gain, float* d_gain,
                            float* d_bias, bool accumulate, float* d_x, std::int64_t d_x_ld) {
  ForVectors(lanes, [&](std::int64_t lane, int vectors) HWY_ATTR {
    const auto run = [&](auto pass, float* bias) HWY_ATTR {
      pass(rows, lanes, ld, d + lane, normal + lane, inverse + lane, gain, d_gain + lane, bias, d_x + lane,
           d_x_ld);
    };
    if (d_bias != nullptr && accumulate) {
      run(vectors == 2 ? NormalizeBackward<2, true, true> : NormalizeBackward<1, true, true>, d_bias + lane);
    } else if (d_bias != nullptr) {
      run(vectors == 2 ? NormalizeBackward<2, true, false> : NormalizeBackward<1, true, false>,
          d_bias + lane);
    } else if (accumulate) {
      run(vectors == 2 ? NormalizeBackward<2, false, true> : NormalizeBackward<1, false, true>, nullptr);
    } else {
      run(vectors == 2 ? NormalizeBackward<2, false, false> : NormalizeBackward<1, false, false>, nullptr);
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
HWY_EXPORT(NormalizeLanesBackward);
}  // namespace

void normalize_lanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* x, float epsilon,
                     float* normal, float* mean, float* inverse, const float* gain, const float* bias,
                     float* to) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanes)
  (rows, lanes, ld, x, epsilon, normal, mean, inverse, gain, bias, to);
}
void normalize_lanes_again(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float* x,
                           const float* mean, const float* inverse) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesAgain)(rows, lanes, ld, x, mean, inverse);
}
void normalize_lanes_backward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                              const float* normal, const float* inverse, const float* gain, float* d_gain,
                              float* d_bias, bool accumulate, float* d_x, std::int64_t d_x_ld) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesBackward)
  (rows, lanes, ld, d, normal, inverse, gain, d_gain, d_bias, accumulate, d_x, d_x_ld);
}

}  // namespace rondo::kernels
#endif
