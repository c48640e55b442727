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

void LaneWeightGradient::begin(const LaneShape& lane_shape, const LaneSchedule& schedule, std::int64_t steps,
                               const Kind& of_kind, const RecurrentWeights<float>& gradients,
                               Workspace& workspace) {
  shape = lane_shape;
  kind = of_kind;
  chunk_steps = steps;
  const auto& info = *shape.info;
  const std::int64_t rows = steps * schedule.lanes;
  std::size_t group_count = 1;
  if (kind.normalized) {
    group_count = info.vectors > 0 ? 1 : 0;
  } else if (kind.masked) {
    group_count = static_cast<std::size_t>(info.sums) + static_cast<std::size_t>(info.vectors);
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
  begin_products(rows, gradients, workspace);
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

void LaneWeightGradient::begin_products(std::int64_t panel_rows, const RecurrentWeights<float>& gradients,
                                        Workspace& workspace) {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  const GateRange &in = shape.input_range, &rec = shape.recurrent_range[0];
  const auto add = [&](const GradientPanels& panels, std::int64_t column, const GateRange& range,
                       const LaneRows& rows) {
    LaneProductGradient& p = products[product_count++];
    p = {&panels, range, column, used(panels, column, range), rows};
    p.stride = sum_stride(panels.columns());
    p.sum = workspace.zeros<float>((rows.kernel + rows.recurrent) * p.stride);
    if (rows.kernel > 0) gates_to_sums(gradients.kernel, range, units, p.kernel_sum(), p.stride);
    if (rows.recurrent > 0)
      gates_to_sums(gradients.recurrent_kernel, range, units, p.recurrent_sum(), p.stride);
  };
  if (kind.normalized) {
    const auto make = [&](int groups) {
      return LanePanels::make(panel_rows, info.gates * units,
                              kind.masked ? static_cast<std::size_t>(groups) : 1, workspace);
    };
    inputs = make(in.count);
    recurrents = make(rec.count);
  }
  if (!kind.masked) {
    // x and h follow one another in memory.
    const LaneRows x{segments, 0, shape.inputs, 0}, h{segments, shape.inputs, 0, units},
        both{segments, 0, shape.inputs, units}, gated{gated_segments, 0, 0, units};
    const auto of_sums = [&](const GateRange& range, const LaneRows& rows) {
      add(sums.groups[0], range.first * units, range, rows);
    };
    if (kind.normalized) {
      add(inputs.groups[0], 0, in, x);
      add(recurrents.groups[0], 0, rec, h);
    } else if (in.first == rec.first && in.gate == rec.gate) {
      of_sums(in, both);
    } else {
      of_sums(in, x);
      of_sums(rec, h);
    }
    if (info.stages == 2) of_sums(shape.recurrent_range[1], gated);
    return;
  }
  for (int g = 0; g < info.gates; ++g) {
    const int in_sum = nth(info.input_sum, g), rec_sum = nth(info.recurrent_sum, g);
    const std::int64_t first = g * (shape.inputs + units);
    if (in_sum == rec_sum && !kind.normalized) {
      add(nth(sums.groups, in_sum), 0, one_gate(g), {read_segments, first, shape.inputs, units});
      continue;
    }
    add(kind.normalized ? nth(inputs.groups, in_sum - in.first) : nth(sums.groups, in_sum), 0, one_gate(g),
        {read_segments, first, shape.inputs, 0});
    add(kind.normalized ? nth(recurrents.groups, rec_sum - rec.first) : nth(sums.groups, rec_sum), 0,
        one_gate(g), {read_segments, first + shape.inputs, 0, units});
  }
}

void LaneWeightGradient::end(const RecurrentWeights<float>& gradients) const {
  const auto& info = *shape.info;
  const std::int64_t units = shape.units;
  for (std::size_t i = 0; i < product_count; ++i) {
    const LaneProductGradient& p = products[i];
    if (p.rows.kernel > 0) sums_to_gates(p.kernel_sum(), p.stride, p.range, units, gradients.kernel);
    if (p.rows.recurrent > 0)
      sums_to_gates(p.recurrent_sum(), p.stride, p.range, units, gradients.recurrent_kernel);
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
      if (gated_segments == nullptr) continue;
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

void LaneWeightGradient::add_biases(std::int64_t panel_rows, std::size_t group, PanelRange only) const {
  const GradientPanels& panels = sums.groups[group];
  const auto first = static_cast<std::int64_t>(group) * bias_stride;
  kernels::add_panel_sums(panels, panel_rows, only, bias + first);
  if (recurrent_bias == nullptr) return;
  const GateRange range = recurrent_bias_range(*shape.info);
  if (sums.count == 1) {
    const PanelRange of_range = used(panels, range.first * shape.units, range);
    only = {std::max(only.first, of_range.first), std::min(only.last, of_range.last)};
  } else if (!range.covers(static_cast<int>(group))) {
    return;
  }
  kernels::add_panel_sums(panels, panel_rows, only, recurrent_bias + first);
}

int LaneWeightGradient::job_count() const {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < product_count; ++i) count += products[i].count();
  for (std::size_t i = 0; i < sums.count; ++i) count += sums.groups[i].panels();
  return static_cast<int>(count);
}

void LaneWeightGradient::run_job(int job, std::size_t count, std::int64_t panel_rows) const {
  std::int64_t panel = job;
  for (std::size_t i = 0; i < product_count; ++i) {
    const LaneProductGradient& p = products[i];
    if (panel < p.count()) return p.add(count, {p.used.first + panel, p.used.first + panel + 1});
    panel -= p.count();
  }
  std::size_t group = 0;
  for (; panel >= sums.groups[group].panels(); ++group) panel -= sums.groups[group].panels();
  add_biases(panel_rows, group, {panel, panel + 1});
}

void LaneWeightGradient::run_all(std::size_t count, std::int64_t panel_rows) const {
  for (std::size_t i = 0; i < product_count; ++i) products[i].add(count, products[i].used);
  for (std::size_t i = 0; i < sums.count; ++i) add_biases(panel_rows, i, {0, sums.groups[i].panels()});
}

}  // namespace rondo
