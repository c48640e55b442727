#include "layers/recurrent/drivers/lane_norm.h"

#include <algorithm>

#include "kernels/lane_norm.h"

namespace rondo {

using kernels::CellCall;

LaneNorm::LaneNorm(const RecurrentShape& shape, const StepOptions<float>& options,
                   const RecurrentWeights<const float>& weights, Workspace& workspace)
    : info_(&shape.cell->info),
      formulas_(kernels::formulas<float>(*shape.cell)),
      units_(shape.units),
      inputs_(shape.inputs),
      epsilon_(options.epsilon),
      in_(input_range(*info_)),
      rec_(recurrent_range(*info_, 0)),
      each_input_(options.input_gate_stride > 0),
      each_recurrent_(options.recurrent_masks != nullptr),
      state_gain_(weights.state_gain),
      state_bias_(weights.state_bias) {
  const auto in_order = [&](const float* gains, const GateRange& range) {
    const std::int64_t width = info_->gates * units_;
    return gather_gates(View<const float>{gains, 1, width, width}, range, units_, workspace).data;
  };
  input_gain_ = in_order(weights.kernel_gain, in_);
  recurrent_gain_ = in_order(weights.recurrent_gain, rec_);
}

void LaneNorm::prepare(const RecurrentWeights<const float>& weights, const float* bias,
                       Workspace& workspace) {
  bias_ = bias;
  prepare_input(weights, workspace);
  recurrent_ = {weights.recurrent_kernel, rec_, units_, each_recurrent_, workspace};
}

void LaneNorm::prepare_input(const RecurrentWeights<const float>& weights, Workspace& workspace) {
  if (!makes_input()) {
    input_ = {weights.kernel, in_, units_, each_input_, workspace};
    return;
  }
  float* few = workspace.take<float>(in_.count * units_ * inputs_);
  few_weights_ = few;
  for (int i = 0; i < in_.count; ++i) {
    const std::int64_t column = nth(in_.gate, i) * units_;
    for (std::int64_t u = 0; u < units_; ++u) {
      for (std::int64_t k = 0; k < inputs_; ++k) *few++ = weights.kernel(k, column + u);
    }
  }
}

LaneNormTrace LaneNorm::make_trace(std::int64_t lanes, std::int64_t slots, Workspace& workspace) const {
  const std::int64_t size = lanes * slots, gate_width = info_->gates * units_;
  LaneNormTrace trace;
  if (!makes_input()) trace.input = workspace.take<float>((keeps_input() ? size : lanes) * gate_width);
  trace.recurrent = workspace.take<float>(size * gate_width);
  trace.inverse = workspace.take<float>(size * 4);
  if (of_state()) {
    trace.state = workspace.take<float>(size * units_);
    trace.scaled_state = workspace.take<float>(lanes * units_);
  }
  return trace;
}

LaneNormTrace LaneNorm::find(const LaneNormTrace& all, std::int64_t block_lane, std::int64_t width,
                             std::int64_t first, std::int64_t at, std::int64_t slots) const {
  const auto part = [&](float* slot, std::int64_t rows) {
    return slot == nullptr ? nullptr : slot + rows * (block_lane * slots + at * width) + first;
  };
  const auto only = [&](float* slot, std::int64_t rows) {
    return slot == nullptr ? nullptr : slot + rows * block_lane + first;
  };
  const std::int64_t gate_width = info_->gates * units_;
  return {keeps_input() ? part(all.input, gate_width) : only(all.input, gate_width),
          part(all.recurrent, gate_width),
          part(all.state, units_),
          only(all.scaled_state, units_),
          part(all.inverse, 4),
          width};
}

void LaneNorm::make_sums(const CellCall<float>& call, const LaneNormTrace& now, const ProductInputs& read,
                         bool h_is_zero) const {
  const std::int64_t lanes = call.rows, width = call.sums_stride;
  const kernels::LaneShape shape{info_->gates * units_, lanes, width};
  for (int s = 0; s < info_->sums; ++s) {
    if (in_.covers(s)) continue;
    for (std::int64_t u = s * units_; u < (s + 1) * units_; ++u)
      std::fill_n(call.sums + u * width, lanes, bias_[u]);
  }
  if (!makes_input()) input_.multiply(read.x, read.x_gate_stride, inputs_, now.input, width, lanes);
  recurrent_.multiply(read.h, read.h_gate_stride, h_is_zero ? 0 : units_, now.recurrent, width, lanes);
  const kernels::LaneProductNorm input = input_norm(now, read), recurrent = recurrent_norm(now);
  if (paired()) {
    kernels::normalize_lane_pair(shape, epsilon_, input, recurrent, bias_ + in_.first * units_,
                                 call.sums + in_.first * units_ * width);
    return;
  }
  kernels::normalize_lanes(shape, epsilon_, input, bias_ + in_.first * units_,
                           call.sums + in_.first * units_ * width);
  kernels::normalize_lanes(shape, epsilon_, recurrent, nullptr, call.sums + rec_.first * units_ * width);
}

kernels::LaneProductNorm LaneNorm::input_norm(const LaneNormTrace& now, const ProductInputs& read) const {
  const std::int64_t mean_row = 3;
  return {makes_input() ? made_input(read) : kernels::LaneValues{now.input},
          keeps_input() ? now.input : nullptr, now.inverse + mean_row * now.width, now.inverse, input_gain_};
}

kernels::LaneProductNorm LaneNorm::recurrent_norm(const LaneNormTrace& now) const {
  return {{now.recurrent}, now.recurrent, nullptr, now.inverse + now.width, recurrent_gain_};
}

void LaneNorm::finish(CellCall<float> call, const LaneNormTrace& now) const {
  const std::int64_t width = call.sums_stride;
  kernels::normalize_lanes({units_, call.rows, width}, epsilon_,
                           {{call.next[1]}, now.state, nullptr, now.inverse + 2 * width, state_gain_},
                           state_bias_, now.scaled_state);
  call.operand = now.scaled_state;
  call.operand_stride = width;
  formulas_.output(call);
}

void LaneNorm::run_backward(CellCall<float> call, const LaneNormTrace& now,
                            const GainSums<float>& gains) const {
  if (!of_state()) {
    formulas_.backward(call);
    return;
  }
  const std::int64_t width = call.sums_stride;
  const kernels::LaneShape shape{units_, call.rows, width};
  kernels::scale_lanes(shape, now.state, state_gain_, state_bias_, now.scaled_state);
  call.operand = now.scaled_state;
  call.operand_stride = width;
  formulas_.backward_output(call);
  kernels::normalize_lanes_backward(shape, call.operand,
                                    {.values = {now.state},
                                     .inverse = now.inverse + 2 * width,
                                     .gain = state_gain_,
                                     .d_gain = gains.state,
                                     .d_x = call.d_state[1],
                                     .d_x_ld = call.d_state_stride},
                                    gains.state_bias, true);
  formulas_.backward_normalized(call);
}

void LaneNorm::products_backward(const CellCall<float>& call, const LaneNormTrace& now,
                                 const ProductInputs& read, const GainSums<float>& gains,
                                 const LaneNormGradients& to) const {
  const std::int64_t lanes = call.rows, width = call.sums_stride;
  const kernels::LaneShape shape{info_->gates * units_, lanes, width};
  if (!makes_input() && !keeps_input()) {
    input_.multiply(read.x, read.x_gate_stride, inputs_, now.input, width, lanes);
    kernels::normalize_lanes_again(shape, now.input, now.inverse + 3 * width, now.inverse);
  }
  kernels::LaneProductNorm input = input_norm(now, read), recurrent = recurrent_norm(now);
  const float *d_input = call.sums + in_.first * units_ * width,
              *d_recurrent = call.sums + rec_.first * units_ * width;
  input.d_gain = gains.input;
  input.d_x = to.input;
  recurrent.d_gain = gains.recurrent;
  recurrent.d_x = to.recurrent;
  if (paired()) {
    kernels::normalize_lane_pair_backward(shape, d_input, input, recurrent, gains.bias);
    return;
  }
  kernels::normalize_lanes_backward(shape, d_recurrent, recurrent, gains.recurrent_bias, false);
  kernels::normalize_lanes_backward(shape, d_input, input, gains.bias, false);
}

GainSums<float> LaneNorm::make_gains(float* memory, std::int64_t lanes) const {
  std::fill_n(memory, gains_size() * lanes, 0.0F);
  const std::int64_t size = info_->gates * units_ * lanes;
  GainSums<float> gains{memory, memory + size, memory + 2 * size};
  memory += 3 * size;
  if (info_->recurrent_bias) {
    gains.recurrent_bias = memory;
    memory += size;
  }
  if (of_state()) {
    gains.state = memory;
    gains.state_bias = memory + units_ * lanes;
  }
  return gains;
}

void LaneNorm::move_gains(bool enters, const GainSums<float>& gains, std::int64_t lanes, std::int64_t lane,
                          const GainSums<float>& sums, std::int64_t place) const {
  const auto move = [&](float* column, float* row, std::int64_t rows) {
    if (column == nullptr) return;
    column += lane;
    row += place * rows;
    for (std::int64_t r = 0; r < rows; ++r)
      (enters ? column[r * lanes] : row[r]) = enters ? row[r] : column[r * lanes];
  };
  const std::int64_t gate_rows = info_->gates * units_;
  move(gains.input, sums.input, gate_rows);
  move(gains.recurrent, sums.recurrent, gate_rows);
  move(gains.bias, sums.bias, gate_rows);
  move(gains.recurrent_bias, sums.recurrent_bias, gate_rows);
  move(gains.state, sums.state, units_);
  move(gains.state_bias, sums.state_bias, units_);
}

}  // namespace rondo
