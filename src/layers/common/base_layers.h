#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

 private:
  std::string type_;
  Options options_;
};

/// "sequence (None, 10, 3)" or "(None, 3)".
inline std::string describe(const ValueShape& spec) {
  return (spec.sequence ? "a sequence " : "no sequence ") + to_string(spec.shape());
}

template <class T>
View<const T> read(const ConstMatrix& m) {
  return m.view<T>();
}

}  // namespace rondo
