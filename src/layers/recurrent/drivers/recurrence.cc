#include "layers/recurrent/drivers/recurrence.h"

#include <algorithm>
#include <cstring>

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/drivers/extra_recurrence.h"
#include "layers/recurrent/drivers/lane_recurrence.h"
#include "layers/recurrent/drivers/single_forward.h"
#include "tape/parallel.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::Packed;
using kernels::Start;

}  // namespace

std::int64_t first_place(const TimeSlice& layout, int parts, int part) {
  if (part == parts) return layout.batch();
  std::int64_t steps = 0, place = 0;
  while (steps * parts < layout.total() * part) steps += layout.length_at(place++);
  return place;
}

int part_count(const RecurrentShape& shape, const TimeSlice& layout, const Pool& pool) {
  // A hand-over costs a few µs: not worth it below about 100,000 multiply-adds.
  const std::int64_t work =
      layout.total() * shape.units * shape.cell->info.gates * (shape.inputs + shape.units);
  if (work < 200'000) return 1;
  return static_cast<int>(std::clamp<std::int64_t>(layout.batch(), 1, pool.threads()));
}

std::int64_t RecurrentShape::sums_stride() const {
  const std::int64_t stride = (cell->info.sums * units + 15) / 16 * 16;
  return stride % 256 == 0 ? stride + 16 : stride;
}

template <class T>
void Recurrence<T>::forward(const RecurrentWeights<const T>& weights, View<const T> x,
                            const std::array<const T*, kMaxStates>& initial, View<T> y,
                            const std::array<T*, kMaxStates>& final, RecurrentTrace<T>* trace) {
  if constexpr (sizeof(T) == sizeof(float)) {
    LaneRecurrence lanes(shape_, layout_, pool_, owner_, take_, extras_);
    if (lanes.applies()) {
      const LaneTrace* kept = lanes.forward(weights, x, initial, y, final, trace != nullptr);
      if (trace != nullptr) trace->lanes = kept;
      return;
    }
  }
  if (extras_.any()) {
    const ExtraTrace<T>* kept = ExtraRecurrence<T>(shape_, layout_, pool_, owner_, take_, extras_)
                                    .forward(weights, x, initial, y, final, trace != nullptr);
    if (trace != nullptr) trace->extra = kept;
    return;
  }
  if constexpr (sizeof(T) == sizeof(float)) {
    if (forward_single(shape_, layout_, weights, x, initial, y, final, trace, owner_, take_)) return;
  }
  const cells::CellInfo& info = shape_.cell->info;
  const auto formulas = kernels::formulas<T>(*shape_.cell);
  const std::int64_t units = shape_.units, stride = shape_.sums_stride(), batch = layout_.batch();
  const std::int64_t steps = layout_.longest();
  const auto taking = [this](std::int64_t count) { return take(count); };

  const GateRange inputs = input_range(info);
  const View<const T> kernel = gather_gates(weights.kernel, inputs, units, taking);
  const Packed<T> w(kernel, false, take(Packed<T>::size(kernel.rows, kernel.cols)));
  std::array<GateRange, 2> ranges;
  std::array<Packed<T>, 2> u;
  for (int s = 0; s < info.stages; ++s) {
    ranges[static_cast<std::size_t>(s)] = recurrent_range(info, s);
    const View<const T> part =
        gather_gates(weights.recurrent_kernel, ranges[static_cast<std::size_t>(s)], units, taking);
    u[static_cast<std::size_t>(s)] = Packed<T>(part, false, take(Packed<T>::size(part.rows, part.cols)));
  }
  T* bias = take(info.sums * units);
  sum_biases(info, weights.bias, units, bias);
  T* vectors = take(std::max<std::int64_t>(info.vectors, 1) * units);
  for (int p = 0; p < info.vectors; ++p) {
    std::copy_n(weights.vectors[static_cast<std::size_t>(p)], units, vectors + p * units);
  }

  // Memory: one row a step when a backward pass follows, else two steps of states and one of sums.
  const bool keeps = trace != nullptr;
  RecurrentTrace<T> memory;
  const std::int64_t first_rows = steps == 0 ? 0 : layout_.rows(0);
  const int parts = part_count(shape_, layout_, pool_);
  // One thread projects the inputs of several steps at a time: more rows a product, still in the cache.
  const std::int64_t chunk_rows = parts > 1 ? first_rows : std::max<std::int64_t>(first_rows, 96);
  memory.sums = take((keeps ? layout_.total() : chunk_rows + first_rows) * stride);
  for (int j = 0; j < info.states; ++j) {
    memory.states[static_cast<std::size_t>(j)] = take((keeps ? layout_.total() : 2 * first_rows) * units);
  }
  if (info.stages == 2) memory.operand = take((keeps ? layout_.total() : first_rows) * units);
  memory.vectors = vectors;
  bool has_initial = false;
  for (int j = 0; j < info.states; ++j) {
    const auto at = static_cast<std::size_t>(j);
    has_initial = has_initial || initial[at] != nullptr;
    if (initial[at] != nullptr) {
      std::copy_n(initial[at], first_rows * units, memory.states[at]);
      std::copy_n(initial[at] + first_rows * units, (batch - first_rows) * units,
                  final[at] + first_rows * units);
    } else {
      std::fill_n(memory.states[at], first_rows * units, T{0});
      std::fill_n(final[at] + first_rows * units, (batch - first_rows) * units, T{0});
    }
  }
  if (trace != nullptr) *trace = memory;

  const auto state_row = [&](std::int64_t t) { return keeps ? layout_.offset(t) : (t % 2) * first_rows; };
  const auto project = [&](std::int64_t x_row, std::int64_t count, T* sums) {
    const View<T> out{sums + inputs.first * units, count, inputs.count * units, stride};
    kernels::multiply(x.rows_from(x_row, count), w, Start::bias, bias + inputs.first * units, out);
    for (int s = 0; s < info.sums; ++s) {
      if (s >= inputs.first && s < inputs.first + inputs.count) continue;
      for (std::int64_t r = 0; r < count; ++r)
        std::copy_n(bias + s * units, units, sums + r * stride + s * units);
    }
  };

  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    std::int64_t projected = 0;    // steps whose inputs are in the sums already (one thread only)
    std::int64_t chunk_start = 0;  // first packed row of the chunk (when nothing is kept)
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) break;
      const std::int64_t row = layout_.offset(t) + begin;
      T* sums = nullptr;
      if (parts > 1) {
        sums = memory.sums + (keeps ? row : begin) * stride;
        project(row, n, sums);
      } else {
        if (t >= projected) {
          chunk_start = layout_.offset(t);
          std::int64_t rows = 0;
          for (projected = t;
               projected < steps && (projected == t || rows + layout_.rows(projected) <= chunk_rows);
               ++projected) {
            rows += layout_.rows(projected);
          }
          project(chunk_start, rows, memory.sums + (keeps ? chunk_start : 0) * stride);
        }
        sums = memory.sums + (keeps ? row : row - chunk_start) * stride;
      }

      CellCall<T> call;
      call.rows = n;
      call.units = units;
      call.activation = shape_.activation;
      call.recurrent_activation = shape_.recurrent_activation;
      call.clip = static_cast<T>(shape_.clip);
      call.vectors = vectors;
      call.sums = sums;
      call.sums_stride = stride;
      call.state_stride = call.next_stride = call.operand_stride = units;
      call.output_stride = y.stride;
      const std::int64_t now = state_row(t) + begin;
      for (int j = 0; j < info.states; ++j) {
        call.state[j] = memory.states[static_cast<std::size_t>(j)] + now * units;
      }
      const View<const T> h{call.state[0], n, units, units};
      if (t > 0 || has_initial) {
        kernels::multiply<T>(h, u[0], Start::accumulate, nullptr,
                             {sums + ranges[0].first * units, n, ranges[0].count * units, stride},
                             t % 2 != 0);
      }
      if (info.stages == 2) {
        call.operand = memory.operand + (keeps ? row : begin) * units;
        formulas.prepare(call);
        kernels::multiply<T>(View<const T>{call.operand, n, units, units}, u[1], Start::accumulate, nullptr,
                             {sums + ranges[1].first * units, n, ranges[1].count * units, stride});
      }
      // Sequences that go on hand their states to the next step, those that end to the final states.
      const std::int64_t going =
          t + 1 < steps ? std::max<std::int64_t>(0, std::min(end, layout_.rows(t + 1)) - begin) : 0;
      call.output = y.data == nullptr ? nullptr : y.row(row);
      if (going > 0) {
        call.rows = going;
        for (int j = 0; j < info.states; ++j) {
          call.next[j] = memory.states[static_cast<std::size_t>(j)] + (state_row(t + 1) + begin) * units;
        }
        formulas.forward(call);
      }
      if (going < n) {
        call.rows = n - going;
        call.sums += going * stride;
        if (call.output != nullptr) call.output += going * y.stride;
        for (int j = 0; j < info.states; ++j) {
          call.state[j] += going * units;
          call.next[j] = final[static_cast<std::size_t>(j)] + (begin + going) * units;
        }
        formulas.forward(call);
      }
    }
  });
}

template <class T>
void Recurrence<T>::backward(const RecurrentWeights<const T>& weights, View<const T> x,
                             const RecurrentTrace<T>& trace, View<const T> dy,
                             const std::array<T*, kMaxStates>& d_state, const RecurrentWeights<T>& gradients,
                             View<T> dx) {
  if (trace.extra != nullptr) {
    ExtraRecurrence<T>(shape_, layout_, pool_, owner_, take_, extras_)
        .backward(weights, x, *trace.extra, dy, d_state, gradients, dx);
    return;
  }
  if constexpr (sizeof(T) == sizeof(float)) {
    if (trace.lanes != nullptr) {
      LaneRecurrence(shape_, layout_, pool_, owner_, take_, extras_)
          .backward(weights, x, *trace.lanes, dy, d_state, gradients, dx);
      return;
    }
  }
  const cells::CellInfo& info = shape_.cell->info;
  const auto formulas = kernels::formulas<T>(*shape_.cell);
  const std::int64_t units = shape_.units, stride = shape_.sums_stride(), total = layout_.total();
  const std::int64_t steps = layout_.longest();
  const auto taking = [this](std::int64_t count) { return take(count); };

  std::array<GateRange, 2> ranges;
  std::array<Packed<T>, 2> u_transposed;
  for (int s = 0; s < info.stages; ++s) {
    const auto at = static_cast<std::size_t>(s);
    ranges[at] = recurrent_range(info, s);
    const View<const T> part = gather_gates(weights.recurrent_kernel, ranges[at], units, taking);
    u_transposed[at] =
        Packed<T>(part, true, take(Packed<T>::size(part.cols, part.rows)), layout_.batch() == 1);
  }
  T* d_operand = info.stages == 2 ? take(layout_.batch() * units) : nullptr;
  const std::int64_t vector_stride = std::max(1, info.vectors) * units;
  T* d_vectors = info.vectors > 0 ? take(total * vector_stride) : nullptr;

  const int parts = part_count(shape_, layout_, pool_);
  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    for (std::int64_t t = steps; t-- > 0;) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) continue;
      const std::int64_t row = layout_.offset(t) + begin;
      CellCall<T> call;
      call.rows = n;
      call.units = units;
      call.activation = shape_.activation;
      call.recurrent_activation = shape_.recurrent_activation;
      call.clip = static_cast<T>(shape_.clip);
      call.vectors = trace.vectors;
      call.sums = trace.sums + row * stride;
      call.sums_stride = stride;
      call.state_stride = call.d_state_stride = call.operand_stride = units;
      call.d_output = dy.data == nullptr ? nullptr : dy.row(row);
      call.d_output_stride = dy.stride;
      call.d_vectors = d_vectors == nullptr ? nullptr : d_vectors + row * vector_stride;
      call.d_vectors_stride = vector_stride;
      for (int j = 0; j < info.states; ++j) {
        const auto at = static_cast<std::size_t>(j);
        call.state[j] = trace.states[at] + row * units;
        call.d_state[j] = d_state[at] + begin * units;
      }
      formulas.backward(call);
      if (info.stages == 2) {
        call.operand = d_operand + begin * units;
        kernels::multiply<T>(
            View<const T>{call.sums + ranges[1].first * units, n, ranges[1].count * units, stride},
            u_transposed[1], Start::zero, nullptr, {call.operand, n, units, units});
        call.d_output = nullptr;  // is in d_state already
        formulas.backward_prepare(call);
      }
      kernels::multiply<T>(
          View<const T>{call.sums + ranges[0].first * units, n, ranges[0].count * units, stride},
          u_transposed[0], info.direct ? Start::accumulate : Start::zero, nullptr,
          {call.d_state[0], n, units, units});
    }
  });
  if (total == 0) return;

  const View<T> d_sums{trace.sums, total, info.sums * units, stride};
  const StepRows<T> rows{x,
                         {trace.states[0], total, units, units},
                         {trace.operand, total, units, units},
                         d_sums,
                         {d_vectors, total, info.vectors * units, vector_stride}};
  add_weight_gradients(shape_, pool_, rows, gradients, owner_, take_);
  if (dx.data != nullptr) {
    const GateRange inputs = input_range(info);
    const View<const T> kernel = gather_gates(weights.kernel, inputs, units, taking);
    const Packed<T> w(kernel, true, take(Packed<T>::size(kernel.cols, kernel.rows)));
    const int row_parts = part_count(shape_, layout_, pool_);
    pool_.run(row_parts, [&](int part) {
      const std::int64_t first = total * part / row_parts, last = total * (part + 1) / row_parts;
      kernels::multiply<T>(View<const T>(d_sums)
                               .columns(inputs.first * units, inputs.count * units)
                               .rows_from(first, last - first),
                           w, Start::accumulate, nullptr, dx.rows_from(first, last - first));
    });
  }
}

template <class T>
void add_weight_gradients(const RecurrentShape& shape, Pool& pool, const StepRows<T>& rows,
                          const RecurrentWeights<T>& gradients, void* owner, TakeMemory<T> take) {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t units = shape.units;
  // Runs job(columns of d_sums, where their sum goes on) for the gates of a range; through a copy where the
  // file's order differs.
  const auto with_gates = [&](const GateRange& range, View<T> to, auto job, View<const T> own = {}) {
    const View<const T> g =
        own.data != nullptr ? own
                            : View<const T>(rows.d_sums).columns(range.first * units, range.count * units);
    if (range.in_file_order()) {
      job(g, to.columns(range.gate[0] * units, range.count * units));
      return;
    }
    GateRange alone = range;
    alone.first = 0;
    const View<T> sum{take(owner, to.rows * g.cols), to.rows, g.cols, g.cols};
    gates_to_sums(to, alone, units, sum.data, sum.stride);
    job(g, sum);
    sums_to_gates(sum.data, sum.stride, alone, units, to);
  };
  const auto add_product = [&](View<const T> a, const GateRange& range, View<T> to, View<const T> own) {
    if (to.data == nullptr) return;
    with_gates(
        range, to, [&](View<const T> g, View<T> sum) { add_weight_gradient(pool, a, g, sum); }, own);
  };
  add_product(rows.x, input_range(info), gradients.kernel, rows.d_inputs);
  for (int s = 0; s < info.stages; ++s)
    add_product(s == 0 ? rows.h : rows.operand, recurrent_range(info, s), gradients.recurrent_kernel,
                rows.d_recurrent);
  if (gradients.bias.data != nullptr && rows.d_inputs.data == nullptr) {
    const auto add_sums = [](View<const T> g, View<T> sum) { kernels::add_column_sums(g, sum.data); };
    with_gates(input_range(info), gradients.bias.rows_from(0, 1), add_sums);
    if (info.recurrent_bias) with_gates(recurrent_bias_range(info), gradients.bias.rows_from(1, 1), add_sums);
  }
  for (int p = 0; p < info.vectors; ++p) {
    T* to = gradients.vectors[static_cast<std::size_t>(p)];
    if (to != nullptr) kernels::add_column_sums(View<const T>(rows.d_vectors).columns(p * units, units), to);
  }
}
template void add_weight_gradients(const RecurrentShape&, Pool&, const StepRows<float>&,
                                   const RecurrentWeights<float>&, void*, TakeMemory<float>);
template void add_weight_gradients(const RecurrentShape&, Pool&, const StepRows<double>&,
                                   const RecurrentWeights<double>&, void*, TakeMemory<double>);

template class Recurrence<float>;
template class Recurrence<double>;

}  // namespace rondo
