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

Vars Layer::record(Tape& tape, std::span<const Var> inputs, ParameterStore& parameters) const {
  return tape.apply(*this, inputs, &parameters);
}

std::vector<StreamValue> Layer::stream(StreamPlan&, std::span<const StreamValue>) const {
  fail("this layer needs the whole sequence", type(), "layers that act step by step",
       "predict() whole windows with this network");
}

int Layer::declare_array(ParameterStore& parameters, const std::string& name, Shape shape, bool trainable,
                         double l1, double l2) {
  trainable = trainable && trainable_;
  has_trainable_ = has_trainable_ || trainable;
  const int index = parameters.declare(name, shape, trainable, l1, l2);
  if (!parameters_.empty() && index <= parameters_.back()) parameters_.clear();  // another store
  parameters_.push_back(index);
  return index;
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
