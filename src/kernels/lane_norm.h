#pragma once

#include <cstdint>

// Layer normalisation where SIMD lanes are sequences: values are stored [row][lane], and every lane is
// normalised over the rows. Sums run as in kernels/row_passes.h: 16 partial sums of rows j, j + 16, j + 32 …,
// then j and j + 8, j + 4, j + 2, j + 1. So a sequence gets the same bits here and there. `lanes` is a
// multiple of kLaneGroup; all rows are `ld` apart unless said otherwise.

namespace rondo::kernels {

/// Values [row][lane]: in memory, or the products of a few inputs, which cost less to make anew than to
/// fetch.
struct LaneValues {
  const float* x = nullptr;  ///< [row][lane], or [inputs][lane]
  const float* weights =
      nullptr;  ///< [row][inputs]: value = Σ_i weights[row][i]·x[i], one fused multiply-add each
  std::int64_t inputs = 0;  ///< up to kFewInputs
};
constexpr std::int64_t kFewInputs = 4;

/// normal = (x - mean) / sqrt(variance + epsilon), and to = (bias ? bias : to) + gain·normal, where gain and
/// bias have one value a row. `normal` may be x, or null. mean [lanes] (or null) and inverse [lanes] = 1 /
/// sqrt(…) are what normalises again.
void normalize_lanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const LaneValues& x,
                     float epsilon, float* normal, float* mean, float* inverse, const float* gain,
                     const float* bias, float* to);
/// One of two products that feed the same sums, and what is known of it.
struct LaneProductNorm {
  LaneValues values;  ///< the raw ones in forward; in backward the normalised ones, or what they are made of
  float* normal = nullptr;  ///< where normalised values go; null: nowhere
  float *mean = nullptr, *inverse = nullptr;
  const float* gain = nullptr;
  float *d_gain = nullptr, *d_x = nullptr;  ///< backward only; rows `lanes` apart
};
/// to = bias + input.gain·normal + recurrent.gain·normal: normalize_lanes of both in one walk. Values of
/// `recurrent` are in memory.
void normalize_lane_pair(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float epsilon,
                         const LaneProductNorm& input, const LaneProductNorm& recurrent, const float* bias,
                         float* to);
/// normalize_lanes_backward of both in one walk.
void normalize_lane_pair_backward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                                  const LaneProductNorm& input, const LaneProductNorm& recurrent,
                                  float* d_bias);

/// to = bias + gain·normal: what normalize_lanes gave, from what it kept.
void scale_lanes(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* normal,
                 const float* gain, const float* bias, float* to);
/// The same normalised values in the place of x.
void normalize_lanes_again(std::int64_t rows, std::int64_t lanes, std::int64_t ld, float* x,
                           const float* mean, const float* inverse);

/// d [rows][lane] is the gradient of what normalize_lanes gave: d_x = (accumulate ? d_x : 0) + the gradient
/// of x (d_x may be `normal`), with rows d_x_ld apart. d_gain += d·normal and d_bias += d (null: none) in
/// every lane's own accumulators, whose rows are `lanes` apart. `normal`: the normalised values in memory, or
/// with weights what they are made of, and then `mean`.
void normalize_lanes_backward(std::int64_t rows, std::int64_t lanes, std::int64_t ld, const float* d,
                              const LaneValues& normal, const float* mean, const float* inverse,
                              const float* gain, float* d_gain, float* d_bias, bool accumulate, float* d_x,
                              std::int64_t d_x_ld);

}  // namespace rondo::kernels
