#include <algorithm>
#include <span>

#include "layers/recurrent/drivers/gain_sums.h"
#include "layers/recurrent/drivers/lane_parts.h"
#include "layers/recurrent/drivers/lane_weight_gradient.h"

namespace rondo {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::kLaneGroup;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

void LaneRecurrence::backward(const RecurrentWeights<const float>& weights, View<const float> x,
                              const LaneTrace& trace, View<const float> dy,
                              const std::array<float*, kMaxStates>& d_state,
                              const RecurrentWeights<float>& gradients, View<float> dx) {
  schedule_ = trace.schedule;
  if (extras_.normalized) {
    norm_ = LaneNorm(shape_, extras_, weights, owner_, take_);
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
      const View<const float> gate =
          weights.kernel.columns(input_range_.gate[static_cast<std::size_t>(i)] * units_, units_);
      products.input.put(gate, 0, i * units_);
      if (extras_.input_gate_stride == 0) continue;
      PackedRows& own = products.input_gates[static_cast<std::size_t>(i)];
      own = PackedRows(inputs_, units_, take(PackedRows::size(inputs_, units_)));
      own.put(gate, 0, 0);
    }
  }

  const int parts = part_count(shape_, layout_, pool_);
  const std::int64_t steps = schedule_.steps, lanes = schedule_.lanes, total = layout_.total();
  const bool trains = gradients.kernel.data != nullptr;
  const bool by_rows = trains && !schedule_.aligned;  // lanes are not in the order of packed rows
  LaneWeightGradient gradient;
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
    gradient = LaneWeightGradient::begin(
        lane_shape(), schedule_,
        parts > 1 ? steps : std::clamp<std::int64_t>((norm_.used() ? 128 : 256) / lanes, 1, steps),
        norm_.used(), masks(), gradients, owner_, take_);
  }

  LaneReads reads = gradient.reads;
  if (masks() && reads.data == nullptr) {
    reads = {nullptr, info_.gates * (inputs_ + units_), lanes};
    reads.data = take(reads.rows * lanes);
  }
  const std::int64_t zones = extras_.zoned[0] || extras_.zoned[1] ? 2 : 0;
  const std::int64_t lane_memory = (info_.states + zones + 2) * units_ + inputs_ +
                                   (norm_.used() ? norm_.gains_size() + 2 * info_.gates * units_ : 0) +
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
        float* read = masks() ? reads.at(at.block_lane, trains ? waiting : 0) + at.first : nullptr;
        const CellCall<float> call = step_backward(each, trace, products, s, x, read, dy, d_state, dx);
        if (by_rows) {
          const std::int32_t* packed = schedule_.rows + s * lanes + at.block_lane + at.first;
          kernels::scatter_lanes(call.sums, at.width, packed, at.lanes, rows.d_sums);
          kernels::scatter_lanes(call.state[0], at.width, packed, at.lanes, rows.h);
          if (norm_.used()) {
            const LaneNormGradients& norm = each.products;
            kernels::scatter_lanes(norm.input, at.lanes, packed, at.lanes, rows.d_inputs);
            kernels::scatter_lanes(norm.recurrent, at.lanes, packed, at.lanes, rows.d_recurrent);
          }
          if (info_.stages == 2) {
            kernels::scatter_lanes(call_of(at, trace, s, true).operand, at.width, packed, at.lanes,
                                   rows.operand);
          }
        } else if (trains) {
          gradient.put(call, each.products, waiting * lanes + lanes - at.block_lane - at.first - at.lanes);
        }
      }
      ++waiting;
      if (parts == 1 && trains && !by_rows && (waiting == gradient.chunk_steps || s == 0)) {
        const std::size_t segments = gradient.find_segments(trace, s + waiting - 1, waiting);
        gradient.run_all(segments, waiting * lanes);
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
    const std::size_t segments = gradient.find_segments(trace, steps - 1, steps);
    pool_.run(gradient.job_count(), [&](int job) { gradient.run_job(job, segments, steps * lanes); });
  }
  gradient.end(gradients);
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
  memory = out.d_input + inputs_ * slice.lanes;
  if (norm_.used()) {
    out.gains = norm_.make_gains(memory, slice.lanes);
    memory += norm_.gains_size() * slice.lanes;
    out.products = {memory, memory + info_.gates * size};
    memory += 2 * info_.gates * size;
  }
  if (masks()) {
    const std::int64_t rows = recurrent_range_[0].count * units_;
    out.masks = memory;
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
                                              View<const float> x, float* read, View<const float> dy,
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
    const auto rows_of = [&](auto* data) { return View{data, units_, lanes, lanes}; };
    kernels::zone_rows_backward<float>(zone_of(slice, j, s), rows_of(call.d_state[j]),
                                       rows_of(j == 0 ? call.d_output : nullptr), rows_of(at.d_old[state]));
    if (j == 0) call.d_output = nullptr;
  }
  if (masks()) mask_operands(slice, trace, x, s, call.state[0], read);
  const auto multiply_back = [&](const PackedRows& weights, const float* d, std::int64_t stride, Start start,
                                 float* to) {
    multiply_lanes(weights, {d, weights.k(), lanes, stride}, start, nullptr,
                   {to, weights.rows(), lanes, lanes});
  };
  const float* d_recurrent = call.sums + recurrent_range_[0].first * size;
  const float* d_inputs = call.sums + input_range_.first * size;
  std::int64_t d_stride = width;
  if (norm_.used()) {
    const LaneNormTrace norm = norm_of(slice, trace, s, true);
    norm_.run_backward(call, norm, at.gains);
    norm_.products_backward(call, norm, operands_of(slice, call, read), at.gains, at.products);
    d_recurrent = at.products.recurrent;
    d_inputs = at.products.input;
    d_stride = lanes;
  } else {
    formulas.backward(call);
  }
  if (info_.stages == 2) {
    call.operand = at.d_operand;
    call.operand_stride = lanes;
    multiply_back(products.recurrent[1], call.sums + recurrent_range_[1].first * size, width, Start::zero,
                  at.d_operand);
    call.d_output = nullptr;  // is in d_state already
    formulas.backward_prepare(call);
  }
  if (masks()) {
    const auto count = static_cast<std::size_t>(recurrent_range_[0].count);
    std::array<const float*, cells::kMaxSums> of_gates{}, masks_of_gates{};
    for (std::size_t i = 0; i < count; ++i) {
      const auto gate = static_cast<std::int64_t>(i);
      float* own = at.d_masked + gate * units_ * lanes;
      multiply_back(products.masked_gates[i], d_recurrent + gate * units_ * d_stride, d_stride, Start::zero,
                    own);
      of_gates[i] = own;
      masks_of_gates[i] = at.masks + gate * units_ * lanes;
    }
    kernels::sum_products<float>(std::span(of_gates).first(count), std::span(masks_of_gates).first(count),
                                 units_ * lanes, info_.direct, call.d_state[0]);
  } else {
    multiply_back(products.recurrent[0], d_recurrent, d_stride,
                  info_.direct ? Start::accumulate : Start::zero, call.d_state[0]);
  }
  const auto add_input_gradient = [&](const PackedRows& weights, const float* d, View<float> to) {
    kernels::gather_lanes(to, rows, lanes, at.d_input, lanes);
    multiply_back(weights, d, d_stride, Start::accumulate, at.d_input);
    kernels::scatter_lanes(at.d_input, lanes, rows, lanes, to);
  };
  if (dx.data != nullptr && extras_.input_gate_stride == 0) {
    add_input_gradient(products.input, d_inputs, dx);
  } else if (dx.data != nullptr) {
    for (int i = 0; i < input_range_.count; ++i) {
      const auto gate = static_cast<std::size_t>(i);
      View<float> own = dx;
      own.data += input_range_.gate[gate] * extras_.input_gate_stride;
      add_input_gradient(products.input_gates[gate], d_inputs + i * units_ * d_stride, own);
    }
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
