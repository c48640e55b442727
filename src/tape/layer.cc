#include "rondo/tape/layer.h"

#include "rondo/base/error.h"
#include "rondo/tape/stream.h"
#include "rondo/tape/tape.h"

namespace rondo {

Shape ValueShape::shape() const {
  Shape out = {-1};
  if (sequence) out.push_back(steps);
  out.insert(out.end(), features.begin(), features.end());
  return out;
}

std::vector<Tensor>& CarriedState::of(const std::string& layer) {
  for (Entry& entry : entries) {
    if (entry.layer == layer) return entry.states;
  }
  entries.push_back({layer, {}});
  return entries.back().states;
}

void Layer::declare(ParameterStore&, const std::string&) {}
void Layer::initialize(ParameterStore&, std::uint64_t) const {}

Vars Layer::record(Tape& tape, std::span<const Var> inputs) const {
  return tape.apply(*this, inputs, parameters_.infos().empty() ? nullptr : &parameters_);
}

std::vector<StreamValue> Layer::stream(StreamPlan&, std::span<const StreamValue>) const {
  fail("this layer needs the whole sequence", type(), "layers that act step by step",
       "predict() whole windows with this network");
}

namespace {

std::string listed(std::span<const ValueShape> shapes) {
  std::string out;
  for (const ValueShape& shape : shapes) out += (out.empty() ? "" : " and ") + to_string(shape.shape());
  return out.empty() ? "nothing" : out;
}

}  // namespace

std::vector<ValueShape> Layer::connect(std::span<const ValueShape> inputs) {
  if (!connected_) {
    std::vector<ValueShape> outputs = infer(inputs);
    connected_ = true;
    first_inputs_.assign(inputs.begin(), inputs.end());
    return outputs;
  }
  try {
    std::vector<ValueShape> outputs = infer(inputs);
    if (declared_ && children().empty()) check_weights_fit(inputs);  // wrapped layers are asked themselves
    return outputs;
  } catch (const Error&) {
    infer(first_inputs_);  // its sizes again
    throw;
  }
}

void Layer::check_weights_fit(std::span<const ValueShape> inputs) {
  ParameterStore wanted(parameters_.dtype());
  declare(wanted, name_ + ".");
  const auto have = parameters_.infos(), want = wanted.infos();
  for (std::size_t i = 0; i < have.size(); ++i) {
    if (have[i].shape == want[i].shape) continue;
    fail("a layer has weights for inputs of another shape",
         listed(inputs) + ", for which '" + have[i].name + "' would be " + to_string(want[i].shape),
         listed(first_inputs_) + " as where it was used first: " + to_string(have[i].shape),
         "make another layer for these inputs");
  }
}

void Layer::declare_parameters(DType dtype) {
  if (declared_) {
    if (parameters_.dtype() == dtype || parameters_.infos().empty()) return;
    fail("a layer has weights of another type", std::string("weights in ") + dtype_name(parameters_.dtype()),
         std::string("a network in ") + dtype_name(dtype), "make another layer, or cast() the whole network");
  }
  parameters_ = ParameterStore(dtype);
  declare(parameters_, name_ + ".");
  if (children().empty()) parameters_.set_frozen(!trainable_);
  declared_ = true;
}

void Layer::initialize_parameters(std::uint64_t seed) {
  if (!initialized_) initialize(parameters_, seed);
  initialized_ = true;
}

void Layer::skip_initialization() {
  initialized_ = true;
  for (Layer* child : children()) child->skip_initialization();
}

void Layer::build(DType dtype, std::uint64_t seed) {
  if (name_.empty()) name_ = type();
  declare_parameters(dtype);
  parameters_.allocate();
  initialize_parameters(seed);
}

void Layer::set_name(std::string name) {
  if (connected_ && name != name_)
    fail("a layer that is in use keeps its name", "'" + name + "'", "'" + name_ + "'",
         "name it before it is added to a network");
  name_ = std::move(name);
}

void check_name(const std::string& name, const std::string& what) {
  const auto refuse = [&](const std::string& problem) {
    throw Error(ErrorKind::usage, "this name cannot be used")
        .where(what)
        .seen("'" + name + "', which " + problem)
        .expected("UTF-8 text without control characters that does not begin with 'objective.'");
  };
  try {
    parse_json(to_json(Json(name)));
  } catch (const Error&) {
    refuse("is not UTF-8");
  }
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) refuse("has a control character");
  }
  if (name == "objective" || name.starts_with("objective.")) refuse("is where losses keep their parameters");
}

void Layer::set_trainable(bool trainable) {
  trainable_ = trainable;
  for (Layer* child : children()) child->set_trainable(trainable);
  if (children().empty()) parameters_.set_frozen(!trainable);
}

int Layer::declare_array(ParameterStore& parameters, const std::string& name, Shape shape, bool trainable,
                         double l1, double l2) {
  has_trainable_ = has_trainable_ || trainable;
  return parameters.declare(name, shape, trainable, l1, l2);
}

void Layer::fail(const std::string& what, const std::string& seen, const std::string& expected,
                 const std::string& fix) const {
  Error error(ErrorKind::usage, what);
  error.where("layer '" + (name_.empty() ? type() : name_) + "' (" + type() + ")")
      .seen(seen)
      .expected(expected);
  if (!fix.empty()) error.fix(fix);
  throw error;
}

Json layer_spec(const Layer& layer) {
  Json spec = Json::object();
  spec.set("type", layer.type());
  if (!layer.name().empty()) spec.set("name", layer.name());
  const Json options = layer.config();
  for (const auto& [key, value] : options.as_object()) spec.set(key, value);
  if (!layer.trainable()) spec.set("trainable", false);
  return spec;
}

}  // namespace rondo
