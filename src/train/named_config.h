#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"

namespace rondo::detail {

/// A thing chosen by name with options: "adam", {"name": "adam", "learning_rate": 0.1} or Keras's
/// {"class_name": "Adam", "config": {"learning_rate": 0.1}}. "type" may stand for "name".
struct NamedConfig {
  std::string what;               ///< "loss": for messages
  std::string name;               ///< as the user wrote it
  Json options = Json::object();  ///< without the name
};

/// Takes `config` apart. Throws Error(usage) when it is none of the three forms.
NamedConfig read_named_config(const Json& config, const std::string& what);

/// "MeanSquaredError", "mean_squared_error" and "mean-squared-error" are the same name.
bool is_same_name(const std::string& a, const std::string& b);

/// Error(usage): there is no `what` called `name`; the nearest of `known` is suggested.
[[noreturn]] void throw_unknown_name(const std::string& what, const std::string& name,
                                     const std::vector<std::string>& known);

/// Something that can be made by one of its names.
template <class Made>
struct NamedEntry {
  std::string name;
  std::vector<std::string> aliases;
  std::function<Made(const Json& options)> make;
};

/// The entry of that name; an unknown name is an error that lists them.
template <class Entry>
Entry find_entry(std::vector<Entry> entries, const NamedConfig& config) {
  std::vector<std::string> known;
  for (Entry& entry : entries) {
    std::vector<std::string> names = entry.aliases;
    names.insert(names.begin(), entry.name);
    if (std::ranges::any_of(names, [&](const auto& name) { return is_same_name(name, config.name); }))
      return std::move(entry);
    known.insert(known.end(), names.begin(), names.end());
  }
  throw_unknown_name(config.what, config.name, known);
}

/// Without aliases.
template <class Entry>
std::vector<std::string> names_of(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  return names;
}

/// {"name": …, every option}.
template <class Options>
Json named_config(const char* name, const Options& options) {
  Json out = Json::object({{"name", name}});
  const Json fields = rondo::to_config(options);
  for (const auto& [key, value] : fields.as_object()) out.set(key, value);
  return out;
}

struct NoOptions {
  template <class Self, class V>
  static void visit(Self&, V&&) {}
};

}  // namespace rondo::detail
