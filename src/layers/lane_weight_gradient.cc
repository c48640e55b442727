#include "layers/lane_weight_gradient.h"

namespace rondo {

using kernels::CellCall;
using kernels::GradientPanels;
using kernels::kLaneBlock;
using kernels::LaneSegment;

std::size_t LaneWeightGradient::find_segments(const LaneTrace& trace, std::int64_t from,
                                              std::int64_t steps) const {
  const std::int64_t rows = shape.inputs + shape.units, lanes = trace.schedule.lanes;
  std::size_t count = 0;
  for (std::int64_t s = from; s > from - steps; --s) {
    for (std::int64_t lane = (lanes - 1) / kLaneBlock * kLaneBlock; lane >= 0; lane -= kLaneBlock, ++count) {
      const std::int64_t width = std::min(kLaneBlock, lanes - lane);
      segments[count] = {trace.inputs_and_h + lane * rows * (trace.schedule.steps + 1) + s * rows * width,
                         width};
      if (masked_segments != nullptr) {
        const std::int64_t gates = static_cast<std::int64_t>(gate_count) * shape.units;
        masked_segments[count] = {trace.masked + lane * gates * trace.schedule.steps + s * gates * width,
                                  width};
      }
      if (operand == nullptr) continue;
      operand_segments[count] = {
          trace.operand + lane * shape.units * trace.schedule.steps + s * shape.units * width, width};
    }
  }
  return count;
}

void LaneWeightGradient::add(std::size_t count, std::int64_t panel_rows, PanelRange only) const {
  const std::int64_t inputs = shape.inputs, units = shape.units;
  const auto run = [&](const LaneSegment* where, std::int64_t first, std::int64_t rows,
                       const GateRange& range, float* to) {
    const PanelRange columns = of(range, units, only);
    kernels::add_lane_gradient({where, count}, first, rows, panels, 0, columns.first, columns.last, to,
                               stride);
  };
  const GateRange& in = shape.input_range;
  const GateRange& rec = shape.recurrent_range[0];
  if (normalized) {
    // Each product has panels of its own: see add_product.
  } else if (gate_count > 0) {
    run(segments, 0, inputs, in, kernel);
  } else if (in.first == rec.first && in.count == rec.count) {
    run(segments, 0, inputs + units, in, kernel);  // `recurrent` follows `kernel` in memory
  } else {
    run(segments, 0, inputs, in, kernel);
    run(segments, inputs, units, rec, recurrent);
  }
  if (operand != nullptr) run(operand_segments, 0, units, shape.recurrent_range[1], operand);
  kernels::add_panel_sums(panels, 0, panel_rows, only.first, only.last, bias);
  if (recurrent_bias != nullptr) {
    const PanelRange columns = of(recurrent_bias_range(*shape.info), units, only);
    kernels::add_panel_sums(panels, 0, panel_rows, columns.first, columns.last, recurrent_bias);
  }
}

void LaneWeightGradient::put(const CellCall<float>& call, const LaneNormTrace& norm, std::int64_t row) {
  panels.put_lanes(call.sums, call.sums_stride, call.rows, row);
  for (std::size_t i = 0; i < gate_count; ++i) {
    const std::int64_t first = first_gate_row + static_cast<std::int64_t>(i) * call.units;
    gate_products[i].panels.put_lanes(call.sums + first * call.sums_stride, call.sums_stride, call.rows, row);
  }
  if (!normalized) return;
  input_product.panels.put_lanes(norm.input, call.sums_stride, call.rows, row);
  recurrent_product.panels.put_lanes(norm.recurrent, call.sums_stride, call.rows, row);
}

LaneWeightGradient LaneWeightGradient::begin(const LaneShape& shape, const LaneSchedule& schedule,
                                             std::int64_t steps, bool normalized, bool masked,
                                             const RecurrentWeights<float>& gradients, void* owner,
                                             TakeMemory<float> take_memory) {
  const auto take = [&](std::int64_t count) { return take_memory(owner, count); };
  const auto& info = *shape.info;
  const std::int64_t units = shape.units, inputs = shape.inputs;
  LaneWeightGradient g;
  g.shape = shape;
  const std::int64_t columns = shape.sum_rows(), rows = steps * schedule.lanes;
  g.chunk_steps = steps;
  g.panels = GradientPanels(rows, columns, take(GradientPanels::size(rows, columns)));
  g.stride = GradientPanels::size(1, columns);
  if (g.stride % 256 == 0) g.stride += 16;  // rows would share cache sets
  const std::int64_t blocks = (schedule.lanes + kLaneBlock - 1) / kLaneBlock;
  const auto take_segments = [&] {
    const auto bytes = static_cast<std::int64_t>(sizeof(LaneSegment)) * steps * blocks;
    return reinterpret_cast<LaneSegment*>(take(bytes / static_cast<std::int64_t>(sizeof(float))));
  };
  g.segments = take_segments();
  const std::int64_t all = inputs + units + (info.stages == 2 ? units : 0) + 2;
  g.kernel = take(all * g.stride);
  std::fill_n(g.kernel, all * g.stride, 0.0F);
  g.recurrent = g.kernel + inputs * g.stride;
  g.bias = g.recurrent + units * g.stride;
  if (info.stages == 2) {
    g.operand_segments = take_segments();
    g.operand = g.bias;
    g.bias += units * g.stride;
    gates_to_sums(gradients.recurrent_kernel, shape.recurrent_range[1], units, g.operand, g.stride);
  }
  if (normalized) {
    g.normalized = true;
    g.input_product =
        LaneProductGradient::begin(shape.input_range, units, 0, rows, gradients.kernel, owner, take_memory);
    g.recurrent_product = LaneProductGradient::begin(shape.recurrent_range[0], units, inputs, rows,
                                                     gradients.recurrent_kernel, owner, take_memory);
  } else {
    gates_to_sums(gradients.kernel, shape.input_range, units, g.kernel, g.stride);
    gates_to_sums(gradients.recurrent_kernel, shape.recurrent_range[0], units, g.recurrent, g.stride);
  }
  if (masked) {
    const GateRange& range = shape.recurrent_range[0];
    g.gate_count = static_cast<std::size_t>(range.count);
    g.first_gate_row = range.first * units;
    g.masked_segments = take_segments();
    for (int i = 0; i < range.count; ++i) {
      const GateRange one{0, 1, {range.gate[static_cast<std::size_t>(i)]}};
      g.gate_products[static_cast<std::size_t>(i)] = LaneProductGradient::begin(
          one, units, i * units, rows, gradients.recurrent_kernel, owner, take_memory);
    }
  }
  if (gradients.bias.data != nullptr) {
    gates_to_sums(gradients.bias.rows_from(0, 1), shape.input_range, units, g.bias, g.stride);
    if (info.recurrent_bias) {
      g.recurrent_bias = g.bias + g.stride;
      gates_to_sums(gradients.bias.rows_from(1, 1), recurrent_bias_range(info), units, g.recurrent_bias,
                    g.stride);
    }
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(gradients.vectors[static_cast<std::size_t>(p)], units, g.bias + (info.sums + p) * units);
  return g;
}

void LaneWeightGradient::end(const RecurrentWeights<float>& gradients) const {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  if (normalized) {
    input_product.end(gradients.kernel);
    recurrent_product.end(gradients.recurrent_kernel);
  } else {
    sums_to_gates(kernel, stride, shape.input_range, units, gradients.kernel);
    if (gate_count == 0)
      sums_to_gates(recurrent, stride, shape.recurrent_range[0], units, gradients.recurrent_kernel);
    for (std::size_t i = 0; i < gate_count; ++i) gate_products[i].end(gradients.recurrent_kernel);
  }
  if (info.stages == 2)
    sums_to_gates(operand, stride, shape.recurrent_range[1], units, gradients.recurrent_kernel);
  if (gradients.bias.data != nullptr) {
    sums_to_gates(bias, stride, shape.input_range, units, gradients.bias.rows_from(0, 1));
    if (info.recurrent_bias) {
      sums_to_gates(recurrent_bias, stride, recurrent_bias_range(info), units,
                    gradients.bias.rows_from(1, 1));
    }
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(bias + (info.sums + p) * units, units, gradients.vectors[static_cast<std::size_t>(p)]);
}
}  // namespace rondo
