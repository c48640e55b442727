#include <algorithm>

#include "layers/recurrent/drivers/lane_pass.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

/// Products of one step that read the same rows of [x; h]: neighbouring preactivations.
struct ProductGroup {
  PackedRows weights;
  std::int64_t first_row = 0;       ///< of the preactivations
  std::int64_t first_k = 0, k = 0;  ///< rows of [x; h]
  std::int64_t input_k = 0;         ///< how many of them are inputs: enough when h is zero
};

class LaneForward : LanePass {
 public:
  using Args = RecurrentPlan<float>::Args;

  LaneForward(const RecurrentPlan<float>& plan, const Args& args, Workspace& workspace, bool keeps)
      : LanePass(plan, workspace, LaneSchedule::plan(plan.time, workspace)), args_(args), keeps_(keeps) {
    pack_weights();
    take_trace();
    end_idle_sequences();
  }

  const RecurrentTrace* run() {
    const int parts = part_count(plan_, workspace_.pool());
    workspace_.pool().run(
        parts, [&](int part) { for_slices(part, parts, [&](const LaneSlice& slice) { run_slice(slice); }); });
    return keeps_ ? workspace_.copy(trace_) : nullptr;
  }

 private:
  void pack_weights() {
    float* bias = take(info_.sums * units_);
    sum_biases(info_, args_.weights.bias, units_, bias);
    bias_ = bias;
    if (options_.normalized) {
      norm_ = LaneNorm(plan_.shape, options_, args_.weights, workspace_);
      norm_.prepare(args_.weights, bias, workspace_);
    } else if (masks()) {
      pack_masked_gates();
    } else {
      pack_groups();
    }
    if (info_.stages == 2) pack_second_stage();
  }

  void pack_groups() {
    const GateRange &in = input_range_, &rec = recurrent_range_;
    for (int sum = 0; sum < info_.sums;) {
      int end = sum + 1;
      while (end < info_.sums && in.covers(end) == in.covers(sum) && rec.covers(end) == rec.covers(sum))
        ++end;
      ProductGroup& group = groups_[group_count_++];
      group.first_row = sum * units_;
      group.input_k = in.covers(sum) ? inputs_ : 0;
      group.first_k = in.covers(sum) ? 0 : inputs_;
      group.k = group.input_k + (rec.covers(sum) ? units_ : 0);
      group.weights = take_packed_rows((end - sum) * units_, group.k, workspace_);
      for (std::int64_t row = 0; sum < end; ++sum, row += units_) {
        if (in.covers(sum))
          group.weights.put_transposed(args_.weights.kernel.columns(in.gate_of(sum) * units_, units_), row,
                                       0);
        if (rec.covers(sum)) {
          group.weights.put_transposed(
              args_.weights.recurrent_kernel.columns(rec.gate_of(sum) * units_, units_), row, group.input_k);
        }
      }
    }
  }

  void pack_masked_gates() {
    for (int g = 0; g < info_.gates; ++g) {
      const View<const float> of_x = args_.weights.kernel.columns(g * units_, units_),
                              of_h = args_.weights.recurrent_kernel.columns(g * units_, units_);
      const bool together = nth(info_.input_sum, g) == nth(info_.recurrent_sum, g);
      PackedRows &gate = nth(gates_, g), &recurrent = together ? gate : nth(recurrent_gates_, g);
      gate = take_packed_rows(units_, together ? read_rows() : inputs_, workspace_);
      if (!together) recurrent = take_packed_rows(units_, units_, workspace_);
      gate.put_transposed(of_x, 0, 0);
      recurrent.put_transposed(of_h, 0, together ? inputs_ : 0);
    }
  }

  void pack_second_stage() {
    const GateRange& second = shape_.recurrent_range[1];
    second_stage_ = take_packed_rows(second.count * units_, units_, workspace_);
    for (int i = 0; i < second.count; ++i) {
      second_stage_.put_transposed(
          args_.weights.recurrent_kernel.columns(nth(second.gate, i) * units_, units_), i * units_, 0);
    }
  }

  void take_trace() {
    const std::int64_t lanes = schedule_.lanes, slots = keeps_ ? schedule_.steps : 1,
                       state_slots = keeps_ ? schedule_.steps + 1 : 2;
    trace_.schedule = schedule_;
    trace_.vectors = gather_vectors(plan_.shape, args_.weights, workspace_);
    trace_.inputs_and_h = take(lanes * read_rows() * state_slots);
    for (int j = 1; j < info_.states; ++j) nth(trace_.states, j) = take(lanes * units_ * state_slots);
    trace_.sums = take(lanes * sum_rows() * slots);
    if (info_.stages == 2) trace_.gated_state = take(lanes * units_ * slots);
    if (norm_.used()) trace_.norm = norm_.make_trace(lanes, slots, workspace_);
    if (!masks()) return;
    reads_ = take(lanes * info_.gates * read_rows());
    lay_out_masks();
  }

  /// Masks by place to [gate · units][lane]; in an aligned schedule a lane is a place, for all steps.
  void lay_out_masks() {
    const std::int64_t lanes = schedule_.lanes, batch = plan_.time.batch(), busy = plan_.time.rows(0);
    const GateRange& range = recurrent_range_;
    trace_.masks = take(lanes * range.count * units_);
    auto* places = workspace_.take<std::int32_t>(lanes);
    for (std::int64_t l = 0; l < lanes; ++l) places[l] = l < busy ? static_cast<std::int32_t>(l) : -1;
    for (std::int64_t block = 0; block < lanes; block += kLaneBlock) {
      const std::int64_t width = std::min(kLaneBlock, lanes - block);
      for (int i = 0; i < range.count; ++i) {
        const View<const float> of_gate{options_.recurrent_masks + nth(range.gate, i) * batch * units_, batch,
                                        units_, units_};
        kernels::gather_lanes(of_gate, places + block, width,
                              trace_.masks + (block * range.count + i * width) * units_, width);
      }
    }
  }

  /// Sequences without a step end where they begin.
  void end_idle_sequences() {
    const std::int64_t busy = plan_.time.rows(0), idle = plan_.time.batch() - busy;
    h_is_zero_at_first_ = schedule_.aligned;
    for (int j = 0; j < info_.states; ++j) {
      const float* initial = nth(args_.initial, j);
      if (initial != nullptr) h_is_zero_at_first_ = false;
      copy_state(initial, busy * units_, idle * units_, nth(args_.final, j) + busy * units_);
    }
  }

  void run_slice(const LaneSlice& slice) const {
    const std::int64_t width = slice.width;
    CellCall<float> next = call_of(slice, trace_, 0, keeps_);
    for (int j = 0; j < info_.states; ++j) {  // lanes that no sequence begins in stay zero
      for (std::int64_t u = 0; u < units_; ++u) std::fill_n(state_of(next, j) + u * width, slice.lanes, 0.0F);
    }
    for (std::int64_t s = 0; s < schedule_.steps; ++s) {
      CellCall<float> call = next;
      next = call_of(slice, trace_, s + 1, keeps_);
      for (int j = 0; j < info_.states; ++j) call.next[j] = state_of(next, j);
      begin_sequences(slice, s, call);
      const LaneNormTrace norm = norm_of(slice, trace_, s, keeps_);
      make_sums(slice, s, call, norm);
      if (info_.stages == 2) {
        formulas_.prepare(call);
        multiply_lanes(second_stage_, {call.operand, units_, slice.lanes, width}, Start::accumulate, nullptr,
                       {call.sums + shape_.recurrent_range[1].first * units_ * width, second_stage_.rows(),
                        slice.lanes, width});
      }
      formulas_.forward(call);
      if (norm_.of_state()) norm_.finish(call, norm);
      for (int j = 0; j < 2; ++j) {
        if (!nth(options_.zoned, j)) continue;
        kernels::zone_rows<float>(zone_of(slice, j, s), {call.state[j], units_, slice.lanes, width},
                                  {call.next[j], units_, slice.lanes, width});
      }
      if (args_.y.data != nullptr)
        kernels::scatter_lanes(call.next[0], width, rows_at(slice, s), slice.lanes, args_.y);
      end_sequences(slice, s, call);
    }
  }

  void begin_sequences(const LaneSlice& slice, std::int64_t s, const CellCall<float>& call) const {
    for_runs(schedule_.beginning(s), slice, [&](std::int64_t place, std::int64_t lane) {
      for (int j = 0; j < info_.states; ++j) {
        const float* from = nth(args_.initial, j);
        if (s == 0 && from == nullptr) continue;
        set_lane(state_of(call, j), units_, slice.width, lane,
                 from == nullptr ? nullptr : from + place * units_);
      }
    });
  }

  void end_sequences(const LaneSlice& slice, std::int64_t s, const CellCall<float>& call) const {
    for_runs(schedule_.ending(s), slice, [&](std::int64_t place, std::int64_t lane) {
      for (int j = 0; j < info_.states; ++j) {
        get_lane(call.next[j], units_, slice.width, lane, nth(args_.final, j) + place * units_);
        set_lane(call.next[j], units_, slice.width, lane, nullptr);
      }
    });
  }

  /// Preactivations of step `s` (of two-stage cells: of the first stage) from x, which is gathered, and h.
  void make_sums(const LaneSlice& slice, std::int64_t s, const CellCall<float>& call,
                 const LaneNormTrace& norm) const {
    const std::int64_t width = slice.width;
    const bool h_is_zero = s == 0 && h_is_zero_at_first_;
    float* xh = state_of(call, 0) - inputs_ * width;
    float* read = nullptr;
    if (masks()) {
      read = reads_ + slice.block_lane * info_.gates * read_rows() + slice.first;
      mask_inputs(slice, trace_, args_.x, s, call.state[0], read);
    } else {
      kernels::gather_lanes(args_.x, rows_at(slice, s), slice.lanes, xh, width);
    }
    if (norm_.used()) {
      norm_.make_sums(call, norm, product_inputs(slice, call, read), h_is_zero);
    } else if (masks()) {
      make_masked_sums(slice, call, read, h_is_zero);
    }
    for (std::size_t g = 0; g < group_count_; ++g) {
      const ProductGroup& group = groups_[g];
      const std::int64_t k = h_is_zero ? group.input_k : group.k;
      multiply_lanes(group.weights, {xh + group.first_k * width, k, slice.lanes, width}, Start::bias,
                     bias_ + group.first_row,
                     {call.sums + group.first_row * width, group.weights.rows(), slice.lanes, width});
    }
  }

  /// The preactivations when each gate reads its own.
  void make_masked_sums(const LaneSlice& slice, const CellCall<float>& call, const float* read,
                        bool h_is_zero) const {
    const std::int64_t width = slice.width, size = units_ * width, h_units = h_is_zero ? 0 : units_;
    const auto make = [&](int sum, const PackedRows& weights, std::int64_t k, const float* left) {
      multiply_lanes(weights, {left, k, slice.lanes, width}, Start::bias, bias_ + sum * units_,
                     {call.sums + sum * size, units_, slice.lanes, width});
    };
    for (int g = 0; g < info_.gates; ++g) {
      const int in = nth(info_.input_sum, g), recurrent = nth(info_.recurrent_sum, g);
      const float* own = read + g * read_rows() * width;
      if (in == recurrent) {
        make(in, nth(gates_, g), inputs_ + h_units, own);
      } else {
        make(in, nth(gates_, g), inputs_, own);
        make(recurrent, nth(recurrent_gates_, g), h_units, own + inputs_ * width);
      }
    }
    for (int sum = 0; sum < info_.sums; ++sum) {
      if (input_range_.covers(sum) || recurrent_range_.covers(sum)) continue;
      for (std::int64_t u = 0; u < units_; ++u)
        std::fill_n(call.sums + sum * size + u * width, slice.lanes, bias_[sum * units_ + u]);
    }
  }

  static float* state_of(const CellCall<float>& call, int j) { return const_cast<float*>(call.state[j]); }

  const Args& args_;
  const bool keeps_;
  LaneTrace trace_;
  const float* bias_ = nullptr;
  std::array<ProductGroup, cells::kMaxSums> groups_;
  std::size_t group_count_ = 0;
  /// By gate, where gates read their own: of x and h, or of x alone where h feeds another preactivation.
  std::array<PackedRows, cells::kMaxSums> gates_, recurrent_gates_;
  float* reads_ = nullptr;  ///< room for what the gates read, for all lanes
  PackedRows second_stage_;
  bool h_is_zero_at_first_ = false;
};

}  // namespace

const RecurrentTrace* lanes_forward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                                    Workspace& workspace, bool keep) {
  return LaneForward(plan, args, workspace, keep).run();
}

}  // namespace rondo
