#include "layers/recurrent/drivers/decayed_recurrence.h"

#include <algorithm>

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

using kernels::CellCall;
using kernels::Packed;
using kernels::Start;

template <class T>
DecayedTrace<T> DecayedRecurrence<T>::forward(const RecurrentWeights<const T>& weights, View<const T> x,
                                              View<const T> decay, const T* initial, View<T> y, T* final) {
  const cells::CellInfo& info = shape_.cell->info;
  const auto formulas = kernels::formulas<T>(*shape_.cell);
  const std::int64_t units = shape_.units, stride = shape_.sums_stride(), total = layout_.total();
  const std::int64_t steps = layout_.longest(), batch = layout_.batch();
  const auto taking = [this](std::int64_t count) { return take(count); };

  const GateRange inputs = input_range(info), states = recurrent_range(info, 0);
  const View<const T> kernel = gather_gates(weights.kernel, inputs, units, taking);
  const Packed<T> w(kernel, false, take(Packed<T>::size(kernel.rows, kernel.cols)));
  const View<const T> recurrent = gather_gates(weights.recurrent_kernel, states, units, taking);
  const Packed<T> u(recurrent, false, take(Packed<T>::size(recurrent.rows, recurrent.cols)));
  T* bias = take(info.sums * units);
  sum_biases(info, weights.bias, units, bias);

  DecayedTrace<T> trace{take(total * stride), take(total * units), take(total * units)};
  const std::int64_t first_rows = steps == 0 ? 0 : layout_.rows(0);
  const auto start = [&](T* to, std::int64_t begin, std::int64_t count) {
    if (initial != nullptr) {
      std::copy_n(initial + begin * units, count * units, to);
    } else {
      std::fill_n(to, count * units, T{0});
    }
  };
  start(trace.states, 0, first_rows);
  start(final + first_rows * units, first_rows, batch - first_rows);  // sequences without steps

  const int parts = part_count(shape_, layout_, pool_);
  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) break;
      const std::int64_t row = layout_.offset(t) + begin;
      T* sums = trace.sums + row * stride;
      kernels::multiply(x.rows_from(row, n), w, Start::bias, bias + inputs.first * units,
                        View<T>{sums + inputs.first * units, n, inputs.count * units, stride});
      for (int s = 0; s < info.sums; ++s) {
        if (inputs.covers(s)) continue;
        for (std::int64_t r = 0; r < n; ++r)
          std::copy_n(bias + s * units, units, sums + r * stride + s * units);
      }
      const T* gamma = decay.row(row);
      const T* state = trace.states + row * units;
      T* faded = trace.faded + row * units;
      for (std::int64_t i = 0; i < n * units; ++i) faded[i] = gamma[i] * state[i];
      kernels::multiply<T>(View<const T>{faded, n, units, units}, u, Start::accumulate, nullptr,
                           {sums + states.first * units, n, states.count * units, stride}, t % 2 != 0);

      CellCall<T> call;
      call.units = units;
      call.activation = shape_.activation;
      call.recurrent_activation = shape_.recurrent_activation;
      call.clip = static_cast<T>(shape_.clip);
      call.sums_stride = stride;
      call.state_stride = call.next_stride = units;
      call.output_stride = y.stride;
      // Sequences that go on hand their states to the next step, those that end to the final states.
      const std::int64_t going =
          t + 1 < steps ? std::max<std::int64_t>(0, std::min(end, layout_.rows(t + 1)) - begin) : 0;
      const auto apply = [&](std::int64_t from, std::int64_t count, T* next) {
        if (count == 0) return;
        call.rows = count;
        call.sums = sums + from * stride;
        call.state[0] = faded + from * units;
        call.next[0] = next;
        call.output = y.data == nullptr ? nullptr : y.row(row + from);
        formulas.forward(call);
      };
      if (going > 0) apply(0, going, trace.states + (layout_.offset(t + 1) + begin) * units);
      apply(going, n - going, final + (begin + going) * units);
    }
  });
  return trace;
}

template <class T>
void DecayedRecurrence<T>::backward(const RecurrentWeights<const T>& weights, View<const T> x,
                                    View<const T> decay, const DecayedTrace<T>& trace, View<const T> dy,
                                    T* d_state, const RecurrentWeights<T>& gradients, View<T> d_decay,
                                    View<T> dx) {
  const cells::CellInfo& info = shape_.cell->info;
  const auto formulas = kernels::formulas<T>(*shape_.cell);
  const std::int64_t units = shape_.units, stride = shape_.sums_stride(), total = layout_.total();
  const auto taking = [this](std::int64_t count) { return take(count); };
  const GateRange inputs = input_range(info), states = recurrent_range(info, 0);
  const View<const T> recurrent = gather_gates(weights.recurrent_kernel, states, units, taking);
  const Packed<T> u(recurrent, true, take(Packed<T>::size(recurrent.cols, recurrent.rows)));

  const int parts = part_count(shape_, layout_, pool_);
  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    for (std::int64_t t = layout_.longest(); t-- > 0;) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) continue;
      const std::int64_t row = layout_.offset(t) + begin;
      CellCall<T> call;
      call.rows = n;
      call.units = units;
      call.activation = shape_.activation;
      call.recurrent_activation = shape_.recurrent_activation;
      call.clip = static_cast<T>(shape_.clip);
      call.sums = trace.sums + row * stride;
      call.sums_stride = stride;
      call.state_stride = call.d_state_stride = units;
      call.state[0] = trace.faded + row * units;
      call.d_state[0] = d_state + begin * units;
      call.d_output = dy.data == nullptr ? nullptr : dy.row(row);
      call.d_output_stride = dy.stride;
      formulas.backward(call);
      kernels::multiply<T>(View<const T>{call.sums + states.first * units, n, states.count * units, stride},
                           u, info.direct ? Start::accumulate : Start::zero, nullptr,
                           {call.d_state[0], n, units, units});
      // d_state is the gradient of the faded state by now.
      const T *gamma = decay.row(row), *state = trace.states + row * units;
      T *d_gamma = d_decay.row(row), *d = call.d_state[0];
      for (std::int64_t i = 0; i < n * units; ++i) {
        d_gamma[i] = d[i] * state[i];
        d[i] *= gamma[i];
      }
    }
  });
  if (total == 0) return;

  const View<T> d_sums{trace.sums, total, info.sums * units, stride};
  const StepRows<T> rows{x, {trace.faded, total, units, units}, {}, d_sums, {}};
  add_weight_gradients(shape_, pool_, rows, gradients, owner_, take_);
  if (dx.data == nullptr) return;
  const View<const T> kernel = gather_gates(weights.kernel, inputs, units, taking);
  const Packed<T> w(kernel, true, take(Packed<T>::size(kernel.cols, kernel.rows)));
  pool_.run(parts, [&](int part) {
    const std::int64_t first = total * part / parts, last = total * (part + 1) / parts;
    kernels::multiply<T>(View<const T>(d_sums)
                             .columns(inputs.first * units, inputs.count * units)
                             .rows_from(first, last - first),
                         w, Start::accumulate, nullptr, dx.rows_from(first, last - first));
  });
}

template class DecayedRecurrence<float>;
template class DecayedRecurrence<double>;

}  // namespace rondo
