#include "train/fit/checkpoint.h"

#include "rondo/base/error.h"
#include "rondo/train/objective.h"

namespace rondo::detail {
namespace {

constexpr std::string_view kOptimizerPrefix = "optimizer/";

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
  std::string missing;
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    const ParameterInfo& info = parameters.infos()[p];
    const Tensor* tensor = file.find(info.name);
    if (tensor == nullptr || tensor->shape() != info.shape || tensor->dtype() != parameters.dtype()) {
      missing += (missing.empty() ? "" : ", ") + info.name + " " + to_string(info.shape) + " " +
                 dtype_name(parameters.dtype());
    }
  }
  if (!missing.empty()) {
    throw Error(ErrorKind::model_file, "arrays are missing or have another shape or type")
        .where(where)
        .expected(missing);
  }
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    parameters.set(static_cast<int>(p), *file.find(parameters.infos()[p].name));
  }
}

void declare_objective_arrays(const TensorFile& file, ParameterStore& parameters) {
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kObjectivePrefix)) parameters.adopt(name, tensor.shape());
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
    if (name.starts_with(kOptimizerPrefix))
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
  return parse_json(*text, where + ", metadata '" + key + "'");
}

}  // namespace rondo::detail
