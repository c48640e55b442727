#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "kernels/activations.h"
#include "layers/common/layer_entry.h"
#include "rondo/layers/initializers.h"
#include "rondo/layers/layers.h"

namespace rondo {
namespace {

using detail::LayerEntry;

/// Every type, in alphabetical order of the files; registered ones follow.
class LayerTypes {
 public:
  LayerTypes() {
#define RONDO_LAYERS(file) \
  for (LayerEntry & entry : detail::file()) entries_.push_back(std::move(entry));
#include "layers/common/layer_list.inc"
#undef RONDO_LAYERS
  }
  void add(LayerEntry entry) {
    const std::scoped_lock lock(mutex_);
    if (std::ranges::find(entries_, entry.type, &LayerEntry::type) != entries_.end())
      throw Error(ErrorKind::usage, "there is a type of layers of that name already")
          .where("register_layer")
          .seen("'" + entry.type + "'");
    entries_.push_back(std::move(entry));
  }
  /// Empty when there is none of that name.
  LayerFactory find(const std::string& type) const {
    const std::scoped_lock lock(mutex_);
    const auto entry = std::ranges::find(entries_, type, &LayerEntry::type);
    return entry == entries_.end() ? LayerFactory() : entry->make;
  }
  std::vector<std::string> names() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (const LayerEntry& entry : entries_) names.push_back(entry.type);
    return names;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LayerEntry> entries_;
};

LayerTypes& types() {
  static LayerTypes all;
  return all;
}

}  // namespace

std::vector<std::string> layer_types() { return types().names(); }

void register_layer(std::string type, LayerFactory make) {
  if (type.empty() || !make)
    throw Error(ErrorKind::usage, "a type of layers needs a name and what makes a layer of its spec")
        .where("register_layer")
        .seen(type.empty() ? "no name" : "no function for '" + type + "'");
  types().add({std::move(type), std::move(make)});
}

LayerPtr make_layer(const Json& spec, const std::string& path) {
  const std::string& type = spec.at("type", path).as_string(path + ".type");
  const LayerFactory make = types().find(type);
  if (!make) {
    throw Error(ErrorKind::usage, "unknown layer type '" + type + "'")
        .where(path)
        .expected("one of " + detail::listed(layer_types()))
        .fix(detail::did_you_mean(type, layer_types()));
  }
  LayerPtr layer = make(spec, path);
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
