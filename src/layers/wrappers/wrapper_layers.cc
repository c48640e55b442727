#include <cstring>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "rondo/tape/stream.h"
#include "rondo/tape/tape.h"

// Layers made of other layers. They record those on the tape and have no passes of their own.

namespace rondo {
namespace {

/// Each sequence's steps in reverse order; what stood at padded position p stands at steps - 1 - p.
class ReverseTime final : public Operation {
 public:
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<T> y = call.make_output(0, call.layouts().reversed(in.layout), in.features).view<T>();
      in.layout->each_mirrored_row([&](std::int64_t from, std::int64_t to) {
        std::copy_n(in.data.view<const T>().row(from), y.cols, y.row(to));
      });
    });
  }
  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      call.input(0).layout->each_mirrored_row([&](std::int64_t from, std::int64_t to) {
        for (std::int64_t c = 0; c < dx.cols; ++c) dx(from, c) += dy(to, c);
      });
    });
  }
};

/// Steps become samples of their own.
class StepsToSamples final : public Relabel {
 public:
  bool takes_ids() const override { return true; }
  void forward(Call& call) const override {
    const Value in = call.input(0);
    copy(in, call.make_output_rows(0, in.data.rows, nullptr, in.features, in.data.dtype));
  }
};

/// Inputs: samples, and the sequence whose steps they are.
class SamplesToSteps final : public Relabel {
 public:
  bool takes_ids() const override { return true; }
  void forward(Call& call) const override {
    const Value in = call.input(0);
    const std::shared_ptr<const Layout> layout = call.input(1).layout;
    copy(in, call.make_output_rows(0, layout->total(), layout, in.features, in.data.dtype));
  }
};

/// Samples [a, b] become sequences of a steps.
class ToSequences final : public Operation {
 public:
  void forward(Call& call) const override {
    const Value in = call.input(0);
    call.make_output(0, call.layouts().dense(in.data.rows, in.features[0]),
                     {in.features.begin() + 1, in.features.end()});
    copy_samples(call);
  }
  void backward(Call& call) const override { copy_samples_backward(call); }
};

/// The other way round.
class FromSequences final : public Operation {
 public:
  void forward(Call& call) const override {
    const Value in = call.input(0);
    if (!in.layout->is_dense()) {
      throw Error(ErrorKind::usage, "a layer inside time_distributed returned sequences of unequal length");
    }
    Shape features = {in.layout->steps()};
    features.insert(features.end(), in.features.begin(), in.features.end());
    call.make_output_rows(0, in.layout->batch(), nullptr, features);
    copy_samples(call);
  }
  void backward(Call& call) const override { copy_samples_backward(call); }
};

/// Common part of layers that are made of others. The first of them is the "layer" of the spec.
template <class Options>
class Composite : public OptionsLayer<Options> {
 public:
  using OptionsLayer<Options>::OptionsLayer;
  void forward(Call&) const override { misuse(); }
  void backward(Call&) const override { misuse(); }
  bool has_trainable_parameters() const override { return false; }
  Json config() const override {
    Json out = OptionsLayer<Options>::config();
    out.set("layer", layer_spec(*parts_.front().second));
    return out;
  }
  std::vector<Layer*> children() override {
    std::vector<Layer*> out;
    for (const auto& [name, part] : parts_) out.push_back(part.get());
    return out;
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    for (const auto& [name, part] : parts_) {
      part->declare_parameters(store.dtype());
      store.share_all(part->parameters(), part->name().size() + 1, prefix + name + ".");
    }
  }
  void initialize(ParameterStore&, std::uint64_t seed) const override {
    for (const auto& [name, part] : parts_) part->initialize_parameters(seed);
  }
  void check_savable() const override {
    for (const auto& [name, part] : parts_) part->check_savable();
  }
  void constrain() override {
    for (const auto& [name, part] : parts_) part->constrain();
  }

 protected:
  void add_part(const char* name, LayerPtr part) { parts_.emplace_back(name, std::move(part)); }
  /// Parts that are in use already keep the name that others know them by.
  void name_parts() const {
    for (const auto& [name, part] : parts_) {
      if (!part->in_use()) part->set_name(this->name() + "." + name);
    }
  }

 private:
  [[noreturn]] void misuse() const {
    this->fail("this layer is made of others", "apply()", "record()",
               "put it on a tape with layer->record(tape, inputs)");
  }
  std::vector<std::pair<std::string, LayerPtr>> parts_;
};

class Bidirectional final : public Composite<BidirectionalOptions> {
 public:
  Bidirectional(LayerPtr layer, BidirectionalOptions o, LayerPtr backward_layer)
      : Composite("bidirectional", std::move(o)),
        forward_(std::move(layer)),
        backward_(std::move(backward_layer)),
        own_backward_(backward_ != nullptr) {
    check_direction(forward_);
    const std::string mode = options().merge_mode.value_or("concat");
    if (mode != "sum" && mode != "mul" && mode != "ave" && mode != "concat") {
      fail("unknown 'merge_mode'", "'" + mode + "'", "sum, mul, ave, concat or null");
    }
    Json mirrored = layer_spec(*forward_);
    sequences_ = mirrored.at("return_sequences").as_bool();
    mirrored.set("go_backwards", !mirrored.at("go_backwards").as_bool());
    if (own_backward_) {
      check_direction(backward_);
      const Json given = backward_->config();
      for (const char* option : {"go_backwards", "return_sequences", "return_state", "stateful"}) {
        if (given.at(option) == mirrored.at(option)) continue;
        fail("the backward layer does not fit the forward layer",
             std::string(option) + " = " + to_json(given.at(option)), to_json(mirrored.at(option)));
      }
    } else {
      backward_ = make_layer(mirrored, "the backward layer");
    }
    add_part("forward", forward_);
    add_part("backward", backward_);
  }
  bool is_recurrent() const override { return true; }
  Json config() const override {
    Json out = Composite::config();
    if (own_backward_) out.set("backward_layer", layer_spec(*backward_));
    return out;
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    name_parts();
    if (inputs.empty()) fail("bidirectional needs a sequence", "no input", "(None, time, features)");
    std::vector<ValueShape> first(inputs.begin(), inputs.begin() + 1), second = first;
    std::size_t forward_states = 0;
    if (inputs.size() > 1) {
      forward_states = forward_states_ = state_count(*forward_, first);
      const std::size_t backward_states = state_count(*backward_, first);
      if (inputs.size() != 1 + forward_states + backward_states)
        fail("bidirectional takes all states of both directions", std::to_string(inputs.size() - 1),
             std::to_string(forward_states) + " and " + std::to_string(backward_states));
    }
    const auto middle = inputs.begin() + 1 + static_cast<std::ptrdiff_t>(forward_states);
    first.insert(first.end(), inputs.begin() + 1, middle);
    second.insert(second.end(), middle, inputs.end());
    const auto a = forward_->connect(first), b = backward_->connect(second);
    std::vector<ValueShape> out = {a[0]};
    if (!options().merge_mode) {
      out.push_back(b[0]);
    } else if (*options().merge_mode == "concat") {
      out[0].features[0] += b[0].features[0];
    } else if (a[0] != b[0]) {
      fail("directions of other sizes cannot be merged by " + *options().merge_mode,
           describe(a[0]) + " and " + describe(b[0]), "equal units", "use merge_mode concat or null");
    }
    out.insert(out.end(), a.begin() + 1, a.end());
    out.insert(out.end(), b.begin() + 1, b.end());
    return out;
  }
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue>) const override {
    fail("a bidirectional layer needs the end of a sequence before its first output", "bidirectional",
         "layers that read from the first step to the last",
         "train with the plain recurrent layer, or predict() whole windows");
  }

  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    // inputs: the sequence, then the states of the one direction, then those of the other
    const std::size_t forward_states = inputs.size() == 1 ? 0 : forward_states_;
    const std::span<const Var> states = inputs.subspan(1 + forward_states);
    const std::span<Var> mirrored = tape.vars(1 + states.size());
    mirrored[0] = inputs[0];
    std::ranges::copy(states, mirrored.begin() + 1);
    const Vars a = forward_->record(tape, inputs.first(1 + forward_states));
    const Vars b = backward_->record(tape, mirrored);
    const Var first = a[0], second = sequences_ ? tape.apply_one(reverse_, {b[0]}) : b[0];
    const std::size_t merged = options().merge_mode ? 1 : 2;
    const std::span<Var> out = tape.vars(merged + a.size() - 1 + b.size() - 1);
    if (merged == 2) {
      out[0] = first, out[1] = second;
    } else {
      const std::string& mode = *options().merge_mode;
      const Layer& merge = mode == "concat" ? *concatenate_ : mode == "mul" ? *multiply_ : *add_;
      out[0] = tape.apply_one(merge, {first, second});
      if (mode == "ave") out[0] = ops::scale(tape, out[0], 0.5);
    }
    for (const Var v : out.first(merged)) tape.set_fill(v, Samples::Fill::zero);  // as Keras does it
    auto at = std::copy(a.begin() + 1, a.end(), out.begin() + static_cast<std::ptrdiff_t>(merged));
    std::copy(b.begin() + 1, b.end(), at);
    return Vars(out);
  }

 private:
  /// Times since the last reading, which gru_d sees, are others when a sequence is read from its end.
  void check_direction(const LayerPtr& layer) const {
    if (layer && layer->is_recurrent() && layer->config().find("go_backwards") != nullptr) return;
    fail("bidirectional wraps recurrent layers that can read backwards", layer ? layer->type() : "nothing",
         "lstm, gru, simple_rnn, …");
  }
  /// How many states a layer has: what it returns besides its output when it is asked to.
  static std::size_t state_count(const Layer& layer, std::span<const ValueShape> sequence) {
    Json spec = layer_spec(layer);
    spec.set("return_state", true);
    return make_layer(spec, "a direction")->infer(sequence).size() - 1;
  }

  LayerPtr forward_, backward_;
  bool own_backward_;  // not a copy of the forward layer
  bool sequences_ = false;
  std::size_t forward_states_ = 0;  // that it has, once some came in
  LayerPtr concatenate_ = concatenate(), add_ = add(), multiply_ = multiply();
  ReverseTime reverse_;
};

class TimeDistributed final : public Composite<TimeDistributedOptions> {
 public:
  TimeDistributed(LayerPtr layer, TimeDistributedOptions o)
      : Composite("time_distributed", std::move(o)), layer_(std::move(layer)) {
    if (!layer_) fail("time_distributed wraps a layer", "nothing", "a layer");
    add_part("layer", layer_);
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (!in.sequence || in.features.empty())
      fail("time_distributed needs a sequence", describe(in), "(None, time, …)");
    name_parts();
    ValueShape inner{false, -1, in.features};
    if (has_inner_sequence(in.features))
      inner = {true, in.features[0], {in.features.begin() + 1, in.features.end()}};
    const auto out = layer_->connect(std::span<const ValueShape>(&inner, 1));
    if (out.size() != 1)
      fail("a layer inside time_distributed has one output", std::to_string(out.size()), "1");
    ValueShape result = in;
    result.features = out[0].features;
    if (out[0].sequence) result.features.insert(result.features.begin(), out[0].steps);
    return {result};
  }
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    if (has_inner_sequence(inputs[0].features)) {
      fail("a sequence at every step cannot be streamed", "features " + to_string(inputs[0].features),
           "one axis of features", "predict() whole windows with this network");
    }
    StreamValue sample = inputs[0];
    sample.sequence = false;
    const std::size_t states = plan.states().size();
    std::vector<StreamValue> outputs = plan.apply(*layer_, layer_->name(), std::span(&sample, 1));
    if (plan.states().size() != states) {
      fail("steps that are samples of their own share no state", layer_->type(), "a layer without states");
    }
    outputs[0].sequence = true;
    return outputs;
  }

  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    Var samples = tape.apply_one(to_samples_, {inputs[0]});
    if (has_inner_sequence(tape.value(samples).features)) samples = tape.apply_one(to_sequences_, {samples});
    Var out = layer_->record(tape, std::span<const Var>(&samples, 1)).front();
    if (tape.value(out).is_sequence()) out = tape.apply_one(from_sequences_, {out});
    const Var both[] = {out, inputs[0]};
    return tape.apply(to_steps_, both);
  }

 private:
  /// Steps of several axes are sequences themselves.
  static bool has_inner_sequence(const Shape& features) { return features.size() >= 2; }

  LayerPtr layer_;
  StepsToSamples to_samples_;
  ToSequences to_sequences_;
  FromSequences from_sequences_;
  SamplesToSteps to_steps_;
};

LayerPtr inner_layer(const Json& spec, const std::string& path) {
  const Json* inner = spec.find("layer");
  if (inner == nullptr) {
    throw Error(ErrorKind::usage, "a wrapper needs the layer that it wraps")
        .where(path)
        .expected("layer = {type = …}");
  }
  return make_layer(*inner, path + ".layer");
}

}  // namespace

LayerPtr bidirectional(LayerPtr layer, BidirectionalOptions options, LayerPtr backward_layer) {
  return std::make_shared<Bidirectional>(std::move(layer), std::move(options), std::move(backward_layer));
}
LayerPtr time_distributed(LayerPtr layer, TimeDistributedOptions options) {
  return std::make_shared<TimeDistributed>(std::move(layer), std::move(options));
}

std::vector<detail::LayerEntry> detail::wrapper_layers() {
  return {{"bidirectional",
           [](const Json& spec, const std::string& path) {
             const Json* other = spec.find("backward_layer");
             const bool given = other != nullptr && !other->is_null();
             return rondo::bidirectional(
                 inner_layer(spec, path),
                 read_layer_options<BidirectionalOptions>(spec, path, {"layer", "backward_layer"}),
                 given ? make_layer(*other, path + ".backward_layer") : nullptr);
           }},
          {"time_distributed", [](const Json& spec, const std::string& path) {
             return rondo::time_distributed(
                 inner_layer(spec, path), read_layer_options<TimeDistributedOptions>(spec, path, {"layer"}));
           }}};
}

}  // namespace rondo
