#include "kernels/lane_norm.h"

#include "kernels/cpu/unroll.h"
#include "kernels/lanes.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/lane_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <type_traits>

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

/// Sums over rows, `kSums` of them for NV vectors of lanes. add(row, v, sums) adds what vector v of a row
/// has.
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

/// Values in memory.
template <int NV>
struct Rows {
  const float* x;
  std::int64_t ld;
  static Rows of(const LaneValues& values, std::int64_t ld, std::int64_t lane) {
    return {values.x + lane, ld};
  }
  HWY_INLINE V get(std::int64_t row, int v) const { return hn::LoadU(D(), x + row * ld + v * N); }
};

/// Products of one input, or of a few, which stay in registers.
template <int NV, bool kSingle>
struct Made {
  static constexpr int kInputs = kSingle ? 1 : kFewInputs;
  const float* weights;
  std::int64_t inputs;
  V x[kInputs][NV];
  static Made of(const LaneValues& values, std::int64_t ld, std::int64_t lane) {
    Made made{values.weights, values.inputs, {}};
    for (int i = 0; i < kInputs; ++i) {
      const float* row = values.x + std::min<std::int64_t>(i, values.inputs - 1) * ld + lane;
      for (int v = 0; v < NV; ++v) made.x[i][v] = hn::LoadU(D(), row + v * N);
    }
    return made;
  }
  HWY_INLINE V get(std::int64_t row, int v) const {
    const D d;
    const float* weight = weights + row * (kSingle ? 1 : inputs);
    V sum = hn::MulAdd(x[0][v], hn::Set(d, weight[0]), hn::Zero(d));
    if constexpr (!kSingle) {
      sum = hn::MulAdd(x[1][v], hn::Set(d, weight[1]), sum);
      RONDO_UNROLL for (int i = 2; i < kInputs; ++i) {
        if (i < inputs) sum = hn::MulAdd(x[i][v], hn::Set(d, weight[i]), sum);
      }
    }
    return sum;
  }
};

template <int NV, class Values>
HWY_NOINLINE void Normalize(const LaneShape& shape, std::int64_t lane, float epsilon,
                            const LaneProductNorm& product, const float* bias, float* to) {
  const D d;
  const std::int64_t rows = shape.rows, ld = shape.ld;
  const Values x = Values::of(product.values, ld, lane);
  const float* gain = product.gain;
  float* normal = product.normal == nullptr ? nullptr : product.normal + lane;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  V total[NV][1], mean[NV], scale[NV];
  SumRows<1, NV>(
      rows, [&](std::int64_t r, int v, V(&sum)[1]) HWY_ATTR { sum[0] = hn::Add(sum[0], x.get(r, v)); },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) mean[v] = hn::Mul(total[v][0], share);
  SumRows<1, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[1]) HWY_ATTR {
        const V centred = hn::Sub(x.get(r, v), mean[v]);
        sum[0] = hn::MulAdd(centred, centred, sum[0]);
      },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    const V variance = hn::Add(hn::Mul(total[v][0], share), hn::Set(d, epsilon));
    scale[v] = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(variance));
    hn::StoreU(scale[v], d, product.inverse + lane + v * N);
    if (product.mean != nullptr) hn::StoreU(mean[v], d, product.mean + lane + v * N);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const V g = hn::Set(d, gain[r]);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      const std::int64_t at = r * ld + v * N;
      const V value = hn::Mul(hn::Sub(x.get(r, v), mean[v]), scale[v]);
      const V start = bias == nullptr ? hn::LoadU(d, to + at) : hn::Set(d, bias[r]);
      if (normal != nullptr) hn::StoreU(value, d, normal + at);
      hn::StoreU(hn::MulAdd(g, value, start), d, to + at);
    }
  }
}

/// Normalised values of values that are made.
template <int NV, class Values>
struct Normalized {
  Values x;
  V mean[NV], scale[NV];
  HWY_INLINE V get(std::int64_t row, int v) const {
    return hn::Mul(hn::Sub(x.get(row, v), mean[v]), scale[v]);
  }
};

/// The normalised values that backward reads: in memory, or made again.
template <int NV, class Values>
HWY_INLINE auto NormalOf(const LaneProductNorm& product, std::int64_t ld, std::int64_t lane) {
  const Values values = Values::of(product.values, ld, lane);
  if constexpr (std::is_same_v<Values, Rows<NV>>) {
    return values;
  } else {
    Normalized<NV, Values> made{values, {}, {}};
    for (int v = 0; v < NV; ++v) {
      made.mean[v] = hn::LoadU(D(), product.mean + lane + v * N);
      made.scale[v] = hn::LoadU(D(), product.inverse + lane + v * N);
    }
    return made;
  }
}

template <int NV, class Values>
HWY_NOINLINE void NormalizeBackward(const LaneShape& shape, std::int64_t lane, const float* up, Values normal,
                                    const LaneProductNorm& product, float* d_bias, bool accumulate) {
  const D d;
  const std::int64_t rows = shape.rows, lanes = shape.lanes, ld = shape.ld,
                     d_x_ld = product.d_x_ld == 0 ? lanes : product.d_x_ld;
  const float* gain = product.gain;
  float *d_gain = product.d_gain + lane, *d_x = product.d_x + lane;
  if (d_bias != nullptr) d_bias += lane;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  V total[NV][2], mean[NV], slope[NV], scale[NV];
  SumRows<2, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[2]) HWY_ATTR {
        const std::int64_t at = r * ld + v * N, own = r * lanes + v * N;
        const V above = hn::LoadU(d, up + at), value = normal.get(r, v);
        const V scaled = hn::Mul(above, hn::Set(d, gain[r]));
        sum[0] = hn::Add(sum[0], scaled);
        sum[1] = hn::MulAdd(scaled, value, sum[1]);
        hn::StoreU(hn::MulAdd(above, value, hn::LoadU(d, d_gain + own)), d, d_gain + own);
        if (d_bias != nullptr) hn::StoreU(hn::Add(hn::LoadU(d, d_bias + own), above), d, d_bias + own);
      },
      total);
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    mean[v] = hn::Mul(total[v][0], share);
    slope[v] = hn::Mul(total[v][1], share);
    scale[v] = hn::LoadU(d, product.inverse + lane + v * N);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const V g = hn::Set(d, gain[r]);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      const std::int64_t at = r * ld + v * N;
      float* out = d_x + r * d_x_ld + v * N;
      const V value = normal.get(r, v), scaled = hn::Mul(hn::LoadU(d, up + at), g);
      const V raw = hn::Mul(hn::Sub(scaled, hn::MulAdd(value, slope[v], mean[v])), scale[v]);
      hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, out), raw) : raw, d, out);
    }
  }
}

/// 1 / deviation from a sum of squares.
HWY_INLINE V Inverse(V squares, V share, float epsilon) {
  const D d;
  const V variance = hn::Add(hn::Mul(squares, share), hn::Set(d, epsilon));
  return hn::Div(hn::Set(d, 1.0F), hn::Sqrt(variance));
}

template <int NV, class Values>
HWY_NOINLINE void NormalizePair(std::int64_t rows, std::int64_t lane, std::int64_t ld, float epsilon,
                                const LaneProductNorm& input, const LaneProductNorm& recurrent,
                                const float* bias, float* to) {
  const D d;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  const Values x = Values::of(input.values, ld, lane);
  const Rows<NV> h = Rows<NV>::of(recurrent.values, ld, lane);
  V total[NV][2], mean[NV][2], scale[NV][2];
  SumRows<2, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[2]) HWY_ATTR {
        sum[0] = hn::Add(sum[0], x.get(r, v));
        sum[1] = hn::Add(sum[1], h.get(r, v));
      },
      total);
  for (int v = 0; v < NV; ++v) {
    for (int k = 0; k < 2; ++k) mean[v][k] = hn::Mul(total[v][k], share);
  }
  SumRows<2, NV>(
      rows,
      [&](std::int64_t r, int v, V(&sum)[2]) HWY_ATTR {
        const V centred_x = hn::Sub(x.get(r, v), mean[v][0]), centred_h = hn::Sub(h.get(r, v), mean[v][1]);
        sum[0] = hn::MulAdd(centred_x, centred_x, sum[0]);
        sum[1] = hn::MulAdd(centred_h, centred_h, sum[1]);
      },
      total);
  for (int v = 0; v < NV; ++v) {
    for (int k = 0; k < 2; ++k) scale[v][k] = Inverse(total[v][k], share, epsilon);
    hn::StoreU(mean[v][0], d, input.mean + lane + v * N);
    hn::StoreU(scale[v][0], d, input.inverse + lane + v * N);
    hn::StoreU(scale[v][1], d, recurrent.inverse + lane + v * N);
  }
  to += lane;
  for (std::int64_t r = 0; r < rows; ++r, to += ld) {
    const V gain_x = hn::Set(d, input.gain[r]), gain_h = hn::Set(d, recurrent.gain[r]),
            start = hn::Set(d, bias[r]);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      const std::int64_t at = r * ld + lane + v * N;
      const V of_x = hn::Mul(hn::Sub(x.get(r, v), mean[v][0]), scale[v][0]),
              of_h = hn::Mul(hn::Sub(h.get(r, v), mean[v][1]), scale[v][1]);
      if (input.normal != nullptr) hn::StoreU(of_x, d, input.normal + at);
      hn::StoreU(of_h, d, recurrent.normal + at);
      hn::StoreU(hn::MulAdd(gain_h, of_h, hn::MulAdd(gain_x, of_x, start)), d, to + v * N);
    }
  }
}

/// For one vector of lanes: four sums fill the registers.
template <class Values>
HWY_NOINLINE void NormalizePairBackward(const LaneShape& shape, std::int64_t lane, const float* up, Values x,
                                        const LaneProductNorm& input, const LaneProductNorm& recurrent,
                                        float* d_bias) {
  const D d;
  const std::int64_t rows = shape.rows, lanes = shape.lanes, ld = shape.ld;
  const V share = hn::Set(d, 1.0F / static_cast<float>(rows));
  const Rows<1> h = Rows<1>::of(recurrent.values, ld, lane);
  const float *gain_x = input.gain, *gain_h = recurrent.gain;
  float *sum_x = input.d_gain + lane, *sum_h = recurrent.d_gain + lane;
  up += lane;
  d_bias += lane;
  V total[1][4];
  SumRows<4, 1>(
      rows,
      [&](std::int64_t r, int, V(&sum)[4]) HWY_ATTR {
        const std::int64_t own = r * lanes;
        const V above = hn::LoadU(d, up + r * ld), of_x = x.get(r, 0), of_h = h.get(r, 0);
        const V scaled_x = hn::Mul(above, hn::Set(d, gain_x[r])),
                scaled_h = hn::Mul(above, hn::Set(d, gain_h[r]));
        sum[0] = hn::Add(sum[0], scaled_x);
        sum[1] = hn::MulAdd(scaled_x, of_x, sum[1]);
        sum[2] = hn::Add(sum[2], scaled_h);
        sum[3] = hn::MulAdd(scaled_h, of_h, sum[3]);
        hn::StoreU(hn::MulAdd(above, of_x, hn::LoadU(d, sum_x + own)), d, sum_x + own);
        hn::StoreU(hn::MulAdd(above, of_h, hn::LoadU(d, sum_h + own)), d, sum_h + own);
        hn::StoreU(hn::Add(hn::LoadU(d, d_bias + own), above), d, d_bias + own);
      },
      total);
  const V mean_x = hn::Mul(total[0][0], share), slope_x = hn::Mul(total[0][1], share),
          mean_h = hn::Mul(total[0][2], share), slope_h = hn::Mul(total[0][3], share),
          scale_x = hn::LoadU(d, input.inverse + lane), scale_h = hn::LoadU(d, recurrent.inverse + lane);
  float *to_x = input.d_x + lane, *to_h = recurrent.d_x + lane;
  for (std::int64_t r = 0; r < rows; ++r, to_x += lanes, to_h += lanes) {
    const V above = hn::LoadU(d, up + r * ld);
    const V scaled_x = hn::Mul(above, hn::Set(d, gain_x[r])),
            scaled_h = hn::Mul(above, hn::Set(d, gain_h[r]));
    hn::StoreU(hn::Mul(hn::Sub(scaled_x, hn::MulAdd(x.get(r, 0), slope_x, mean_x)), scale_x), d, to_x);
    hn::StoreU(hn::Mul(hn::Sub(scaled_h, hn::MulAdd(h.get(r, 0), slope_h, mean_h)), scale_h), d, to_h);
  }
}

/// Calls pass.operator()<NV, Values>(lane) for the lanes in their order: NV = kVectors vectors at once, then
/// one, where groups of lanes may end with one.
template <int kVectors = 2, class Pass>
HWY_INLINE void ForValues(std::int64_t lanes, const LaneValues& values, Pass pass) {
  std::int64_t lane = 0;
  const auto run = [&]<int NV>() HWY_ATTR {
    for (; lane + NV * N <= lanes; lane += NV * N) {
      if (values.weights == nullptr) {
        pass.template operator()<NV, Rows<NV>>(lane);
      } else if (values.inputs == 1) {
        pass.template operator()<NV, Made<NV, true>>(lane);
      } else {
        pass.template operator()<NV, Made<NV, false>>(lane);
      }
    }
  };
  run.template operator()<kVectors>();
  if constexpr (kLaneGroup % (kVectors * N) != 0) run.template operator()<1>();
}

void NormalizeLanes(const LaneShape& shape, float epsilon, const LaneProductNorm& product, const float* bias,
                    float* to) {
  ForValues(shape.lanes, product.values, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    Normalize<NV, Values>(shape, lane, epsilon, product, bias, to + lane);
  });
}

void NormalizeLanesAgain(const LaneShape& shape, float* x, const float* mean, const float* inverse) {
  const D d;
  for (std::int64_t lane = 0; lane < shape.lanes; lane += N) {
    const V m = hn::LoadU(d, mean + lane), scale = hn::LoadU(d, inverse + lane);
    float* at = x + lane;
    for (std::int64_t r = 0; r < shape.rows; ++r, at += shape.ld)
      hn::StoreU(hn::Mul(hn::Sub(hn::LoadU(d, at), m), scale), d, at);
  }
}

void NormalizeLanePair(const LaneShape& shape, float epsilon, const LaneProductNorm& input,
                       const LaneProductNorm& recurrent, const float* bias, float* to) {
  ForValues(shape.lanes, input.values, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    NormalizePair<NV, Values>(shape.rows, lane, shape.ld, epsilon, input, recurrent, bias, to);
  });
}

void NormalizeLanePairBackward(const LaneShape& shape, const float* d, const LaneProductNorm& input,
                               const LaneProductNorm& recurrent, float* d_bias) {
  ForValues<1>(shape.lanes, input.values, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    NormalizePairBackward(shape, lane, d, NormalOf<NV, Values>(input, shape.ld, lane), input, recurrent,
                          d_bias);
  });
}

void ScaleLanes(const LaneShape& shape, const float* normal, const float* gain, const float* bias,
                float* to) {
  const D d;
  for (std::int64_t r = 0; r < shape.rows; ++r, normal += shape.ld, to += shape.ld) {
    const V g = hn::Set(d, gain[r]), start = hn::Set(d, bias[r]);
    for (std::int64_t lane = 0; lane < shape.lanes; lane += N)
      hn::StoreU(hn::MulAdd(g, hn::LoadU(d, normal + lane), start), d, to + lane);
  }
}

void NormalizeLanesBackward(const LaneShape& shape, const float* d, const LaneProductNorm& product,
                            float* d_bias, bool accumulate) {
  ForValues(shape.lanes, product.values, [&]<int NV, class Values>(std::int64_t lane) HWY_ATTR {
    NormalizeBackward<NV>(shape, lane, d + lane, NormalOf<NV, Values>(product, shape.ld, lane), product,
                          d_bias, accumulate);
  });
}

}  // namespace
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

void normalize_lanes(const LaneShape& shape, float epsilon, const LaneProductNorm& product, const float* bias,
                     float* to) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanes)(shape, epsilon, product, bias, to);
}
void normalize_lanes_again(const LaneShape& shape, float* x, const float* mean, const float* inverse) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesAgain)(shape, x, mean, inverse);
}
void normalize_lane_pair(const LaneShape& shape, float epsilon, const LaneProductNorm& input,
                         const LaneProductNorm& recurrent, const float* bias, float* to) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanePair)(shape, epsilon, input, recurrent, bias, to);
}
void normalize_lane_pair_backward(const LaneShape& shape, const float* d, const LaneProductNorm& input,
                                  const LaneProductNorm& recurrent, float* d_bias) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanePairBackward)(shape, d, input, recurrent, d_bias);
}
void scale_lanes(const LaneShape& shape, const float* normal, const float* gain, const float* bias,
                 float* to) {
  HWY_DYNAMIC_DISPATCH(ScaleLanes)(shape, normal, gain, bias, to);
}
void normalize_lanes_backward(const LaneShape& shape, const float* d, const LaneProductNorm& product,
                              float* d_bias, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(NormalizeLanesBackward)(shape, d, product, d_bias, accumulate);
}

}  // namespace rondo::kernels
#endif
