#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rondo/layers/registration.h"

// How a file of layers names them for specs: it defines `std::vector<LayerEntry> rondo::detail::<file>()`,
// and the build lists the files (cmake/RondoNamedLists.cmake).

namespace rondo::detail {

/// A type of layers and what makes one of a spec; `path` is where the spec stands, for errors.
struct LayerEntry {
  std::string type;
  LayerFactory make;
};

#define RONDO_LAYERS(file) std::vector<LayerEntry> file();
#include "layers/common/layer_list.inc"
#undef RONDO_LAYERS

/// A type whose layers are made of their options alone.
template <class Options>
LayerEntry layer_entry(std::string type, LayerPtr (*make)(Options)) {
  return {std::move(type), [make](const Json& spec, const std::string& path) {
            return make(read_layer_options<Options>(spec, path));
          }};
}

}  // namespace rondo::detail
