#include <cstring>

#include "base/text.h"
#include "layers/common/activity_penalty.h"
#include "layers/common/layer_entry.h"
#include "layers/common/mask_bits.h"
#include "layers/recurrent/drivers/checkpointed.h"
#include "layers/recurrent/drivers/driver.h"
#include "layers/recurrent/recurrent_dropout.h"
#include "layers/recurrent/recurrent_input.h"
#include "layers/recurrent/recurrent_step.h"
#include "layers/recurrent/register_cells.h"
#include "layers/recurrent/stateful_layer.h"
#include "rondo/tape/tape.h"

namespace rondo {
namespace {

class RecurrentLayer final : public StatefulLayer<RecurrentOptions> {
 public:
  RecurrentLayer(const std::string& type, RecurrentOptions options)
      : StatefulLayer(type, std::move(options)), cell_(kernels::find_cell(type, StatefulLayer::config())) {
    const RecurrentOptions& o = this->options();
    if (cell_ == nullptr) {
      fail("there is no such cell", "'" + type + "'", "one of " + detail::listed(kernels::cell_types()),
           detail::did_you_mean(type, kernels::cell_types()));
    }
    check_options();
    if (o.units <= 0) fail("'units' must be positive", std::to_string(o.units), "1 or more");
    check_rate(o.dropout, "dropout");
    check_rate(o.recurrent_dropout, "recurrent_dropout");
    check_rate(o.zoneout, "zoneout");
    check_rate(o.zoneout_cell, "zoneout_cell");
    if (o.proj_size < 0 || o.proj_size >= o.units)
      fail("'proj_size' is out of range", std::to_string(o.proj_size),
           "0 (none) to units - 1 = " + std::to_string(o.units - 1));
    if (o.recurrent_blocks <= 0 || o.units % o.recurrent_blocks != 0)
      fail("'recurrent_blocks' must divide 'units'",
           std::to_string(o.recurrent_blocks) + " blocks of " + std::to_string(o.units) + " units",
           "1 (a dense recurrence) or another divisor of " + std::to_string(o.units));
    if (o.recurrent_blocks > 1 && o.proj_size > 0)
      fail("a projected h has no blocks",
           "recurrent_blocks = " + std::to_string(o.recurrent_blocks) +
               ", proj_size = " + std::to_string(o.proj_size),
           "recurrent_blocks = 1 or proj_size = 0");
    if (!(o.layer_norm_epsilon > 0))
      fail("'layer_norm_epsilon' must be positive", std::to_string(o.layer_norm_epsilon), "such as 0.001");
    if (!(o.clip >= 0)) fail("'clip' must not be negative", std::to_string(o.clip), "0 (none) or more");
    shape_.clip = o.clip;
    shape_.blocks = o.recurrent_blocks;
    shape_.cell = cell_;
    shape_.units = o.units;
    shape_.activation = recurrent_kind(o.activation, "activation");
    shape_.recurrent_activation = recurrent_kind(o.recurrent_activation, "recurrent_activation");
    for (const Initializer* initializer :
         {&o.kernel_initializer, &o.recurrent_initializer, &o.bias_initializer}) {
      check_initializer(*initializer, where());
    }
  }

  Json config() const override {
    Json out = StatefulLayer::config();
    const Json all = out;
    for (const auto& [key, value] : all.as_object()) {
      if (!kernels::has_option(cell_->info, key)) out.erase(key);
    }
    return out;
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const cells::CellInfo& info = cell_->info;
    if (inputs.empty() || !inputs[0].sequence || inputs[0].features.size() != 1) {
      fail("a recurrent layer needs a sequence (batch, time, features)",
           inputs.empty() ? "no input" : describe(inputs[0]), "(None, time, features)",
           "set return_sequences = true on the recurrent layer before, or put repeat_vector between");
    }
    if (inputs.size() != 1 && static_cast<int>(inputs.size()) != 1 + info.states) {
      fail("a recurrent layer takes its sequence and, if any, all initial states",
           std::to_string(inputs.size() - 1) + " states", "0 or " + std::to_string(info.states));
    }
    shape_.inputs = inputs[0].width();
    return infer_states(inputs);
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    const cells::CellInfo& info = cell_->info;
    const RecurrentOptions& o = options();
    const std::int64_t columns = info.gates * o.units;
    kernel_ = declare_array(store, prefix + "kernel", {shape_.inputs, columns}, o.kernel_regularizer,
                            o.kernel_constraint);
    const bool has_matrix = info.has_recurrent_kernel();
    if (has_matrix) {
      recurrent_ = declare_array(store, prefix + "recurrent_kernel", {width(0) / o.recurrent_blocks, columns},
                                 o.recurrent_regularizer, o.recurrent_constraint);
    }
    if (o.use_bias) {
      bias_ = declare_array(store, prefix + "bias", info.recurrent_bias ? Shape{2, columns} : Shape{columns},
                            o.bias_regularizer, o.bias_constraint);
    }
    vectors_.clear();
    for (std::size_t p = 0; p < static_cast<std::size_t>(info.vectors); ++p)
      vectors_.push_back(declare_array(store, prefix + info.vector_names[p], {o.units},
                                       has_matrix ? Regularizer{} : o.recurrent_regularizer,
                                       has_matrix ? Constraint{} : o.recurrent_constraint));
    if (o.layer_norm) {
      kernel_gain_ = declare_array(store, prefix + "kernel_gain", {columns});
      recurrent_gain_ = declare_array(store, prefix + "recurrent_gain", {columns});
      if (info.normalized_state >= 0) {
        state_gain_ = declare_array(store, prefix + "state_gain", {o.units});
        state_bias_ = declare_array(store, prefix + "state_bias", {o.units});
      }
    }
    if (o.proj_size > 0)
      projection_ = declare_array(store, prefix + "projection_kernel", {o.units, o.proj_size});
  }

  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    const auto fill = [&](int index, const Initializer& initializer) {
      initialize_parameter(store, index, initializer, seed);
    };
    fill(kernel_, options().kernel_initializer);
    if (recurrent_ >= 0) fill_blocks(store, seed);
    for (const int vector : vectors_) {
      if (cell_->info.recurrence == cells::Recurrence::diagonal)
        fill_diagonal(store, vector, seed);
      else
        fill(vector, "zeros");
    }
    fill(projection_, options().kernel_initializer);
    for (const int gain : {kernel_gain_, recurrent_gain_, state_gain_}) fill(gain, "ones");
    fill(state_bias_, "zeros");
    fill(bias_, options().bias_initializer);
    if (bias_ < 0) return;
    if (options().unit_forget_bias && cell_->info.forget_gate >= 0) {
      const Matrix bias = store.value(bias_);
      with_dtype(bias.dtype, [&]<class T>(T) {
        T* forget = bias.view<T>().row(0) + cell_->info.forget_gate * options().units;
        std::fill_n(forget, options().units, T{1});
      });
    }
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const RecurrentOptions& o = options();
    if (o.go_backwards) {
      fail("a layer that reads from the end cannot be stepped", "go_backwards = true", "go_backwards = false",
           "train without go_backwards, or predict() whole windows");
    }
    check_stream_inputs(inputs);
    const RecurrentStepSpec spec{shape_,
                                 weights<const float>([&](int index) { return plan.parameter(index); }),
                                 {o.zoneout, o.zoneout_cell},
                                 static_cast<float>(o.layer_norm_epsilon)};
    const std::vector<StreamValue> states = recurrent_states(plan, spec);
    return add_stream_step(plan, inputs[0], states, recurrent_step(plan, spec, inputs[0].slot, states));
  }

  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    const Vars out = StatefulLayer::record(tape, inputs);
    penalize_activity(tape, out, options().activity_regularizer);
    return out;
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) { run_forward<T>(call); });
  }
  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) { run_backward<T>(call); });
  }

 private:
  /// Each block of the recurrent weights, the columns of its units, as those of a layer of its size.
  void fill_blocks(ParameterStore& store, std::uint64_t seed) const {
    const std::string& name = store.infos()[static_cast<std::size_t>(recurrent_)].name;
    const std::int64_t gates = cell_->info.gates, units = options().units,
                       blocks = options().recurrent_blocks, width = units / blocks;
    const Matrix all = store.value(recurrent_);
    Tensor block({all.rows, gates * width}, all.dtype);
    for (std::int64_t b = 0; b < blocks; ++b) {
      const RandomStream random(seed, purpose_key(name.c_str()), static_cast<std::uint64_t>(b));
      initialize_array(options().recurrent_initializer, block.shape(), as_matrix(block), random, where());
      with_dtype(all.dtype, [&]<class T>(T) {
        const View<T> from = as_matrix(block).view<T>(), to = all.view<T>();
        for (std::int64_t k = 0; k < from.rows; ++k) {
          for (std::int64_t g = 0; g < gates; ++g)
            std::copy_n(from.row(k) + g * width, width, to.row(k) + g * units + b * width);
        }
      });
    }
  }

  /// Recurrent weights that are one number a unit. As a matrix, one that is orthogonal or the identity has 1
  /// there or -1.
  void fill_diagonal(ParameterStore& store, int index, std::uint64_t seed) const {
    const std::string& name = store.infos()[static_cast<std::size_t>(index)].name;
    const RandomStream random(seed, purpose_key(name.c_str()));
    const Matrix array = store.value(index);
    const Initializer& initializer = options().recurrent_initializer;
    const double gain = initializer.options().gain;
    if (initializer.name() != "orthogonal") {
      return initialize_array(initializer.name() == "identity" ? initializers::constant(gain) : initializer,
                              {options().units}, array, random, where());
    }
    with_dtype(array.dtype, [&]<class T>(T) {
      for (std::int64_t u = 0; u < options().units; ++u)
        array.view<T>().data[u] =
            static_cast<T>(random.uniform(static_cast<std::uint64_t>(u)) < 0.5 ? -gain : gain);
    });
  }

  /// What other cells have and this one does not must have been left alone.
  void check_options() const {
    const Json given = StatefulLayer::config(), defaults = to_config(RecurrentOptions{});
    for (const auto& [key, value] : given.as_object()) {
      if (key == "recurrent_activation" || kernels::has_option(cell_->info, key)) continue;
      if (value != defaults.at(key))
        fail("'" + type() + "' has no option '" + key + "'", key + " = " + to_json(value), "its default");
    }
  }

  void check_rate(double rate, const char* option) const {
    if (rate >= 0 && rate < 1) return;
    fail("'" + std::string(option) + "' is out of range", std::to_string(rate), "0 <= rate < 1",
         rate == 1
             ? "in Keras a rate of 1 means no dropout for LSTM and GRU, and an input of zeros for SimpleRNN: "
               "say which you mean"
             : "");
  }

  /// array(index) is a parameter, or its gradient.
  template <class T, class Array>
  RecurrentWeights<T> weights(Array array) const {
    using Number = std::remove_const_t<T>;
    const auto matrix = [&](int index) {
      return index < 0 ? View<T>{} : View<T>(array(index).template view<Number>());
    };
    RecurrentWeights<T> w;
    w.kernel = matrix(kernel_);
    w.recurrent_kernel = matrix(recurrent_);
    w.bias = matrix(bias_);
    w.projection = matrix(projection_);
    for (std::size_t p = 0; p < vectors_.size(); ++p) w.vectors[p] = matrix(vectors_[p]).data;
    w.kernel_gain = matrix(kernel_gain_).data;
    w.recurrent_gain = matrix(recurrent_gain_).data;
    w.state_gain = matrix(state_gain_).data;
    w.state_bias = matrix(state_bias_).data;
    return w;
  }
  template <class T>
  RecurrentWeights<const T> weights(const Call& call) const {
    return weights<const T>([&](int index) { return call.parameter(index); });
  }

  /// What the options add to the formulas in this pass. In forward it draws random numbers, in backward it
  /// finds them.
  template <class T>
  StepOptions<T> step_options(Call& call, const RecurrentInput<T>& input, bool draws) const {
    StepOptions<T> out;
    out.input_gate_stride = input.gate_stride();
    const Layout& layout = *call.input(0).layout;
    out.projected = options().proj_size;
    out.normalized = options().layer_norm;
    out.epsilon = static_cast<T>(options().layer_norm_epsilon);
    if (call.options().training && options().recurrent_dropout > 0) {
      const std::int64_t width = this->width(0);
      T* masks = draws ? call.keep<T>(kRecurrentMaskSlot, cell_->info.gates * layout.batch() * width)
                       : call.kept<T>(kRecurrentMaskSlot);
      if (draws) {
        fill_dropout_masks(call.random(name(), purpose_key("recurrent_dropout")), options().recurrent_dropout,
                           layout, cell_->info.gates, width,
                           call.scratch<std::uint64_t>(dropout_scratch<T>(layout.batch(), width)), masks);
      }
      out.recurrent_masks = masks;
    }
    const double rates[] = {options().zoneout, options().zoneout_cell};
    for (int j = 0; j < 2; ++j) {
      if (nth(rates, j) <= 0) continue;
      nth(out.zoned, j) = true;
      nth(out.zones, j) = {call.options().training ? zone_bits(call, j, nth(rates, j), draws) : nullptr,
                           mask_row_bytes(width(j)), static_cast<T>(nth(rates, j))};
    }
    return out;
  }
  RecurrentInputOptions input_options() const {
    // As Keras: one mask for all gates, but one for each when recurrent_dropout is in use.
    return {options().go_backwards, options().dropout,
            options().recurrent_dropout > 0 ? cell_->info.gates : 1, &name()};
  }

  int state_count() const override { return cell_->info.states; }
  /// h alone may be narrower than the cell.
  std::int64_t width(int state) const override {
    return state == 0 && options().proj_size > 0 ? options().proj_size : options().units;
  }

  template <class T>
  RecurrentPlan<T> plan(Call& call, const RecurrentInput<T>& input, bool forward) const {
    const Layout& layout = *call.input(0).layout;
    RecurrentPlan<T> plan{shape_, layout, step_options<T>(call, input, forward), call.options().bptt_memory};
    if (plan.memory > 0 && plan.memory < least_memory(plan)) {
      fail("bptt_memory is too small", std::to_string(plan.memory) + " bytes",
           "at least " + std::to_string(least_memory(plan)) + " bytes for " +
               std::to_string(layout.longest()) + " steps",
           "allow more, or train on shorter or fewer sequences at a time");
    }
    if (!call.differentiating()) plan.memory = 0;
    return plan;
  }

  const std::uint8_t* zone_bits(Call& call, int state, double rate, bool draws) const {
    if (!draws) return call.kept<std::uint8_t>(kZoneSlot + state);
    const Layout& layout = *call.input(0).layout;
    auto* bits =
        call.keep<std::uint8_t>(kZoneSlot + state, layout.total() * mask_row_bytes(width(state)) + 1);
    draw_zoneout(call.random(name(), purpose_key(state == 0 ? "zoneout" : "zoneout_cell")), rate, layout,
                 width(state), call.pool(), call.scratch<std::uint64_t>(layout.total()), bits);
    return bits;
  }

  template <class T>
  void run_forward(Call& call) const {
    const Value& in = call.input(0);
    if (!in.is_sequence())
      fail("a recurrent layer got a value without time axis", to_string(in.features), "a sequence");
    const std::shared_ptr<const Layout> layout = in.layout;
    const RecurrentInput<T> input(call, input_options(), true);
    typename RecurrentPlan<T>::Args args{.weights = weights<T>(call), .x = input.x()};
    begin_states<T>(call, args.initial, args.final);
    if (options().return_sequences) {
      args.y =
          call.make_output(0, options().go_backwards ? call.layouts().reversed(layout) : layout, {width(0)})
              .view<T>();
      call.set_fill(0, options().zero_output_for_mask ? Samples::Fill::zero : Samples::Fill::repeat);
    }
    Workspace workspace = call.workspace();
    const auto pass = RecurrentPass<RecurrentPlan<T>>::forward(plan<T>(call, input, true), args, workspace,
                                                               call.differentiating());
    if (call.differentiating()) *call.keep<RecurrentPass<RecurrentPlan<T>>>(kTraceSlot, 1) = pass;
    end_states<T>(call, args.final);
  }

  template <class T>
  void run_backward(Call& call) const {
    const RecurrentInput<T> input(call, input_options(), false);
    typename RecurrentPlan<T>::Gradients gradients;
    begin_gradients<T>(call, gradients.dy, gradients.d_state);
    if (trainable())
      gradients.weights = weights<T>([&](int index) { return call.parameter_gradient(index); });
    gradients.dx = input.room_for_gradient();
    Workspace workspace = call.workspace();
    call.kept<RecurrentPass<RecurrentPlan<T>>>(kTraceSlot)
        ->backward(plan<T>(call, input, false), {.weights = weights<T>(call), .x = input.x()}, gradients,
                   workspace);
    input.add_gradient(gradients.dx);
    end_gradients<T>(call, gradients.d_state);
  }

  const kernels::CellKernels* cell_;
  RecurrentShape shape_;
  int kernel_ = -1, recurrent_ = -1, bias_ = -1, projection_ = -1;
  int kernel_gain_ = -1, recurrent_gain_ = -1, state_gain_ = -1, state_bias_ = -1;
  std::vector<int> vectors_;
};

/// Some options belong to some cells only: a key that the layer's own config does not have is refused.
LayerPtr layer_of_spec(const std::string& type, const Json& spec, const std::string& path) {
  LayerPtr layer = recurrent(type, read_layer_options<RecurrentOptions>(spec, path));
  const Json allowed = layer->config();
  std::vector<std::string> known = kLayerSpecKeys;
  for (const auto& [key, value] : allowed.as_object()) known.push_back(key);
  for (const auto& [key, value] : spec.as_object(path)) {
    if (std::ranges::find(known, key) == known.end()) detail::throw_unknown_key(key, path, known);
  }
  return layer;
}

}  // namespace

LayerPtr recurrent(const std::string& cell, RecurrentOptions options) {
  return std::make_shared<RecurrentLayer>(cell, std::move(options));
}
LayerPtr simple_rnn(RecurrentOptions options) { return recurrent("simple_rnn", std::move(options)); }
LayerPtr lstm(RecurrentOptions options) { return recurrent("lstm", std::move(options)); }
LayerPtr gru(RecurrentOptions options) { return recurrent("gru", std::move(options)); }

namespace {
LayerFactory factory_of(const std::string& type) {
  return [type](const Json& spec, const std::string& path) { return layer_of_spec(type, spec, path); };
}
}  // namespace

std::vector<detail::LayerEntry> detail::recurrent_layer() {
  std::vector<LayerEntry> entries;
  for (const std::string& type : kernels::cell_types()) entries.push_back({type, factory_of(type)});
  return entries;
}

void register_cells(std::span<const kernels::CellKernels> family,
                    std::span<const kernels::CellFormulas<double>> reference) {
  const std::vector<std::string> before = layer_types();
  const auto is_layer = [&](const char* name) { return std::ranges::find(before, name) != before.end(); };
  for (const kernels::CellKernels& cell : family) {
    if (kernels::find_cell(cell.info.name) == nullptr && is_layer(cell.info.name))
      throw Error(ErrorKind::usage, "there is a type of layers of that name already")
          .where("a cell of one's own")
          .seen("'" + std::string(cell.info.name) + "'")
          .fix("give the cell another name in its CellInfo");
  }
  kernels::add_cells(family, reference);
  for (const kernels::CellKernels& cell : family) {
    if (cell.info.variant_of == nullptr && !is_layer(cell.info.name))
      register_layer(cell.info.name, factory_of(cell.info.name));
  }
}

}  // namespace rondo
