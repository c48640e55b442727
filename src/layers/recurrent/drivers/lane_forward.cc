#include <algorithm>
#include <new>

#include "layers/recurrent/drivers/lane_parts.h"

namespace rondo {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::kLaneGroup;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

/// Runs job(part, slice) for all lanes, shared out over `parts` threads in whole groups.
template <class Job>
void LaneRecurrence::for_slices(int parts, Job job) const {
  const std::int64_t groups = schedule_.lanes / kLaneGroup;
  const auto part_job = [&](int part) {
    const std::int64_t end = groups * (part + 1) / parts;
    for (std::int64_t g = groups * part / parts; g < end;) {
      const Slice s = slice(g, end - g);
      job(part, s);
      g += s.lanes / kLaneGroup;
    }
  };
  if (parts == 1) {
    part_job(0);
  } else {
    pool_.run(parts, part_job);
  }
}

LaneTrace* LaneRecurrence::forward(const RecurrentWeights<const float>& weights, View<const float> x,
                                   const std::array<const float*, kMaxStates>& initial, View<float> y,
                                   const std::array<float*, kMaxStates>& final, bool keeps) {
  Products products;
  float* bias = take(info_.sums * units_);
  sum_biases(info_, weights.bias, units_, bias);
  products.bias = bias;
  const GateRange& in = input_range_;
  const GateRange& rec = recurrent_range_[0];
  if (extras_.normalized) {
    norm_ = LaneNorm(shape_, extras_, weights, owner_, take_);
    norm_.prepare(weights, bias, owner_, take_);
  }
  for (int sum = 0; sum < info_.sums && !norm_.used() && !masks();) {
    int end = sum + 1;
    while (end < info_.sums && in.covers(end) == in.covers(sum) && rec.covers(end) == rec.covers(sum)) ++end;
    ProductGroup& group = products.groups[products.group_count++];
    group.first_row = sum * units_;
    group.input_k = in.covers(sum) ? inputs_ : 0;
    group.first_k = in.covers(sum) ? 0 : inputs_;
    group.k = group.input_k + (rec.covers(sum) ? units_ : 0);
    const std::int64_t rows = (end - sum) * units_;
    group.weights =
        PackedRows(rows, group.k, take(std::max<std::int64_t>(1, PackedRows::size(rows, group.k))));
    for (int s = sum; s < end; ++s) {
      const std::int64_t row = (s - sum) * units_;
      if (in.covers(s))
        group.weights.put_transposed(weights.kernel.columns(in.gate_of(s) * units_, units_), row, 0);
      if (rec.covers(s)) {
        group.weights.put_transposed(weights.recurrent_kernel.columns(rec.gate_of(s) * units_, units_), row,
                                     group.input_k);
      }
    }
    sum = end;
  }
  for (int g = 0; g < info_.gates && masks() && !norm_.used(); ++g) {
    const auto gate = static_cast<std::size_t>(g);
    const auto pack = [&](std::int64_t k) {
      return PackedRows(units_, k, take(std::max<std::int64_t>(1, PackedRows::size(units_, k))));
    };
    const View<const float> of_x = weights.kernel.columns(g * units_, units_),
                            of_h = weights.recurrent_kernel.columns(g * units_, units_);
    const bool together = info_.input_sum[gate] == info_.recurrent_sum[gate];
    products.gates[gate] = pack(inputs_ + (together ? units_ : 0));
    products.gates[gate].put_transposed(of_x, 0, 0);
    if (!together) products.recurrent_gates[gate] = pack(units_);
    (together ? products.gates : products.recurrent_gates)[gate].put_transposed(of_h, 0,
                                                                                together ? inputs_ : 0);
  }
  if (info_.stages == 2) {
    const GateRange& second = recurrent_range_[1];
    const std::int64_t rows = second.count * units_;
    products.second_stage = PackedRows(rows, units_, take(PackedRows::size(rows, units_)));
    for (int i = 0; i < second.count; ++i) {
      const std::int64_t gate = second.gate[static_cast<std::size_t>(i)];
      products.second_stage.put_transposed(weights.recurrent_kernel.columns(gate * units_, units_),
                                           i * units_, 0);
    }
  }
  float* vectors = take(std::max<std::int64_t>(info_.vectors, 1) * units_);
  for (int p = 0; p < info_.vectors; ++p)
    std::copy_n(weights.vectors[static_cast<std::size_t>(p)], units_, vectors + p * units_);

  schedule_ = LaneSchedule::plan(schedule_, layout_, take_integers(LaneSchedule::scratch_size(layout_)),
                                 take_integers(LaneSchedule::memory_size(schedule_, layout_)));
  const std::int64_t lanes = schedule_.lanes, slots = keeps ? schedule_.steps : 1,
                     state_slots = keeps ? schedule_.steps + 1 : 2;
  auto* trace = new (take((sizeof(LaneTrace) + sizeof(float) - 1) / sizeof(float))) LaneTrace();
  trace->schedule = schedule_;
  trace->vectors = vectors;
  trace->inputs_and_h = take(lanes * (inputs_ + units_) * state_slots);
  for (int j = 1; j < info_.states; ++j)
    trace->states[static_cast<std::size_t>(j)] = take(lanes * units_ * state_slots);
  trace->sums = take(lanes * sum_rows() * slots);
  if (info_.stages == 2) trace->operand = take(lanes * units_ * slots);
  if (norm_.used()) trace->norm = norm_.make_trace(lanes, slots, owner_, take_);
  if (masks()) {
    products.reads = take(lanes * info_.gates * (inputs_ + units_));
    lay_out_masks(*trace);
  }

  take_zone_memory();
  products.h_is_zero_at_first = schedule_.aligned;
  for (int j = 0; j < info_.states; ++j) {
    const auto at = static_cast<std::size_t>(j);
    if (initial[at] != nullptr) products.h_is_zero_at_first = false;
    // Sequences without a step end where they begin.
    const std::int64_t busy = layout_.rows(0), idle = layout_.batch() - busy;
    if (initial[at] != nullptr) {
      std::copy_n(initial[at] + busy * units_, idle * units_, final[at] + busy * units_);
    } else {
      std::fill_n(final[at] + busy * units_, idle * units_, 0.0F);
    }
  }
  for_slices(part_count(shape_, layout_, pool_),
             [&](int, const Slice& s) { run_forward(s, *trace, products, x, initial, y, final, keeps); });
  return keeps ? trace : nullptr;
}

void LaneRecurrence::run_forward(const Slice& slice, const LaneTrace& trace, const Products& products,
                                 View<const float> x, const std::array<const float*, kMaxStates>& initial,
                                 View<float> y, const std::array<float*, kMaxStates>& final,
                                 bool keeps) const {
  const auto formulas = kernels::formulas<float>(*shape_.cell);
  const std::int64_t width = slice.width;
  CellCall<float> next = call_of(slice, trace, 0, keeps);
  const auto state_of = [&](const CellCall<float>& call, int j) { return const_cast<float*>(call.state[j]); };
  for (int j = 0; j < info_.states; ++j) {  // lanes that no sequence begins in stay zero
    for (std::int64_t u = 0; u < units_; ++u) std::fill_n(state_of(next, j) + u * width, slice.lanes, 0.0F);
  }
  for (std::int64_t s = 0; s < schedule_.steps; ++s) {
    CellCall<float> call = next;
    next = call_of(slice, trace, s + 1, keeps);
    for (const LaneSchedule::Run& run : schedule_.beginning(s)) {
      if (!slice.has(run.lane)) continue;
      for (int j = 0; j < info_.states; ++j) {
        const float* from = initial[static_cast<std::size_t>(j)];
        if (s == 0 && from == nullptr) continue;
        set_lane(state_of(call, j), units_, width, run.lane - slice.block_lane - slice.first,
                 from == nullptr ? nullptr : from + run.place * units_);
      }
    }
    float* xh = state_of(call, 0) - inputs_ * width;
    const std::int32_t* rows = schedule_.rows + s * schedule_.lanes + slice.block_lane + slice.first;
    const bool h_is_zero = s == 0 && products.h_is_zero_at_first;
    float* read = nullptr;
    if (masks()) {
      read = products.reads + slice.block_lane * info_.gates * (inputs_ + units_) + slice.first;
      mask_operands(slice, trace, x, s, call.state[0], read);
    } else {
      kernels::gather_lanes(x, rows, slice.lanes, xh, width);
    }
    const LaneNormTrace norm = norm_of(slice, trace, s, keeps);
    if (norm_.used()) {
      norm_.make_sums(call, norm, operands_of(slice, call, read), h_is_zero);
    } else if (masks()) {
      make_masked_sums(slice, products, call, read, h_is_zero);
    }
    for (std::size_t g = 0; g < products.group_count; ++g) {
      const ProductGroup& group = products.groups[g];
      multiply_lanes(group.weights,
                     {xh + group.first_k * width, h_is_zero ? group.input_k : group.k, slice.lanes, width},
                     Start::bias, products.bias + group.first_row,
                     {call.sums + group.first_row * width, group.weights.rows(), slice.lanes, width});
    }
    if (info_.stages == 2) {
      formulas.prepare(call);
      const PackedRows& weights = products.second_stage;
      multiply_lanes(
          weights, {call.operand, units_, slice.lanes, width}, Start::accumulate, nullptr,
          {call.sums + recurrent_range_[1].first * units_ * width, weights.rows(), slice.lanes, width});
    }
    for (int j = 0; j < info_.states; ++j) call.next[j] = state_of(next, j);
    formulas.forward(call);
    if (norm_.of_state()) norm_.finish(call, norm);
    for (int j = 0; j < 2; ++j) {
      if (!extras_.zoned[static_cast<std::size_t>(j)]) continue;
      kernels::zone_rows<float>(zone_of(slice, j, s), {call.state[j], units_, slice.lanes, width},
                                {call.next[j], units_, slice.lanes, width});
    }
    if (y.data != nullptr) kernels::scatter_lanes(call.next[0], width, rows, slice.lanes, y);
    for (const LaneSchedule::Run& run : schedule_.ending(s)) {
      if (!slice.has(run.lane)) continue;
      const std::int64_t lane = run.lane - slice.block_lane - slice.first;
      for (int j = 0; j < info_.states; ++j) {
        get_lane(call.next[j], units_, width, lane, final[static_cast<std::size_t>(j)] + run.place * units_);
        set_lane(call.next[j], units_, width, lane, nullptr);
      }
    }
  }
}

}  // namespace rondo
