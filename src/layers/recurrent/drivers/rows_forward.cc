#include <algorithm>

#include "kernels/row_passes.h"
#include "layers/recurrent/drivers/rows.h"

namespace rondo {
namespace {

using kernels::CellCall;
using kernels::Start;

/// The sequences of one range of places at one step.
struct StepPlaces {
  std::int64_t t, begin, count;
  std::int64_t continuing;  ///< how many of them, the first ones, have a step after this one
  std::int64_t row;         ///< packed row of the first
  std::int64_t kept, sums;  ///< its row in the trace, and its row of preactivations
};

template <class T>
class RowsForward : RowsPass<T> {
 public:
  RowsForward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args, Workspace& workspace,
              bool keeps)
      : RowsPass<T>(plan, args.weights, workspace),
        args_(args),
        keeps_(keeps),
        finishes_with_options_(args.weights.state_gain != nullptr || projects() || options_.zoned[0] ||
                               options_.zoned[1]) {
    prepare_products();
    take_memory();
    begin_states();
  }

  const RecurrentTrace* run() {
    for_places(plan_, parts_, workspace_.pool(),
               [&](std::int64_t begin, std::int64_t end) { run_places(begin, end); });
    return keeps_ ? workspace_.copy(trace_) : nullptr;
  }

 private:
  using Base = RowsPass<T>;
  using Base::masks, Base::decays, Base::projects, Base::width, Base::take;
  using Base::plan_, Base::options_, Base::workspace_, Base::info_, Base::formulas_, Base::time_,
      Base::units_, Base::h_width_, Base::stride_, Base::gate_width_, Base::inputs_, Base::recurrent_,
      Base::recurrent_column_, Base::recurrent_product_, Base::input_gain_, Base::recurrent_gain_,
      Base::parts_;

  void prepare_products() {
    const std::int64_t units = units_;
    input_ = GateProduct<T>(args_.weights.kernel, inputs_, units,
                            {.each_gate = options_.input_gate_stride > 0}, workspace_);
    this->prepare_recurrent({.each_gate = masks()});
    if (projects()) projection_ = this->pack_projection(false);
    bias_ = take(info_.sums * units);
    sum_biases(info_, args_.weights.bias, units, bias_);
    trace_.vectors = gather_vectors(plan_.shape, args_.weights, workspace_);
  }

  /// A row a step when a backward pass follows; else one a place, two for states, a chunk of them for
  /// inputs.
  void take_memory() {
    const std::int64_t total = time_.total();
    steps_ = time_.longest();
    first_rows_ = steps_ == 0 ? 0 : time_.rows(0);
    // One thread projects the inputs of several steps at a time: more rows a product, still in the cache.
    chunk_rows_ = parts_ > 1 ? first_rows_ : std::max<std::int64_t>(first_rows_, 96);
    const std::int64_t rows = keeps_ ? total : first_rows_, sum_rows = keeps_ ? total : chunk_rows_;
    trace_.rows = rows;
    trace_.sums = take(sum_rows * stride_);
    for (int j = 0; j < info_.states; ++j)
      nth(trace_.states, j) = take((keeps_ ? total : 2 * first_rows_) * width(j));
    const bool normalizes_state = args_.weights.state_gain != nullptr;
    if (decays()) trace_.decayed = take(rows * units_);
    if (info_.stages == 2 || normalizes_state) trace_.gated_state = take(rows * units_);
    if (normalizes_state) {
      trace_.state_normal = take(rows * units_);
      trace_.state_inverse = take(rows);
    }
    if (masks()) trace_.masked = take(info_.gates * rows * h_width_);
    if (options_.normalized) {
      trace_.input_normal = take(sum_rows * gate_width_);
      trace_.input_inverse = take(sum_rows);
      trace_.recurrent_normal = take(rows * gate_width_);
      for (int s = 0; s < info_.stages; ++s) nth(trace_.recurrent_inverse, s) = take(rows);
    }
    if (projects()) trace_.unprojected = take(rows * units_);
  }

  /// Sequences without steps end where they begin.
  void begin_states() {
    for (int j = 0; j < info_.states; ++j) {
      const T* initial = nth(args_.initial, j);
      has_initial_ = has_initial_ || initial != nullptr;
      const std::int64_t busy = first_rows_ * width(j), all = time_.batch() * width(j);
      copy_state(initial, 0, busy, nth(trace_.states, j));
      copy_state(initial, busy, all - busy, nth(args_.final, j) + busy);
    }
  }

  void run_places(std::int64_t begin, std::int64_t end) {
    std::int64_t projected = 0;  // steps whose inputs are in the preactivations already (one thread only)
    std::int64_t chunk = 0;      // first packed row of theirs
    for (std::int64_t t = 0; t < steps_; ++t) {
      const std::int64_t count = std::min(end, time_.rows(t)) - begin;
      if (count <= 0) break;
      const std::int64_t next = t + 1 < steps_ ? std::min(end, time_.rows(t + 1)) - begin : 0;
      const std::int64_t row = time_.offset(t) + begin, kept = keeps_ ? row : begin;
      StepPlaces places{t, begin, count, std::max<std::int64_t>(0, next), row, kept, kept};
      if (parts_ > 1) {
        project_inputs(args_.x.rows_from(row, count), kept);
      } else {
        if (t >= projected) {
          chunk = row;
          std::int64_t rows = 0;
          do rows += time_.rows(projected++);
          while (projected < steps_ && rows + time_.rows(projected) <= chunk_rows_);
          project_inputs(args_.x.rows_from(chunk, rows), keeps_ ? chunk : 0);
        }
        if (!keeps_) places.sums = row - chunk;
      }
      step(places);
    }
  }

  void step(const StepPlaces& places) {
    const std::int64_t begin = places.begin, count = places.count, continuing = places.continuing;
    CellCall<T> call = plan_.shape.template cell_call<T>();
    call.rows = count;
    call.vectors = trace_.vectors;
    call.sums = trace_.sums + places.sums * stride_;
    call.sums_stride = stride_;
    // A projection's h is narrower, but then no formula reads or writes it.
    call.state_stride = call.next_stride = call.operand_stride = units_;
    call.output_stride = args_.y.stride;
    for (int j = 0; j < info_.states; ++j) call.state[j] = state_at(j, places.t, begin);
    if (decays()) {
      T* decayed = trace_.decayed + places.kept * units_;
      kernels::multiply_elements(options_.state_decay.row(places.row), call.state[0], count * units_,
                                 decayed);
      call.state[0] = decayed;
    }
    add_recurrent(0, call.state[0], h_width_, places, call.sums, places.t == 0 && !has_initial_ && !decays());
    if (info_.stages == 2) {
      call.operand = trace_.gated_state + places.kept * units_;
      formulas_.prepare(call);
      add_recurrent(1, call.operand, units_, places, call.sums, false);
    }
    // Sequences that continue hand their states to the next step, those that end to the final states.
    call.output = args_.y.data == nullptr ? nullptr : args_.y.row(places.row);
    if (continuing > 0) {
      call.rows = continuing;
      for (int j = 0; j < info_.states; ++j) call.next[j] = state_at(j, places.t + 1, begin);
      finish(call, places.kept, places.row);
    }
    if (continuing == count) return;
    call.rows = count - continuing;
    call.sums += continuing * stride_;
    if (call.output != nullptr) call.output += continuing * args_.y.stride;
    for (int j = 0; j < info_.states; ++j) {
      call.state[j] += continuing * width(j);
      call.next[j] = nth(args_.final, j) + (begin + continuing) * width(j);
    }
    finish(call, places.kept + continuing, places.row + continuing);
  }

  /// Preactivations = bias + x·kernel, or its normalised product; the bias alone where no input feeds them.
  /// `row`: the first one's.
  void project_inputs(View<const T> x, std::int64_t row) const {
    T* sums = trace_.sums + row * stride_;
    for (int s = 0; s < info_.sums; ++s) {
      if (inputs_.covers(s)) continue;
      for (std::int64_t r = 0; r < x.rows; ++r)
        std::copy_n(bias_ + s * units_, units_, sums + r * stride_ + s * units_);
    }
    const T* bias = bias_ + inputs_.first * units_;
    T* out = sums + inputs_.first * units_;
    if (!options_.normalized) {
      input_.multiply(x, options_.input_gate_stride, Start::bias, bias, {out, x.rows, gate_width_, stride_});
      return;
    }
    T* normal = trace_.input_normal + row * gate_width_;
    input_.multiply(x, options_.input_gate_stride, Start::zero, nullptr,
                    {normal, x.rows, gate_width_, gate_width_});
    normalize({normal, x.rows, gate_width_, gate_width_}, trace_.input_inverse + row, {input_gain_, bias},
              {out, x.rows, gate_width_, stride_});
  }

  /// Preactivations += left·recurrent_kernel of a stage, or its normalised product. `is_zero`: left is, and
  /// so is the product, whatever the weights.
  void add_recurrent(int stage, const T* left, std::int64_t left_width, const StepPlaces& places, T* sums,
                     bool is_zero) const {
    if (masks()) left = mask_gates(stage, left, left_width, places);
    if (options_.normalized) {
      add_normalized(stage, {left, places.count, left_width, left_width}, places, sums, is_zero);
    } else if (!is_zero) {
      const GateRange& range = nth(recurrent_, stage);
      nth(recurrent_product_, stage)
          .multiply({left, places.count, left_width, left_width}, trace_.rows * left_width, Start::accumulate,
                    nullptr, {sums + range.first * units_, places.count, range.count * units_, stride_},
                    stage == 0 && places.t % 2 != 0);
    }
  }

  /// Normalises products in place; they go to the preactivations.
  void normalize(View<T> products, T* inverse, const kernels::RowScale<T>& scale, View<T> to) const {
    kernels::normalize_rows<T>(products, options_.epsilon, products, inverse, scale, to);
  }

  void add_normalized(int stage, View<const T> left, const StepPlaces& places, T* sums, bool is_zero) const {
    const GateRange& range = nth(recurrent_, stage);
    const std::int64_t columns = range.count * units_;
    T* normal = trace_.recurrent_normal + places.kept * gate_width_ + nth(recurrent_column_, stage);
    if (is_zero) {
      for (std::int64_t r = 0; r < left.rows; ++r) std::fill_n(normal + r * gate_width_, columns, T{0});
    } else {
      nth(recurrent_product_, stage)
          .multiply(left, trace_.rows * left.cols, Start::zero, nullptr,
                    {normal, left.rows, columns, gate_width_});
    }
    normalize({normal, left.rows, columns, gate_width_}, nth(trace_.recurrent_inverse, stage) + places.kept,
              {nth(recurrent_gain_, stage)}, {sums + range.first * units_, left.rows, columns, stride_});
  }

  /// What each gate of a stage reads: left times the gate's own dropout mask.
  const T* mask_gates(int stage, const T* left, std::int64_t left_width, const StepPlaces& places) const {
    const GateRange& range = nth(recurrent_, stage);
    T* masked = trace_.masked + places.kept * left_width;
    for (int i = 0; i < range.count; ++i) {
      const std::int64_t gate = nth(range.gate, i);
      kernels::multiply_elements(
          left, options_.recurrent_masks + (gate * time_.batch() + places.begin) * left_width,
          places.count * left_width, masked + gate * trace_.rows * left_width);
    }
    return masked;
  }

  /// From preactivations to the states after the step. The first row of `call` is row `kept` of the trace,
  /// packed row `row`.
  void finish(const CellCall<T>& call, std::int64_t kept, std::int64_t row) const {
    if (finishes_with_options_) {
      finish_with_options(call, kept, row);
    } else {
      formulas_.forward(call);
    }
  }

  /// Formulas, normalised cell state, projection, zoneout.
  void finish_with_options(CellCall<T> call, std::int64_t kept, std::int64_t row) const {
    const bool normalizes_state = args_.weights.state_gain != nullptr;
    T *h = call.next[0], *output = call.output;
    call.output = nullptr;
    if (projects()) call.next[0] = trace_.unprojected + kept * units_;
    formulas_.forward(call);
    if (normalizes_state) {
      call.operand = trace_.gated_state + kept * units_;
      const auto rows = [&](T* data) { return View<T>{data, call.rows, units_, units_}; };
      kernels::normalize_rows<T>(rows(call.next[1]), options_.epsilon,
                                 rows(trace_.state_normal + kept * units_), trace_.state_inverse + kept,
                                 {args_.weights.state_gain, args_.weights.state_bias}, rows(call.operand));
      formulas_.output(call);
    }
    if (projects()) {
      kernels::multiply<T>({call.next[0], call.rows, units_, units_}, projection_, Start::zero, nullptr,
                           {h, call.rows, h_width_, h_width_});
    }
    for (int j = 0; j < 2 && j < info_.states; ++j) {
      if (!nth(options_.zoned, j)) continue;
      kernels::zone_rows<T>(this->zone_at(j, row), {call.state[j], call.rows, width(j), width(j)},
                            {j == 0 ? h : call.next[j], call.rows, width(j), width(j)});
    }
    for (std::int64_t r = 0; output != nullptr && r < call.rows; ++r)
      std::copy_n(h + r * h_width_, h_width_, output + r * call.output_stride);
  }

  std::int64_t state_row(std::int64_t t) const { return keeps_ ? time_.offset(t) : (t % 2) * first_rows_; }
  T* state_at(int j, std::int64_t t, std::int64_t place) const {
    return nth(trace_.states, j) + (state_row(t) + place) * width(j);
  }

  const typename RecurrentPlan<T>::Args& args_;
  const bool keeps_;
  RowsTrace<T> trace_;
  GateProduct<T> input_;
  kernels::Packed<T> projection_;
  T* bias_ = nullptr;
  std::int64_t steps_ = 0, first_rows_ = 0, chunk_rows_ = 0;
  bool has_initial_ = false;
  const bool finishes_with_options_;
};

}  // namespace

template <class T>
const RecurrentTrace* rows_forward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args,
                                   Workspace& workspace, bool keep) {
  return RowsForward<T>(plan, args, workspace, keep).run();
}
template const RecurrentTrace* rows_forward(const RecurrentPlan<float>&, const RecurrentPlan<float>::Args&,
                                            Workspace&, bool);
template const RecurrentTrace* rows_forward(const RecurrentPlan<double>&, const RecurrentPlan<double>::Args&,
                                            Workspace&, bool);

}  // namespace rondo
