#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/tape/layer.h"

// How a file of layers names them for specs: it defines `std::vector<LayerEntry> rondo::detail::<file>()`,
// and the build lists the files (cmake/RondoNamedLists.cmake).

namespace rondo::detail {

/// A type of layers and what makes one of a spec; `path` is where the spec stands, for errors.
struct LayerEntry {
  std::string type;
  std::function<LayerPtr(const Json& spec, const std::string& path)> make;
};

#define RONDO_LAYERS(file) std::vector<LayerEntry> file();
#include "layers/common/layer_list.inc"
#undef RONDO_LAYERS

/// Keys of a spec that no options struct has.
inline const std::vector<std::string_view> kCommonSpecKeys = {"type", "name", "trainable", "inputs"};

/// The options of a spec, its name among them. An unknown key is an error, but those in `also` are somebody
/// else's.
template <class Options>
Options read_spec(const Json& spec, const std::string& path, const std::vector<std::string>& also = {}) {
  Options options;
  std::vector<std::string> others(kCommonSpecKeys.begin(), kCommonSpecKeys.end());
  others.insert(others.end(), also.begin(), also.end());
  read_options(options, spec, path, others);
  if (const Json* name = spec.find("name")) options.name = name->as_string(path + ".name");
  return options;
}

/// A type whose layers are made of their options alone.
template <class Options>
LayerEntry layer_entry(std::string type, LayerPtr (*make)(Options)) {
  return {std::move(type),
          [make](const Json& spec, const std::string& path) { return make(read_spec<Options>(spec, path)); }};
}

}  // namespace rondo::detail
