#include <algorithm>
#include <span>

#include "layers/recurrent/common/gain_sums.h"
#include "layers/recurrent/common/weight_gradients.h"
#include "layers/recurrent/drivers/lane_pass.h"
#include "layers/recurrent/drivers/lane_weight_gradient.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

/// What the backward pass of one slice works in, from step to step.
struct BackwardSlice {
  LaneSlice slice;
  std::array<float*, kMaxStates> d_state{};
  std::array<float*, 2> d_old{};  ///< what zoneout hands past the formulas to the states before the step
  float *d_output = nullptr, *d_gated_state = nullptr, *d_input = nullptr;
  float *masks = nullptr, *d_masked = nullptr;  ///< [gates · units][lanes]
  GainSums<float> gains;                        ///< [rows][lanes]
  LaneNormGradients d_normalized;               ///< of the raw products, where these are normalised
};

/// Gradients of the products' results: of preactivations, or of raw products that are normalised.
struct ProductGradients {
  const float *input, *recurrent;  ///< [gates · units][lanes] of the ranges
  std::int64_t stride;
};

class LaneBackward : LanePass {
 public:
  using Args = RecurrentPlan<float>::Args;
  using Gradients = RecurrentPlan<float>::Gradients;

  LaneBackward(const RecurrentPlan<float>& plan, const Args& args, const LaneTrace& trace,
               const Gradients& gradients, Workspace& workspace)
      : LanePass(plan, workspace, trace.schedule),
        args_(args),
        trace_(trace),
        gradients_(gradients),
        parts_(part_count(plan, workspace.pool())) {
    if (options_.normalized) prepare_norm();
    pack_recurrent();
    if (gradients.dx.data != nullptr) pack_inputs();
    prepare_weight_gradients();
    take_slices();
  }

  void run() {
    workspace_.pool().run(parts_, [&](int part) { run_part(part); });
    if (norm_.used() && options_.gain_sums.input == nullptr)
      add_gain_sums(plan_.shape, plan_.time.batch(), gain_sums_, gradients_.weights);
    if (by_rows()) add_weight_gradients(plan_.shape, rows_, gradients_.weights, workspace_);
    if (!by_panels()) return;
    if (parts_ > 1) {
      const std::size_t segments = panels_.find_segments(trace_, schedule_.steps - 1, schedule_.steps);
      workspace_.pool().run(panels_.job_count(), [&](int job) {
        panels_.run_job(job, segments, schedule_.steps * schedule_.lanes);
      });
    }
    panels_.end(gradients_.weights);
  }

 private:
  bool trains() const { return gradients_.weights.kernel.data != nullptr; }
  /// Lanes that are not in the order of packed rows leave their steps as such rows; others fill panels.
  bool by_rows() const { return trains() && !schedule_.aligned; }
  bool by_panels() const { return trains() && schedule_.aligned; }

  void prepare_norm() {
    norm_ = LaneNorm(plan_.shape, options_, args_.weights, workspace_);
    norm_.prepare_input(args_.weights, workspace_);
    gain_sums_ = options_.gain_sums.input != nullptr
                     ? options_.gain_sums
                     : make_gain_sums<float>(plan_.shape, plan_.time.batch(), norm_.of_state(), workspace_);
  }

  void pack_recurrent() {
    for (int stage = 0; stage < info_.stages; ++stage) {
      const GateRange& range = nth(shape_.recurrent_range, stage);
      PackedRows& packed = nth(recurrent_, stage);
      packed = take_packed_rows(units_, range.count * units_, workspace_);
      for (int i = 0; i < range.count; ++i) {
        const View<const float> gate =
            args_.weights.recurrent_kernel.columns(nth(range.gate, i) * units_, units_);
        packed.put(gate, 0, i * units_);
        if (!masks()) continue;
        nth(masked_gates_, i) = take_packed_rows(units_, units_, workspace_);
        nth(masked_gates_, i).put(gate, 0, 0);
      }
    }
  }

  void pack_inputs() {
    input_ = take_packed_rows(inputs_, input_range_.count * units_, workspace_);
    for (int i = 0; i < input_range_.count; ++i) {
      const View<const float> gate = args_.weights.kernel.columns(nth(input_range_.gate, i) * units_, units_);
      input_.put(gate, 0, i * units_);
      if (options_.input_gate_stride == 0) continue;
      nth(input_gates_, i) = take_packed_rows(inputs_, units_, workspace_);
      nth(input_gates_, i).put(gate, 0, 0);
    }
  }

  void prepare_weight_gradients() {
    const std::int64_t steps = schedule_.steps, lanes = schedule_.lanes;
    if (by_rows()) {
      take_rows();
    } else if (trains()) {
      // One thread adds up what waits while it is in the cache.
      const std::int64_t chunk =
          parts_ > 1 ? steps : std::clamp<std::int64_t>((norm_.used() ? 128 : 256) / lanes, 1, steps);
      panels_.begin(shape_, schedule_, chunk, {norm_.used(), masks()}, gradients_.weights, workspace_);
    }
    reads_ = panels_.reads;
    if (!masks() || reads_.data != nullptr) return;
    reads_ = {nullptr, info_.gates * read_rows(), lanes};
    reads_.data = take(reads_.rows * lanes);
  }

  void take_rows() {
    const std::int64_t total = plan_.time.total(), width = info_.gates * units_;
    const std::int64_t stride = plan_.shape.sums_stride() + (info_.vectors * units_ + 15) / 16 * 16;
    rows_.x = args_.x;
    rows_.d_sums = {take(total * stride), total, sum_rows(), stride};
    rows_.d_vectors = rows_.d_sums.columns(info_.sums * units_, info_.vectors * units_);
    rows_.h = {take(total * units_), total, units_, units_};
    if (info_.stages == 2) rows_.gated_state = {take(total * units_), total, units_, units_};
    if (!norm_.used()) return;
    rows_.d_inputs = {take(total * width), total, width, width};
    rows_.d_recurrent = {take(total * width), total, width, width};
  }

  void take_slices() {
    memory_a_lane_ = (info_.states + (zoned() ? 2 : 0) + 2) * units_ + inputs_;
    if (norm_.used()) memory_a_lane_ += norm_.gains_size() + 2 * info_.gates * units_;
    if (masks()) memory_a_lane_ += 2 * recurrent_range_.count * units_;
    slice_memory_ = take(memory_a_lane_ * schedule_.lanes);
    slices_ = workspace_.take<BackwardSlice>(schedule_.lanes / kernels::kLaneGroup);
  }

  void run_part(int part) {
    const std::int64_t steps = schedule_.steps, lanes = schedule_.lanes;
    BackwardSlice* const begin = slices_ + lanes / kernels::kLaneGroup * part / parts_;
    BackwardSlice* end = begin;
    for_slices(part, parts_, [&](const LaneSlice& slice) { *end++ = begin_slice(slice); });
    std::int64_t waiting = 0;  // steps whose gradients wait in the panels
    for (std::int64_t s = steps; s-- > 0;) {
      for (const BackwardSlice& at : std::span<const BackwardSlice>(begin, end)) {
        const LaneSlice& slice = at.slice;
        float* read = masks() ? reads_.at(slice.block_lane, trains() ? waiting : 0) + slice.first : nullptr;
        const CellCall<float> call = step(at, s, read);
        if (by_rows()) put_rows(at, s, call);
        if (by_panels()) {
          panels_.put(call, at.d_normalized, (waiting + 1) * lanes - slice.schedule_lane() - slice.lanes);
        }
      }
      ++waiting;
      if (parts_ == 1 && by_panels() && (waiting == panels_.chunk_steps || s == 0)) {
        const std::size_t segments = panels_.find_segments(trace_, s + waiting - 1, waiting);
        panels_.run_all(segments, waiting * lanes);
        waiting = 0;
      }
    }
  }

  BackwardSlice begin_slice(const LaneSlice& slice) const {
    float* memory = slice_memory_ + memory_a_lane_ * slice.schedule_lane();
    const auto rows = [&](std::int64_t count) {
      float* const first = memory;
      memory += count * slice.lanes;
      return first;
    };
    BackwardSlice out;
    out.slice = slice;
    for (int j = 0; j < info_.states; ++j) {
      nth(out.d_state, j) = rows(units_);
      std::fill_n(nth(out.d_state, j), units_ * slice.lanes, 0.0F);
    }
    for (int j = 0; j < 2 && zoned(); ++j) nth(out.d_old, j) = rows(units_);
    out.d_output = rows(units_);
    out.d_gated_state = rows(units_);
    out.d_input = rows(inputs_);
    if (norm_.used()) {
      out.gains = norm_.make_gains(rows(norm_.gains_size()), slice.lanes);
      out.d_normalized.input = rows(info_.gates * units_);
      out.d_normalized.recurrent = rows(info_.gates * units_);
    }
    if (!masks()) return out;
    const std::int64_t mask_rows = recurrent_range_.count * units_;
    out.masks = rows(mask_rows);
    out.d_masked = rows(mask_rows);
    const float* from = trace_.masks + slice.block_lane * mask_rows + slice.first;
    for (std::int64_t r = 0; r < mask_rows; ++r)
      std::copy_n(from + r * slice.width, slice.lanes, out.masks + r * slice.lanes);
    return out;
  }

  /// One step of one slice. Afterwards the call's preactivations are their gradients.
  CellCall<float> step(const BackwardSlice& at, std::int64_t s, float* read) const {
    const std::int64_t lanes = at.slice.lanes;
    CellCall<float> call = call_of(at.slice, trace_, s, true);
    call.d_state_stride = call.d_output_stride = lanes;
    for (int j = 0; j < info_.states; ++j) call.d_state[j] = nth(at.d_state, j);
    enter_sequences(at, s);
    if (gradients_.dy.data != nullptr) {
      kernels::gather_lanes(gradients_.dy, rows_at(at.slice, s), lanes, at.d_output, lanes);
      call.d_output = at.d_output;
    }
    zones_backward(at, s, call);
    if (masks()) mask_inputs(at.slice, trace_, args_.x, s, call.state[0], read);
    const ProductGradients d = formulas_backward(at, s, call, read);
    if (info_.stages == 2) second_stage_backward(at, call);
    recurrent_gradient(at, d, call.d_state[0]);
    if (gradients_.dx.data != nullptr) input_gradient(at, s, d);
    for (int j = 0; j < 2; ++j) {
      if (!nth(options_.zoned, j)) continue;
      for (std::int64_t i = 0; i < units_ * lanes; ++i) call.d_state[j][i] += nth(at.d_old, j)[i];
    }
    leave_sequences(at, s);
    return call;
  }

  /// Sequences whose last step is `s` bring the gradients of their final states along, and their places'
  /// gains.
  void enter_sequences(const BackwardSlice& at, std::int64_t s) const {
    for_runs(schedule_.ending(s), at.slice, [&](std::int64_t place, std::int64_t lane) {
      for (int j = 0; j < info_.states; ++j)
        set_lane(nth(at.d_state, j), units_, at.slice.lanes, lane,
                 nth(gradients_.d_state, j) + place * units_);
      if (norm_.used()) norm_.move_gains(true, at.gains, at.slice.lanes, lane, gain_sums_, place);
    });
  }

  void leave_sequences(const BackwardSlice& at, std::int64_t s) const {
    for_runs(schedule_.beginning(s), at.slice, [&](std::int64_t place, std::int64_t lane) {
      for (int j = 0; j < info_.states; ++j) {
        get_lane(nth(at.d_state, j), units_, at.slice.lanes, lane,
                 nth(gradients_.d_state, j) + place * units_);
        set_lane(nth(at.d_state, j), units_, at.slice.lanes, lane, nullptr);
      }
      if (norm_.used()) norm_.move_gains(false, at.gains, at.slice.lanes, lane, gain_sums_, place);
    });
  }

  void zones_backward(const BackwardSlice& at, std::int64_t s, CellCall<float>& call) const {
    const std::int64_t lanes = at.slice.lanes;
    for (int j = 0; j < 2; ++j) {
      if (!nth(options_.zoned, j)) continue;
      const auto state = [&]<class Number>(Number* data) { return View<Number>{data, units_, lanes, lanes}; };
      kernels::zone_rows_backward<float>(zone_of(at.slice, j, s), state(call.d_state[j]),
                                         state(j == 0 ? call.d_output : nullptr), state(nth(at.d_old, j)));
      if (j == 0) call.d_output = nullptr;
    }
  }

  ProductGradients formulas_backward(const BackwardSlice& at, std::int64_t s, CellCall<float>& call,
                                     const float* read) const {
    const std::int64_t size = units_ * at.slice.width;
    if (!norm_.used()) {
      formulas_.backward(call);
      return {call.sums + input_range_.first * size, call.sums + recurrent_range_.first * size,
              at.slice.width};
    }
    const LaneNormTrace norm = norm_of(at.slice, trace_, s, true);
    norm_.run_backward(call, norm, at.gains);
    norm_.products_backward(call, norm, product_inputs(at.slice, call, read), at.gains, at.d_normalized);
    return {at.d_normalized.input, at.d_normalized.recurrent, at.slice.lanes};
  }

  void second_stage_backward(const BackwardSlice& at, CellCall<float>& call) const {
    const std::int64_t width = at.slice.width, lanes = at.slice.lanes;
    call.operand = at.d_gated_state;
    call.operand_stride = lanes;
    const float* d = call.sums + shape_.recurrent_range[1].first * units_ * width;
    multiply_lanes(recurrent_[1], {d, recurrent_[1].k(), lanes, width}, Start::zero, nullptr,
                   {at.d_gated_state, units_, lanes, lanes});
    call.d_output = nullptr;  // is in d_state already
    formulas_.backward_prepare(call);
  }

  /// d_h = (what came past the products) + recurrent_kernel·d, each gate's share through its own dropout
  /// mask.
  void recurrent_gradient(const BackwardSlice& at, const ProductGradients& d, float* d_h) const {
    const std::int64_t lanes = at.slice.lanes, size = units_ * lanes;
    if (!masks()) {
      multiply_lanes(recurrent_[0], {d.recurrent, recurrent_[0].k(), lanes, d.stride},
                     info_.direct ? Start::accumulate : Start::zero, nullptr, {d_h, units_, lanes, lanes});
      return;
    }
    const auto count = static_cast<std::size_t>(recurrent_range_.count);
    std::array<const float*, cells::kMaxSums> of_gates{}, masks_of_gates{};
    for (std::size_t i = 0; i < count; ++i) {
      const auto gate = static_cast<std::int64_t>(i);
      float* own = at.d_masked + gate * size;
      multiply_lanes(masked_gates_[i], {d.recurrent + gate * units_ * d.stride, units_, lanes, d.stride},
                     Start::zero, nullptr, {own, units_, lanes, lanes});
      of_gates[i] = own;
      masks_of_gates[i] = at.masks + gate * size;
    }
    kernels::sum_products<float>(std::span(of_gates).first(count), std::span(masks_of_gates).first(count),
                                 size, info_.direct, d_h);
  }

  /// dx += kernel·d.
  void input_gradient(const BackwardSlice& at, std::int64_t s, const ProductGradients& d) const {
    const std::int64_t lanes = at.slice.lanes;
    const std::int32_t* rows = rows_at(at.slice, s);
    const auto add = [&](const PackedRows& weights, const float* of_gates, View<float> to) {
      kernels::gather_lanes(to, rows, lanes, at.d_input, lanes);
      multiply_lanes(weights, {of_gates, weights.k(), lanes, d.stride}, Start::accumulate, nullptr,
                     {at.d_input, inputs_, lanes, lanes});
      kernels::scatter_lanes(at.d_input, lanes, rows, lanes, to);
    };
    if (options_.input_gate_stride == 0) return add(input_, d.input, gradients_.dx);
    for (int i = 0; i < input_range_.count; ++i) {
      View<float> own = gradients_.dx;
      own.data += nth(input_range_.gate, i) * options_.input_gate_stride;
      add(nth(input_gates_, i), d.input + i * units_ * d.stride, own);
    }
  }

  void put_rows(const BackwardSlice& at, std::int64_t s, const CellCall<float>& call) const {
    const std::int64_t width = at.slice.width, lanes = at.slice.lanes;
    const std::int32_t* rows = rows_at(at.slice, s);
    kernels::scatter_lanes(call.sums, width, rows, lanes, rows_.d_sums);
    kernels::scatter_lanes(call.state[0], width, rows, lanes, rows_.h);
    if (norm_.used()) {
      kernels::scatter_lanes(at.d_normalized.input, lanes, rows, lanes, rows_.d_inputs);
      kernels::scatter_lanes(at.d_normalized.recurrent, lanes, rows, lanes, rows_.d_recurrent);
    }
    if (info_.stages == 2) {
      kernels::scatter_lanes(call_of(at.slice, trace_, s, true).operand, width, rows, lanes,
                             rows_.gated_state);
    }
  }

  const Args& args_;
  const LaneTrace& trace_;
  const Gradients& gradients_;
  const int parts_;
  GainSums<float> gain_sums_{};
  std::array<PackedRows, 2> recurrent_;
  PackedRows input_;
  /// Where gates read their own, in the order of their preactivations.
  std::array<PackedRows, cells::kMaxSums> masked_gates_, input_gates_;
  StepRows<float> rows_;
  LaneWeightGradient panels_;
  LaneReads reads_;
  BackwardSlice* slices_ = nullptr;  ///< room for one a group of lanes
  float* slice_memory_ = nullptr;    ///< [lanes][memory_a_lane_]
  std::int64_t memory_a_lane_ = 0;
};

}  // namespace

void lanes_backward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                    const RecurrentTrace& trace, const RecurrentPlan<float>::Gradients& gradients,
                    Workspace& workspace) {
  LaneBackward(plan, args, static_cast<const LaneTrace&>(trace), gradients, workspace).run();
}

}  // namespace rondo
