#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/common/recurrent_extras.h"
#include "layers/recurrent/drivers/lane_norm.h"
#include "layers/recurrent/drivers/lane_schedule.h"
#include "layers/recurrent/drivers/recurrence.h"

// The driver for batches: SIMD lanes are sequences. States are stored [unit][lane], so that no lane is lost
// to a number of units that does not fill vectors, and the formulas read what the products left. Same bits as
// the driver over units.

namespace rondo {

/// What the forward pass leaves: for each block of lanes, one slot a step.
struct LaneTrace {
  LaneSchedule schedule;
  float* inputs_and_h =
      nullptr;  ///< slots [inputs + units][width]: x of step s and h before it; steps + 1 of them
  std::array<float*, kMaxStates>
      states{};                    ///< slots [units][width]: states 1 … before step s; steps + 1 of them
  float* sums = nullptr;           ///< slots [(sums + vectors) · units][width]
  float* operand = nullptr;        ///< slots [units][width], two-stage cells only
  const float* vectors = nullptr;  ///< [vectors][units]
  float* masks = nullptr;  ///< recurrent_dropout: [gates · units][width] for each block, in the order of the
                           ///< recurrent sums
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

class LaneRecurrence {
 public:
  LaneRecurrence(const RecurrentShape& shape, const TimeSlice& layout, Pool& pool, void* owner,
                 TakeMemory<float> take, const RecurrentExtras<float>& extras = {});

  /// Whether this driver is the faster one for the batch. Depends on shapes and lengths only: a choice that
  /// threads had a say in would change the order in which sequences add up to weight gradients.
  bool applies() const { return applies_; }

  /// As Recurrence::forward. `keeps`: the trace for backward is made, in the pass's memory.
  LaneTrace* forward(const RecurrentWeights<const float>& weights, View<const float> x,
                     const std::array<const float*, kMaxStates>& initial, View<float> y,
                     const std::array<float*, kMaxStates>& final, bool keeps);
  /// As Recurrence::backward.
  void backward(const RecurrentWeights<const float>& weights, View<const float> x, const LaneTrace& trace,
                View<const float> dy, const std::array<float*, kMaxStates>& d_state,
                const RecurrentWeights<float>& gradients, View<float> dx);

 private:
  struct Slice;
  struct Products;
  struct BackProducts;
  struct BackwardSlice;

  float* take(std::int64_t count) { return take_(owner_, count); }
  std::int32_t* take_integers(std::int64_t count) { return reinterpret_cast<std::int32_t*>(take(count)); }
  std::int64_t sum_rows() const { return lane_shape().sum_rows(); }
  LaneShape lane_shape() const { return {&info_, units_, inputs_, input_range_, recurrent_range_}; }
  void take_zone_memory();
  bool masks() const { return extras_.recurrent_masks != nullptr; }
  void lay_out_masks(LaneTrace& trace);
  void mask_operands(const Slice& slice, const LaneTrace& trace, View<const float> x, std::int64_t s,
                     const float* h, float* room) const;
  void make_masked_sums(const Slice& slice, const Products& products, const kernels::CellCall<float>& call,
                        const float* read, bool h_is_zero) const;
  LaneOperands operands_of(const Slice& slice, const kernels::CellCall<float>& call, const float* read) const;
  kernels::Zone<float> zone_of(const Slice& slice, int state, std::int64_t s) const;
  Slice slice(std::int64_t first_group, std::int64_t groups) const;
  template <class Job>
  void for_slices(int parts, Job job) const;
  LaneNormTrace norm_of(const Slice& slice, const LaneTrace& trace, std::int64_t slot, bool keeps) const;
  kernels::CellCall<float> call_of(const Slice& slice, const LaneTrace& trace, std::int64_t slot,
                                   bool keeps) const;
  void run_forward(const Slice& slice, const LaneTrace& trace, const Products& products, View<const float> x,
                   const std::array<const float*, kMaxStates>& initial, View<float> y,
                   const std::array<float*, kMaxStates>& final, bool keeps) const;
  BackwardSlice begin_backward(const Slice& slice, const LaneTrace& trace, float* memory) const;
  kernels::CellCall<float> step_backward(const BackwardSlice& at, const LaneTrace& trace,
                                         const BackProducts& products, std::int64_t s, View<const float> x,
                                         float* read, View<const float> dy,
                                         const std::array<float*, kMaxStates>& d_state, View<float> dx) const;

  RecurrentShape shape_;
  const cells::CellInfo& info_;
  TimeSlice layout_;
  Pool& pool_;
  void* owner_;
  TakeMemory<float> take_;
  RecurrentExtras<float> extras_;
  LaneNorm norm_;
  GainSums<float> gain_sums_{};
  std::int64_t units_, inputs_;
  GateRange input_range_;
  std::array<GateRange, 2> recurrent_range_;
  std::uint8_t* zone_memory_ = nullptr;
  LaneSchedule schedule_;
  bool applies_ = false;
};

}  // namespace rondo
