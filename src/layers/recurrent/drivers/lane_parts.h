#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/drivers/lane_norm.h"
#include "layers/recurrent/drivers/lane_recurrence.h"

// What the files of LaneRecurrence share: slices of lanes, packed weights, and lanes of single sequences.

namespace rondo {

/// Products of one step that read the same rows of [x; h]: neighbouring sums.
struct ProductGroup {
  kernels::PackedRows weights;
  std::int64_t first_row = 0;       ///< of the sums
  std::int64_t first_k = 0, k = 0;  ///< rows of [x; h]
  std::int64_t input_k = 0;         ///< how many of them are inputs: enough when h is zero
};

/// Some lanes of one block: what one thread works on through all steps. Lanes count from the block's first
/// one.
struct LaneRecurrence::Slice {
  std::int64_t block_lane;    ///< the block's first lane in the schedule
  std::int64_t width;         ///< lanes of the block: distance of two rows in memory
  std::int64_t first, lanes;  ///< the slice within the block
  bool has(std::int64_t schedule_lane) const {
    return schedule_lane >= block_lane + first && schedule_lane < block_lane + first + lanes;
  }
};

struct LaneRecurrence::Products {
  /// By gate, where gates read their own: of x and h, or of x alone where h feeds another sum.
  std::array<kernels::PackedRows, cells::kMaxSums> gates, recurrent_gates;
  float* reads = nullptr;  ///< room for what the gates read, for all lanes
  std::array<ProductGroup, cells::kMaxSums> groups;
  std::size_t group_count = 0;
  kernels::PackedRows second_stage;
  const float* bias = nullptr;
  bool h_is_zero_at_first = false;
};

struct LaneRecurrence::BackProducts {
  std::array<kernels::PackedRows, cells::kMaxSums> masked_gates,
      input_gates;  ///< where gates read their own, in the order of their sums
  std::array<kernels::PackedRows, 2> recurrent;
  kernels::PackedRows input;
};

/// What the backward pass of one slice works in, from step to step.
struct LaneRecurrence::BackwardSlice {
  Slice slice;
  std::array<float*, kMaxStates> d_state{};
  std::array<float*, 2> d_old{};  ///< what goes past the formulas to the states before the step
  float *d_output = nullptr, *d_operand = nullptr, *d_input = nullptr;
  float *masks = nullptr, *d_masked = nullptr;  ///< [gates · units][lanes]
  LaneGains gains;
  LaneNormGradients products;
};

inline void set_lane(float* rows, std::int64_t count, std::int64_t width, std::int64_t lane,
                     const float* values) {
  for (std::int64_t u = 0; u < count; ++u) rows[u * width + lane] = values == nullptr ? 0.0F : values[u];
}
inline void get_lane(const float* rows, std::int64_t count, std::int64_t width, std::int64_t lane,
                     float* values) {
  for (std::int64_t u = 0; u < count; ++u) values[u] = rows[u * width + lane];
}

}  // namespace rondo
