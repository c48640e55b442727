#include <algorithm>

#include "kernels/row_passes.h"
#include "layers/recurrent/common/gain_sums.h"
#include "layers/recurrent/common/weight_gradients.h"
#include "layers/recurrent/drivers/rows.h"
#include "tape/parallel.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::Start;

template <class T>
void add_elements(const T* from, std::int64_t n, T* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] += from[i];
}

template <class T>
class RowsBackward : RowsPass<T> {
 public:
  using Args = typename RecurrentPlan<T>::Args;
  using Gradients = typename RecurrentPlan<T>::Gradients;

  RowsBackward(const RecurrentPlan<T>& plan, const Args& args, const RowsTrace<T>& trace,
               const Gradients& gradients, Workspace& workspace)
      : RowsPass<T>(plan, args.weights, workspace), args_(args), trace_(trace), gradients_(gradients) {
    this->prepare_recurrent({.each_gate = masks(), .transposed = true, .one_row = time_.batch() == 1});
    take_memory();
  }

  void run() {
    for_places(plan_, parts_, workspace_.pool(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = time_.longest(); t-- > 0;) {
        const std::int64_t count = std::min(end, time_.rows(t)) - begin;
        if (count > 0) step(begin, count, time_.offset(t) + begin);
      }
    });
    if (time_.total() == 0) return;
    add_weights();
    if (gradients_.dx.data != nullptr) add_inputs();
  }

 private:
  using Base = RowsPass<T>;
  using Base::masks, Base::decays, Base::projects, Base::width, Base::take;
  using Base::plan_, Base::options_, Base::workspace_, Base::info_, Base::formulas_, Base::time_,
      Base::units_, Base::h_width_, Base::stride_, Base::gate_width_, Base::inputs_, Base::recurrent_,
      Base::recurrent_column_, Base::recurrent_product_, Base::input_gain_, Base::recurrent_gain_,
      Base::parts_;

  void take_memory() {
    const std::int64_t batch = time_.batch(), total = time_.total();
    if (info_.stages == 2) d_gated_state_ = take(batch * units_);
    if (info_.vectors > 0) d_vectors_ = take(total * info_.vectors * units_);
    if (masks()) masked_gradients_ = take(info_.gates * batch * h_width_);
    for (int j = 0; j < 2; ++j) {
      if (nth(options_.zoned, j)) nth(d_old_, j) = take(batch * width(j));
    }
    if (options_.normalized) {
      gains_ = options_.gain_sums.input != nullptr
                   ? options_.gain_sums
                   : make_gain_sums<T>(plan_.shape, batch, args_.weights.state_gain != nullptr, workspace_);
    }
    if (projects()) {
      projection_ = this->pack_projection(true);
      d_unprojected_ = take(batch * units_);
      d_projected_ = take(total * h_width_);
    }
  }

  CellCall<T> call_at(std::int64_t begin, std::int64_t count, std::int64_t row) const {
    CellCall<T> call = plan_.shape.template cell_call<T>();
    call.rows = count;
    call.vectors = trace_.vectors;
    call.sums = trace_.sums + row * stride_;
    call.sums_stride = stride_;
    // A projection's h is narrower, but then no formula reads or writes it.
    call.state_stride = call.d_state_stride = call.operand_stride = units_;
    call.d_output = gradients_.dy.data == nullptr ? nullptr : gradients_.dy.row(row);
    call.d_output_stride = gradients_.dy.stride;
    call.d_vectors_stride = info_.vectors * units_;
    call.d_vectors = d_vectors_ == nullptr ? nullptr : d_vectors_ + row * call.d_vectors_stride;
    for (int j = 0; j < info_.states; ++j) {
      call.state[j] = nth(trace_.states, j) + row * width(j);
      call.d_state[j] = nth(gradients_.d_state, j) + begin * width(j);
    }
    if (decays()) call.state[0] = trace_.decayed + row * units_;
    return call;
  }

  /// One step of `count` places from `begin`, whose packed rows begin at `row`: gradients of the states
  /// after it become those of the states before it, and preactivations their gradients.
  void step(std::int64_t begin, std::int64_t count, std::int64_t row) const {
    CellCall<T> call = call_at(begin, count, row);
    T* d_h = call.d_state[0];
    zones_backward(call, begin, row);
    if (projects()) projection_backward(call, begin, row);
    if (args_.weights.state_gain == nullptr) {
      formulas_.backward(call);
    } else {
      normalized_state_backward(call, begin, row);
    }
    if (info_.stages == 2) {
      call.operand = d_gated_state_ + begin * units_;
      recurrent_gradient(1, call, begin, row, Start::zero, call.operand, units_);
      call.d_output = nullptr;  // is in d_state already
      formulas_.backward_prepare(call);
    }
    recurrent_gradient(0, call, begin, row, info_.direct ? Start::accumulate : Start::zero, d_h, h_width_);
    if (options_.normalized) input_norm_backward(call, begin, row);
    for (int j = 0; j < 2; ++j) {
      if (!nth(options_.zoned, j)) continue;
      add_elements(nth(d_old_, j) + begin * width(j), count * width(j), j == 0 ? d_h : call.d_state[j]);
    }
    if (decays()) decay_backward(count, row, d_h);
  }

  void zones_backward(CellCall<T>& call, std::int64_t begin, std::int64_t row) const {
    for (int j = 0; j < 2; ++j) {
      if (!nth(options_.zoned, j)) continue;
      const std::int64_t size = width(j);
      kernels::zone_rows_backward<T>(
          this->zone_at(j, row), {call.d_state[j], call.rows, size, size},
          {j == 0 ? call.d_output : nullptr, call.rows, size, call.d_output_stride},
          {nth(d_old_, j) + begin * size, call.rows, size, size});
      if (j == 0) call.d_output = nullptr;
    }
  }

  void projection_backward(CellCall<T>& call, std::int64_t begin, std::int64_t row) const {
    T* d = d_projected_ + row * h_width_;
    std::copy_n(call.d_state[0], call.rows * h_width_, d);
    for (std::int64_t r = 0; call.d_output != nullptr && r < call.rows; ++r)
      add_elements(call.d_output + r * call.d_output_stride, h_width_, d + r * h_width_);
    call.d_output = nullptr;
    call.d_state[0] = d_unprojected_ + begin * units_;
    kernels::multiply<T>({d, call.rows, h_width_, h_width_}, projection_, Start::zero, nullptr,
                         {call.d_state[0], call.rows, units_, units_});
  }

  void normalized_state_backward(CellCall<T> call, std::int64_t begin, std::int64_t row) const {
    call.operand = trace_.gated_state + row * units_;
    formulas_.backward_output(call);
    const auto rows = [&](T* data) { return View<T>{data, call.rows, units_, units_}; };
    kernels::normalize_rows_backward<T>(
        rows(call.operand), rows(trace_.state_normal + row * units_), trace_.state_inverse + row,
        args_.weights.state_gain, {gains_.state + begin * units_, gains_.state_bias + begin * units_, units_},
        true, rows(call.d_state[1]));
    formulas_.backward_normalized(call);
  }

  /// `out` [rows, width] = start + the gradient of what the stage's product read.
  void recurrent_gradient(int stage, const CellCall<T>& call, std::int64_t place, std::int64_t row,
                          Start start, T* out, std::int64_t width) const {
    const GateRange& range = nth(recurrent_, stage);
    const T* sums = call.sums + range.first * units_;
    const std::int64_t columns = range.count * units_;
    if (!masks() && !options_.normalized) {
      nth(recurrent_product_, stage)
          .multiply_back({sums, call.rows, columns, stride_}, start, {out, call.rows, width, width}, 0);
      return;
    }
    View<const T> d{sums, call.rows, columns, stride_};
    const View<T> to{out, call.rows, width, width};
    if (options_.normalized) d = recurrent_norm_backward(stage, d, place, row);
    if (masks()) {
      masked_gradient(stage, d, place, start, to);
    } else {
      nth(recurrent_product_, stage).multiply_back(d, start, to, 0);
    }
  }

  /// From the gradients of a stage's preactivations to those of its raw product, which replace it in the
  /// trace.
  View<const T> recurrent_norm_backward(int stage, View<const T> d, std::int64_t place,
                                        std::int64_t row) const {
    const std::int64_t column = nth(recurrent_column_, stage), gain = place * gate_width_ + column;
    T* normal = trace_.recurrent_normal + row * gate_width_ + column;
    const View<T> product{normal, d.rows, d.cols, gate_width_};
    kernels::normalize_rows_backward<T>(
        d, product, nth(trace_.recurrent_inverse, stage) + row, nth(recurrent_gain_, stage),
        {gains_.recurrent + gain, gains_.recurrent_bias == nullptr ? nullptr : gains_.recurrent_bias + gain,
         gate_width_},
        false, product);
    return product;
  }

  /// Each gate's gradient passes the gate's own dropout mask.
  void masked_gradient(int stage, View<const T> d, std::int64_t place, Start start, View<T> out) const {
    const GateRange& range = nth(recurrent_, stage);
    const std::int64_t size = time_.batch() * out.cols;
    T* own = masked_gradients_ + place * out.cols;
    nth(recurrent_product_, stage).multiply_back(d, Start::zero, {own, out.rows, out.cols, out.cols}, size);
    std::array<const T*, cells::kMaxSums> of_gates{}, masks{};
    const auto count = static_cast<std::size_t>(range.count);
    for (std::size_t i = 0; i < count; ++i) {
      of_gates[i] = own + range.gate[i] * size;
      masks[i] = options_.recurrent_masks + range.gate[i] * size + place * out.cols;
    }
    kernels::sum_products<T>(std::span(of_gates).first(count), std::span(masks).first(count),
                             out.rows * out.cols, start == Start::accumulate, out.data);
  }

  void input_norm_backward(const CellCall<T>& call, std::int64_t place, std::int64_t row) const {
    const View<T> product{trace_.input_normal + row * gate_width_, call.rows, gate_width_, gate_width_};
    kernels::normalize_rows_backward<T>(
        {call.sums + inputs_.first * units_, call.rows, gate_width_, stride_}, product,
        trace_.input_inverse + row, input_gain_,
        {gains_.input + place * gate_width_, gains_.bias + place * gate_width_, gate_width_}, false, product);
  }

  /// d_h is that of γ ⊙ h: ∂L/∂γ = d_h ⊙ h, and the gradient of h is γ ⊙ d_h.
  void decay_backward(std::int64_t count, std::int64_t row, T* d_h) const {
    const std::int64_t size = count * units_;
    kernels::multiply_elements<T>(d_h, trace_.states[0] + row * units_, size,
                                  gradients_.d_state_decay.row(row));
    kernels::multiply_elements<T>(options_.state_decay.row(row), d_h, size, d_h);
  }

  void add_weights() {
    const std::int64_t total = time_.total();
    StepRows<T> rows;
    rows.x = args_.x;
    rows.x_gate_stride = options_.input_gate_stride;
    T* h = decays() ? trace_.decayed : trace_.states[0];
    rows.h = {masks() ? trace_.masked : h, total, h_width_, h_width_};
    rows.gated_state = {masks() ? trace_.masked : trace_.gated_state, total, units_, units_};
    rows.h_gate_stride = masks() ? trace_.rows * h_width_ : 0;
    rows.d_sums = d_sums();
    rows.d_vectors = {d_vectors_, total, info_.vectors * units_, info_.vectors * units_};
    if (options_.normalized) {
      rows.d_inputs = d_input_products();
      rows.d_recurrent = {trace_.recurrent_normal, total, gate_width_, gate_width_};
    }
    add_weight_gradients(plan_.shape, rows, gradients_.weights, workspace_);
    if (gradients_.weights.projection.data != nullptr) {
      add_weight_gradient<T>(workspace_.pool(), {trace_.unprojected, total, units_, units_},
                             {d_projected_, total, h_width_, h_width_}, gradients_.weights.projection);
    }
    if (options_.normalized && options_.gain_sums.input == nullptr)
      add_gain_sums(plan_.shape, time_.batch(), gains_, gradients_.weights);
  }

  /// dx += d·kernelᵀ over all steps at once.
  void add_inputs() {
    const std::int64_t total = time_.total();
    const GateProduct<T> input(args_.weights.kernel, inputs_, units_,
                               {.each_gate = options_.input_gate_stride > 0, .transposed = true}, workspace_);
    workspace_.pool().run(parts_, [&](int part) {
      const std::int64_t first = total * part / parts_, count = total * (part + 1) / parts_ - first;
      input.multiply_back(d_input_products().rows_from(first, count), Start::accumulate,
                          gradients_.dx.rows_from(first, count), options_.input_gate_stride);
    });
  }

  View<T> d_sums() const { return {trace_.sums, time_.total(), info_.sums * units_, stride_}; }
  View<T> d_input_products() const {
    if (options_.normalized) return {trace_.input_normal, time_.total(), gate_width_, gate_width_};
    return d_sums().columns(inputs_.first * units_, gate_width_);
  }

  const Args& args_;
  const RowsTrace<T>& trace_;
  const Gradients& gradients_;
  kernels::Packed<T> projection_;
  // One row a place, so that no sum depends on how threads share the places:
  T* d_gated_state_ = nullptr;     ///< [batch, units]
  T* masked_gradients_ = nullptr;  ///< [gates][batch, width of h]
  std::array<T*, 2> d_old_{};      ///< [batch, width]: what zoneout hands to the old states past the formulas
  T* d_unprojected_ = nullptr;     ///< [batch, units]
  GainSums<T> gains_{};
  // One row a step:
  T* d_vectors_ = nullptr;    ///< [total, vectors · units]
  T* d_projected_ = nullptr;  ///< [total, width of h]: gradients of what the projection gave
};

}  // namespace

template <class T>
void rows_backward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args,
                   const RecurrentTrace& trace, const typename RecurrentPlan<T>::Gradients& gradients,
                   Workspace& workspace) {
  RowsBackward<T>(plan, args, static_cast<const RowsTrace<T>&>(trace), gradients, workspace).run();
}
template void rows_backward(const RecurrentPlan<float>&, const RecurrentPlan<float>::Args&,
                            const RecurrentTrace&, const RecurrentPlan<float>::Gradients&, Workspace&);
template void rows_backward(const RecurrentPlan<double>&, const RecurrentPlan<double>::Args&,
                            const RecurrentTrace&, const RecurrentPlan<double>::Gradients&, Workspace&);

}  // namespace rondo
