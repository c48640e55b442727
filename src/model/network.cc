#include "rondo/model/network.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "kernels/instruction_sets.h"
#include "model/network_layer.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

Json spec_config(const std::string& name, const ValueShape& spec) {
  return Json::object({{"name", name},
                       {"sequence", spec.sequence},
                       {"steps", spec.steps},
                       {"features", Json::list(spec.features)}});
}

ValueShape read_spec(const Json& config, const std::string& path) {
  ValueShape spec;
  if (const Json* sequence = config.find("sequence")) spec.sequence = sequence->as_bool(path + ".sequence");
  if (const Json* steps = config.find("steps")) spec.steps = steps->as_integer(path + ".steps");
  for (const Json& f : config.at("features", path).as_array(path + ".features")) {
    spec.features.push_back(f.as_integer(path + ".features"));
  }
  return spec;
}

void check_fits(const ValueShape& seen, const ValueShape& declared, const std::string& name) {
  const bool time_fits =
      seen.sequence == declared.sequence &&
      (!seen.sequence || declared.steps < 0 || seen.steps < 0 || declared.steps == seen.steps);
  if (time_fits && seen.features == declared.features) return;
  Error error(ErrorKind::usage, "an input has another shape than the model was built for");
  error.where("input '" + name + "'").seen(to_string(seen.shape())).expected(to_string(declared.shape()));
  if (declared.sequence && !seen.sequence) {
    error.fix("give a sequence [batch, time, features]; for one feature reshape to [batch, time, 1]");
  }
  throw error;
}

}  // namespace

ValueShape spec_of(const Samples& batch) {
  ValueShape spec;
  spec.sequence = batch.is_sequence();
  spec.features = batch.features();
  if (batch.is_sequence() && batch.layout()->is_dense()) spec.steps = batch.layout()->steps();
  return spec;
}

Network::Network(DType dtype) : parameters_(dtype) {
  kernels::choose_instruction_set();
  register_network_layer();
}

int Network::add_input(std::string name, ValueShape spec) {
  if (declared_) throw Error(ErrorKind::usage, "a built network takes no more inputs");
  if (name.empty()) name = unique_name("input");
  check_name(name, "an input");
  if (unique_name(name) != name)
    throw Error(ErrorKind::usage, "two inputs or layers have the same name")
        .seen("'" + name + "'")
        .fix("give it another name");
  const int id = static_cast<int>(values_.size());
  values_.push_back({spec, -1, 0});
  names_.insert(name);
  inputs_.push_back({std::move(name), id});
  return id;
}

const Network::ValueInfo& Network::checked(int id) const {
  if (id >= 0 && id < static_cast<int>(values_.size())) return values_[static_cast<std::size_t>(id)];
  throw Error(ErrorKind::usage, "a network has no such value")
      .seen("id " + std::to_string(id))
      .expected("an id that add_input() or add() returned");
}

std::string Network::unique_name(const std::string& type) {
  if (!names_.contains(type)) return type;
  int& k = next_number_[type];  // names are never given back: numbers below it are taken
  std::string name = type;
  while (names_.contains(name)) name = type + "_" + std::to_string(++k);
  return name;
}

std::vector<int> Network::add(LayerPtr layer, std::vector<int> inputs) {
  if (declared_)
    throw Error(ErrorKind::usage, "a built network takes no more layers")
        .fix("add layers before fit or build");
  if (!layer) throw Error(ErrorKind::usage, "a null layer was added");
  Node node;
  if (const auto added = applications_.find(layer.get()); added != applications_.end()) {
    node.shares = true;
    node.place = "@" + std::to_string(added->second);
  }
  if (!node.shares) {
    if (layer->name().empty()) {
      layer->set_name(unique_name(layer->type()));
    } else if (names_.contains(layer->name())) {
      throw Error(ErrorKind::usage, "two layers or inputs have the same name")
          .seen("'" + layer->name() + "'")
          .fix(layer->in_use() ? "it has its name from another network: give the other one another name"
                               : "give it another name");
    }
    check_name(layer->name(), "a layer");
  }
  std::vector<ValueShape> specs;
  for (const int id : inputs) specs.push_back(checked(id).spec);
  const std::vector<ValueShape> outputs = layer->connect(specs);
  layer->declare_parameters(parameters_.dtype());
  node.layer = std::move(layer);
  node.inputs = std::move(inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    node.outputs.push_back(static_cast<int>(values_.size()));
    values_.push_back({outputs[i], static_cast<int>(nodes_.size()), static_cast<int>(i)});
  }
  names_.insert(node.layer->name());
  ++applications_[node.layer.get()];
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

void Network::set_outputs(std::vector<int> outputs) {
  if (outputs.empty()) throw Error(ErrorKind::usage, "a network needs an output");
  for (const int id : outputs) static_cast<void>(checked(id));
  outputs_ = std::move(outputs);
}

const ParameterStore& Network::declare() {
  if (declared_) return parameters_;
  if (outputs_.empty()) {
    if (nodes_.empty())
      throw Error(ErrorKind::usage, "a network without layers cannot be built").fix("add a layer first");
    outputs_ = {nodes_.back().outputs.front()};
  }
  for (const Node& node : nodes_) parameters_.share_all(node.layer->parameters());
  declared_ = true;
  return parameters_;
}

void Network::build(std::uint64_t seed) {
  if (built_) return;
  declare();
  parameters_.allocate();
  for (const Node& node : nodes_) node.layer->initialize_parameters(seed);
  built_ = true;
}

void Network::allocate() {
  declare();
  parameters_.allocate();
  for (const Node& node : nodes_) node.layer->skip_initialization();
  built_ = true;
}

namespace {

/// A name in a reference to a value, where ':' and '@' have a meaning.
std::string quoted(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == ':' || c == '@' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string Network::value_name(int id) const {
  const ValueInfo& value = values_.at(static_cast<std::size_t>(id));
  if (value.node < 0) {
    for (const Input& input : inputs_) {
      if (input.value == id) return quoted(input.name);
    }
  }
  const Node& node = nodes_[static_cast<std::size_t>(value.node)];
  // A layer applied again has values of its own: "dense@1" is its second application.
  std::string name = quoted(node.layer->name()) + node.place;
  if (value.output > 0) name += ":" + std::to_string(value.output);
  return name;
}

struct Network::Known {
  std::vector<std::pair<LayerPtr, Json>>
      layers;  // each with its path: ["encoder", "lstm"]; null: in a wrapper

  const Json* find(const Layer& layer) const {
    for (const auto& [other, path] : layers) {
      if (other.get() == &layer) return &path;
    }
    return nullptr;
  }
  LayerPtr at(const Json& path, const std::string& where) const {
    for (const auto& [layer, other] : layers) {
      if (other == path) return layer;
    }
    throw Error(ErrorKind::usage, "a shared layer does not exist").where(where).seen(to_json(path));
  }
  /// Lists what a layer wraps, without a path: its spec holds it whole.
  void check_wrapped(Layer& layer) {
    if (dynamic_cast<const NetworkLayer*>(&layer) != nullptr) return;
    for (Layer* child : layer.children()) {
      if (find(*child) != nullptr) refuse(*child);
      layers.emplace_back(LayerPtr(LayerPtr(), child), Json());
      check_wrapped(*child);
    }
  }
  [[noreturn]] static void refuse(const Layer& layer) {
    throw Error(ErrorKind::usage, "a layer that is used by itself and inside of a wrapper cannot be saved")
        .where("layer '" + layer.name() + "'")
        .fix("wrap a layer of its own, or use the wrapper in both places");
  }
  static Json join(const Json& path, const std::string& name) {
    Json out = path;
    out.push_back(name);
    return out;
  }
};

Json Network::spec() const {
  Known known;
  return spec(known, Json::array());
}

Json Network::spec(Known& known, const Json& path) const {
  Json inputs = Json::array(), layers = Json::array(), outputs = Json::array();
  for (const Input& input : inputs_)
    inputs.push_back(spec_config(input.name, values_[static_cast<std::size_t>(input.value)].spec));
  for (const Node& node : nodes_) {
    const Json* elsewhere = node.shares ? nullptr : known.find(*node.layer);
    if (elsewhere == nullptr && !node.shares) known.check_wrapped(*node.layer);
    if (elsewhere != nullptr && elsewhere->is_null()) Known::refuse(*node.layer);
    Json layer;
    if (node.shares) {
      layer = Json::object({{"shared", node.layer->name()}});
    } else if (elsewhere != nullptr) {
      layer = Json::object({{"shared", *elsewhere}});
    } else {
      const Json own = Known::join(path, node.layer->name());
      known.layers.emplace_back(node.layer, own);
      layer = layer_spec(*node.layer);
      if (const auto* inner = dynamic_cast<const NetworkLayer*>(node.layer.get()))
        layer.set("network", inner->network().spec(known, own));
    }
    Json from = Json::array();
    for (const int id : node.inputs) from.push_back(value_name(id));
    layer.set("inputs", std::move(from));
    layers.push_back(std::move(layer));
  }
  for (const int id : outputs_) outputs.push_back(value_name(id));
  return Json::object(
      {{"inputs", std::move(inputs)}, {"layers", std::move(layers)}, {"outputs", std::move(outputs)}});
}

/// The layer of a spec. A network inside of it may share layers with those that are known.
LayerPtr Network::make_node(const Json& spec, const std::string& path, DType dtype, Known& known,
                            const Json& place) {
  const Json* type = spec.find("type");
  if (type == nullptr || !type->is_string() || type->as_string() != "network") return make_layer(spec, path);
  const Json* name = spec.find("name");
  const Json inner = Known::join(place, name == nullptr ? "network" : name->as_string(path + ".name"));
  LayerPtr layer =
      network_layer_of(from_spec(spec.at("network", path), dtype, nullptr, known, inner), spec, path);
  if (const Json* trainable = spec.find("trainable");
      trainable != nullptr && !trainable->as_bool(path + ".trainable"))
    layer->set_trainable(false);
  return layer;
}

Network Network::from_spec(const Json& spec, DType dtype, const ValueShape* input) {
  Known known;
  return from_spec(spec, dtype, input, known, Json::array());
}

Network Network::from_spec(const Json& spec, DType dtype, const ValueShape* input, Known& layers_known,
                           const Json& place) {
  Network network(dtype);
  std::unordered_map<std::string, int> known;
  if (const Json* inputs = spec.find("inputs")) {
    for (std::size_t i = 0; i < inputs->as_array("inputs").size(); ++i) {
      const Json& one = inputs->as_array("inputs")[i];
      const std::string path = "inputs[" + std::to_string(i) + "]";
      const std::string& name = one.at("name", path).as_string(path + ".name");
      const int id = network.add_input(name, read_spec(one, path));
      known.emplace(network.value_name(id), id);
    }
  } else if (const Json* one = spec.find("input")) {
    known.emplace("input", network.add_input("input", read_spec(*one, "input")));
  } else if (input != nullptr) {
    known.emplace("input", network.add_input("input", *input));
  } else {
    throw Error(ErrorKind::usage, "a network's spec does not describe its input")
        .expected("'inputs' or 'input'");
  }
  const auto find = [&](const std::string& name, const std::string& path) {
    if (const auto found = known.find(name); found != known.end()) return found->second;
    constexpr std::size_t kMostGuesses = 1000;
    std::vector<std::string> names;
    for (const auto& [other, id] : known) {
      if (names.size() < kMostGuesses) names.push_back(other);
    }
    throw Error(ErrorKind::usage, "a layer's input does not exist")
        .where(path)
        .seen("'" + name + "'")
        .fix(detail::did_you_mean(name, names));
  };
  if (known.empty())
    throw Error(ErrorKind::usage, "a network's spec has no input").expected("one or more in 'inputs'");
  int previous = network.inputs_.back().value;
  const auto& layers = spec.at("layers").as_array("layers");
  std::unordered_map<std::string, LayerPtr> by_name;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string path = "layers[" + std::to_string(i) + "]";
    std::vector<int> from;
    if (const Json* names = layers[i].find("inputs")) {
      for (const Json& name : names->as_array(path + ".inputs"))
        from.push_back(find(name.as_string(path + ".inputs"), path));
    } else {
      from = {previous};
    }
    LayerPtr layer;
    if (const Json* shared = layers[i].find("shared"); shared != nullptr && shared->is_array()) {
      layer = layers_known.at(*shared, path);
    } else if (shared != nullptr) {
      const auto found = by_name.find(shared->as_string(path + ".shared"));
      if (found != by_name.end()) layer = found->second;
      if (!layer)
        throw Error(ErrorKind::usage, "a shared layer does not exist").where(path).seen(shared->as_string());
    } else {
      layer = make_node(layers[i], path, dtype, layers_known, place);
    }
    const std::vector<int> outputs = network.add(layer, from);
    layers_known.layers.emplace_back(layer, Known::join(place, layer->name()));
    by_name.emplace(layer->name(), layer);
    for (const int id : outputs) known.emplace(network.value_name(id), id);
    previous = outputs.front();
  }
  if (const Json* outputs = spec.find("outputs")) {
    std::vector<int> ids;
    for (const Json& name : outputs->as_array("outputs"))
      ids.push_back(find(name.as_string("outputs"), "outputs"));
    network.set_outputs(std::move(ids));
  } else {
    network.set_outputs({previous});
  }
  return network;
}

Vars Network::run(Tape& tape, std::span<const Samples> inputs) {
  if (inputs.size() != inputs_.size()) {
    throw Error(ErrorKind::usage, "a model got another number of inputs")
        .seen(std::to_string(inputs.size()))
        .expected(std::to_string(inputs_.size()));
  }
  const std::span<Var> vars = tape.vars(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_fits(spec_of(inputs[i]), input_spec(i), inputs_[i].name);
    if (inputs[i].size() != inputs[0].size()) {
      throw Error(ErrorKind::usage, "the inputs of a model have different numbers of samples")
          .where("input '" + inputs_[i].name + "'")
          .seen(std::to_string(inputs[i].size()))
          .expected(std::to_string(inputs[0].size()) + " as in '" + inputs_[0].name + "'");
    }
    vars[i] = tape.input(inputs[i]);
  }
  return run(tape, std::span<const Var>(vars));
}

Vars Network::run(Tape& tape, std::span<const Var> inputs) {
  if (!built_)
    throw Error(ErrorKind::usage, "the network is not built").fix("call build(), or fit, which does");
  if (inputs.size() != inputs_.size()) {
    throw Error(ErrorKind::usage, "a model got another number of inputs")
        .seen(std::to_string(inputs.size()))
        .expected(std::to_string(inputs_.size()));
  }
  return record(tape, inputs);
}

Vars Network::record(Tape& tape, std::span<const Var> inputs) const {
  const std::span<Var> values = tape.vars(values_.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    values[static_cast<std::size_t>(inputs_[i].value)] = inputs[i];
  for (const Node& node : nodes_) {
    const std::span<Var> arguments = tape.vars(node.inputs.size());
    for (std::size_t i = 0; i < arguments.size(); ++i)
      arguments[i] = values[static_cast<std::size_t>(node.inputs[i])];
    std::optional<Tape::Place> place;
    if (node.shares) place.emplace(tape, node.place);
    const Vars results = node.layer->record(tape, arguments);
    for (std::size_t i = 0; i < results.size(); ++i)
      values[static_cast<std::size_t>(node.outputs[i])] = results[i];
  }
  const std::span<Var> out = tape.vars(outputs_.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = values[static_cast<std::size_t>(outputs_[i])];
  return Vars(out);
}

std::vector<ValueShape> Network::infer(std::span<const ValueShape> inputs) const {
  if (inputs.size() != inputs_.size()) {
    throw Error(ErrorKind::usage, "a model got another number of inputs")
        .seen(std::to_string(inputs.size()))
        .expected(std::to_string(inputs_.size()));
  }
  std::vector<ValueShape> shapes(values_.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_fits(inputs[i], input_spec(i), inputs_[i].name);
    ValueShape& shape = shapes[static_cast<std::size_t>(inputs_[i].value)];
    shape = inputs[i];
    if (shape.steps < 0) shape.steps = input_spec(i).steps;
  }
  for (const Node& node : nodes_) {
    std::vector<ValueShape> arguments;
    for (const int id : node.inputs) arguments.push_back(shapes[static_cast<std::size_t>(id)]);
    const std::vector<ValueShape> results = node.layer->connect(arguments);
    for (std::size_t i = 0; i < results.size(); ++i)
      shapes[static_cast<std::size_t>(node.outputs[i])] = results[i];
  }
  std::vector<ValueShape> out;
  for (const int id : outputs_.empty() ? nodes_.back().outputs : outputs_)
    out.push_back(shapes[static_cast<std::size_t>(id)]);
  return out;
}

Network Network::cast(DType dtype) const {
  Network other = from_spec(spec(), dtype);
  if (!built_) return other;
  other.declare();
  ParameterStore& to = other.parameters_;
  const auto infos = parameters_.infos();
  for (std::size_t i = 0; i < infos.size(); ++i) {  // those of objectives too
    const Penalty& penalty = parameters_.penalty(static_cast<int>(i));
    if (to.find(infos[i].name) < 0)
      to.declare(infos[i].name, infos[i].shape, parameters_.is_trainable(static_cast<int>(i)), penalty.l1,
                 penalty.l2);
  }
  other.allocate();
  for (std::size_t i = 0; i < infos.size(); ++i)
    to.set(to.find(infos[i].name), parameters_.get(static_cast<int>(i)));
  return other;
}

std::vector<const Layer*> Network::layers() const {
  std::vector<const Layer*> out;
  for (const Node& node : nodes_) {
    if (!node.shares) out.push_back(node.layer.get());
  }
  return out;
}

Layer* Network::find_layer(std::string_view name) const {
  for (const Node& node : nodes_) {
    if (node.layer->name() == name) return node.layer.get();
  }
  return nullptr;
}

LayerPtr Network::layer(std::string_view name) const {
  std::vector<std::string> names;
  for (const Node& node : nodes_) {
    if (node.layer->name() == name) return node.layer;
    if (!node.shares) names.push_back(node.layer->name());
  }
  throw Error(ErrorKind::usage, "the network has no layer '" + std::string(name) + "'")
      .expected("one of " + detail::listed(names))
      .fix(detail::did_you_mean(std::string(name), names));
}

void Network::constrain() {
  for (const Node& node : nodes_) {
    if (!node.shares) node.layer->constrain();
  }
}

void Network::set_trainable(bool trainable) {
  for (const Node& node : nodes_) node.layer->set_trainable(trainable);
}

double Network::regularization(bool add_gradient) {
  double total = 0;
  const auto infos = parameters_.infos();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const double l1 = parameters_.penalty(static_cast<int>(i)).l1,
                 l2 = parameters_.penalty(static_cast<int>(i)).l2;
    if ((l1 == 0 && l2 == 0) || !parameters_.is_trainable(static_cast<int>(i))) continue;
    const Matrix value = parameters_.value(static_cast<int>(i)),
                 gradient = add_gradient ? parameters_.mutable_gradient(static_cast<int>(i)) : Matrix{};
    with_dtype(parameters_.dtype(), [&]<class T>(T) {
      const T* w = value.view<T>().data;
      T* g = gradient.view<T>().data;
      for (std::int64_t k = 0; k < infos[i].size; ++k) {
        total += l1 * std::abs(static_cast<double>(w[k])) +
                 l2 * static_cast<double>(w[k]) * static_cast<double>(w[k]);
        if (add_gradient) {
          g[k] +=
              static_cast<T>(l1) * static_cast<T>((w[k] > 0) - (w[k] < 0)) + static_cast<T>(2 * l2) * w[k];
        }
      }
    });
  }
  return total;
}

}  // namespace rondo
