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

/// What is normalised together: `rows` values of each lane, rows `ld` apart.
struct LaneShape {
  std::int64_t rows = 0, lanes = 0, ld = 0;
};

/// One normalisation, and what is known of it.
struct LaneProductNorm {
  LaneValues values;  ///< the raw ones in forward; in backward the normalised ones, or what they are made of
  float* normal = nullptr;                    ///< where normalised values go; null: nowhere
  float *mean = nullptr, *inverse = nullptr;  ///< [lanes]: what normalises again; mean may be null
  const float* gain = nullptr;                ///< [rows]
  float *d_gain = nullptr,
        *d_x = nullptr;  ///< backward only; rows `lanes` apart, unless d_x_ld says otherwise
  std::int64_t d_x_ld = 0;
};

/// normal = (x - mean) / sqrt(variance + epsilon) and to = (bias ? bias : to) + gain·normal, where bias has
/// one value a row; inverse = 1 / sqrt(…). `normal` may be x.
void normalize_lanes(const LaneShape& shape, float epsilon, const LaneProductNorm& product, const float* bias,
                     float* to);
/// d [rows][lane] is the gradient of what normalize_lanes gave: d_x = (accumulate ? d_x : 0) + the gradient
/// of x (d_x may be the normalised values). d_gain += d·normal and d_bias += d (null: none) in every lane's
/// own accumulators, whose rows are `lanes` apart. Values that are made need `mean`.
void normalize_lanes_backward(const LaneShape& shape, const float* d, const LaneProductNorm& product,
                              float* d_bias, bool accumulate);

/// to = bias + input.gain·normal + recurrent.gain·normal: normalize_lanes of two products that feed the same
/// sums, in one walk. Values of `recurrent` are in memory.
void normalize_lane_pair(const LaneShape& shape, float epsilon, const LaneProductNorm& input,
                         const LaneProductNorm& recurrent, const float* bias, float* to);
/// normalize_lanes_backward of both in one walk.
void normalize_lane_pair_backward(const LaneShape& shape, const float* d, const LaneProductNorm& input,
                                  const LaneProductNorm& recurrent, float* d_bias);

/// to = bias + gain·normal: what normalize_lanes gave, from what it kept.
void scale_lanes(const LaneShape& shape, const float* normal, const float* gain, const float* bias,
                 float* to);
/// The same normalised values in the place of x.
void normalize_lanes_again(const LaneShape& shape, float* x, const float* mean, const float* inverse);

}  // namespace rondo::kernels
