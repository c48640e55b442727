#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "layers/common/initializers.h"
#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "rondo/layers/layers.h"
#include "tape/parallel.h"

// What the layers' sources share.

namespace rondo {

/// A layer whose options struct says everything: config and name follow from it.
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
    return declare_array(store, name, std::move(shape), true, regularizer.l1, regularizer.l2);
  }
  /// Fills an array with random numbers of its own; nothing where the layer has no such array.
  void initialize_parameter(ParameterStore& store, int index, const std::string& initializer,
                            std::uint64_t seed) const {
    if (index < 0) return;
    const std::string& name = store.infos()[static_cast<std::size_t>(index)].name;
    initialize_array(initializer, store.value(index), RandomStream(seed, purpose_key(name.c_str())), where());
  }

 private:
  std::string type_;
  Options options_;
};

/// "sequence (None, 10, 3)" or "(None, 3)".
inline std::string describe(const ValueShape& spec) {
  return (spec.sequence ? "a sequence " : "no sequence ") + to_string(spec.shape());
}

}  // namespace rondo
