#include <algorithm>
#include <optional>

#include "kernels/activations.h"
#include "model/streaming/stream_op.h"
#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "rondo/model/session.h"

// From a network's spec, which is data, and its parameters to operations on rows.

namespace rondo {

std::int64_t StreamPlan::whole(std::int64_t floats) const {
  return (floats + kernels_.lanes - 1) / kernels_.lanes * kernels_.lanes;
}
StreamPlace StreamPlan::scratch(std::int64_t floats) {
  const StreamPlace place{StreamPlace::Home::scratch, model_.scratch_stride};
  model_.scratch_stride +=
      (floats + 15) / 16 * 16 + 16;  // whole cache lines, and room for a last whole vector
  return place;
}
StreamPlace StreamPlan::state(const std::string& name, std::int64_t units, std::int64_t floats) {
  const StreamPlace place{StreamPlace::Home::state, model_.state_stride};
  model_.states.push_back({name, place.offset, units});
  model_.state_stride += (floats + 15) / 16 * 16;
  return place;
}

namespace {

/// A value of the network: where it stands in a step, and what one step of it is.
struct Value {
  StreamPlace place;
  Shape features;
  bool sequence = true;

  std::int64_t width() const { return element_count(features); }
  std::int64_t last() const { return features.empty() ? 1 : features.back(); }
};

class Freezer {
 public:
  Freezer(const Network& network, FrozenModel& model)
      : parameters_(network.parameters()), spec_(network.spec()), model_(model), plan_(model) {}

  void run() {
    for (const Json& input : spec_.at("inputs").as_array()) {
      const std::string& name = input.at("name").as_string();
      if (!input.at("sequence").as_bool()) {
        throw Error(ErrorKind::usage, "only sequences can be stepped")
            .where("input '" + name + "'")
            .seen("an input without time axis")
            .expected("(None, time, features)")
            .fix("give it at every step, as a sequence of its own; initial states go through restore()");
      }
      Value value{{StreamPlace::Home::input, static_cast<std::int64_t>(model_.inputs.size())}, {}, true};
      for (const Json& size : input.at("features").as_array()) value.features.push_back(size.as_integer());
      model_.inputs.push_back({value.place, value.width()});
      values_.emplace_back(name, value);
    }
    for (const Json& layer : spec_.at("layers").as_array()) add_layer(layer);
    for (const Json& output : spec_.at("outputs").as_array()) {
      const Value& value = find(output.as_string());
      model_.outputs.push_back({value.place, value.width()});
    }
    for (const StreamOpPtr& op : model_.ops) {
      if (model_.outputs.size() == 1 && op->can_write(model_.outputs[0].place)) model_.writer = op.get();
    }
    model_.scratch_stride = std::max<std::int64_t>(model_.scratch_stride, 16);
    model_.state_stride = std::max<std::int64_t>(model_.state_stride, 16);
  }

 private:
  const Value& find(const std::string& name) const {
    for (const auto& [known, value] : values_) {
      if (known == name) return value;
    }
    throw Error(ErrorKind::usage, "a network's spec names a value that is not there").seen("'" + name + "'");
  }

  /// A layer as its spec says it, and where its parameters are.
  struct Described {
    const Json& config;
    std::string name, type, prefix;  ///< prefix of its parameters: "lstm_1."

    const std::string& text(const char* key) const { return config.at(key).as_string(); }
    bool flag(const char* key) const {
      const Json* value = config.find(key);
      return value != nullptr && value->as_bool();
    }
  };

  [[noreturn]] static void refuse(const Described& layer, const std::string& what, const std::string& seen,
                                  const std::string& expected, const std::string& fix) {
    Error error(ErrorKind::usage, what);
    error.where("layer '" + layer.name + "' (" + layer.type + ")").seen(seen).expected(expected);
    throw std::move(error.fix(fix));
  }

  void add_layer(const Json& node) {
    const Json* config = &node;
    std::string applied;  // the name of this application: "dense", "dense@1", …
    if (const Json* shared = node.find("shared")) {
      applied = shared->as_string();
      for (const Json& other : spec_.at("layers").as_array()) {
        if (other.find("shared") == nullptr && other.at("name").as_string() == applied) config = &other;
      }
    } else {
      applied = node.at("name").as_string();
    }
    const Described layer{*config, applied, config->at("type").as_string(), applied + "."};
    int times = 0;
    for (const std::string& before : applied_) times += before == applied ? 1 : 0;
    applied_.push_back(applied);
    if (times > 0) applied += "@" + std::to_string(times);

    std::vector<Value> inputs;
    for (const Json& name : node.at("inputs").as_array()) inputs.push_back(find(name.as_string()));
    const std::vector<Value> outputs = add_operation(layer, applied, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      values_.emplace_back(i == 0 ? applied : applied + ":" + std::to_string(i), outputs[i]);
  }

  std::vector<Value> add_operation(const Described& layer, const std::string& applied,
                                   const std::vector<Value>& inputs) {
    const std::string& type = layer.type;
    const Value& in = inputs.at(0);
    Value out = in;
    if (kernels::find_cell(type) != nullptr) return add_recurrent(layer, applied, inputs);
    if (type == "dropout") return {in};
    if (type == "dense") {
      out.features = {layer.config.at("units").as_integer()};
      out.place = add_stream_dense(plan_, matrix(layer, "kernel"), vector(layer, "bias"),
                                   activation(layer, "activation"), in.place);
    } else if (type == "activation") {
      out.place =
          add_stream_activation(plan_, activation(layer, "activation"), in.width(), in.last(), in.place);
    } else if (type == "layer_normalization") {
      out.place =
          add_stream_layer_norm(plan_, vector(layer, "gamma"), vector(layer, "beta"),
                                layer.config.at("epsilon").as_real(), in.width(), in.last(), in.place);
    } else if (type == "batch_normalization") {
      out.place =
          add_stream_batch_norm(plan_, vector(layer, "gamma"), vector(layer, "beta"),
                                vector(layer, "moving_mean"), vector(layer, "moving_variance"),
                                layer.config.at("epsilon").as_real(), in.width(), in.last(), in.place);
    } else if (type == "embedding") {
      if (layer.flag("mask_zero")) {
        refuse(layer, "a step cannot be left out of a stream by its id", "mask_zero = true",
               "mask_zero = false", "leave mask_zero out, and do not step a stream for padding");
      }
      if (!in.sequence)
        refuse(layer, "an embedding of a stream needs one id a step", "no sequence", "(None, time)", "");
      out.features = {layer.config.at("output_dim").as_integer()};
      out.place = add_stream_embedding(plan_, matrix(layer, "embeddings"), in.place);
    } else if (type == "concatenate" || type == "add" || type == "multiply") {
      return {add_merge(layer, inputs)};
    } else if (type == "time_pooling" && layer.text("mode") == "last") {
      out.sequence = false;
    } else if (type == "time_distributed") {
      return {add_time_distributed(layer, in)};
    } else {
      refuse_type(layer);
    }
    return {out};
  }

  [[noreturn]] static void refuse_type(const Described& layer) {
    const std::string& type = layer.type;
    if (type == "bidirectional") {
      refuse(layer, "a bidirectional layer needs the end of a sequence before its first output",
             "bidirectional", "layers that read from the first step to the last",
             "train with the plain recurrent layer, or predict() whole windows");
    }
    if (type == "time_pooling") {
      refuse(layer, "pooling over time needs the whole sequence", "mode " + layer.text("mode"), "mode last",
             "pool over the steps outside of the session, or predict() whole windows");
    }
    if (type == "masking") {
      refuse(layer, "a step cannot be left out of a stream by its values", "masking", "no masking",
             "remove the layer, and do not step a stream for padding");
    }
    if (type == "flatten" || type == "reshape" || type == "repeat_vector") {
      refuse(layer, "this layer makes or needs a whole sequence", type, "layers that act step by step",
             "predict() whole windows with this network");
    }
    refuse(layer, "sessions do not know this type of layer", type,
           "recurrent cells, dense, activation, dropout, normalisation, embedding, merges, time_distributed",
           "predict() whole windows with this network");
  }

  std::vector<Value> add_recurrent(const Described& layer, const std::string& applied,
                                   const std::vector<Value>& inputs) {
    if (layer.flag("go_backwards")) {
      refuse(layer, "a layer that reads from the end cannot be stepped", "go_backwards = true",
             "go_backwards = false", "train without go_backwards, or predict() whole windows");
    }
    if (inputs.size() != 1) {
      refuse(layer, "initial states do not come from layers in a stream",
             std::to_string(inputs.size() - 1) + " states", "the sequence alone",
             "leave the states out of the network, and give them by restore()");
    }
    refuse_new_options(layer);
    StreamRecurrentSpec spec;
    spec.name = applied;
    spec.cell = cell_of(layer);
    spec.activation = activation(layer, "activation");
    if (layer.config.find("recurrent_activation") != nullptr)
      spec.recurrent_activation = activation(layer, "recurrent_activation");
    spec.inputs = inputs[0].width();
    spec.units = layer.config.at("units").as_integer();
    spec.kernel = matrix(layer, "kernel");
    spec.recurrent_kernel = matrix(layer, "recurrent_kernel");
    if (parameters_.find(layer.prefix + "bias") >= 0) {
      const cells::CellInfo& info = spec.cell->info;
      spec.bias = {vector(layer, "bias"), info.recurrent_bias ? 2 : 1, info.gates * spec.units,
                   info.gates * spec.units};
    }
    for (int p = 0; p < spec.cell->info.vectors; ++p) {
      const auto at = static_cast<std::size_t>(p);
      spec.vectors[at] = vector(layer, spec.cell->info.vector_names[at]);
    }
    if (const Json* clip = layer.config.find("clip")) spec.clip = clip->as_real();
    if (const Json* rate = layer.config.find("zoneout")) spec.zoneout[0] = rate->as_real();
    if (const Json* rate = layer.config.find("zoneout_cell")) spec.zoneout[1] = rate->as_real();
    if (parameters_.find(layer.prefix + "projection_kernel") >= 0)
      spec.projection = matrix(layer, "projection_kernel");
    if (layer.flag("layer_norm")) {
      spec.kernel_gain = vector(layer, "kernel_gain");
      spec.recurrent_gain = vector(layer, "recurrent_gain");
      spec.state_gain = vector(layer, "state_gain");
      spec.state_bias = vector(layer, "state_bias");
      spec.epsilon = static_cast<float>(layer.config.at("layer_norm_epsilon").as_real());
    }
    const auto states = add_stream_recurrent(plan_, spec, inputs[0].place);
    // The output is the state: what comes next reads it where it is.
    std::vector<Value> out = {{states[0], {spec.h_width()}, layer.flag("return_sequences")}};
    for (int j = 0; layer.flag("return_state") && j < spec.cell->info.states; ++j)
      out.push_back({states[static_cast<std::size_t>(j)], {j == 0 ? spec.h_width() : spec.units}, false});
    return out;
  }

  /// Variants of a cell are options of its type.
  static const kernels::CellKernels* cell_of(const Described& layer) {
    std::string name = layer.type;
    if (name == "lstm") {
      if (layer.flag("peephole")) name = "peephole_" + name;
      if (layer.flag("coupled")) name = "coupled_" + name;
    }
    if (name == "gru" && !layer.flag("reset_after")) name = "gru_reset_before";
    return kernels::find_cell(name);
  }

  /// Options that change what a layer computes and that nothing here knows of.
  static void refuse_new_options(const Described& layer) {
    static constexpr const char* kKnown[] = {"type",
                                             "name",
                                             "trainable",
                                             "inputs",
                                             "units",
                                             "activation",
                                             "recurrent_activation",
                                             "use_bias",
                                             "kernel_initializer",
                                             "recurrent_initializer",
                                             "bias_initializer",
                                             "unit_forget_bias",
                                             "peephole",
                                             "coupled",
                                             "reset_after",
                                             "kernel_regularizer",
                                             "recurrent_regularizer",
                                             "bias_regularizer",
                                             "return_sequences",
                                             "return_state",
                                             "go_backwards",
                                             "stateful",
                                             "zero_output_for_mask",
                                             "dropout",
                                             "clip",
                                             "zoneout",
                                             "zoneout_cell",
                                             "proj_size",
                                             "layer_norm",
                                             "layer_norm_epsilon",
                                             "recurrent_dropout"};  // dropouts act in training only
    const Json defaults = recurrent(layer.type, {.units = 1})->config();
    for (const auto& [key, value] : layer.config.as_object()) {
      if (std::ranges::find(kKnown, key) != std::end(kKnown)) continue;
      const Json* usual = defaults.find(key);
      if (usual != nullptr && *usual == value) continue;
      refuse(layer, "sessions do not know this option of a recurrent layer",
             "'" + key + "' = " + to_json(value), "its default", "predict() whole windows with this network");
    }
  }

  Value add_merge(const Described& layer, const std::vector<Value>& inputs) {
    std::vector<StreamPart> parts;
    Value out = inputs[0];
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      parts.push_back({inputs[i].place, inputs[i].width(), inputs[i].last()});
      if (i > 0 && layer.type == "concatenate") out.features.back() += inputs[i].last();
    }
    const StreamMerge kind = layer.type == "concatenate" ? StreamMerge::concatenate
                             : layer.type == "add"       ? StreamMerge::add
                                                         : StreamMerge::multiply;
    out.place = add_stream_merge(plan_, kind, std::move(parts));
    return out;
  }

  Value add_time_distributed(const Described& layer, const Value& in) {
    if (in.features.size() != 1) {
      refuse(layer, "a sequence at every step cannot be streamed", "features " + to_string(in.features),
             "one axis of features", "predict() whole windows with this network");
    }
    const Json& inner_config = layer.config.at("layer");
    const Described inner{inner_config, layer.name + ".layer", inner_config.at("type").as_string(),
                          layer.prefix + "layer."};
    if (inner.type == "embedding") refuse_type(inner);
    Value step = in;
    step.sequence = false;
    Value out = add_operation(inner, inner.name, {step}).front();
    out.sequence = true;
    return out;
  }

  View<const float> matrix(const Described& layer, const char* name) const {
    return parameters_.value(parameters_.find(layer.prefix + name)).view<float>();
  }
  /// nullptr when the layer has none.
  const float* vector(const Described& layer, const char* name) const {
    const int index = parameters_.find(layer.prefix + name);
    return index < 0 ? nullptr : parameters_.value(index).view<float>().data;
  }
  static kernels::ActivationKind activation(const Described& layer, const char* key) {
    return kernels::parse_activation(layer.text(key), "layer '" + layer.name + "'");
  }

  const ParameterStore& parameters_;
  Json spec_;
  FrozenModel& model_;
  StreamPlan plan_;
  std::vector<std::pair<std::string, Value>> values_;
  std::vector<std::string> applied_;
};

}  // namespace

std::shared_ptr<const FrozenModel> freeze(const Network& network) {
  if (!network.built()) {
    throw Error(ErrorKind::usage, "a network without values cannot be frozen")
        .seen("a network that is not built")
        .fix("call build(), fit() or load() first");
  }
  if (network.parameters().dtype() != DType::float32) {
    throw Error(ErrorKind::usage, "sessions compute in float32")
        .seen("a network in float64")
        .fix("freeze network.cast(DType::float32)");
  }
  auto model = std::make_shared<FrozenModel>();
  Freezer(network, *model).run();
  return model;
}

}  // namespace rondo
