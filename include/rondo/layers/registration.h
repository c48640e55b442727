#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/tape/layer.h"

// Layers of one's own under a name of their own: specs, model files and checkpoints then make them like those
// of rondo.

namespace rondo {

/// Makes a layer from its spec; `path` is where the spec stands, for errors.
using LayerFactory = std::function<LayerPtr(const Json& spec, const std::string& path)>;

/// Makes `type` a type of layers: make_layer, Network::from_spec and Model::load call `make` where a spec
/// says
/// {"type": `type`, …}. To be called before the first file that names the type is read, from any thread. A
/// type that exists already, of rondo or registered, is an Error(usage).
void register_layer(std::string type, LayerFactory make);

/// Keys of a layer's spec that are no options of its type.
inline const std::vector<std::string> kLayerSpecKeys = {"type", "name", "trainable", "inputs"};

/// The options of a layer's spec, its name among them. An unknown key is an error, but those in `also_known`
/// are somebody else's.
template <class Options>
Options read_layer_options(const Json& spec, const std::string& path,
                           const std::vector<std::string>& also_known = {}) {
  Options options;
  std::vector<std::string> others = kLayerSpecKeys;
  others.insert(others.end(), also_known.begin(), also_known.end());
  read_options(options, spec, path, others);
  if (const Json* name = spec.find("name")) options.name = name->as_string(path + ".name");
  return options;
}

/// The same for a type whose layers are made of an options struct alone: register_layer("scale", scale) of
/// `LayerPtr scale(ScaleOptions)`. The struct has visit() (rondo/base/options.h) and a `name`.
template <class Options>
void register_layer(std::string type, LayerPtr (*make)(Options)) {
  register_layer(std::move(type), [make](const Json& spec, const std::string& path) {
    return make(read_layer_options<Options>(spec, path));
  });
}

}  // namespace rondo
