#include <algorithm>

#include "base/text.h"
#include "kernels/activations.h"
#include "layers/common/initializers.h"
#include "layers/common/layer_entry.h"
#include "rondo/layers/layers.h"

namespace rondo {
namespace {

using detail::LayerEntry;

const std::vector<LayerEntry>& entries() {
  static const std::vector<LayerEntry> all = [] {
    std::vector<LayerEntry> list;
#define RONDO_LAYERS(file) \
  for (LayerEntry & entry : detail::file()) list.push_back(std::move(entry));
#include "layers/common/layer_list.inc"
#undef RONDO_LAYERS
    return list;
  }();
  return all;
}

}  // namespace

std::vector<std::string> layer_types() {
  std::vector<std::string> types;
  for (const LayerEntry& entry : entries()) types.push_back(entry.type);
  return types;
}

LayerPtr make_layer(const Json& spec, const std::string& path) {
  const std::string& type = spec.at("type", path).as_string(path + ".type");
  const auto entry = std::ranges::find(entries(), type, &LayerEntry::type);
  if (entry == entries().end()) {
    throw Error(ErrorKind::usage, "unknown layer type '" + type + "'")
        .where(path)
        .expected("one of " + detail::listed(layer_types()))
        .fix(detail::did_you_mean(type, layer_types()));
  }
  LayerPtr layer = entry->make(spec, path);
  if (const Json* trainable = spec.find("trainable"))
    layer->set_trainable(trainable->as_bool(path + ".trainable"));
  return layer;
}

Json OptionCodec<Regularizer>::write(const Regularizer& value) {
  return value == Regularizer{} ? Json() : to_config(value);
}

void OptionCodec<Regularizer>::read(const Json& config, Regularizer& value, std::string_view path) {
  value = {};
  if (config.is_null()) return;
  if (!config.is_string()) return read_options(value, config, path);
  const std::string& name = config.as_string(path);
  constexpr double kKerasDefault = 0.01;
  if (name != "l1" && name != "l2" && name != "l1_l2") {
    throw Error(ErrorKind::usage, "unknown regularizer '" + name + "'")
        .where(std::string(path))
        .expected("l1, l2, l1_l2 or {l1 = …, l2 = …}");
  }
  if (name != "l2") value.l1 = kKerasDefault;
  if (name != "l1") value.l2 = kKerasDefault;
}

std::vector<std::string> activation_names() { return kernels::activation_names(); }

}  // namespace rondo
