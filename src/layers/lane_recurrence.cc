#include "layers/lane_recurrence.h"

#include <algorithm>
#include <new>
#include <span>

#include "layers/gain_sums.h"
#include "layers/gate_ranges.h"

namespace rondo {

using kernels::CellCall;
using kernels::GradientPanels;
using kernels::kLaneBlock;
using kernels::kLaneGroup;
using kernels::LaneSegment;
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

/// Whether the driver knows these extras.
bool runs(RecurrentExtras<float> extras, const cells::CellInfo& info) {
  extras.zoned = {};
  if (info.stages == 1 && extras.recurrent_masks == nullptr) extras.normalized = false;
  if (info.stages == 1 && !extras.normalized) extras.recurrent_masks = nullptr;
  return !extras.any();
}

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
  std::array<PackedRows, cells::kMaxSums>
      masked_gates;  ///< recurrent weights of each gate, when each reads its own h
  std::array<ProductGroup, cells::kMaxSums> groups;
  std::size_t group_count = 0;
  PackedRows second_stage;
  const float* bias = nullptr;
  bool h_is_zero_at_first = false;
};

struct LaneRecurrence::BackProducts {
  std::array<PackedRows, cells::kMaxSums> masked_gates;
  std::array<PackedRows, 2> recurrent;
  PackedRows input;
};

/// Gradients of all weights in the sums' order. Every sum goes on from what the gradient holds, over steps from the last to
/// the first and in each over lanes from the last to the first: the order of packed rows from the last to the first.
struct LaneRecurrence::WeightGradient {
  GradientPanels panels;
  std::int64_t stride = 0;  ///< of the rows below
  float *kernel = nullptr, *recurrent = nullptr, *operand = nullptr, *bias = nullptr,
        *recurrent_bias = nullptr;
  std::int64_t chunk_steps = 0;     ///< steps that the panels hold
  LaneSegment* segments = nullptr;  ///< room for a chunk's
  LaneSegment* operand_segments = nullptr;
  // With normalised products: what the panels above hold is the gradient of the biases only.
  bool normalized = false;
  LaneProductGradient input_product, recurrent_product;
  // With masks: the recurrent weights of each gate have an operand and panels of their own.
  std::array<LaneProductGradient, cells::kMaxSums> gate_products;
  std::size_t gate_count = 0;
  std::int64_t first_gate_row = 0;  ///< of the sums
  LaneSegment* masked_segments = nullptr;

  struct PanelRange {
    std::int64_t first, last;
  };
  PanelRange all() const { return {0, panels.panels()}; }
  PanelRange of(const GateRange& range, std::int64_t units, PanelRange only) const {
    return {std::max(panels.panel_of(range.first * units), only.first),
            std::min(panels.panel_of((range.first + range.count) * units - 1) + 1, only.last)};
  }

  /// Says where the left operands of steps `from`, from - 1, … lie.
  std::size_t find_segments(const LaneRecurrence& driver, const LaneTrace& trace, std::int64_t from,
                            std::int64_t steps) const {
    const std::int64_t rows = driver.inputs_ + driver.units_, lanes = trace.schedule.lanes;
    std::size_t count = 0;
    for (std::int64_t s = from; s > from - steps; --s) {
      for (std::int64_t lane = (lanes - 1) / kLaneBlock * kLaneBlock; lane >= 0;
           lane -= kLaneBlock, ++count) {
        const std::int64_t width = std::min(kLaneBlock, lanes - lane);
        segments[count] = {trace.inputs_and_h + lane * rows * (trace.schedule.steps + 1) + s * rows * width,
                           width};
        if (masked_segments != nullptr) {
          const std::int64_t gates = static_cast<std::int64_t>(gate_count) * driver.units_;
          masked_segments[count] = {trace.masked + lane * gates * trace.schedule.steps + s * gates * width,
                                    width};
        }
        if (operand == nullptr) continue;
        operand_segments[count] = {
            trace.operand + lane * driver.units_ * trace.schedule.steps + s * driver.units_ * width, width};
      }
    }
    return count;
  }

  void put(const CellCall<float>& call, const LaneNormTrace& norm, std::int64_t row);

  /// The panels of the normalised products, counted one after the other.
  std::int64_t product_panels() const {
    std::int64_t panels_of_all = input_product.panel_count() + recurrent_product.panel_count();
    for (const LaneProductGradient& gate : gate_products) panels_of_all += gate.panel_count();
    return panels_of_all;
  }
  void add_product(std::size_t count, std::int64_t panel) const {
    for (const LaneProductGradient& gate : gate_products) {
      if (gate_count == 0) break;
      if (panel < gate.panel_count()) return gate.add({masked_segments, count}, panel, panel + 1);
      panel -= gate.panel_count();
    }
    const std::int64_t of_input = input_product.panel_count();
    if (panel < of_input) {
      input_product.add({segments, count}, panel, panel + 1);
    } else {
      recurrent_product.add({segments, count}, panel - of_input, panel - of_input + 1);
    }
  }

  /// Adds steps `from`, from - 1, … whose gradients fill the panels from their first row on.
  void add(const LaneRecurrence& driver, std::size_t count, std::int64_t panel_rows, PanelRange only) const {
    const std::int64_t inputs = driver.inputs_, units = driver.units_;
    const auto run = [&](const LaneSegment* where, std::int64_t first, std::int64_t rows,
                         const GateRange& range, float* to) {
      const PanelRange columns = of(range, units, only);
      kernels::add_lane_gradient({where, count}, first, rows, panels, 0, columns.first, columns.last, to,
                                 stride);
    };
    const GateRange& in = driver.input_range_;
    const GateRange& rec = driver.recurrent_range_[0];
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
    if (operand != nullptr) run(operand_segments, 0, units, driver.recurrent_range_[1], operand);
    kernels::add_panel_sums(panels, 0, panel_rows, only.first, only.last, bias);
    if (recurrent_bias != nullptr) {
      const PanelRange columns = of(recurrent_bias_range(driver.info_), units, only);
      kernels::add_panel_sums(panels, 0, panel_rows, columns.first, columns.last, recurrent_bias);
    }
  }
};

/// Puts one step of a slice into the panels, from `row` on.
void LaneRecurrence::WeightGradient::put(const CellCall<float>& call, const LaneNormTrace& norm,
                                         std::int64_t row) {
  panels.put_lanes(call.sums, call.sums_stride, call.rows, row);
  for (std::size_t i = 0; i < gate_count; ++i) {
    const std::int64_t first = first_gate_row + static_cast<std::int64_t>(i) * call.units;
    gate_products[i].panels.put_lanes(call.sums + first * call.sums_stride, call.sums_stride, call.rows, row);
  }
  if (!normalized) return;
  input_product.panels.put_lanes(norm.input, call.sums_stride, call.rows, row);
  recurrent_product.panels.put_lanes(norm.recurrent, call.sums_stride, call.rows, row);
}

/// What the backward pass of one slice works in, from step to step.
struct LaneRecurrence::BackwardSlice {
  Slice slice;
  std::array<float*, kMaxStates> d_state{};
  std::array<float*, 2> d_old{};  ///< what goes past the formulas to the states before the step
  float *d_output = nullptr, *d_operand = nullptr, *d_input = nullptr;
  float *masks = nullptr, *d_masked = nullptr;  ///< [gates · units][lanes]
  LaneGains gains;
};

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
  if (layout.batch() < kLaneGroup / 2 || least_use(units_) > 1) return;
  schedule_ = LaneSchedule::outline(layout, take_integers(LaneSchedule::scratch_size(layout)));
  applies_ = schedule_.use(layout) >= least_use(units_) && (!masks() || schedule_.aligned);
}

/// Masks by place to [gate · units][lane]; in an aligned schedule a lane is a place, for all steps.
void LaneRecurrence::lay_out_masks(LaneTrace& trace) {
  const GateRange& range = recurrent_range_[0];
  const std::int64_t lanes = schedule_.lanes, busy = layout_.rows(0), gates = range.count * units_;
  trace.masks = take(lanes * gates);
  std::int32_t* places = take_integers(lanes);
  for (std::int64_t l = 0; l < lanes; ++l) places[l] = l < busy ? static_cast<std::int32_t>(l) : -1;
  for (std::int64_t block = 0; block < lanes; block += kLaneBlock) {
    const std::int64_t width = std::min(kLaneBlock, lanes - block);
    for (int i = 0; i < range.count; ++i) {
      const std::int64_t gate = range.gate[static_cast<std::size_t>(i)];
      const View<const float> of_gate{extras_.recurrent_masks + gate * layout_.batch() * units_,
                                      layout_.batch(), units_, units_};
      kernels::gather_lanes(of_gate, places + block, width, trace.masks + block * gates + i * units_ * width,
                            width);
    }
  }
}

float* LaneRecurrence::masked_at(const Slice& slice, const LaneTrace& trace, std::int64_t slot,
                                 bool keeps) const {
  const std::int64_t gates = recurrent_range_[0].count * units_, slots = keeps ? schedule_.steps : 1;
  return trace.masked + slice.block_lane * gates * slots + (keeps ? slot : 0) * gates * slice.width +
         slice.first;
}

/// Adds each gate's product with its own masked h to the sums.
void LaneRecurrence::add_masked_products(const Slice& slice, const LaneTrace& trace, const Products& products,
                                         const CellCall<float>& call, float* masked) const {
  const GateRange& range = recurrent_range_[0];
  const std::int64_t width = slice.width, size = units_ * width;
  const float* masks = trace.masks + slice.block_lane * range.count * units_ + slice.first;
  for (int i = 0; i < range.count; ++i, masks += size, masked += size) {
    if (slice.lanes == width) {
      kernels::multiply_elements(call.state[0], masks, size, masked);
    } else {
      for (std::int64_t u = 0; u < size; u += width)
        kernels::multiply_elements(call.state[0] + u, masks + u, slice.lanes, masked + u);
    }
    multiply_lanes(products.masked_gates[static_cast<std::size_t>(i)], units_, masked, width,
                   Start::accumulate, nullptr, call.sums + (range.first + i) * size, width, slice.lanes);
  }
}

/// Room for the random words of one step of every slice.
void LaneRecurrence::take_zone_memory() {
  if (!extras_.zoned[0] && !extras_.zoned[1]) return;
  zone_memory_ = reinterpret_cast<std::uint16_t*>(take(schedule_.lanes * (units_ + 1) / 2 + kLaneGroup));
}

/// A state's zone at step `s`, its words transposed to [unit][lane] of the slice.
kernels::Zone<float> LaneRecurrence::zone_of(const Slice& slice, int state, std::int64_t s) const {
  kernels::Zone<float> zone = extras_.zones[static_cast<std::size_t>(state)];
  if (zone.words == nullptr) return zone;
  const std::int64_t first = slice.block_lane + slice.first;
  std::uint16_t* words = zone_memory_ + first * (units_ + 1);
  for (std::int64_t lane = 0; lane < slice.lanes; ++lane) {
    const std::int32_t row = schedule_.rows[s * schedule_.lanes + first + lane];
    if (row < 0) {
      for (std::int64_t u = 0; u < units_; ++u) words[u * slice.lanes + lane] = 0;
      continue;
    }
    const std::uint16_t* from = zone.words + row * zone.stride;
    for (std::int64_t u = 0; u < units_; ++u) words[u * slice.lanes + lane] = from[u];
  }
  zone.words = words;
  zone.stride = slice.lanes;
  return zone;
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

LaneNormTrace LaneRecurrence::norm_of(const Slice& s, const LaneTrace& trace, std::int64_t slot,
                                      bool keeps) const {
  if (!norm_.used()) return {};
  return norm_.find(trace.norm, s.block_lane, s.width, s.first, keeps ? slot : 0,
                    keeps ? schedule_.steps : 1);
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
  if (extras_.normalized) {
    norm_ = LaneNorm(shape_, extras_.epsilon, weights, owner_, take_);
    norm_.prepare(weights, bias, owner_, take_);
  }
  for (int sum = 0; sum < info_.sums && !norm_.used();) {
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
  for (int i = 0; masks() && i < rec.count; ++i) {
    PackedRows& gate = products.masked_gates[static_cast<std::size_t>(i)];
    gate = PackedRows(units_, units_, take(PackedRows::size(units_, units_)));
    gate.put_transposed(
        weights.recurrent_kernel.columns(rec.gate[static_cast<std::size_t>(i)] * units_, units_), 0, 0);
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
    trace->masked = take(lanes * rec.count * units_ * slots);
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
    kernels::gather_lanes(x, rows, slice.lanes, xh, width);
    const bool h_is_zero = s == 0 && products.h_is_zero_at_first;
    const LaneNormTrace norm = norm_of(slice, trace, s, keeps);
    if (norm_.used()) norm_.make_sums(call, norm, xh, h_is_zero);
    for (std::size_t g = 0; g < products.group_count; ++g) {
      const ProductGroup& group = products.groups[g];
      multiply_lanes(group.weights, h_is_zero || masks() ? group.input_k : group.k,
                     xh + group.first_k * width, width, Start::bias, products.bias + group.first_row,
                     call.sums + group.first_row * width, width, slice.lanes);
    }
    if (masks()) add_masked_products(slice, trace, products, call, masked_at(slice, trace, s, keeps));
    if (info_.stages == 2) {
      formulas.prepare(call);
      multiply_lanes(products.second_stage, units_, call.operand, width, Start::accumulate, nullptr,
                     call.sums + recurrent_range_[1].first * units_ * width, width, slice.lanes);
    }
    for (int j = 0; j < info_.states; ++j) call.next[j] = state_of(next, j);
    formulas.forward(call);
    if (norm_.of_state()) norm_.finish(call, norm);
    for (int j = 0; j < 2; ++j) {
      if (!extras_.zoned[static_cast<std::size_t>(j)]) continue;
      kernels::zone_rows(units_, slice.lanes, zone_of(slice, j, s), call.state[j], width, call.next[j],
                         width);
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

void LaneRecurrence::backward(const RecurrentWeights<const float>& weights, View<const float> x,
                              const LaneTrace& trace, View<const float> dy,
                              const std::array<float*, kMaxStates>& d_state,
                              const RecurrentWeights<float>& gradients, View<float> dx) {
  schedule_ = trace.schedule;
  if (extras_.normalized) {
    norm_ = LaneNorm(shape_, extras_.epsilon, weights, owner_, take_);
    norm_.prepare_backward(weights, owner_, take_);
    gain_sums_ = extras_.gain_sums.input != nullptr
                     ? extras_.gain_sums
                     : make_gain_sums(shape_, layout_.batch(), norm_.of_state(), owner_, take_);
  }
  BackProducts products;
  for (int stage = 0; stage < info_.stages; ++stage) {
    const GateRange& range = recurrent_range_[static_cast<std::size_t>(stage)];
    PackedRows& packed = products.recurrent[static_cast<std::size_t>(stage)];
    const std::int64_t k = range.count * units_;
    packed = PackedRows(units_, k, take(PackedRows::size(units_, k)));
    for (int i = 0; i < range.count; ++i) {
      packed.put(weights.recurrent_kernel.columns(range.gate[static_cast<std::size_t>(i)] * units_, units_),
                 0, i * units_);
      if (!masks()) continue;
      PackedRows& gate = products.masked_gates[static_cast<std::size_t>(i)];
      gate = PackedRows(units_, units_, take(PackedRows::size(units_, units_)));
      gate.put(weights.recurrent_kernel.columns(range.gate[static_cast<std::size_t>(i)] * units_, units_), 0,
               0);
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
  const std::int64_t steps = schedule_.steps, lanes = schedule_.lanes, total = layout_.total();
  const bool trains = gradients.kernel.data != nullptr;
  const bool by_rows = trains && !schedule_.aligned;  // lanes are not in the order of packed rows
  WeightGradient gradient;
  StepRows<float> rows;
  if (by_rows) {
    const std::int64_t stride = shape_.sums_stride() + (info_.vectors * units_ + 15) / 16 * 16;
    const View<float> d_sums{take(total * stride), total, sum_rows(), stride};
    rows.d_sums = d_sums;
    rows.h = {take(total * units_), total, units_, units_};
    if (info_.stages == 2) rows.operand = {take(total * units_), total, units_, units_};
    rows.d_vectors = d_sums.columns(info_.sums * units_, info_.vectors * units_);
    rows.x = x;
    if (norm_.used()) {
      const std::int64_t width = info_.gates * units_;
      rows.d_inputs = {take(total * width), total, width, width};
      rows.d_recurrent = {take(total * width), total, width, width};
    }
  } else if (trains) {
    gradient = begin_gradient(
        gradients,
        parts > 1 ? steps : std::clamp<std::int64_t>((norm_.used() ? 128 : 256) / lanes, 1, steps));
  }

  const std::int64_t zones = extras_.zoned[0] || extras_.zoned[1] ? 2 : 0;
  const std::int64_t lane_memory = (info_.states + zones + 2) * units_ + inputs_ +
                                   (norm_.used() ? norm_.gains_size() : 0) +
                                   (masks() ? 2 * recurrent_range_[0].count * units_ : 0);
  take_zone_memory();
  float* memory = take(lane_memory * lanes);
  const auto slice_bytes = static_cast<std::int64_t>(sizeof(BackwardSlice)) * (lanes / kLaneGroup);
  auto* all_slices =
      reinterpret_cast<BackwardSlice*>(take(slice_bytes / static_cast<std::int64_t>(sizeof(float))));
  const auto run_part = [&](int part) {
    const std::int64_t groups = lanes / kLaneGroup, end = groups * (part + 1) / parts;
    const std::int64_t begin = groups * part / parts;
    const std::span<BackwardSlice> room(all_slices + begin, static_cast<std::size_t>(end - begin));
    std::size_t count = 0;
    for (std::int64_t first = begin; first < end; ++count) {
      room[count] =
          begin_backward(slice(first, end - first), trace, memory + lane_memory * first * kLaneGroup);
      first += room[count].slice.lanes / kLaneGroup;
    }
    const std::span<const BackwardSlice> slices = room.first(count);
    std::int64_t waiting = 0;  // steps whose gradients wait in the panels
    for (std::int64_t s = steps; s-- > 0;) {
      for (const BackwardSlice& each : slices) {
        const Slice& at = each.slice;
        const CellCall<float> call = step_backward(each, trace, products, s, dy, d_state, dx);
        if (by_rows) {
          const std::int32_t* packed = schedule_.rows + s * lanes + at.block_lane + at.first;
          kernels::scatter_lanes(call.sums, at.width, packed, at.lanes, rows.d_sums);
          kernels::scatter_lanes(call.state[0], at.width, packed, at.lanes, rows.h);
          if (norm_.used()) {
            const LaneNormTrace norm = norm_of(at, trace, s, true);
            kernels::scatter_lanes(norm.input, at.width, packed, at.lanes, rows.d_inputs);
            kernels::scatter_lanes(norm.recurrent, at.width, packed, at.lanes, rows.d_recurrent);
          }
          if (info_.stages == 2) {
            kernels::scatter_lanes(call_of(at, trace, s, true).operand, at.width, packed, at.lanes,
                                   rows.operand);
          }
        } else if (trains) {
          gradient.put(call, norm_of(at, trace, s, true),
                       waiting * lanes + lanes - at.block_lane - at.first - at.lanes);
        }
      }
      ++waiting;
      if (parts == 1 && trains && !by_rows && (waiting == gradient.chunk_steps || s == 0)) {
        const std::size_t segments = gradient.find_segments(*this, trace, s + waiting - 1, waiting);
        gradient.add(*this, segments, waiting * lanes, gradient.all());
        for (std::int64_t p = 0; p < gradient.product_panels(); ++p) gradient.add_product(segments, p);
        waiting = 0;
      }
    }
  };
  if (parts == 1) {
    run_part(0);
  } else {
    pool_.run(parts, run_part);
  }
  if (norm_.used() && extras_.gain_sums.input == nullptr)
    add_gain_sums(shape_, layout_.batch(), gain_sums_, gradients);
  if (!trains) return;
  if (by_rows) {
    add_weight_gradients(shape_, pool_, rows, gradients, owner_, take_);
    return;
  }
  if (parts > 1) {
    const std::size_t segments = gradient.find_segments(*this, trace, steps - 1, steps);
    const std::int64_t panels = gradient.panels.panels();
    pool_.run(static_cast<int>(panels + gradient.product_panels()), [&](int panel) {
      if (panel < panels) {
        gradient.add(*this, segments, steps * lanes, {panel, panel + 1});
      } else {
        gradient.add_product(segments, panel - panels);
      }
    });
  }
  end_gradient(gradient, gradients);
}

LaneRecurrence::WeightGradient LaneRecurrence::begin_gradient(const RecurrentWeights<float>& gradients,
                                                              std::int64_t steps) {
  WeightGradient g;
  const std::int64_t columns = sum_rows(), rows = steps * schedule_.lanes;
  g.chunk_steps = steps;
  g.panels = GradientPanels(rows, columns, take(GradientPanels::size(rows, columns)));
  g.stride = GradientPanels::size(1, columns);
  if (g.stride % 256 == 0) g.stride += 16;  // rows would share cache sets
  const std::int64_t blocks = (schedule_.lanes + kLaneBlock - 1) / kLaneBlock;
  const auto take_segments = [&] {
    const auto bytes = static_cast<std::int64_t>(sizeof(LaneSegment)) * steps * blocks;
    return reinterpret_cast<LaneSegment*>(take(bytes / static_cast<std::int64_t>(sizeof(float))));
  };
  g.segments = take_segments();
  const std::int64_t all = inputs_ + units_ + (info_.stages == 2 ? units_ : 0) + 2;
  g.kernel = take(all * g.stride);
  std::fill_n(g.kernel, all * g.stride, 0.0F);
  g.recurrent = g.kernel + inputs_ * g.stride;
  g.bias = g.recurrent + units_ * g.stride;
  if (info_.stages == 2) {
    g.operand_segments = take_segments();
    g.operand = g.bias;
    g.bias += units_ * g.stride;
    gates_to_sums(gradients.recurrent_kernel, recurrent_range_[1], units_, g.operand, g.stride);
  }
  if (norm_.used()) {
    g.normalized = true;
    g.input_product =
        LaneProductGradient::begin(input_range_, units_, 0, rows, gradients.kernel, owner_, take_);
    g.recurrent_product = LaneProductGradient::begin(recurrent_range_[0], units_, inputs_, rows,
                                                     gradients.recurrent_kernel, owner_, take_);
  } else {
    gates_to_sums(gradients.kernel, input_range_, units_, g.kernel, g.stride);
    gates_to_sums(gradients.recurrent_kernel, recurrent_range_[0], units_, g.recurrent, g.stride);
  }
  if (masks()) {
    const GateRange& range = recurrent_range_[0];
    g.gate_count = static_cast<std::size_t>(range.count);
    g.first_gate_row = range.first * units_;
    g.masked_segments = take_segments();
    for (int i = 0; i < range.count; ++i) {
      const GateRange one{0, 1, {range.gate[static_cast<std::size_t>(i)]}};
      g.gate_products[static_cast<std::size_t>(i)] = LaneProductGradient::begin(
          one, units_, i * units_, rows, gradients.recurrent_kernel, owner_, take_);
    }
  }
  if (gradients.bias.data != nullptr) {
    gates_to_sums(gradients.bias.rows_from(0, 1), input_range_, units_, g.bias, g.stride);
    if (info_.recurrent_bias) {
      g.recurrent_bias = g.bias + g.stride;
      gates_to_sums(gradients.bias.rows_from(1, 1), recurrent_bias_range(info_), units_, g.recurrent_bias,
                    g.stride);
    }
  }
  for (int p = 0; p < info_.vectors; ++p)
    std::copy_n(gradients.vectors[static_cast<std::size_t>(p)], units_, g.bias + (info_.sums + p) * units_);
  return g;
}

void LaneRecurrence::end_gradient(const WeightGradient& g, const RecurrentWeights<float>& gradients) const {
  if (g.normalized) {
    g.input_product.end(gradients.kernel);
    g.recurrent_product.end(gradients.recurrent_kernel);
  } else {
    sums_to_gates(g.kernel, g.stride, input_range_, units_, gradients.kernel);
    if (g.gate_count == 0)
      sums_to_gates(g.recurrent, g.stride, recurrent_range_[0], units_, gradients.recurrent_kernel);
    for (std::size_t i = 0; i < g.gate_count; ++i) g.gate_products[i].end(gradients.recurrent_kernel);
  }
  if (info_.stages == 2)
    sums_to_gates(g.operand, g.stride, recurrent_range_[1], units_, gradients.recurrent_kernel);
  if (gradients.bias.data != nullptr) {
    sums_to_gates(g.bias, g.stride, input_range_, units_, gradients.bias.rows_from(0, 1));
    if (info_.recurrent_bias) {
      sums_to_gates(g.recurrent_bias, g.stride, recurrent_bias_range(info_), units_,
                    gradients.bias.rows_from(1, 1));
    }
  }
  for (int p = 0; p < info_.vectors; ++p)
    std::copy_n(g.bias + (info_.sums + p) * units_, units_, gradients.vectors[static_cast<std::size_t>(p)]);
}

LaneRecurrence::BackwardSlice LaneRecurrence::begin_backward(const Slice& slice, const LaneTrace& trace,
                                                             float* memory) const {
  BackwardSlice out;
  out.slice = slice;
  const std::int64_t size = units_ * slice.lanes;
  for (int j = 0; j < info_.states; ++j, memory += size) {
    out.d_state[static_cast<std::size_t>(j)] = memory;
    std::fill_n(memory, size, 0.0F);
  }
  for (std::size_t j = 0; j < 2 && (extras_.zoned[0] || extras_.zoned[1]); ++j, memory += size)
    out.d_old[j] = memory;
  out.d_output = memory;
  out.d_operand = memory + size;
  out.d_input = memory + 2 * size;
  if (norm_.used()) out.gains = norm_.make_gains(out.d_input + inputs_ * slice.lanes, slice.lanes);
  if (masks()) {
    const std::int64_t rows = recurrent_range_[0].count * units_;
    out.masks = out.d_input + inputs_ * slice.lanes;
    out.d_masked = out.masks + rows * slice.lanes;
    const float* from = trace.masks + slice.block_lane * rows + slice.first;
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(from + r * slice.width, slice.lanes, out.masks + r * slice.lanes);
  }
  return out;
}

/// One step of one slice. Afterwards the call's sums hold their gradients.
CellCall<float> LaneRecurrence::step_backward(const BackwardSlice& at, const LaneTrace& trace,
                                              const BackProducts& products, std::int64_t s,
                                              View<const float> dy,
                                              const std::array<float*, kMaxStates>& d_state,
                                              View<float> dx) const {
  const auto formulas = kernels::formulas<float>(*shape_.cell);
  const Slice& slice = at.slice;
  const std::int64_t width = slice.width, lanes = slice.lanes, size = units_ * width;
  CellCall<float> call = call_of(slice, trace, s, true);
  call.d_state_stride = call.d_output_stride = lanes;
  for (int j = 0; j < info_.states; ++j) call.d_state[j] = at.d_state[static_cast<std::size_t>(j)];
  const auto lane_of = [&](const LaneSchedule::Run& run) {
    return run.lane - slice.block_lane - slice.first;
  };
  for (const LaneSchedule::Run& run : schedule_.ending(s)) {
    if (!slice.has(run.lane)) continue;
    for (int j = 0; j < info_.states; ++j)
      set_lane(call.d_state[j], units_, lanes, lane_of(run),
               d_state[static_cast<std::size_t>(j)] + run.place * units_);
    if (norm_.used()) norm_.enter(at.gains, lanes, lane_of(run), gain_sums_, run.place);
  }
  const std::int32_t* rows = schedule_.rows + s * schedule_.lanes + slice.block_lane + slice.first;
  if (dy.data != nullptr) {
    kernels::gather_lanes(dy, rows, lanes, at.d_output, lanes);
    call.d_output = at.d_output;
  }
  for (int j = 0; j < 2; ++j) {
    const auto state = static_cast<std::size_t>(j);
    if (!extras_.zoned[state]) continue;
    kernels::zone_rows_backward(units_, lanes, zone_of(slice, j, s), call.d_state[j], lanes,
                                j == 0 ? call.d_output : nullptr, lanes, at.d_old[state], lanes);
    if (j == 0) call.d_output = nullptr;
  }
  const float* d_recurrent = call.sums + recurrent_range_[0].first * size;
  const float* d_inputs = call.sums + input_range_.first * size;
  if (norm_.used()) {
    const LaneNormTrace norm = norm_of(slice, trace, s, true);
    norm_.run_backward(call, norm, at.gains);
    norm_.products_backward(call, norm, at.gains);
    d_recurrent = norm.recurrent;
    d_inputs = norm.input;
  } else {
    formulas.backward(call);
  }
  if (info_.stages == 2) {
    call.operand = at.d_operand;
    call.operand_stride = lanes;
    multiply_lanes(products.recurrent[1], products.recurrent[1].k(),
                   call.sums + recurrent_range_[1].first * size, width, Start::zero, nullptr, at.d_operand,
                   lanes, lanes);
    call.d_output = nullptr;  // is in d_state already
    formulas.backward_prepare(call);
  }
  if (masks()) {
    const auto count = static_cast<std::size_t>(recurrent_range_[0].count);
    std::array<const float*, cells::kMaxSums> of_gates{}, masks_of_gates{};
    for (std::size_t i = 0; i < count; ++i) {
      const auto gate = static_cast<std::int64_t>(i);
      float* own = at.d_masked + gate * units_ * lanes;
      multiply_lanes(products.masked_gates[i], units_, d_recurrent + gate * size, width, Start::zero, nullptr,
                     own, lanes, lanes);
      of_gates[i] = own;
      masks_of_gates[i] = at.masks + gate * units_ * lanes;
    }
    kernels::sum_products<float>(std::span(of_gates).first(count), std::span(masks_of_gates).first(count),
                                 units_ * lanes, info_.direct, call.d_state[0]);
  } else {
    multiply_lanes(products.recurrent[0], products.recurrent[0].k(), d_recurrent, width,
                   info_.direct ? Start::accumulate : Start::zero, nullptr, call.d_state[0], lanes, lanes);
  }
  if (dx.data != nullptr) {
    kernels::gather_lanes(dx, rows, lanes, at.d_input, lanes);
    multiply_lanes(products.input, products.input.k(), d_inputs, width, Start::accumulate, nullptr,
                   at.d_input, lanes, lanes);
    kernels::scatter_lanes(at.d_input, lanes, rows, lanes, dx);
  }
  for (std::size_t j = 0; j < 2; ++j) {
    if (!extras_.zoned[j]) continue;
    for (std::int64_t i = 0; i < units_ * lanes; ++i) call.d_state[j][i] += at.d_old[j][i];
  }
  for (const LaneSchedule::Run& run : schedule_.beginning(s)) {
    if (!slice.has(run.lane)) continue;
    for (int j = 0; j < info_.states; ++j) {
      get_lane(call.d_state[j], units_, lanes, lane_of(run),
               d_state[static_cast<std::size_t>(j)] + run.place * units_);
      set_lane(call.d_state[j], units_, lanes, lane_of(run), nullptr);
    }
    if (norm_.used()) norm_.leave(at.gains, lanes, lane_of(run), gain_sums_, run.place);
  }
  return call;
}

}  // namespace rondo
