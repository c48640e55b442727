#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/activations.h"
#include "kernels/matrix.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"
#include "layers/recurrent/drivers/driver.h"
#include "layers/recurrent/fading_inputs.h"
#include "layers/recurrent/recurrent_dropout.h"
#include "layers/recurrent/recurrent_step.h"
#include "layers/recurrent/stateful_layer.h"

namespace rondo {
namespace {

/// Inputs and state decay, then the GRU's own step.
class GruDStep final : public StreamOperation {
 public:
  struct Decays {
    std::vector<float> means, input, input_bias;  ///< input: empty: inputs do not decay
    std::optional<StreamWeights> state;           ///< none: the state does not
  };
  GruDStep(StreamPlan& plan, const RecurrentStepSpec& gru, bool with_elapsed, Decays decays,
           const StreamSlot& input, std::span<const StreamValue> states)
      : decays_(std::move(decays)),
        readings_(states[1].width()),
        units_(states[0].width()),
        fading_(readings_, with_elapsed, decays_.input.empty() ? nullptr : decays_.input.data(),
                decays_.input_bias.data()),
        input_(input),
        h_(states[0].slot),
        last_(states[1].slot),
        gamma_(plan.scratch(std::max(readings_, units_))),
        seen_(plan.scratch(gru.shape.inputs)),
        gru_(recurrent_step(plan, gru, seen_, states.first(1))) {}

  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      const float* x = rows.read(input_, r);
      float *gamma = rows.write(gamma_, r), *h = rows.write(h_, r);
      fading_.fade_rows({x, 1, 3 * readings_, 3 * readings_}, {gamma, 1, readings_, readings_});
      fading_.read_row(x, gamma, decays_.means.data(), rows.write(last_, r), rows.write(seen_, r));
      if (!decays_.state) continue;
      const float* elapsed = x + 2 * readings_;
      kernels_.multiply(decays_.state->product(), 1, &elapsed, &elapsed, &gamma, rows.backwards);
      fade<float>({gamma, 1, units_, units_});
      for (std::int64_t u = 0; u < units_; ++u) h[u] = gamma[u] * h[u];
    }
    gru_->run(rows);
  }

 private:
  kernels::StreamKernels kernels_ = kernels::stream_kernels();
  Decays decays_;
  std::int64_t readings_, units_;
  FadingInputs<float> fading_;
  StreamSlot input_, h_, last_, gamma_, seen_;
  StreamOperationPtr gru_;
};

/// GRU-D (Che, Purushotham, Cho, Sontag, Liu 2018). The gates see [x̂ | mask]; the state fades by γ_h before
/// every step.
class GruD final : public StatefulLayer<GruDOptions> {
 public:
  explicit GruD(GruDOptions options) : StatefulLayer("gru_d", std::move(options)) {
    const GruDOptions& o = this->options();
    if (o.units <= 0) fail("'units' must be positive", std::to_string(o.units), "1 or more");
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail("'dropout' is out of range", std::to_string(o.dropout), "0 <= rate < 1");
    for (const double mean : o.means) {
      if (!std::isfinite(mean))
        fail("'means' must be finite", std::to_string(mean), "a number for each parameter");
    }
    shape_.cell = kernels::find_cell("gru");
    shape_.units = o.units;
    shape_.activation = recurrent_kind(o.activation, "activation");
    shape_.recurrent_activation = recurrent_kind(o.recurrent_activation, "recurrent_activation");
    for (const Initializer* initializer :
         {&o.kernel_initializer, &o.recurrent_initializer, &o.bias_initializer, &o.decay_initializer}) {
      check_initializer(*initializer, where());
    }
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const GruDOptions& o = options();
    const bool fits = !inputs.empty() && inputs[0].sequence && inputs[0].features.size() == 1 &&
                      inputs[0].width() > 0 && inputs[0].width() % 3 == 0;
    if (!fits) {
      fail("gru_d needs a sequence of values, masks and elapsed times",
           inputs.empty() ? "no input" : describe(inputs[0]), "(None, time, 3 * parameters)",
           "make it with EventGrid, or concatenate three sequences of the same features");
    }
    readings_ = inputs[0].width() / 3;
    if (!o.means.empty() && static_cast<std::int64_t>(o.means.size()) != readings_) {
      fail("'means' has another size than the readings", std::to_string(o.means.size()),
           std::to_string(readings_) + ", or none for 0");
    }
    if (inputs.size() > 1 + kStates) {
      fail("gru_d takes its sequence and at most two initial states",
           std::to_string(inputs.size() - 1) + " states", "h, or h and the last readings");
    }
    shape_.inputs = (o.elapsed_input ? 3 : 2) * readings_;
    return infer_states(inputs);
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    const GruDOptions& o = options();
    const std::int64_t columns = shape_.cell->info.gates * o.units;
    kernel_ = declare_array(store, prefix + "kernel", {shape_.inputs, columns}, o.kernel_regularizer);
    recurrent_ =
        declare_array(store, prefix + "recurrent_kernel", {o.units, columns}, o.recurrent_regularizer);
    if (o.use_bias) bias_ = declare_array(store, prefix + "bias", {2, columns});
    if (o.input_decay) {
      input_decay_ = declare_array(store, prefix + "input_decay_kernel", {readings_});
      input_decay_bias_ = declare_array(store, prefix + "input_decay_bias", {readings_});
    }
    if (o.state_decay) {
      state_decay_ = declare_array(store, prefix + "state_decay_kernel", {readings_, o.units});
      state_decay_bias_ = declare_array(store, prefix + "state_decay_bias", {o.units});
    }
  }

  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    const auto fill = [&](int index, const Initializer& initializer) {
      initialize_parameter(store, index, initializer, seed);
    };
    fill(kernel_, options().kernel_initializer);
    fill(recurrent_, options().recurrent_initializer);
    fill(bias_, options().bias_initializer);
    fill(input_decay_, options().decay_initializer);
    fill(state_decay_, options().decay_initializer);
    fill(input_decay_bias_, "zeros");
    fill(state_decay_bias_, "zeros");
    if (input_decay_ < 0) return;
    // max(0, w·elapsed) with a negative w would be 0 for good: its gradient is 0 too.
    const Matrix decay = store.value(input_decay_);
    with_dtype(decay.dtype, [&]<class T>(T) {
      const View<T> w = decay.view<T>();
      for (std::int64_t i = 0; i < w.rows * w.cols; ++i) w.data[i] = std::abs(w.data[i]);
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    check_stream_inputs(inputs);
    RecurrentStepSpec gru{.shape = shape_, .weights = {}};
    gru.weights.kernel = plan.parameter(kernel_).view<float>();
    gru.weights.recurrent_kernel = plan.parameter(recurrent_).view<float>();
    if (bias_ >= 0) gru.weights.bias = plan.parameter(bias_).view<float>();
    GruDStep::Decays decays;
    decays.means.resize(static_cast<std::size_t>(readings_));
    put_means(decays.means.data());
    decays.input = copy_values(plan.vector(input_decay_), readings_);
    decays.input_bias = copy_values(plan.vector(input_decay_bias_), readings_);
    if (state_decay_ >= 0)
      decays.state.emplace(kernels::stream_kernels(), plan.parameter(state_decay_).view<float>(),
                           plan.vector(state_decay_bias_));
    const std::vector<StreamValue> states = {plan.state("h", {options().units}),
                                             plan.state("last", {readings_}, decays.means)};
    auto step = std::make_unique<GruDStep>(plan, gru, options().elapsed_input, std::move(decays),
                                           inputs[0].slot, states);
    return add_stream_step(plan, inputs[0], states, std::move(step));
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) { run_forward<T>(call); });
  }
  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) { run_backward<T>(call); });
  }

 private:
  static constexpr int kStates = 2;  // h and the last reading of every parameter
  static constexpr int kKeptSlot = 0;

  int state_count() const override { return kStates; }
  std::int64_t width(int state) const override { return state == 0 ? options().units : readings_; }

  template <class T>
  void put_means(T* to) const {
    std::fill_n(to, readings_, T{0});
    std::ranges::transform(options().means, to, [](double mean) { return static_cast<T>(mean); });
  }

  template <class T>
  const T* values(const Call& call, int index) const {
    return index < 0 ? nullptr : call.parameter(index).view<T>().data;
  }
  template <class T>
  T* gradient(const Call& call, int index) const {
    return index < 0 || !trainable() ? nullptr : call.parameter_gradient(index).view<T>().data;
  }

  template <class T>
  FadingInputs<T> fading(const Call& call) const {
    return {readings_, options().elapsed_input, values<T>(call, input_decay_),
            values<T>(call, input_decay_bias_)};
  }

  template <class T>
  RecurrentWeights<const T> weights(const Call& call) const {
    RecurrentWeights<const T> w;
    w.kernel = call.parameter(kernel_).view<T>();
    w.recurrent_kernel = call.parameter(recurrent_).view<T>();
    if (bias_ >= 0) w.bias = call.parameter(bias_).view<T>();
    return w;
  }

  template <class T>
  RecurrentPlan<T> plan(const Layout& layout, View<const T> decay) const {
    RecurrentPlan<T> plan{shape_, layout};
    plan.options.state_decay = decay;
    return plan;
  }

  /// What forward leaves for backward, one row a step.
  template <class T>
  struct Kept {
    FadedRows<T> inputs;
    const T* dropout = nullptr;  // [batch, inputs] by place
    T* seen = nullptr;           // [total, inputs]: what the gates saw
    T* decay = nullptr;          // [total, units]: γ_h
    const T* means = nullptr;    // [readings]
    RecurrentPass<RecurrentPlan<T>> pass{};
  };

  /// γ_h = exp(-max(0, elapsed·W + b)).
  template <class T>
  void fade_states(Call& call, View<const T> elapsed, View<T> decay) const {
    if (state_decay_ < 0) {
      std::fill_n(decay.data, decay.rows * decay.cols, T{1});
      return;
    }
    const View<const T> w = call.parameter(state_decay_).view<T>();
    multiply_rows<T>(call, elapsed, w, false, kernels::Start::bias, values<T>(call, state_decay_bias_), decay,
                     [&](std::int64_t begin, std::int64_t count) { fade<T>(decay.rows_from(begin, count)); });
  }

  template <class T>
  void run_forward(Call& call) const {
    const Value& in = call.input(0);
    if (!in.is_sequence()) fail("gru_d got a value without time axis", to_string(in.features), "a sequence");
    const std::shared_ptr<const Layout> layout = in.layout;
    const std::int64_t batch = layout->batch(), total = layout->total(), units = options().units;
    const View<const T> x = in.data.view<const T>();

    T* means = call.scratch<T>(readings_);
    put_means(means);
    std::array<const T*, kMaxStates> initial{};
    std::array<T*, kMaxStates> final{};
    begin_states<T>(call, initial, final);
    if (initial[1] == nullptr) {
      T* none = call.scratch<T>(batch * readings_);
      for (std::int64_t r = 0; r < batch; ++r) std::copy_n(means, readings_, none + r * readings_);
      initial[1] = none;
    }

    auto* kept = new (call.keep(kKeptSlot, sizeof(Kept<T>))) Kept<T>();
    kept->means = means;
    kept->inputs = {call.scratch<T>(total * readings_), call.scratch<T>(total * readings_)};
    kept->seen = call.scratch<T>(total * shape_.inputs);
    const View<T> seen{kept->seen, total, shape_.inputs, shape_.inputs};
    fading<T>(call).forward(call.pool(), *layout, x, means, initial[1], kept->inputs, seen, final[1]);
    if (call.options().training && options().dropout > 0) {
      T* masks = call.scratch<T>(batch * shape_.inputs);
      fill_dropout_masks(call.random(name(), purpose_key("dropout")), options().dropout, *layout, 1,
                         shape_.inputs, call.scratch<std::uint64_t>(dropout_scratch<T>(batch, shape_.inputs)),
                         masks);
      kept->dropout = masks;
      apply_step_mask(*layout, shape_.inputs, static_cast<const T*>(seen.data), masks, seen.data);
    }
    kept->decay = call.scratch<T>(total * units);
    const View<T> decay{kept->decay, total, units, units};
    fade_states<T>(call, x.columns(2 * readings_, readings_), decay);

    typename RecurrentPlan<T>::Args args{weights<T>(call), seen, {initial[0]}, {}, {final[0]}};
    if (options().return_sequences) args.y = call.make_output(0, layout, {units}).template view<T>();
    Workspace workspace = call.workspace();
    kept->pass = RecurrentPass<RecurrentPlan<T>>::forward(plan<T>(*layout, decay), args, workspace,
                                                          call.differentiating());
    end_states<T>(call, final);
  }

  template <class T>
  void run_backward(Call& call) const {
    const Layout& layout = *call.input(0).layout;
    const std::int64_t total = layout.total(), units = options().units;
    const View<const T> x = call.input(0).data.view<const T>();
    const Kept<T>& kept = *static_cast<Kept<T>*>(call.kept(kKeptSlot));

    typename RecurrentPlan<T>::Gradients pass_gradients;
    std::array<T*, kMaxStates> d_state{};
    begin_gradients<T>(call, pass_gradients.dy, d_state);
    RecurrentWeights<T>& gradients = pass_gradients.weights;
    if (trainable()) {
      gradients.kernel = call.parameter_gradient(kernel_).view<T>();
      gradients.recurrent_kernel = call.parameter_gradient(recurrent_).view<T>();
      if (bias_ >= 0) gradients.bias = call.parameter_gradient(bias_).view<T>();
    }
    const View<const T> seen{kept.seen, total, shape_.inputs, shape_.inputs},
        decay{kept.decay, total, units, units};
    const View<T> d_seen{call.scratch<T>(total * shape_.inputs), total, shape_.inputs, shape_.inputs};
    std::fill_n(d_seen.data, total * shape_.inputs, T{0});
    const View<T> d_decay{call.scratch<T>(total * units), total, units, units};
    pass_gradients.d_state[0] = d_state[0];
    pass_gradients.dx = d_seen;
    pass_gradients.d_state_decay = d_decay;
    Workspace workspace = call.workspace();
    kept.pass.backward(plan<T>(layout, decay), {weights<T>(call), seen}, pass_gradients, workspace);

    const Matrix wanted = call.input_gradient(0);
    const View<T> dx = wanted ? wanted.view<T>() : View<T>{};
    if (state_decay_ >= 0) {
      fade_backward<T>(decay, d_decay);
      const View<const T> elapsed = x.columns(2 * readings_, readings_);
      if (trainable()) {
        add_weight_gradient<T>(call.pool(), elapsed, d_decay,
                               call.parameter_gradient(state_decay_).view<T>());
        kernels::add_column_sums<T>(d_decay, gradient<T>(call, state_decay_bias_));
      }
      if (dx.data != nullptr) {
        add_product_transposed<T>(call, d_decay, call.parameter(state_decay_).view<T>(),
                                  dx.columns(2 * readings_, readings_));
      }
    }
    if (kept.dropout != nullptr)
      apply_step_mask(layout, shape_.inputs, static_cast<const T*>(d_seen.data), kept.dropout, d_seen.data);
    T* d_fade = call.scratch<T>(total * readings_);
    fading<T>(call).backward(call.pool(), layout, x, kept.means, kept.inputs, d_seen, d_state[1], d_fade, dx,
                             {gradient<T>(call, input_decay_), gradient<T>(call, input_decay_bias_)});
    end_gradients<T>(call, d_state);
  }

  RecurrentShape shape_;
  std::int64_t readings_ = 0;
  int kernel_ = -1, recurrent_ = -1, bias_ = -1;
  int input_decay_ = -1, input_decay_bias_ = -1, state_decay_ = -1, state_decay_bias_ = -1;
};

}  // namespace

LayerPtr gru_d(GruDOptions options) { return std::make_shared<GruD>(std::move(options)); }

std::vector<detail::LayerEntry> detail::gru_d_layer() { return {layer_entry("gru_d", &rondo::gru_d)}; }

}  // namespace rondo
