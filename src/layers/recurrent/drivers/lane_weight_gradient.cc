#include "layers/recurrent/drivers/lane_weight_gradient.h"

namespace rondo {

using kernels::CellCall;
using kernels::GradientPanels;
using kernels::kLaneBlock;
using kernels::LaneSegment;

namespace {

/// Rows of sums of so many columns lie so far apart.
std::int64_t sum_stride(std::int64_t columns) {
  const std::int64_t stride = GradientPanels::size(1, columns);
  return stride % 256 == 0 ? stride + 16 : stride;  // rows would share cache sets
}

GateRange one_gate(int gate) { return {0, 1, {gate}}; }
GateRange from_zero(GateRange range) {
  range.first = 0;
  return range;
}

}  // namespace

LaneWeightGradient LaneWeightGradient::begin(const LaneShape& shape, const LaneSchedule& schedule,
                                             std::int64_t steps, bool normalized, bool masked,
                                             const RecurrentWeights<float>& gradients, void* owner,
                                             TakeMemory<float> take_memory) {
  const auto take = [&](std::int64_t count) { return take_memory(owner, count); };
  const auto& info = *shape.info;
  const std::int64_t units = shape.units, inputs = shape.inputs;
  LaneWeightGradient g;
  g.shape = shape;
  g.normalized = normalized;
  g.masked = masked;
  g.chunk_steps = steps;
  const std::int64_t columns = shape.sum_rows(), rows = steps * schedule.lanes;
  std::size_t group_count = 1;
  if (normalized) {
    group_count = info.vectors > 0 ? 1 : 0;
  } else if (masked) {
    group_count = static_cast<std::size_t>(info.sums + info.vectors);
  }
  g.sums = LanePanels::make(rows, columns - g.first_sum() * units, group_count, take);
  const std::int64_t blocks = (schedule.lanes + kLaneBlock - 1) / kLaneBlock;
  const auto take_segments = [&] {
    const auto bytes = static_cast<std::int64_t>(sizeof(LaneSegment)) * steps * blocks;
    return reinterpret_cast<LaneSegment*>(take(bytes / static_cast<std::int64_t>(sizeof(float))));
  };
  g.segments = take_segments();
  if (masked) {
    g.read_segments = take_segments();
    g.reads = {nullptr, info.gates * (inputs + units), schedule.lanes};
    g.reads.data = take(g.reads.rows * rows);
  }

  const auto groups = static_cast<std::int64_t>(g.sums.count);
  g.bias_stride = GradientPanels::size(1, g.sums.group_rows);
  g.bias = take(2 * groups * g.bias_stride);
  std::fill_n(g.bias, 2 * groups * g.bias_stride, 0.0F);
  const auto begin_bias = [&](View<float> from, const GateRange& range, float* to) {
    for (int i = 0; i < range.count; ++i) {
      std::copy_n(from.data + range.gate[static_cast<std::size_t>(i)] * units, units,
                  g.bias_at(to, range.first + i));
    }
  };
  if (gradients.bias.data != nullptr && !normalized) {
    begin_bias(gradients.bias.rows_from(0, 1), shape.input_range, g.bias);
    if (info.recurrent_bias) {
      g.recurrent_bias = g.bias + groups * g.bias_stride;
      begin_bias(gradients.bias.rows_from(1, 1), recurrent_bias_range(info), g.recurrent_bias);
    }
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(gradients.vectors[static_cast<std::size_t>(p)], units, g.bias_at(g.bias, info.sums + p));

  if (g.separate()) {
    g.begin_products(rows, gradients, take);
    return g;
  }
  g.stride = sum_stride(columns);
  const std::int64_t all = inputs + units + (info.stages == 2 ? units : 0);
  g.kernel = take(all * g.stride);
  std::fill_n(g.kernel, all * g.stride, 0.0F);
  g.recurrent = g.kernel + inputs * g.stride;
  gates_to_sums(gradients.kernel, shape.input_range, units, g.kernel, g.stride);
  gates_to_sums(gradients.recurrent_kernel, shape.recurrent_range[0], units, g.recurrent, g.stride);
  if (info.stages == 2) {
    g.operand_segments = take_segments();
    g.operand = g.recurrent + units * g.stride;
    gates_to_sums(gradients.recurrent_kernel, shape.recurrent_range[1], units, g.operand, g.stride);
  }
  return g;
}

template <class Take>
void LaneWeightGradient::begin_products(std::int64_t panel_rows, const RecurrentWeights<float>& gradients,
                                        Take take) {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  const auto add = [&](const GradientPanels& panels, const GateRange& range, const LaneSegment* where,
                       std::int64_t first_row, std::int64_t kernel_rows, std::int64_t recurrent_rows) {
    LaneProductGradient& p = products[product_count++];
    p = {panels, range, where, first_row, kernel_rows, recurrent_rows};
    p.stride = sum_stride(panels.columns());
    const std::int64_t size = (kernel_rows + recurrent_rows) * p.stride;
    p.sum = take(size);
    std::fill_n(p.sum, size, 0.0F);
    if (kernel_rows > 0) gates_to_sums(gradients.kernel, range, units, p.sum, p.stride);
    if (recurrent_rows > 0)
      gates_to_sums(gradients.recurrent_kernel, range, units, p.sum + kernel_rows * p.stride, p.stride);
  };
  const GateRange &in = shape.input_range, &rec = shape.recurrent_range[0];
  const auto first_read = [&](int gate) { return gate * (shape.inputs + units); };
  if (normalized) {
    inputs = LanePanels::make(panel_rows, info.gates * units, masked ? static_cast<std::size_t>(in.count) : 1,
                              take);
    recurrents = LanePanels::make(panel_rows, info.gates * units,
                                  masked ? static_cast<std::size_t>(rec.count) : 1, take);
  }
  if (!masked) {
    add(inputs.groups[0], from_zero(in), segments, 0, shape.inputs, 0);
    add(recurrents.groups[0], from_zero(rec), segments, shape.inputs, 0, units);
    return;
  }
  for (int g = 0; g < info.gates; ++g) {
    const auto gate = static_cast<std::size_t>(g);
    const int in_sum = info.input_sum[gate], rec_sum = info.recurrent_sum[gate];
    if (in_sum == rec_sum && !normalized) {
      add(sums.groups[static_cast<std::size_t>(in_sum)], one_gate(g), read_segments, first_read(g),
          shape.inputs, units);
      continue;
    }
    add(normalized ? inputs.groups[static_cast<std::size_t>(in_sum - in.first)]
                   : sums.groups[static_cast<std::size_t>(in_sum)],
        one_gate(g), read_segments, first_read(g), shape.inputs, 0);
    add(normalized ? recurrents.groups[static_cast<std::size_t>(rec_sum - rec.first)]
                   : sums.groups[static_cast<std::size_t>(rec_sum)],
        one_gate(g), read_segments, first_read(g) + shape.inputs, 0, units);
  }
}

void LaneWeightGradient::end(const RecurrentWeights<float>& gradients) const {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  for (std::size_t i = 0; i < product_count; ++i) {
    const LaneProductGradient& p = products[i];
    if (p.kernel_rows > 0) sums_to_gates(p.sum, p.stride, p.range, units, gradients.kernel);
    if (p.recurrent_rows > 0)
      sums_to_gates(p.sum + p.kernel_rows * p.stride, p.stride, p.range, units, gradients.recurrent_kernel);
  }
  if (!separate()) {
    sums_to_gates(kernel, stride, shape.input_range, units, gradients.kernel);
    sums_to_gates(recurrent, stride, shape.recurrent_range[0], units, gradients.recurrent_kernel);
    if (info.stages == 2)
      sums_to_gates(operand, stride, shape.recurrent_range[1], units, gradients.recurrent_kernel);
  }
  const auto end_bias = [&](float* from, const GateRange& range, View<float> to) {
    for (int i = 0; i < range.count; ++i) {
      std::copy_n(bias_at(from, range.first + i), units,
                  to.data + range.gate[static_cast<std::size_t>(i)] * units);
    }
  };
  if (gradients.bias.data != nullptr && !normalized) {
    end_bias(bias, shape.input_range, gradients.bias.rows_from(0, 1));
    if (info.recurrent_bias)
      end_bias(recurrent_bias, recurrent_bias_range(info), gradients.bias.rows_from(1, 1));
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(bias_at(bias, info.sums + p), units, gradients.vectors[static_cast<std::size_t>(p)]);
}

std::size_t LaneWeightGradient::find_segments(const LaneTrace& trace, std::int64_t from,
                                              std::int64_t steps) const {
  const std::int64_t rows = shape.inputs + shape.units, lanes = trace.schedule.lanes;
  std::size_t count = 0;
  for (std::int64_t s = from; s > from - steps; --s) {
    for (std::int64_t lane = (lanes - 1) / kLaneBlock * kLaneBlock; lane >= 0; lane -= kLaneBlock, ++count) {
      const std::int64_t width = std::min(kLaneBlock, lanes - lane);
      segments[count] = {trace.inputs_and_h + lane * rows * (trace.schedule.steps + 1) + s * rows * width,
                         width};
      if (masked) read_segments[count] = {reads.at(lane, from - s), width};
      if (operand == nullptr) continue;
      operand_segments[count] = {
          trace.operand + lane * shape.units * trace.schedule.steps + s * shape.units * width, width};
    }
  }
  return count;
}

void LaneWeightGradient::put(const CellCall<float>& call, const LaneNormGradients& norm, std::int64_t row) {
  sums.put(call.sums + first_sum() * call.units * call.sums_stride, call.sums_stride, call.rows, row);
  if (!normalized) return;
  inputs.put(norm.input, call.rows, call.rows, row);
  recurrents.put(norm.recurrent, call.rows, call.rows, row);
}

kernels::PanelRange LaneWeightGradient::of(const GateRange& range, PanelRange only) const {
  const GradientPanels& panels = sums.groups[0];
  return {std::max(panels.panel_of(range.first * shape.units), only.first),
          std::min(panels.panel_of((range.first + range.count) * shape.units - 1) + 1, only.last)};
}

void LaneWeightGradient::add_together(std::size_t count, std::int64_t panel_rows, PanelRange only) const {
  const auto run = [&](const LaneSegment* where, std::int64_t first, std::int64_t rows,
                       const GateRange& range, float* to) {
    kernels::add_lane_gradient({where, count}, first, sums.groups[0], of(range, only),
                               {to, rows, stride, stride});
  };
  const std::int64_t units = shape.units;
  const GateRange &in = shape.input_range, &rec = shape.recurrent_range[0];
  if (in.first == rec.first && in.count == rec.count) {
    run(segments, 0, shape.inputs + units, in, kernel);  // `recurrent` follows `kernel` in memory
  } else {
    run(segments, 0, shape.inputs, in, kernel);
    run(segments, shape.inputs, units, rec, recurrent);
  }
  if (operand != nullptr) run(operand_segments, 0, units, shape.recurrent_range[1], operand);
  add_biases(panel_rows, 0, only);
}

void LaneWeightGradient::add_biases(std::int64_t panel_rows, std::size_t group, PanelRange only) const {
  const GradientPanels& panels = sums.groups[group];
  const auto first = static_cast<std::int64_t>(group) * bias_stride;
  kernels::add_panel_sums(panels, panel_rows, only, bias + first);
  if (recurrent_bias == nullptr) return;
  const GateRange range = recurrent_bias_range(*shape.info);
  if (sums.count == 1) {
    only = of(range, only);
  } else if (!range.covers(static_cast<int>(group))) {
    return;
  }
  kernels::add_panel_sums(panels, panel_rows, only, recurrent_bias + first);
}

int LaneWeightGradient::job_count() const {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < sums.count; ++i) count += sums.groups[i].panels();
  for (std::size_t i = 0; i < product_count; ++i) count += products[i].panels.panels();
  return static_cast<int>(count);
}

void LaneWeightGradient::run_job(int job, std::size_t count, std::int64_t panel_rows) const {
  std::int64_t panel = job;
  for (std::size_t i = 0; i < sums.count; ++i) {
    const std::int64_t panels = sums.groups[i].panels();
    if (panel < panels) {
      if (separate()) return add_biases(panel_rows, i, {panel, panel + 1});
      return add_together(count, panel_rows, {panel, panel + 1});
    }
    panel -= panels;
  }
  const LaneProductGradient* product = products.data();
  for (; panel >= product->panels.panels(); ++product) panel -= product->panels.panels();
  product->add(count, panel);
}

void LaneWeightGradient::run_all(std::size_t count, std::int64_t panel_rows) const {
  if (!separate()) return add_together(count, panel_rows, {0, sums.groups[0].panels()});
  const int jobs = job_count();
  for (int job = 0; job < jobs; ++job) run_job(job, count, panel_rows);
}

}  // namespace rondo
