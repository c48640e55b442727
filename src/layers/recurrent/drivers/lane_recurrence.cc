#include "layers/recurrent/drivers/lane_recurrence.h"

#include <algorithm>

#include "layers/recurrent/drivers/lane_parts.h"

namespace rondo {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::kLaneGroup;

namespace {

/// Below this share of busy lanes the driver over units is faster; wide states fill vectors by themselves.
double least_use(std::int64_t units) {
  if (units % kLaneGroup != 0) return 0.7;
  return units <= 128 ? 0.85 : 1.1;
}

/// Whether the driver knows these extras.
bool runs(RecurrentExtras<float> extras, const cells::CellInfo& info) {
  extras.zoned = {};
  if (info.stages == 1) {
    extras.normalized = false;
    extras.recurrent_masks = nullptr;
    extras.input_gate_stride = 0;
  }
  return !extras.any();
}

}  // namespace

LaneRecurrence::LaneRecurrence(const RecurrentShape& shape, const TimeSlice& layout, Pool& pool, void* owner,
                               TakeMemory<float> take, const RecurrentExtras<float>& extras)
    : shape_(shape),
      info_(shape.cell->info),
      layout_(layout),
      pool_(pool),
      owner_(owner),
      take_(take),
      extras_(extras),
      units_(shape.units),
      inputs_(shape.inputs),
      input_range_(input_range(info_)) {
  for (int s = 0; s < info_.stages; ++s)
    recurrent_range_[static_cast<std::size_t>(s)] = recurrent_range(info_, s);
  if (!runs(extras, info_)) return;
  if (info_.recurrence != cells::Recurrence::dense || layout.batch() < kLaneGroup / 2 || least_use(units_) > 1) return;
  schedule_ = LaneSchedule::outline(layout, take_integers(LaneSchedule::scratch_size(layout)));
  applies_ = schedule_.use(layout) >= least_use(units_) && (!masks() || schedule_.aligned);
}

LaneRecurrence::Slice LaneRecurrence::slice(std::int64_t first_group, std::int64_t groups) const {
  const std::int64_t lane = first_group * kLaneGroup, block = lane / kLaneBlock * kLaneBlock;
  const std::int64_t width = std::min(kLaneBlock, schedule_.lanes - block);
  return {block, width, lane - block, std::min(groups * kLaneGroup, block + width - lane)};
}

LaneNormTrace LaneRecurrence::norm_of(const Slice& s, const LaneTrace& trace, std::int64_t slot,
                                      bool keeps) const {
  if (!norm_.used()) return {};
  return norm_.find(trace.norm, s.block_lane, s.width, s.first, keeps ? slot : 0,
                    keeps ? schedule_.steps : 1);
}

LaneOperands LaneRecurrence::operands_of(const Slice& s, const CellCall<float>& call,
                                         const float* read) const {
  if (!masks()) return {call.state[0] - inputs_ * s.width, call.state[0]};
  const std::int64_t stride = (inputs_ + units_) * s.width;
  return {read, read + inputs_ * s.width, stride, stride};
}

CellCall<float> LaneRecurrence::call_of(const Slice& s, const LaneTrace& trace, std::int64_t slot,
                                        bool keeps) const {
  const std::int64_t state_slots = keeps ? schedule_.steps + 1 : 2, slots = keeps ? schedule_.steps : 1;
  const std::int64_t now = keeps ? slot : slot % 2, at = keeps ? slot : 0;
  CellCall<float> call;
  call.lanes_are_rows = true;
  call.rows = s.lanes;
  call.units = units_;
  call.activation = shape_.activation;
  call.recurrent_activation = shape_.recurrent_activation;
  call.clip = static_cast<float>(shape_.clip);
  call.vectors = trace.vectors;
  call.sums = trace.sums + s.block_lane * sum_rows() * slots + at * sum_rows() * s.width + s.first;
  call.sums_stride = call.state_stride = call.next_stride = call.operand_stride = call.d_state_stride =
      call.d_output_stride = call.d_vectors_stride = s.width;
  const std::int64_t rows = inputs_ + units_;
  call.state[0] =
      trace.inputs_and_h + s.block_lane * rows * state_slots + (now * rows + inputs_) * s.width + s.first;
  for (int j = 1; j < info_.states; ++j) {
    call.state[j] = trace.states[static_cast<std::size_t>(j)] + s.block_lane * units_ * state_slots +
                    now * units_ * s.width + s.first;
  }
  if (info_.stages == 2)
    call.operand = trace.operand + s.block_lane * units_ * slots + at * units_ * s.width + s.first;
  if (info_.vectors > 0) call.d_vectors = call.sums + info_.sums * units_ * s.width;
  return call;
}

}  // namespace rondo
