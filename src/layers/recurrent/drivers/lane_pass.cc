#include "layers/recurrent/drivers/lane_pass.h"

#include <algorithm>

#include "layers/common/mask_bits.h"

namespace rondo {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::kLaneGroup;

namespace {

/// Below this share of busy lanes the driver over units is faster; wide states fill vectors by themselves.
double min_use(std::int64_t units) {
  if (units % kLaneGroup != 0) return 0.7;
  return units <= 128 ? 0.85 : 1.1;
}

/// Whether the driver knows these options.
bool knows(StepOptions<float> options, const cells::CellInfo& info) {
  options.zoned = {};
  if (info.stages == 1) {
    options.normalized = false;
    options.recurrent_masks = nullptr;
    options.input_gate_stride = 0;
  }
  return !options.any();
}

}  // namespace

bool lanes_apply(const RecurrentPlan<float>& plan, Workspace& workspace) {
  if (!plan.shape.is_dense()) return false;
  const double use = min_use(plan.shape.units);
  if (!knows(plan.options, plan.info()) || plan.time.batch() < kLaneGroup / 2 || use > 1) return false;
  const LaneSchedule schedule = LaneSchedule::outline(plan.time, workspace);
  return schedule.use(plan.time) >= use && (plan.options.recurrent_masks == nullptr || schedule.aligned);
}

LanePass::LanePass(const RecurrentPlan<float>& plan, Workspace& workspace, const LaneSchedule& schedule)
    : plan_(plan),
      options_(plan.options),
      workspace_(workspace),
      info_(plan.info()),
      formulas_(kernels::formulas<float>(*plan.shape.cell)),
      units_(plan.shape.units),
      inputs_(plan.shape.inputs),
      shape_{&info_, units_, inputs_, input_range(info_), {}},
      input_range_(shape_.input_range),
      recurrent_range_(shape_.recurrent_range[0]),
      schedule_(schedule) {
  for (int s = 0; s < info_.stages; ++s) nth(shape_.recurrent_range, s) = recurrent_range(info_, s);
  // Room for the random bits of one step of every slice.
  if (zoned()) zone_memory_ = workspace.take<std::uint8_t>(schedule.lanes * mask_row_bytes(units_));
}

LaneSlice LanePass::slice(std::int64_t first_group, std::int64_t groups) const {
  const std::int64_t lane = first_group * kLaneGroup, block = lane / kLaneBlock * kLaneBlock;
  const std::int64_t width = std::min(kLaneBlock, schedule_.lanes - block);
  return {block, width, lane - block, std::min(groups * kLaneGroup, block + width - lane)};
}

LaneNormTrace LanePass::norm_of(const LaneSlice& slice, const LaneTrace& trace, std::int64_t s,
                                bool keeps) const {
  if (!norm_.used()) return {};
  return norm_.find(trace.norm, slice.block_lane, slice.width, slice.first, keeps ? s : 0,
                    keeps ? schedule_.steps : 1);
}

ProductInputs LanePass::product_inputs(const LaneSlice& slice, const CellCall<float>& call,
                                       const float* read) const {
  if (!masks()) return {call.state[0] - inputs_ * slice.width, call.state[0]};
  const std::int64_t stride = read_rows() * slice.width;
  return {read, read + inputs_ * slice.width, stride, stride};
}

CellCall<float> LanePass::call_of(const LaneSlice& slice, const LaneTrace& trace, std::int64_t s,
                                  bool keeps) const {
  const std::int64_t width = slice.width, slots = keeps ? schedule_.steps : 1,
                     state_slots = keeps ? schedule_.steps + 1 : 2;
  const std::int64_t slot = keeps ? s : 0, state_slot = keeps ? s : s % 2;
  const auto at = [&](float* slots_of_blocks, std::int64_t rows, std::int64_t count, std::int64_t index) {
    return slots_of_blocks + (slice.block_lane * count + index * width) * rows + slice.first;
  };
  CellCall<float> call = plan_.shape.cell_call<float>();
  call.lanes_are_rows = true;
  call.rows = slice.lanes;
  call.vectors = trace.vectors;
  call.sums = at(trace.sums, sum_rows(), slots, slot);
  call.sums_stride = call.state_stride = call.next_stride = call.operand_stride = call.d_state_stride =
      call.d_output_stride = call.d_vectors_stride = width;
  call.state[0] = at(trace.inputs_and_h, read_rows(), state_slots, state_slot) + inputs_ * width;
  for (int j = 1; j < info_.states; ++j)
    call.state[j] = at(nth(trace.states, j), units_, state_slots, state_slot);
  if (info_.stages == 2) call.operand = at(trace.gated_state, units_, slots, slot);
  if (info_.vectors > 0) call.d_vectors = call.sums + info_.sums * units_ * width;
  return call;
}

/// A state's zone at step `s`, its bits transposed to [unit][lane] of the slice.
kernels::Zone<float> LanePass::zone_of(const LaneSlice& slice, int state, std::int64_t s) const {
  kernels::Zone<float> zone = nth(options_.zones, state);
  if (zone.bits == nullptr) return zone;
  std::uint8_t* bits = zone_memory_ + slice.schedule_lane() * mask_row_bytes(units_);
  kernels::transpose_bits(zone.bits, zone.stride, mask_row_bytes(units_), rows_at(slice, s), slice.lanes,
                          bits);
  zone.bits = bits;
  zone.stride = slice.lanes / 8;
  return zone;
}

/// What each gate's products read at step `s`: x, its own or a copy, and its own masked h. `room` [gates ·
/// (inputs + units)][lane] of the slice.
void LanePass::mask_inputs(const LaneSlice& slice, const LaneTrace& trace, View<const float> x,
                           std::int64_t s, const float* h, float* room) const {
  const std::int64_t width = slice.width, size = units_ * width, gate_size = read_rows() * width;
  for (int g = 0; g < info_.gates; ++g) {
    float* own = room + g * gate_size;
    if (g == 0 || options_.input_gate_stride > 0) {
      kernels::gather_lanes({x.data + g * options_.input_gate_stride, x.rows, x.cols, x.stride},
                            rows_at(slice, s), slice.lanes, own, width);
    } else {
      for (std::int64_t r = 0; r < inputs_ * width; r += width) std::copy_n(room + r, slice.lanes, own + r);
    }
  }
  const float* masks = trace.masks + slice.block_lane * recurrent_range_.count * units_ + slice.first;
  for (int i = 0; i < recurrent_range_.count; ++i, masks += size) {
    float* own = room + nth(recurrent_range_.gate, i) * gate_size + inputs_ * width;
    if (slice.lanes == width) {
      kernels::multiply_elements(h, masks, size, own);
    } else {
      for (std::int64_t u = 0; u < size; u += width)
        kernels::multiply_elements(h + u, masks + u, slice.lanes, own + u);
    }
  }
}

}  // namespace rondo
