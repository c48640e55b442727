#include "layers/lane_recurrence.h"

#include <algorithm>
#include <new>

#include "layers/gate_ranges.h"

namespace rondo {

using kernels::CellCall;
using kernels::GradientPanels;
using kernels::kLaneBlock;
using kernels::kLaneGroup;
using kernels::LaneOperand;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

namespace {

/// Below this share of busy lanes the driver over units is faster; wide states fill vectors by themselves.
double least_use(std::int64_t units) {
  if (units % kLaneGroup != 0) return 0.7;
  return units <= 128 ? 0.85 : 1.1;
}

/// Products of one step that read the same rows of [x; h]: neighbouring sums.
struct ProductGroup {
  PackedRows weights;
  std::int64_t first_row = 0;       ///< of the sums
  std::int64_t first_k = 0, k = 0;  ///< rows of [x; h]
  std::int64_t input_k = 0;         ///< how many of them are inputs: enough when h is zero
};

void set_lane(float* rows, std::int64_t count, std::int64_t width, std::int64_t lane, const float* values) {
  for (std::int64_t u = 0; u < count; ++u) rows[u * width + lane] = values == nullptr ? 0.0F : values[u];
}
void get_lane(const float* rows, std::int64_t count, std::int64_t width, std::int64_t lane, float* values) {
  for (std::int64_t u = 0; u < count; ++u) values[u] = rows[u * width + lane];
}

}  // namespace

/// Some lanes of one block: what one thread works on through all steps. Lanes count from the block's first one.
struct LaneRecurrence::Slice {
  std::int64_t block_lane;    ///< the block's first lane in the schedule
  std::int64_t width;         ///< lanes of the block: distance of two rows in memory
  std::int64_t first, lanes;  ///< the slice within the block
  bool has(std::int64_t schedule_lane) const {
    return schedule_lane >= block_lane + first && schedule_lane < block_lane + first + lanes;
  }
};

struct LaneRecurrence::Products {
  std::array<ProductGroup, cells::kMaxSums> groups;
  std::size_t group_count = 0;
  PackedRows second_stage;
  const float* bias = nullptr;
  bool h_is_zero_at_first = false;
};

struct LaneRecurrence::BackProducts {
  std::array<PackedRows, 2> recurrent;
  PackedRows input;
};

/// Gradients of all weights in the sums' order, summed over blocks, steps from the last to the first, lanes from the last.
struct LaneRecurrence::WeightGradient {
  GradientPanels panels;
  std::int64_t stride = 0;  ///< of the rows below
  float *kernel = nullptr, *recurrent = nullptr, *operand = nullptr, *bias = nullptr;
  std::int64_t chunk_steps = 0;  ///< 0: all steps are kept, to be summed up when all threads are done

  struct PanelRange {
    std::int64_t first, last;
  };
  PanelRange of(const GateRange& range, std::int64_t units) const {
    return {panels.panel_of(range.first * units),
            panels.panel_of((range.first + range.count) * units - 1) + 1};
  }

  /// Adds `steps` steps of a block, `from` and those before it; their gradients lie at `row` of the panels.
  void add(const LaneRecurrence& driver, const LaneTrace& trace, std::int64_t block_lane, std::int64_t width,
           std::int64_t from, std::int64_t steps, std::int64_t row, PanelRange only) const {
    const std::int64_t inputs = driver.inputs_, units = driver.units_, all = trace.schedule.steps;
    const std::int64_t slot = (inputs + units) * width;
    const float* xh = trace.inputs_and_h + block_lane * (inputs + units) * (all + 1) + from * slot;
    const auto run = [&](const float* data, std::int64_t rows, std::int64_t step, const GateRange& range,
                         float* to) {
      const PanelRange whole = of(range, units);
      kernels::add_lane_gradient({data, rows, width, -step}, steps, width, panels, row,
                                 std::max(whole.first, only.first), std::min(whole.last, only.last), to,
                                 stride);
    };
    const GateRange& in = driver.input_range_;
    const GateRange& rec = driver.recurrent_range_[0];
    if (in.first == rec.first && in.count == rec.count) {
      run(xh, inputs + units, slot, in, kernel);  // recurrent follows kernel in memory
    } else {
      run(xh, inputs, slot, in, kernel);
      run(xh + inputs * width, units, slot, rec, recurrent);
    }
    if (operand != nullptr) {
      const float* op = trace.operand + block_lane * units * all + from * units * width;
      run(op, units, units * width, driver.recurrent_range_[1], operand);
    }
    kernels::add_panel_sums(panels, row, steps * width, only.first, only.last, bias);
  }
};

LaneRecurrence::LaneRecurrence(const RecurrentShape& shape, const Layout& layout, Pool& pool, void* owner,
                               TakeMemory<float> take)
    : shape_(shape),
      info_(shape.cell->info),
      layout_(layout),
      pool_(pool),
      owner_(owner),
      take_(take),
      units_(shape.units),
      inputs_(shape.inputs),
      input_range_(input_range(info_)) {
  for (int s = 0; s < info_.stages; ++s)
    recurrent_range_[static_cast<std::size_t>(s)] = recurrent_range(info_, s);
  if (layout.batch() < kLaneGroup / 2 || least_use(units_) > 1) return;
  schedule_ = LaneSchedule::outline(layout, take_integers(LaneSchedule::scratch_size(layout)));
  applies_ = schedule_.use(layout) >= least_use(units_);
}

LaneRecurrence::Slice LaneRecurrence::slice(std::int64_t first_group, std::int64_t groups) const {
  const std::int64_t lane = first_group * kLaneGroup, block = lane / kLaneBlock * kLaneBlock;
  const std::int64_t width = std::min(kLaneBlock, schedule_.lanes - block);
  return {block, width, lane - block, std::min(groups * kLaneGroup, block + width - lane)};
}

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

LaneTrace* LaneRecurrence::forward(const RecurrentWeights<const float>& weights, View<const float> x,
                                   const std::array<const float*, kMaxStates>& initial, View<float> y,
                                   const std::array<float*, kMaxStates>& final, bool keeps) {
  Products products;
  float* bias = take(info_.sums * units_);
  sum_biases(info_, weights.bias, units_, bias);
  products.bias = bias;
  const GateRange& in = input_range_;
  const GateRange& rec = recurrent_range_[0];
  for (int sum = 0; sum < info_.sums;) {
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
    kernels::gather_lanes(x, rows, slice.lanes, xh, width);
    const bool h_is_zero = s == 0 && products.h_is_zero_at_first;
    for (std::size_t g = 0; g < products.group_count; ++g) {
      const ProductGroup& group = products.groups[g];
      multiply_lanes(group.weights, h_is_zero ? group.input_k : group.k, xh + group.first_k * width, width,
                     Start::bias, products.bias + group.first_row, call.sums + group.first_row * width, width,
                     slice.lanes);
    }
    if (info_.stages == 2) {
      formulas.prepare(call);
      multiply_lanes(products.second_stage, units_, call.operand, width, Start::accumulate, nullptr,
                     call.sums + recurrent_range_[1].first * units_ * width, width, slice.lanes);
    }
    for (int j = 0; j < info_.states; ++j) call.next[j] = state_of(next, j);
    formulas.forward(call);
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

void LaneRecurrence::backward(const RecurrentWeights<const float>& weights, const LaneTrace& trace,
                              View<const float> dy, const std::array<float*, kMaxStates>& d_state,
                              const RecurrentWeights<float>& gradients, View<float> dx) {
  schedule_ = trace.schedule;
  BackProducts products;
  for (int stage = 0; stage < info_.stages; ++stage) {
    const GateRange& range = recurrent_range_[static_cast<std::size_t>(stage)];
    PackedRows& packed = products.recurrent[static_cast<std::size_t>(stage)];
    const std::int64_t k = range.count * units_;
    packed = PackedRows(units_, k, take(PackedRows::size(units_, k)));
    for (int i = 0; i < range.count; ++i) {
      packed.put(weights.recurrent_kernel.columns(range.gate[static_cast<std::size_t>(i)] * units_, units_),
                 0, i * units_);
    }
  }
  if (dx.data != nullptr) {
    const std::int64_t k = input_range_.count * units_;
    products.input = PackedRows(inputs_, k, take(PackedRows::size(inputs_, k)));
    for (int i = 0; i < input_range_.count; ++i) {
      products.input.put(
          weights.kernel.columns(input_range_.gate[static_cast<std::size_t>(i)] * units_, units_), 0,
          i * units_);
    }
  }

  const int parts = part_count(shape_, layout_, pool_);
  const std::int64_t steps = schedule_.steps;
  const bool trains = gradients.kernel.data != nullptr;
  WeightGradient gradient;
  if (trains) {
    const std::int64_t columns = sum_rows();
    gradient.chunk_steps = parts > 1 ? 0 : std::max<std::int64_t>(1, 256 / kLaneBlock);
    const std::int64_t rows = parts > 1 ? schedule_.lanes * steps : gradient.chunk_steps * kLaneBlock;
    gradient.panels = GradientPanels(rows, columns, take(GradientPanels::size(rows, columns)));
    gradient.stride = GradientPanels::size(1, columns);
    if (gradient.stride % 256 == 0) gradient.stride += 16;  // rows would share cache sets
    const std::int64_t gradient_rows = inputs_ + units_ + (info_.stages == 2 ? units_ : 0) + 1;
    gradient.kernel = take(gradient_rows * gradient.stride);
    std::fill_n(gradient.kernel, gradient_rows * gradient.stride, 0.0F);
    gradient.recurrent = gradient.kernel + inputs_ * gradient.stride;
    gradient.bias = gradient.recurrent + units_ * gradient.stride;
    if (info_.stages == 2) {
      gradient.operand = gradient.bias;
      gradient.bias += units_ * gradient.stride;
    }
  }

  const std::int64_t memory_size = (info_.states + 2) * units_ * kLaneBlock + inputs_ * kLaneBlock;
  float* memory = take(memory_size * parts);
  for_slices(parts, [&](int part, const Slice& s) {
    run_backward(s, trace, products, dy, d_state, dx, memory + part * memory_size,
                 trains ? &gradient : nullptr, s.block_lane * steps);
  });
  if (!trains) return;

  if (gradient.chunk_steps == 0) {
    const auto panels = static_cast<int>(gradient.panels.panels());
    pool_.run(panels, [&](int panel) {
      for (std::int64_t lane = 0; lane < schedule_.lanes; lane += kLaneBlock) {
        gradient.add(*this, trace, lane, std::min(kLaneBlock, schedule_.lanes - lane), steps - 1, steps,
                     lane * steps, {panel, panel + 1});
      }
    });
  }
  const auto hand_over = [&](const float* from, const GateRange& range, View<float> to) {
    for (std::int64_t r = 0; r < to.rows; ++r, from += gradient.stride) {
      for (int i = 0; i < range.count; ++i) {
        const float* sums = from + (range.first + i) * units_;
        float* out = to.row(r) + range.gate[static_cast<std::size_t>(i)] * units_;
        for (std::int64_t u = 0; u < units_; ++u) out[u] += sums[u];
      }
    }
  };
  hand_over(gradient.kernel, input_range_, gradients.kernel);
  hand_over(gradient.recurrent, recurrent_range_[0], gradients.recurrent_kernel);
  if (info_.stages == 2) hand_over(gradient.operand, recurrent_range_[1], gradients.recurrent_kernel);
  if (gradients.bias.data != nullptr) add_bias_gradient(info_, gradient.bias, units_, gradients.bias);
  for (int p = 0; p < info_.vectors; ++p) {
    const float* from = gradient.bias + (info_.sums + p) * units_;
    float* to = gradients.vectors[static_cast<std::size_t>(p)];
    for (std::int64_t u = 0; u < units_; ++u) to[u] += from[u];
  }
}

void LaneRecurrence::run_backward(const Slice& slice, const LaneTrace& trace, const BackProducts& products,
                                  View<const float> dy, const std::array<float*, kMaxStates>& d_state,
                                  View<float> dx, float* memory, WeightGradient* gradient,
                                  std::int64_t gradient_row) const {
  const auto formulas = kernels::formulas<float>(*shape_.cell);
  const std::int64_t width = slice.width, lanes = slice.lanes, size = units_ * width;
  std::array<float*, kMaxStates> d{};
  for (int j = 0; j < info_.states; ++j) {
    d[static_cast<std::size_t>(j)] = memory + j * size;
    std::fill_n(memory + j * size, size, 0.0F);
  }
  float* d_output = memory + info_.states * size;
  float* d_operand = d_output + size;
  float* d_input = d_operand + size;
  std::int64_t waiting = 0;  // steps whose gradients wait in the panels
  for (std::int64_t s = schedule_.steps; s-- > 0;) {
    CellCall<float> call = call_of(slice, trace, s, true);
    for (int j = 0; j < info_.states; ++j) call.d_state[j] = d[static_cast<std::size_t>(j)];
    for (const LaneSchedule::Run& run : schedule_.ending(s)) {
      if (!slice.has(run.lane)) continue;
      for (int j = 0; j < info_.states; ++j) {
        set_lane(call.d_state[j], units_, width, run.lane - slice.block_lane - slice.first,
                 d_state[static_cast<std::size_t>(j)] + run.place * units_);
      }
    }
    const std::int32_t* rows = schedule_.rows + s * schedule_.lanes + slice.block_lane + slice.first;
    if (dy.data != nullptr) {
      kernels::gather_lanes(dy, rows, lanes, d_output, width);
      call.d_output = d_output;
    }
    formulas.backward(call);
    if (info_.stages == 2) {
      call.operand = d_operand;
      multiply_lanes(products.recurrent[1], products.recurrent[1].k(),
                     call.sums + recurrent_range_[1].first * size, width, Start::zero, nullptr, d_operand,
                     width, lanes);
      call.d_output = nullptr;  // is in d_state already
      formulas.backward_prepare(call);
    }
    multiply_lanes(products.recurrent[0], products.recurrent[0].k(),
                   call.sums + recurrent_range_[0].first * size, width,
                   info_.direct ? Start::accumulate : Start::zero, nullptr, call.d_state[0], width, lanes);
    if (dx.data != nullptr) {
      kernels::gather_lanes(dx, rows, lanes, d_input, width);
      multiply_lanes(products.input, products.input.k(), call.sums + input_range_.first * size, width,
                     Start::accumulate, nullptr, d_input, width, lanes);
      kernels::scatter_lanes(d_input, width, rows, lanes, dx);
    }
    for (const LaneSchedule::Run& run : schedule_.beginning(s)) {
      if (!slice.has(run.lane)) continue;
      const std::int64_t lane = run.lane - slice.block_lane - slice.first;
      for (int j = 0; j < info_.states; ++j) {
        get_lane(call.d_state[j], units_, width, lane,
                 d_state[static_cast<std::size_t>(j)] + run.place * units_);
        set_lane(call.d_state[j], units_, width, lane, nullptr);
      }
    }
    if (gradient == nullptr) continue;
    if (gradient->chunk_steps == 0) {
      gradient->panels.put_lanes(
          call.sums, width, lanes,
          gradient_row + (schedule_.steps - 1 - s) * width + width - slice.first - lanes);
      continue;
    }
    gradient->panels.put_lanes(call.sums, width, lanes, waiting * width);
    if (++waiting == gradient->chunk_steps || s == 0) {
      gradient->add(*this, trace, slice.block_lane, width, s + waiting - 1, waiting, 0,
                    {0, gradient->panels.panels()});
      waiting = 0;
    }
  }
}

}  // namespace rondo
