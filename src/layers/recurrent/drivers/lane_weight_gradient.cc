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
}  // namespace

LaneWeightGradient::LaneWeightGradient(const LaneShape& lane_shape, const LaneSchedule& schedule,
                                       std::int64_t steps, const Kind& of_kind,
                                       const RecurrentWeights<float>& gradients, Workspace& workspace)
    : shape(lane_shape), kind(of_kind), chunk_steps(steps) {
  const auto& info = *shape.info;
  const std::int64_t rows = steps * schedule.lanes;
  std::size_t group_count = 1;
  if (kind.normalized) {
    group_count = info.vectors > 0 ? 1 : 0;
  } else if (kind.masked) {
    group_count = static_cast<std::size_t>(info.sums + info.vectors);
  }
  sums = LanePanels::make(rows, shape.sum_rows() - first_sum() * shape.units, group_count, workspace);
  const std::int64_t blocks = (schedule.lanes + kLaneBlock - 1) / kLaneBlock;
  segments = workspace.take<LaneSegment>(steps * blocks);
  if (kind.masked) {
    read_segments = workspace.take<LaneSegment>(steps * blocks);
    reads = {nullptr, info.gates * (shape.inputs + shape.units), schedule.lanes};
    reads.data = workspace.take<float>(reads.rows * rows);
  }
  if (info.stages == 2) gated_segments = workspace.take<LaneSegment>(steps * blocks);
  begin_biases(gradients, workspace);
  if (separate()) {
    begin_separate(rows, gradients, workspace);
  } else {
    begin_together(gradients, workspace);
  }
}

void LaneWeightGradient::begin_biases(const RecurrentWeights<float>& gradients, Workspace& workspace) {
  const auto& info = *shape.info;
  const auto groups = static_cast<std::int64_t>(sums.count);
  bias_stride = GradientPanels::size(1, sums.group_rows);
  bias = workspace.zeros<float>(2 * groups * bias_stride);
  const auto begin = [&](View<float> from, const GateRange& range, float* to) {
    for (int i = 0; i < range.count; ++i)
      std::copy_n(from.data + nth(range.gate, i) * shape.units, shape.units, bias_at(to, range.first + i));
  };
  if (gradients.bias.data != nullptr && !kind.normalized) {
    begin(gradients.bias.rows_from(0, 1), shape.input_range, bias);
    if (info.recurrent_bias) {
      recurrent_bias = bias + groups * bias_stride;
      begin(gradients.bias.rows_from(1, 1), recurrent_bias_range(info), recurrent_bias);
    }
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(nth(gradients.vectors, p), shape.units, bias_at(bias, info.sums + p));
}

void LaneWeightGradient::begin_together(const RecurrentWeights<float>& gradients, Workspace& workspace) {
  const std::int64_t units = shape.units;
  const auto begin = [&](View<float> from, const GateRange& range, float* to) {
    gates_to_sums(from, range, units, columns_of(to, range), stride);
  };
  stride = sum_stride(shape.sum_rows());
  kernel = workspace.zeros<float>((shape.inputs + shape.info->stages * units) * stride);
  recurrent = kernel + shape.inputs * stride;
  begin(gradients.kernel, shape.input_range, kernel);
  begin(gradients.recurrent_kernel, shape.recurrent_range[0], recurrent);
  if (shape.info->stages == 2) {
    gated = recurrent + units * stride;
    begin(gradients.recurrent_kernel, shape.recurrent_range[1], gated);
  }
}

void LaneWeightGradient::begin_separate(std::int64_t panel_rows, const RecurrentWeights<float>& gradients,
                                        Workspace& workspace) {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  const auto add = [&](const GradientPanels& panels, const GateRange& range, const LaneSegment* where,
                       std::int64_t first_row, std::int64_t kernel_rows, std::int64_t recurrent_rows) {
    LaneProductGradient& p = products[product_count++];
    p = {panels, range, where, first_row, kernel_rows, recurrent_rows};
    p.stride = sum_stride(panels.columns());
    p.sum = workspace.zeros<float>((kernel_rows + recurrent_rows) * p.stride);
    if (kernel_rows > 0) gates_to_sums(gradients.kernel, range, units, p.sum, p.stride);
    if (recurrent_rows > 0)
      gates_to_sums(gradients.recurrent_kernel, range, units, p.sum + kernel_rows * p.stride, p.stride);
  };
  const GateRange &in = shape.input_range, &rec = shape.recurrent_range[0];
  if (kind.normalized) {
    const auto make = [&](int groups) {
      return LanePanels::make(panel_rows, info.gates * units,
                              kind.masked ? static_cast<std::size_t>(groups) : 1, workspace);
    };
    inputs = make(in.count);
    recurrents = make(rec.count);
  }
  if (!kind.masked) {
    add(inputs.groups[0], in, segments, 0, shape.inputs, 0);
    add(recurrents.groups[0], rec, segments, shape.inputs, 0, units);
    return;
  }
  for (int g = 0; g < info.gates; ++g) {
    const int in_sum = nth(info.input_sum, g), rec_sum = nth(info.recurrent_sum, g);
    const std::int64_t first_read = g * (shape.inputs + units);
    if (in_sum == rec_sum && !kind.normalized) {
      add(nth(sums.groups, in_sum), one_gate(g), read_segments, first_read, shape.inputs, units);
      continue;
    }
    add(kind.normalized ? nth(inputs.groups, in_sum - in.first) : nth(sums.groups, in_sum), one_gate(g),
        read_segments, first_read, shape.inputs, 0);
    add(kind.normalized ? nth(recurrents.groups, rec_sum - rec.first) : nth(sums.groups, rec_sum),
        one_gate(g), read_segments, first_read + shape.inputs, 0, units);
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
  const auto end_product = [&](float* from, const GateRange& range, View<float> to) {
    sums_to_gates(columns_of(from, range), stride, range, units, to);
  };
  if (!separate()) {
    end_product(kernel, shape.input_range, gradients.kernel);
    end_product(recurrent, shape.recurrent_range[0], gradients.recurrent_kernel);
    if (info.stages == 2) end_product(gated, shape.recurrent_range[1], gradients.recurrent_kernel);
  }
  const auto end_bias = [&](float* from, const GateRange& range, View<float> to) {
    for (int i = 0; i < range.count; ++i) {
      std::copy_n(bias_at(from, range.first + i), units, to.data + nth(range.gate, i) * units);
    }
  };
  if (gradients.bias.data != nullptr && !kind.normalized) {
    end_bias(bias, shape.input_range, gradients.bias.rows_from(0, 1));
    if (info.recurrent_bias)
      end_bias(recurrent_bias, recurrent_bias_range(info), gradients.bias.rows_from(1, 1));
  }
  for (int p = 0; p < info.vectors; ++p)
    std::copy_n(bias_at(bias, info.sums + p), units, nth(gradients.vectors, p));
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
      if (kind.masked) read_segments[count] = {reads.at(lane, from - s), width};
      if (gated == nullptr) continue;
      gated_segments[count] = {
          trace.gated_state + lane * shape.units * trace.schedule.steps + s * shape.units * width, width};
    }
  }
  return count;
}

void LaneWeightGradient::put(const CellCall<float>& call, const LaneNormGradients& norm, std::int64_t row) {
  sums.put(call.sums + first_sum() * call.units * call.sums_stride, call.sums_stride, call.rows, row);
  if (!kind.normalized) return;
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
  if (gated != nullptr) run(gated_segments, 0, units, shape.recurrent_range[1], gated);
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
