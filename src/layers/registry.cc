#include <functional>

#include "base/text.h"
#include "kernels/cells.h"
#include "layers/common/base_layers.h"
#include "layers/common/initializers.h"

namespace rondo {
namespace {

using Maker = std::function<LayerPtr(const Json&, const std::string&)>;

/// Keys of a spec that no options struct has.
const std::vector<std::string> kCommonKeys = {"type", "name", "trainable", "inputs"};

template <class Options>
Options read_spec(const Json& spec, const std::string& path, std::vector<std::string> also = {}) {
  Options options;
  also.insert(also.end(), kCommonKeys.begin(), kCommonKeys.end());
  read_options(options, spec, path, also);
  if (const Json* name = spec.find("name")) options.name = name->as_string(path + ".name");
  return options;
}

template <class Options>
Maker maker(LayerPtr (*make)(Options)) {
  return [make](const Json& spec, const std::string& path) { return make(read_spec<Options>(spec, path)); };
}

LayerPtr inner_layer(const Json& spec, const std::string& path) {
  const Json* inner = spec.find("layer");
  if (inner == nullptr) {
    throw Error(ErrorKind::usage, "a wrapper needs the layer that it wraps")
        .where(path)
        .expected("layer = {type = …}");
  }
  return make_layer(*inner, path + ".layer");
}

const std::vector<std::pair<std::string, Maker>>& makers() {
  static const std::vector<std::pair<std::string, Maker>> list = {
      {"gru_d", maker(&gru_d)},
      {"dense", maker(&dense)},
      {"activation", maker(&activation)},
      {"dropout", maker(&dropout)},
      {"embedding", maker(&embedding)},
      {"layer_normalization", maker(&layer_normalization)},
      {"batch_normalization", maker(&batch_normalization)},
      {"masking", maker(&masking)},
      {"repeat_vector", maker(&repeat_vector)},
      {"flatten", maker(&flatten)},
      {"reshape", maker(&reshape)},
      {"concatenate", maker(&concatenate)},
      {"add", maker(&add)},
      {"multiply", maker(&multiply)},
      {"time_pooling", maker(&time_pooling)},
      {"trainable_vector", maker(&trainable_vector)},
      {"affine", maker(&affine)},
      {"bidirectional",
       [](const Json& spec, const std::string& path) {
         return bidirectional(inner_layer(spec, path),
                              read_spec<BidirectionalOptions>(spec, path, {"layer"}));
       }},
      {"time_distributed",
       [](const Json& spec, const std::string& path) {
         return time_distributed(inner_layer(spec, path),
                                 read_spec<TimeDistributedOptions>(spec, path, {"layer"}));
       }},
  };
  return list;
}

bool is_cell_type(const std::string& type) { return std::ranges::count(kernels::cell_types(), type) > 0; }

LayerPtr make_recurrent(const std::string& type, const Json& spec, const std::string& path) {
  LayerPtr layer = recurrent(type, read_spec<RecurrentOptions>(spec, path));
  const Json allowed = layer->config();  // some options belong to some cells only
  std::vector<std::string> known = kCommonKeys;
  for (const auto& [key, value] : allowed.as_object()) known.push_back(key);
  for (const auto& [key, value] : spec.as_object(path)) {
    if (std::ranges::find(known, key) == known.end()) detail::throw_unknown_key(key, path, known);
  }
  return layer;
}

}  // namespace

std::vector<std::string> layer_types() {
  std::vector<std::string> types = kernels::cell_types();
  for (const auto& [type, make] : makers()) types.push_back(type);
  return types;
}

LayerPtr make_layer(const Json& spec, const std::string& path) {
  const std::string& type = spec.at("type", path).as_string(path + ".type");
  LayerPtr layer;
  if (is_cell_type(type)) {
    layer = make_recurrent(type, spec, path);
  } else {
    for (const auto& [known, make] : makers()) {
      if (known == type) layer = make(spec, path);
    }
  }
  if (layer == nullptr) {
    throw Error(ErrorKind::usage, "unknown layer type '" + type + "'")
        .where(path)
        .expected("one of " + detail::listed(layer_types()))
        .fix(detail::did_you_mean(type, layer_types()));
  }
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
