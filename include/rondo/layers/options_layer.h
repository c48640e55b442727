#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>

#include "rondo/base/options.h"
#include "rondo/base/random.h"
#include "rondo/layers/constraints.h"
#include "rondo/layers/initializers.h"
#include "rondo/layers/layers.h"
#include "rondo/tape/layer.h"

namespace rondo {

/// A layer whose options struct says everything: config and name follow from it. The base of rondo's layers
/// and of layers of one's own. The struct has visit() (rondo/base/options.h) and a `name`.
template <class Options>
class OptionsLayer : public Layer {
 public:
  OptionsLayer(std::string type, Options options) : type_(std::move(type)), options_(std::move(options)) {
    set_name(options_.name);
  }
  std::string type() const override { return type_; }
  Json config() const override { return to_config(options_); }

 protected:
  const Options& options() const { return options_; }
  std::string where() const { return "layer '" + (name().empty() ? type_ : name()) + "'"; }
  /// The one input of layers that take one.
  const ValueShape& single(std::span<const ValueShape> inputs) const {
    if (inputs.size() != 1) {
      fail("a layer takes one input", std::to_string(inputs.size()) + " inputs", "1");
    }
    return inputs[0];
  }
  using Layer::declare_array;
  int declare_array(ParameterStore& store, const std::string& name, Shape shape,
                    const Regularizer& regularizer) {
    return declare_array(store, name, shape, true, regularizer.l1, regularizer.l2);
  }
  int declare_array(ParameterStore& store, const std::string& name, Shape shape,
                    const Regularizer& regularizer, const Constraint& constraint) {
    check_constraint(constraint, shape.size(), where());
    const int index = declare_array(store, name, shape, regularizer);
    if (!constraint.name.empty()) constraints_[index] = constraint;
    return index;
  }
  /// Fills an array with random numbers of its own; nothing where the layer has no such array.
  void initialize_parameter(ParameterStore& store, int index, const Initializer& initializer,
                            std::uint64_t seed) const {
    if (index < 0) return;
    const ParameterInfo& info = store.infos()[static_cast<std::size_t>(index)];
    initialize_array(initializer, info.shape, store.value(index),
                     RandomStream(seed, purpose_key(info.name.c_str())), where());
  }

 public:
  void constrain() override {
    for (const auto& [index, constraint] : constraints_) {
      if (!this->parameters().is_trainable(index)) continue;
      apply_constraint(constraint, this->parameters().infos()[static_cast<std::size_t>(index)].shape,
                       this->parameters().value(index));
    }
  }

 private:
  std::string type_;
  Options options_;
  std::map<int, Constraint> constraints_;  // by array
};

}  // namespace rondo
