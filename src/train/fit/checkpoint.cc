#include "train/fit/checkpoint.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "rondo/base/error.h"
#include "rondo/train/objective.h"

namespace rondo::detail {
namespace {

constexpr std::string_view kOptimizerPrefix = "optimizer/";
constexpr const char* kAdvice = "the file is damaged or was written by another version: make it again";

using ArrayIndex = std::unordered_map<std::string_view, const Tensor*>;

ArrayIndex index_of(const TensorFile& file) {
  ArrayIndex arrays;
  for (const auto& [name, tensor] : file.tensors) arrays.emplace(name, &tensor);
  return arrays;
}

/// The file has every array of the store. The first ones that it has not are named.
void check_arrays(const ArrayIndex& arrays, const ParameterStore& wanted, const std::string& where) {
  constexpr std::size_t kNamed = 10;
  std::string missing;
  std::size_t count = 0;
  for (const ParameterInfo& info : wanted.infos()) {
    const auto found = arrays.find(info.name);
    if (found != arrays.end() && found->second->shape() == info.shape &&
        found->second->dtype() == wanted.dtype())
      continue;
    if (++count <= kNamed)
      missing += (missing.empty() ? "" : ", ") + info.name + " " + to_string(info.shape) + " " +
                 dtype_name(wanted.dtype());
  }
  if (count == 0) return;
  throw Error(ErrorKind::model_file, "arrays are missing or have another shape or type")
      .where(where)
      .seen(count > kNamed ? std::to_string(count) + " such arrays" : "")
      .expected(missing + (count > kNamed ? " …" : ""))
      .fix(kAdvice);
}

}  // namespace

void put_network(TensorFile& file, const Network& network) {
  for (const Layer* layer : network.layers()) layer->check_savable();
  file.metadata.emplace_back("format", kFormatName);
  file.metadata.emplace_back("spec", to_json(network.spec()));
  const ParameterStore& parameters = network.parameters();
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    file.tensors.emplace_back(parameters.infos()[p].name, parameters.get(static_cast<int>(p)));
  }
}

Network described_network(const TensorFile& file, const std::string& where) {
  const Json spec = take_json(file, "spec", where);
  Network network;
  try {
    network = Network::from_spec(spec);
    const ArrayIndex arrays = index_of(file);
    const auto is_in_doubles = [&](const ParameterInfo& info) {
      const auto found = arrays.find(info.name);
      return found != arrays.end() && found->second->dtype() == DType::float64;
    };
    if (std::ranges::any_of(network.declare().infos(), is_in_doubles))
      network = Network::from_spec(spec, DType::float64);
    check_arrays(arrays, network.declare(), where);
    network.allocate();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::model_file) throw;
    throw Error(ErrorKind::model_file, "the network of the file cannot be built")
        .where(where)
        .seen(error.what())
        .fix(kAdvice);
  }
  return network;
}

void take_network(const TensorFile& file, Network& network, const std::string& where) {
  const Json spec = take_json(file, "spec", where);
  if (to_json(spec) != to_json(network.spec())) {
    throw Error(ErrorKind::model_file, "the file holds another model than this one")
        .where(where)
        .seen(to_json(spec).substr(0, 300))
        .expected(to_json(network.spec()).substr(0, 300))
        .fix("build the model that was saved, or train without the file");
  }
  ParameterStore& parameters = network.parameters();
  const ArrayIndex arrays = index_of(file);
  check_arrays(arrays, parameters, where);
  for (std::size_t p = 0; p < parameters.infos().size(); ++p)
    parameters.set(static_cast<int>(p), *arrays.at(parameters.infos()[p].name));
}

void declare_objective_arrays(const TensorFile& file, ParameterStore& parameters) {
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kObjectivePrefix) && parameters.find(name) < 0)
      parameters.declare(name, tensor.shape());
  }
  parameters.allocate();
}

void put_optimizer(TensorFile& file, const Optimizer& optimizer, const ParameterStore& parameters) {
  OptimizerState state = optimizer.state(parameters);
  file.metadata.emplace_back(
      "optimizer",
      to_json(Json::object({{"config", optimizer.config()}, {"numbers", std::move(state.numbers)}})));
  for (auto& [name, tensor] : state.slots) {
    file.tensors.emplace_back(std::string(kOptimizerPrefix) + name, std::move(tensor));
  }
}

void take_optimizer(const TensorFile& file, Optimizer& optimizer, const ParameterStore& parameters,
                    const std::string& where) {
  const Json saved = take_json(file, "optimizer", where);
  if (to_json(saved.at("config", where)) != to_json(optimizer.config())) {
    throw Error(ErrorKind::model_file, "the file was written with another optimiser")
        .where(where)
        .seen(to_json(saved.at("config", where)))
        .expected(to_json(optimizer.config()))
        .fix("resume with the options of the run that was saved");
  }
  OptimizerState state;
  state.numbers = saved.at("numbers", where);
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kOptimizerPrefix) && parameters.find(name) < 0)
      state.slots.emplace_back(name.substr(kOptimizerPrefix.size()), tensor);
  }
  optimizer.restore(parameters, state);
}

Json take_json(const TensorFile& file, const std::string& key, const std::string& where) {
  const std::string* text = file.find_metadata(key);
  if (text == nullptr) {
    throw Error(ErrorKind::model_file, "the file has no '" + key + "'")
        .where(where)
        .expected("a file that rondo wrote for this purpose");
  }
  try {
    return parse_json(*text, where + ", metadata '" + key + "'");
  } catch (const Error& error) {
    throw Error(ErrorKind::model_file, "the metadata '" + key + "' cannot be read: " + error.summary())
        .where(error.details().where)
        .seen(error.details().seen)
        .fix(kAdvice);
  }
}

}  // namespace rondo::detail
