#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/drivers/lane_norm.h"
#include "layers/recurrent/drivers/lane_schedule.h"
#include "layers/recurrent/drivers/lanes.h"

// What both directions of the lanes driver share: slices of lanes, where their values lie, and the lanes of
// single sequences.

namespace rondo {

/// What the forward pass leaves: for each block of lanes, one slot a step.
struct LaneTrace : RecurrentTrace {
  LaneSchedule schedule;
  /// Slots [inputs + units][width]: x of step s and h before it; steps + 1 of them.
  float* inputs_and_h = nullptr;
  /// Slots [units][width]: states 1 … before step s; steps + 1 of them.
  std::array<float*, kMaxStates> states{};
  float* sums = nullptr;           ///< slots [(sums + vectors) · units][width]
  float* gated_state = nullptr;    ///< slots [units][width], two-stage cells only
  const float* vectors = nullptr;  ///< [vectors][units]
  /// recurrent_dropout: [gates · units][width] for each block, in the order of the recurrent preactivations.
  float* masks = nullptr;
  LaneNormTrace norm;
};

/// What all parts of the driver know about the cell.
struct LaneShape {
  const cells::CellInfo* info = nullptr;
  std::int64_t units = 0, inputs = 0;
  GateRange input_range;
  std::array<GateRange, 2> recurrent_range;

  std::int64_t sum_rows() const { return (info->sums + info->vectors) * units; }
};

/// Some lanes of one block: what one thread works on through all steps. Lanes count from the block's first
/// one.
struct LaneSlice {
  std::int64_t block_lane;    ///< the block's first lane in the schedule
  std::int64_t width;         ///< lanes of the block: distance of two rows in memory
  std::int64_t first, lanes;  ///< the slice within the block

  std::int64_t schedule_lane() const { return block_lane + first; }
  bool has(std::int64_t lane) const { return lane >= schedule_lane() && lane < schedule_lane() + lanes; }
};

class LanePass {
 protected:
  /// `schedule`: as the forward pass made it.
  LanePass(const RecurrentPlan<float>& plan, Workspace& workspace, const LaneSchedule& schedule);

  float* take(std::int64_t count) { return workspace_.take<float>(count); }
  bool masks() const { return options_.recurrent_masks != nullptr; }
  bool zoned() const { return options_.zoned[0] || options_.zoned[1]; }
  std::int64_t sum_rows() const { return shape_.sum_rows(); }
  /// Rows of what one gate reads where gates read their own, x and h.
  std::int64_t read_rows() const { return inputs_ + units_; }

  /// The lanes from a group on, up to `groups` groups or the end of a block.
  LaneSlice slice(std::int64_t first_group, std::int64_t groups) const;
  /// Runs job(slice) for the lanes of part `part` of `parts`, which are whole groups.
  template <class Job>
  void for_slices(int part, int parts, Job job) const {
    const std::int64_t groups = schedule_.lanes / kernels::kLaneGroup, end = groups * (part + 1) / parts;
    for (std::int64_t g = groups * part / parts; g < end;) {
      const LaneSlice s = slice(g, end - g);
      job(s);
      g += s.lanes / kernels::kLaneGroup;
    }
  }
  /// Runs job(place, lane of the slice) for sequences that begin, or end, in the slice.
  template <class Job>
  static void for_runs(std::span<const LaneSchedule::Run> runs, const LaneSlice& slice, Job job) {
    for (const LaneSchedule::Run& run : runs) {
      if (slice.has(run.lane)) job(std::int64_t{run.place}, run.lane - slice.schedule_lane());
    }
  }
  /// Packed rows of the slice's lanes at step `s`; -1: the lane idles.
  const std::int32_t* rows_at(const LaneSlice& slice, std::int64_t s) const {
    return schedule_.rows + s * schedule_.lanes + slice.schedule_lane();
  }
  /// A call of the formulas for a slice at step `s`. Without `keeps`, slots are used again and again.
  kernels::CellCall<float> call_of(const LaneSlice& slice, const LaneTrace& trace, std::int64_t s,
                                   bool keeps) const;
  LaneNormTrace norm_of(const LaneSlice& slice, const LaneTrace& trace, std::int64_t s, bool keeps) const;
  /// What products read; `read`: what mask_inputs() made.
  ProductInputs product_inputs(const LaneSlice& slice, const kernels::CellCall<float>& call,
                               const float* read) const;

  kernels::Zone<float> zone_of(const LaneSlice& slice, int state, std::int64_t s) const;
  void mask_inputs(const LaneSlice& slice, const LaneTrace& trace, View<const float> x, std::int64_t s,
                   const float* h, float* room) const;

  const RecurrentPlan<float>& plan_;
  const StepOptions<float>& options_;
  Workspace& workspace_;
  const cells::CellInfo& info_;
  const kernels::CellFormulas<float> formulas_;
  const std::int64_t units_, inputs_;
  LaneShape shape_;
  const GateRange &input_range_, &recurrent_range_;  ///< the latter of stage 1
  LaneSchedule schedule_;
  LaneNorm norm_;
  std::uint8_t* zone_memory_ = nullptr;
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
