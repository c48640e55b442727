#include "layers/recurrent/drivers/extra_recurrence.h"

#include <algorithm>
#include <new>

#include "kernels/row_passes.h"
#include "layers/recurrent/drivers/gain_sums.h"
#include "tape/parallel.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::Start;

/// One zone of a layer at a packed row.
template <class T>
kernels::Zone<T> zone_at(kernels::Zone<T> zone, std::int64_t row) {
  if (zone.bits != nullptr) zone.bits += row * zone.stride;
  return zone;
}

template <class T>
void copy_rows(std::int64_t rows, std::int64_t width, const T* from, std::int64_t stride, T* to,
               std::int64_t to_stride) {
  for (std::int64_t r = 0; r < rows; ++r) std::copy_n(from + r * stride, width, to + r * to_stride);
}

template <class T>
void add_elements(const T* from, std::int64_t n, T* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] += from[i];
}

}  // namespace

template <class T>
ExtraRecurrence<T>::ExtraRecurrence(const RecurrentShape& shape, const TimeSlice& layout, Pool& pool,
                                    void* owner, TakeMemory<T> take, const RecurrentExtras<T>& extras)
    : shape_(shape),
      info_(shape_.cell->info),
      layout_(layout),
      pool_(pool),
      owner_(owner),
      take_(take),
      extras_(extras),
      units_(shape.units),
      stride_(shape.sums_stride()),
      inputs_(input_range(info_)) {
  for (int s = 0; s < info_.stages; ++s) {
    const auto at = static_cast<std::size_t>(s);
    recurrent_[at] = recurrent_range(info_, s);
    if (s > 0) recurrent_column_[at] = recurrent_[0].count * units_;
  }
}

template <class T>
const T* ExtraRecurrence<T>::gains_of(const T* gains, const GateRange& range) {
  const std::int64_t width = info_.gates * units_;
  return gather_gates(View<const T>{gains, 1, width, width}, range, units_,
                      [this](std::int64_t count) { return take(count); })
      .data;
}

template <class T>
CellCall<T> ExtraRecurrence<T>::call_of(const ExtraTrace<T>& trace, std::int64_t rows) const {
  CellCall<T> call;
  call.rows = rows;
  call.units = units_;
  call.activation = shape_.activation;
  call.recurrent_activation = shape_.recurrent_activation;
  call.clip = static_cast<T>(shape_.clip);
  call.vectors = trace.vectors;
  call.sums_stride = stride_;
  // A projection's h is narrower, but then no formula reads or writes it.
  call.state_stride = call.next_stride = call.d_state_stride = call.operand_stride = units_;
  return call;
}

// ---- forward

template <class T>
struct ExtraRecurrence<T>::Forward {
  const ExtraRecurrence& driver;
  ExtraTrace<T> trace;
  kernels::CellFormulas<T> formulas;
  GateProduct<T> input{};
  std::array<GateProduct<T>, 2> recurrent{};
  kernels::Packed<T> projection{};
  const T* bias = nullptr;
  const T* input_gain = nullptr;
  std::array<const T*, 2> recurrent_gain{};
  const T *state_gain = nullptr, *state_bias = nullptr;

  /// Inputs of `count` packed rows to the sums at row `at`.
  void project(View<const T> x, std::int64_t at) const {
    const GateRange& range = driver.inputs_;
    const std::int64_t units = driver.units_, stride = driver.stride_;
    T* sums = trace.sums + at * stride;
    for (int s = 0; s < driver.info_.sums; ++s) {
      if (range.covers(s)) continue;
      for (std::int64_t r = 0; r < x.rows; ++r)
        std::copy_n(bias + s * units, units, sums + r * stride + s * units);
    }
    const std::int64_t width = range.count * units;
    T* out = sums + range.first * units;
    if (!driver.extras_.normalized) {
      input.multiply(x, driver.extras_.input_gate_stride, Start::bias, bias + range.first * units,
                     {out, x.rows, width, stride});
      return;
    }
    T* normal = trace.input_normal + at * width;
    input.multiply(x, driver.extras_.input_gate_stride, Start::zero, nullptr, {normal, x.rows, width, width});
    const View<T> rows{normal, x.rows, width, width};
    kernels::normalize_rows<T>(rows, driver.extras_.epsilon, rows, trace.input_inverse + at,
                               {input_gain, bias + range.first * units}, {out, x.rows, width, stride});
  }

  /// Adds a stage's recurrent product for `left` [rows, width], the places from `place`; row `at` of the
  /// trace. `is_zero`: left is, and so is the product, whatever the weights.
  void add_recurrent(int stage, View<const T> left, std::int64_t place, T* sums, std::int64_t at,
                     bool is_zero = false) const {
    const auto index = static_cast<std::size_t>(stage);
    const GateRange& range = driver.recurrent_[index];
    const RecurrentExtras<T>& extras = driver.extras_;
    std::int64_t gate_stride = 0;
    if (extras.recurrent_masks != nullptr) {
      gate_stride = trace.rows * left.cols;
      T* masked = trace.masked + at * left.cols;
      for (int i = 0; i < range.count; ++i) {
        const int g = range.gate[static_cast<std::size_t>(i)];
        kernels::multiply_elements(left.data,
                                   extras.recurrent_masks + (g * driver.layout_.batch() + place) * left.cols,
                                   left.rows * left.cols, masked + g * gate_stride);
      }
      left.data = masked;
    }
    const std::int64_t width = range.count * driver.units_, stride = driver.stride_;
    T* out = sums + range.first * driver.units_;
    if (!extras.normalized) {
      if (is_zero) return;
      recurrent[index].multiply(left, gate_stride, Start::accumulate, nullptr,
                                {out, left.rows, width, stride});
      return;
    }
    const std::int64_t all = driver.info_.gates * driver.units_;
    T* normal = trace.recurrent_normal + at * all + driver.recurrent_column_[index];
    if (is_zero) {
      for (std::int64_t r = 0; r < left.rows; ++r) std::fill_n(normal + r * all, width, T{0});
    } else {
      recurrent[index].multiply(left, gate_stride, Start::zero, nullptr, {normal, left.rows, width, all});
    }
    const View<T> rows{normal, left.rows, width, all};
    kernels::normalize_rows<T>(rows, extras.epsilon, rows, trace.recurrent_inverse[index] + at,
                               {recurrent_gain[index]}, {out, left.rows, width, stride});
  }

  /// From sums to the states after the step, which `call` says: rows at row `at` of the trace, packed row
  /// `row`.
  void finish(CellCall<T> call, std::int64_t at, std::int64_t row) const {
    const RecurrentExtras<T>& extras = driver.extras_;
    const std::int64_t units = driver.units_, h_width = driver.width(0);
    T *h = call.next[0], *output = call.output;
    call.output = nullptr;
    if (extras.projected > 0) call.next[0] = trace.unprojected + at * units;
    formulas.forward(call);
    if (state_gain != nullptr) {
      call.operand = trace.operand + at * units;
      const auto rows_of = [&](auto* data) { return View{data, call.rows, units, units}; };
      kernels::normalize_rows<T>(rows_of(call.next[1]), extras.epsilon,
                                 rows_of(trace.state_normal + at * units), trace.state_inverse + at,
                                 {state_gain, state_bias}, rows_of(call.operand));
      formulas.output(call);
    }
    if (extras.projected > 0) {
      kernels::multiply<T>({call.next[0], call.rows, units, units}, projection, Start::zero, nullptr,
                           {h, call.rows, h_width, h_width});
    }
    for (int j = 0; j < 2 && j < driver.info_.states; ++j) {
      const auto state = static_cast<std::size_t>(j);
      if (!extras.zoned[state]) continue;
      const std::int64_t width = driver.width(j);
      kernels::zone_rows<T>(zone_at(extras.zones[state], row), {call.state[j], call.rows, width, width},
                            {j == 0 ? h : call.next[j], call.rows, width, width});
    }
    if (output != nullptr) copy_rows(call.rows, h_width, h, h_width, output, call.output_stride);
  }
};

template <class T>
const ExtraTrace<T>* ExtraRecurrence<T>::forward(const RecurrentWeights<const T>& weights, View<const T> x,
                                                 const std::array<const T*, kMaxStates>& initial, View<T> y,
                                                 const std::array<T*, kMaxStates>& final, bool keeps) {
  const std::int64_t batch = layout_.batch(), total = layout_.total(), steps = layout_.longest();
  const std::int64_t first_rows = steps == 0 ? 0 : layout_.rows(0), h_width = width(0);
  const auto taking = [this](std::int64_t count) { return take(count); };
  const bool masks = extras_.recurrent_masks != nullptr;

  Forward f{*this, {}, kernels::formulas<T>(*shape_.cell)};
  f.input = GateProduct<T>(weights.kernel, inputs_, units_, extras_.input_gate_stride > 0, false, taking);
  for (int s = 0; s < info_.stages; ++s) {
    const auto at = static_cast<std::size_t>(s);
    f.recurrent[at] = GateProduct<T>(weights.recurrent_kernel, recurrent_[at], units_, masks, false, taking);
    if (extras_.normalized) f.recurrent_gain[at] = gains_of(weights.recurrent_gain, recurrent_[at]);
  }
  if (extras_.normalized) f.input_gain = gains_of(weights.kernel_gain, inputs_);
  f.state_gain = weights.state_gain;
  f.state_bias = weights.state_bias;
  if (extras_.projected > 0) {
    const View<const T> p = weights.projection;
    f.projection = kernels::Packed<T>(p, false, take(kernels::Packed<T>::size(p.rows, p.cols)));
  }
  T* bias = take(info_.sums * units_);
  sum_biases(info_, weights.bias, units_, bias);
  f.bias = bias;
  T* vectors = take(std::max<std::int64_t>(info_.vectors, 1) * units_);
  for (int p = 0; p < info_.vectors; ++p) {
    std::copy_n(weights.vectors[static_cast<std::size_t>(p)], units_, vectors + p * units_);
  }

  // Memory: one row a step when a backward pass follows, else one a place, two for states, a chunk of them
  // for inputs.
  const int parts = part_count(shape_, layout_, pool_);
  const std::int64_t chunk_rows = parts > 1 ? first_rows : std::max<std::int64_t>(first_rows, 96);
  ExtraTrace<T>& trace = f.trace;
  trace.rows = keeps ? total : first_rows;
  const std::int64_t sum_rows = keeps ? total : chunk_rows + first_rows, gate_width = info_.gates * units_;
  trace.vectors = vectors;
  trace.sums = take(sum_rows * stride_);
  for (int j = 0; j < info_.states; ++j)
    trace.states[static_cast<std::size_t>(j)] = take((keeps ? total : 2 * first_rows) * width(j));
  const bool normalizes_state = weights.state_gain != nullptr;
  if (info_.stages == 2 || normalizes_state) trace.operand = take(trace.rows * units_);
  if (normalizes_state) {
    trace.state_normal = take(trace.rows * units_);
    trace.state_inverse = take(trace.rows);
  }
  if (masks) trace.masked = take(info_.gates * trace.rows * h_width);
  if (extras_.normalized) {
    trace.input_normal = take(sum_rows * gate_width);
    trace.input_inverse = take(sum_rows);
    trace.recurrent_normal = take(trace.rows * gate_width);
    for (int s = 0; s < info_.stages; ++s)
      trace.recurrent_inverse[static_cast<std::size_t>(s)] = take(trace.rows);
  }
  if (extras_.projected > 0) trace.unprojected = take(trace.rows * units_);
  bool has_initial = false;
  for (int j = 0; j < info_.states; ++j) {
    const auto at = static_cast<std::size_t>(j);
    has_initial = has_initial || initial[at] != nullptr;
    const std::int64_t split = first_rows * width(j), size = batch * width(j);
    if (initial[at] != nullptr) {
      std::copy(initial[at], initial[at] + split, trace.states[at]);
      std::copy(initial[at] + split, initial[at] + size, final[at] + split);
    } else {
      std::fill_n(trace.states[at], split, T{0});
      std::fill_n(final[at] + split, size - split, T{0});
    }
  }

  const auto state_row = [&](std::int64_t t) { return keeps ? layout_.offset(t) : (t % 2) * first_rows; };
  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    std::int64_t projected = 0;    // steps whose inputs are in the sums already (one thread only)
    std::int64_t chunk_start = 0;  // first packed row of the chunk (when nothing is kept)
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) break;
      const std::int64_t row = layout_.offset(t) + begin;
      if (parts > 1) {
        f.project(x.rows_from(row, n), keeps ? row : begin);
      } else if (t >= projected) {
        chunk_start = layout_.offset(t);
        std::int64_t rows = 0;
        for (projected = t;
             projected < steps && (projected == t || rows + layout_.rows(projected) <= chunk_rows);
             ++projected) {
          rows += layout_.rows(projected);
        }
        f.project(x.rows_from(chunk_start, rows), keeps ? chunk_start : 0);
      }
      const std::int64_t sum_row = keeps       ? row
                                   : parts > 1 ? begin
                                               : row - chunk_start,
                         at = keeps ? row : begin;

      CellCall<T> call = call_of(trace, n);
      call.sums = trace.sums + sum_row * stride_;
      call.output_stride = y.stride;
      for (int j = 0; j < info_.states; ++j) {
        call.state[j] = trace.states[static_cast<std::size_t>(j)] + (state_row(t) + begin) * width(j);
      }
      f.add_recurrent(0, {call.state[0], n, h_width, h_width}, begin, call.sums, at, t == 0 && !has_initial);
      if (info_.stages == 2) {
        call.operand = trace.operand + at * units_;
        f.formulas.prepare(call);
        f.add_recurrent(1, {call.operand, n, units_, units_}, begin, call.sums, at);
      }
      // Sequences that go on hand their states to the next step, those that end to the final states.
      const std::int64_t going =
          t + 1 < steps ? std::max<std::int64_t>(0, std::min(end, layout_.rows(t + 1)) - begin) : 0;
      call.output = y.data == nullptr ? nullptr : y.row(row);
      if (going > 0) {
        call.rows = going;
        for (int j = 0; j < info_.states; ++j) {
          call.next[j] = trace.states[static_cast<std::size_t>(j)] + (state_row(t + 1) + begin) * width(j);
        }
        f.finish(call, at, row);
      }
      if (going < n) {
        call.rows = n - going;
        call.sums += going * stride_;
        if (call.output != nullptr) call.output += going * y.stride;
        for (int j = 0; j < info_.states; ++j) {
          call.state[j] += going * width(j);
          call.next[j] = final[static_cast<std::size_t>(j)] + (begin + going) * width(j);
        }
        f.finish(call, at + going, row + going);
      }
    }
  });
  if (!keeps) return nullptr;
  T* memory = take(static_cast<std::int64_t>((sizeof(ExtraTrace<T>) + sizeof(T) - 1) / sizeof(T)));
  return new (static_cast<void*>(memory)) ExtraTrace<T>(trace);
}

// ---- backward

template <class T>
struct ExtraRecurrence<T>::Backward {
  const ExtraRecurrence& driver;
  const ExtraTrace<T>& trace;
  kernels::CellFormulas<T> formulas;
  std::array<GateProduct<T>, 2> recurrent{};
  kernels::Packed<T> projection{};
  const T* input_gain = nullptr;
  std::array<const T*, 2> recurrent_gain{};
  const T* state_gain = nullptr;
  // One row a place, so that no sum depends on how threads share the places:
  T* masked_gradients = nullptr;  ///< [gates][batch, width of h]
  std::array<T*, 2> zoned{};      ///< [batch, width]: what goes to the old states past the formulas
  T* d_unprojected = nullptr;     ///< [batch, units]
  GainSums<T> gains{};
  T* d_projected = nullptr;  ///< [total, width of h]: gradients of what the projection gave

  /// `out` [rows, width] = start + the gradient of what stage's product read. d_sums become those of the raw
  /// products.
  void recurrent_gradient(int stage, View<const T> d_sums, std::int64_t place, std::int64_t row, Start start,
                          View<T> out) const {
    const auto index = static_cast<std::size_t>(stage);
    const GateRange& range = driver.recurrent_[index];
    const RecurrentExtras<T>& extras = driver.extras_;
    View<const T> d = d_sums.columns(range.first * driver.units_, range.count * driver.units_);
    if (extras.normalized) {
      const std::int64_t all = driver.info_.gates * driver.units_, column = driver.recurrent_column_[index];
      T* normal = trace.recurrent_normal + row * all + column;
      const View<T> rows{normal, d.rows, d.cols, all};
      kernels::normalize_rows_backward<T>(
          d, rows, trace.recurrent_inverse[index] + row, recurrent_gain[index],
          {gains.recurrent + place * all + column,
           gains.recurrent_bias == nullptr ? nullptr : gains.recurrent_bias + place * all + column, all},
          false, rows);
      d = {normal, d.rows, d.cols, all};
    }
    if (extras.recurrent_masks == nullptr) {
      recurrent[index].multiply_back(d, start, out, 0);
      return;
    }
    const std::int64_t size = driver.layout_.batch() * out.cols;
    T* own = masked_gradients + place * out.cols;
    recurrent[index].multiply_back(d, Start::zero, {own, out.rows, out.cols, out.cols}, size);
    std::array<const T*, cells::kMaxSums> parts{}, masks{};
    const auto count = static_cast<std::size_t>(range.count);
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = own + range.gate[i] * size;
      masks[i] = extras.recurrent_masks + range.gate[i] * size + place * out.cols;
    }
    kernels::sum_products<T>(std::span(parts).first(count), std::span(masks).first(count),
                             out.rows * out.cols, start == Start::accumulate, out.data);
  }

  /// One step of `n` places from `begin`; gradients of the states after it become those of the states before
  /// it.
  void step(CellCall<T> call, std::int64_t begin, std::int64_t row, T* d_operand,
            const std::array<T*, kMaxStates>& d_state) const {
    const RecurrentExtras<T>& extras = driver.extras_;
    const std::int64_t n = call.rows, units = driver.units_, h_width = driver.width(0);
    for (int j = 0; j < driver.info_.states; ++j)
      call.d_state[j] = d_state[static_cast<std::size_t>(j)] + begin * driver.width(j);
    T* d_h = call.d_state[0];
    for (std::size_t j = 0; j < 2; ++j) {
      if (!extras.zoned[j]) continue;
      const std::int64_t width = driver.width(static_cast<int>(j));
      kernels::zone_rows_backward<T>(zone_at(extras.zones[j], row), {call.d_state[j], n, width, width},
                                     {j == 0 ? call.d_output : nullptr, n, width, call.d_output_stride},
                                     {zoned[j] + begin * width, n, width, width});
      if (j == 0) call.d_output = nullptr;
    }
    if (extras.projected > 0) {
      T* d = d_projected + row * h_width;
      std::copy_n(d_h, n * h_width, d);
      for (std::int64_t r = 0; call.d_output != nullptr && r < n; ++r)
        add_elements(call.d_output + r * call.d_output_stride, h_width, d + r * h_width);
      call.d_output = nullptr;
      call.d_state[0] = d_unprojected + begin * units;
      kernels::multiply<T>({d, n, h_width, h_width}, projection, Start::zero, nullptr,
                           {call.d_state[0], n, units, units});
    }
    if (state_gain == nullptr) {
      formulas.backward(call);
    } else {
      call.operand = trace.operand + row * units;
      formulas.backward_output(call);
      kernels::normalize_rows_backward<T>(
          {call.operand, n, units, units}, {trace.state_normal + row * units, n, units, units},
          trace.state_inverse + row, state_gain,
          {gains.state + begin * units, gains.state_bias + begin * units, units}, true,
          {call.d_state[1], n, units, units});
      formulas.backward_normalized(call);
    }
    const View<const T> d_sums{call.sums, n, driver.info_.sums * units, driver.stride_};
    if (driver.info_.stages == 2) {
      call.operand = d_operand + begin * units;
      recurrent_gradient(1, d_sums, begin, row, Start::zero, {call.operand, n, units, units});
      call.d_output = nullptr;  // is in d_state already
      formulas.backward_prepare(call);
    }
    recurrent_gradient(0, d_sums, begin, row, driver.info_.direct ? Start::accumulate : Start::zero,
                       {d_h, n, h_width, h_width});
    if (extras.normalized) {
      const std::int64_t all = driver.inputs_.count * units;
      T* normal = trace.input_normal + row * all;
      const View<T> rows{normal, n, all, all};
      kernels::normalize_rows_backward<T>(
          d_sums.columns(driver.inputs_.first * units, all), rows, trace.input_inverse + row, input_gain,
          {gains.input + begin * all, gains.bias + begin * all, all}, false, rows);
    }
    for (std::size_t j = 0; j < 2; ++j) {
      if (!extras.zoned[j]) continue;
      const std::int64_t width = driver.width(static_cast<int>(j));
      add_elements(zoned[j] + begin * width, n * width, j == 0 ? d_h : call.d_state[j]);
    }
  }
};

template <class T>
void ExtraRecurrence<T>::backward(const RecurrentWeights<const T>& weights, View<const T> x,
                                  const ExtraTrace<T>& trace, View<const T> dy,
                                  const std::array<T*, kMaxStates>& d_state,
                                  const RecurrentWeights<T>& gradients, View<T> dx) {
  const std::int64_t batch = layout_.batch(), total = layout_.total(), steps = layout_.longest(),
                     h_width = width(0), gate_width = info_.gates * units_;
  const auto taking = [this](std::int64_t count) { return take(count); };
  const bool masks = extras_.recurrent_masks != nullptr;

  Backward b{*this, trace, kernels::formulas<T>(*shape_.cell)};
  for (int s = 0; s < info_.stages; ++s) {
    const auto at = static_cast<std::size_t>(s);
    b.recurrent[at] = GateProduct<T>(weights.recurrent_kernel, recurrent_[at], units_, masks, true, taking);
    if (extras_.normalized) b.recurrent_gain[at] = gains_of(weights.recurrent_gain, recurrent_[at]);
  }
  if (masks) b.masked_gradients = take(info_.gates * batch * h_width);
  for (std::size_t j = 0; j < 2; ++j) {
    if (extras_.zoned[j]) b.zoned[j] = take(batch * width(static_cast<int>(j)));
  }
  if (extras_.normalized) {
    b.input_gain = gains_of(weights.kernel_gain, inputs_);
    b.gains = extras_.gain_sums.input != nullptr
                  ? extras_.gain_sums
                  : make_gain_sums(shape_, batch, weights.state_gain != nullptr, owner_, take_);
  }
  b.state_gain = weights.state_gain;
  if (extras_.projected > 0) {
    const View<const T> p = weights.projection;
    b.projection = kernels::Packed<T>(p, true, take(kernels::Packed<T>::size(p.cols, p.rows)));
    b.d_unprojected = take(batch * units_);
    b.d_projected = take(total * h_width);
  }
  T* d_operand = info_.stages == 2 ? take(batch * units_) : nullptr;
  const std::int64_t vector_stride = std::max(1, info_.vectors) * units_;
  T* d_vectors = info_.vectors > 0 ? take(total * vector_stride) : nullptr;

  const int parts = part_count(shape_, layout_, pool_);
  pool_.run(parts, [&](int part) {
    const std::int64_t begin = first_place(layout_, parts, part), end = first_place(layout_, parts, part + 1);
    for (std::int64_t t = steps; t-- > 0;) {
      const std::int64_t n = std::min(end, layout_.rows(t)) - begin;
      if (n <= 0) continue;
      const std::int64_t row = layout_.offset(t) + begin;
      CellCall<T> call = call_of(trace, n);
      call.sums = trace.sums + row * stride_;
      call.d_output = dy.data == nullptr ? nullptr : dy.row(row);
      call.d_output_stride = dy.stride;
      call.d_vectors = d_vectors == nullptr ? nullptr : d_vectors + row * vector_stride;
      call.d_vectors_stride = vector_stride;
      for (int j = 0; j < info_.states; ++j)
        call.state[j] = trace.states[static_cast<std::size_t>(j)] + row * width(j);
      b.step(call, begin, row, d_operand, d_state);
    }
  });
  if (total == 0) return;

  // Gradients of weights, each as one product over all steps.
  const View<const T> d_sums{trace.sums, total, info_.sums * units_, stride_};
  const auto add_gates = [&](View<const T> left, std::int64_t gate_stride, View<const T> d,
                             const GateRange& range, View<T> to) {
    if (to.data == nullptr) return;
    if (gate_stride == 0 && range.in_file_order()) {
      add_weight_gradient(pool_, left, d, to.columns(range.gate[0] * units_, d.cols));
      return;
    }
    for (int i = 0; i < range.count; ++i) {
      const int g = range.gate[static_cast<std::size_t>(i)];
      View<const T> own = left;
      own.data += g * gate_stride;
      add_weight_gradient(pool_, own, d.columns(i * units_, units_), to.columns(g * units_, units_));
    }
  };
  View<const T> d_inputs = d_sums.columns(inputs_.first * units_, gate_width);
  if (extras_.normalized) d_inputs = {trace.input_normal, total, gate_width, gate_width};
  add_gates(x, extras_.input_gate_stride, d_inputs, inputs_, gradients.kernel);
  for (int s = 0; s < info_.stages; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const GateRange& range = recurrent_[at];
    View<const T> d = d_sums.columns(range.first * units_, range.count * units_);
    if (extras_.normalized)
      d = {trace.recurrent_normal + recurrent_column_[at], total, range.count * units_, gate_width};
    const T* left = masks ? trace.masked : s == 0 ? trace.states[0] : trace.operand;
    add_gates({left, total, h_width, h_width}, masks ? trace.rows * h_width : 0, d, range,
              gradients.recurrent_kernel);
  }
  if (gradients.projection.data != nullptr) {
    add_weight_gradient<T>(pool_, {trace.unprojected, total, units_, units_},
                           {b.d_projected, total, h_width, h_width}, gradients.projection);
  }
  if (gradients.bias.data != nullptr && !extras_.normalized) {
    for (int g = 0; g < info_.gates; ++g) {
      const auto add_sum = [&](const std::array<int, cells::kMaxSums>& sum_of, std::int64_t row) {
        kernels::add_column_sums(d_sums.columns(sum_of[static_cast<std::size_t>(g)] * units_, units_),
                                 gradients.bias.row(row) + g * units_);
      };
      add_sum(info_.input_sum, 0);
      if (info_.recurrent_bias) add_sum(info_.recurrent_sum, 1);
    }
  }
  for (int p = 0; p < info_.vectors; ++p) {
    T* to = gradients.vectors[static_cast<std::size_t>(p)];
    if (to != nullptr)
      kernels::add_column_sums<T>({d_vectors + p * units_, total, units_, vector_stride}, to);
  }
  if (extras_.normalized && extras_.gain_sums.input == nullptr)
    add_gain_sums(shape_, batch, b.gains, gradients);
  if (dx.data == nullptr) return;
  const GateProduct<T> input(weights.kernel, inputs_, units_, extras_.input_gate_stride > 0, true, taking);
  pool_.run(parts, [&](int part) {
    const std::int64_t first = total * part / parts, last = total * (part + 1) / parts;
    input.multiply_back(d_inputs.rows_from(first, last - first), Start::accumulate,
                        dx.rows_from(first, last - first), extras_.input_gate_stride);
  });
}

template class ExtraRecurrence<float>;
template class ExtraRecurrence<double>;

}  // namespace rondo
