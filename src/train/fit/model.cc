#include "rondo/train/model.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/tensor/tensor_file.h"
#include "train/fit/checkpoint.h"

namespace rondo {
namespace {

/// What an input looks like: sequences may have any number of steps.
std::vector<ValueShape> specs_of(const Batch& example) {
  std::vector<ValueShape> out;
  for (const Samples& input : example.inputs) {
    ValueShape spec = spec_of(input);
    if (spec.sequence) spec.steps = -1;
    out.push_back(spec);
  }
  return out;
}

CompileOptions read_compile(const Json& config, const Json& optimizer) {
  CompileOptions out;
  if (config.find("step") != nullptr) throw Error(ErrorKind::usage, "a training step cannot be made by name");
  out.optimizer = optimizer;
  out.loss = config.at("loss", "compile");
  for (const Json& weight : config.at("loss_weights", "compile").as_array())
    out.loss_weights.push_back(weight.as_real());
  out.metrics = config.at("metrics", "compile").as_array();
  out.weighted_metrics = config.at("weighted_metrics", "compile").as_array();
  return out;
}

}  // namespace

void Model::compile(CompileOptions options) {
  if (options.seed && !(network_ && network_->built())) seed_ = *options.seed;
  compiled_ = std::move(options);
  trainer_.reset();
  if (network_) trainer();  // says at once what does not fit
}

void Model::build(std::uint64_t seed) {
  seed_ = seed;
  if (!network_) network_ = make_network({});
  if (!network_->built()) network_->build(seed_);
}

void Model::set_threads(std::int64_t threads) {
  auto pool = std::make_unique<Pool>(threads);
  if (trainer_) trainer_->set_pool(pool.get());
  pool_ = std::move(pool);
}

std::shared_ptr<Network> Model::make_network(std::span<const ValueShape> inputs) const {
  if (!chain_ || chain_->layers.empty())
    throw Error(ErrorKind::usage, "the model has no layers").fix("add layers first");
  if (!chain_->input && inputs.size() != 1) {
    throw Error(ErrorKind::usage, inputs.empty() ? "the shape of the input is not known yet"
                                                 : "a Sequential model has one input")
        .fix(inputs.empty() ? "give the constructor a ValueShape, or fit the model first"
                            : "use GraphBuilder for several");
  }
  auto network = std::make_shared<Network>(chain_->dtype);
  int value = network->add_input("input", chain_->input ? *chain_->input : inputs[0]);
  std::vector<int> outputs = {value};
  for (const LayerPtr& layer : chain_->layers) {
    outputs = network->add(layer, {value});
    value = outputs.front();
  }
  network->set_outputs(outputs);
  return network;
}

void Model::add_layer(LayerPtr layer) {
  if (!layer) throw Error(ErrorKind::usage, "a null layer was added");
  if (network_ && !chain_->input) chain_->input = network_->input_spec(0);
  chain_->layers.push_back(std::move(layer));
  if (trainer_ && trainer_->optimizer().iterations() > 0) compiled_.reset();
  trainer_.reset();
  network_.reset();  // the layers keep their weights
}

LayerPtr Model::as_layer(std::string name) {
  if (!network_) network_ = make_network({});
  return network_layer(network_, std::move(name));
}

Model Model::part(std::vector<std::string> inputs, std::vector<std::string> outputs) const {
  return Model(network().part(inputs, outputs));
}

std::vector<std::pair<std::string, Tensor>> Model::get_weights() const {
  const ParameterStore& parameters = network().parameters();
  std::vector<std::pair<std::string, Tensor>> out;
  for (std::size_t i = 0; i < parameters.infos().size(); ++i)
    out.emplace_back(parameters.infos()[i].name, parameters.get(static_cast<int>(i)));
  return out;
}

namespace {

int index_of(const ParameterStore& parameters, const std::string& name) {
  if (const int i = parameters.find(name); i >= 0) return i;
  std::vector<std::string> names;
  for (const ParameterInfo& info : parameters.infos()) names.push_back(info.name);
  throw Error(ErrorKind::usage, "the model has no weights '" + name + "'")
      .expected("one of " + detail::listed(names))
      .fix(detail::did_you_mean(name, names));
}

}  // namespace

Tensor Model::get_weight(const std::string& name) const {
  const ParameterStore& parameters = network().parameters();
  return parameters.get(index_of(parameters, name));
}

void Model::set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) {
  ParameterStore& parameters = network().parameters();
  for (const auto& [name, value] : weights) {
    const ParameterInfo& info = parameters.infos()[static_cast<std::size_t>(index_of(parameters, name))];
    if (value.shape() == info.shape) continue;
    throw Error(ErrorKind::usage, "weights have another shape than the model's")
        .where("'" + name + "'")
        .seen(to_string(value.shape()))
        .expected(to_string(info.shape));
  }
  for (const auto& [name, value] : weights) parameters.set(parameters.find(name), value);
}

void Model::ensure_built(const Batch& example) {
  if (!network_) network_ = make_network(specs_of(example));
  if (!network_->built()) network_->build(seed_);
}

void Model::ensure_built(const Dataset& data) {
  if (network_ && network_->built()) return;
  if (data.size() == 0) {
    throw Error(ErrorKind::data, "there are no samples to take the input's shape from")
        .fix("give the model an input shape, or data");
  }
  const std::array<std::int64_t, 1> first = {0};
  ensure_built(data.gather(first, DType::float32));
}

Network& Model::network() {
  if (!network_) network_ = make_network({});
  return *network_;
}

const Network& Model::network() const {
  if (!network_)
    throw Error(ErrorKind::usage, "the model is not built yet").fix("call build, fit or predict first");
  return *network_;
}

Trainer& Model::trainer() {
  if (!network_ || !network_->built()) build(seed_);
  if (!trainer_) {
    // To predict no compile is needed: losses and optimiser then stand unused at their defaults.
    CompileOptions options = compiled_.value_or(CompileOptions{});
    options.seed = seed_;
    trainer_ = std::make_unique<Trainer>(*network_, std::move(options), pool_.get());
  }
  return *trainer_;
}

template <class Data>
Trainer& Model::compiled(const Data& data) {
  if (!compiled_) {
    throw Error(ErrorKind::usage, "the model is not compiled")
        .fix("call compile({.optimizer = \"adam\", .loss = \"mse\"}) first");
  }
  ensure_built(data);
  return trainer();
}

History Model::fit(const Dataset& data, const FitOptions& options) {
  return compiled(data).fit(data, options);
}

History Model::fit(const Samples& x, const Samples& y, const FitOptions& options) {
  return fit(ViewDataset({x}, {y}), options);
}

History Model::fit(const Tensor& x, const Tensor& y, const FitOptions& options) {
  return fit(ViewDataset({x}, {y}), options);
}

NamedValues Model::evaluate(const Dataset& data, const EvaluateOptions& options) {
  return compiled(data).evaluate(data, options);
}

NamedValues Model::evaluate(const Samples& x, const Samples& y, const EvaluateOptions& options) {
  return evaluate(ViewDataset({x}, {y}), options);
}

NamedValues Model::evaluate(const Tensor& x, const Tensor& y, const EvaluateOptions& options) {
  return evaluate(ViewDataset({x}, {y}), options);
}

std::vector<Samples> Model::predict(const Dataset& data, const PredictOptions& options) {
  ensure_built(data);
  return trainer().predict(data, options);
}
Samples Model::predict(const Samples& x, const PredictOptions& options) {
  const ViewDataset data({x});
  ensure_built(data);
  trainer().check_one_output();
  return std::move(trainer().predict(data, options).front());
}
Samples Model::predict(const Tensor& x, const PredictOptions& options) {
  const ViewDataset data({x});
  ensure_built(data);
  trainer().check_one_output();
  return std::move(trainer().predict(data, options).front());
}

const NamedValues& Model::train_on_batch(const Batch& batch) { return compiled(batch).train_on_batch(batch); }

const NamedValues& Model::test_on_batch(const Batch& batch) { return compiled(batch).test_on_batch(batch); }

void Model::reset_states() {
  if (trainer_) trainer_->reset_states();
}

void Model::save(const std::string& path) const {
  if (trainer_ && compiled_) return trainer_->save(path);
  TensorFile file;
  detail::put_network(file, network());
  write_tensor_file(path, file);
}

Model Model::load(const std::string& path) {
  const TensorFile file = read_tensor_file(path);
  const std::string* format = file.find_metadata("format");
  if (format == nullptr || *format != detail::kFormatName) {
    throw Error(ErrorKind::model_file, "this is no model of rondo")
        .where(path)
        .seen(format == nullptr ? "no format" : "format '" + *format + "'")
        .expected(std::string("format '") + detail::kFormatName + "'");
  }
  Model model;
  model.network_ = std::make_shared<Network>(detail::described_network(file, path));
  detail::declare_objective_arrays(file, model.network_->parameters());
  detail::take_network(file, *model.network_, path);
  if (file.find_metadata("compile") != nullptr && file.find_metadata("optimizer") != nullptr) {
    const Json optimizer = detail::take_json(file, "optimizer", path);
    CompileOptions options;
    try {
      options = read_compile(detail::take_json(file, "compile", path), optimizer.at("config", path));
      model.compile(options);
    } catch (const Error&) {  // an objective or step of one's own: its owner compiles again
      model.compiled_.reset();
      model.trainer_.reset();
      return model;
    }
    detail::take_optimizer(file, model.optimizer(), model.network_->parameters(), path);
  }
  return model;
}

std::string Model::summary(const std::string& title) const { return network().summary(title); }

Sequential::Sequential(std::vector<LayerPtr> layers, DType dtype)
    : Model(Chain{.layers = std::move(layers), .dtype = dtype}) {}

Sequential::Sequential(ValueShape input, std::vector<LayerPtr> layers, DType dtype)
    : Model(Chain{.layers = std::move(layers), .input = input, .dtype = dtype}) {}

Sequential& Sequential::add(LayerPtr layer) {
  add_layer(std::move(layer));
  return *this;
}

GraphBuilder::Node GraphBuilder::input(std::string name, ValueShape spec) {
  return {network_.add_input(std::move(name), spec)};
}

GraphBuilder::Node GraphBuilder::apply(LayerPtr layer, std::vector<Node> inputs) {
  return apply_all(std::move(layer), std::move(inputs)).front();
}

std::vector<GraphBuilder::Node> GraphBuilder::apply_all(LayerPtr layer, std::vector<Node> inputs) {
  std::vector<int> ids;
  for (const Node& node : inputs) ids.push_back(node.id);
  std::vector<Node> out;
  for (const int id : network_.add(std::move(layer), std::move(ids))) out.push_back({id});
  return out;
}

Model GraphBuilder::model(std::vector<Node> outputs, std::uint64_t seed) && {
  std::vector<int> ids;
  for (const Node& node : outputs) ids.push_back(node.id);
  network_.set_outputs(std::move(ids));
  Model model(std::move(network_));
  model.build(seed);
  return model;
}

}  // namespace rondo
