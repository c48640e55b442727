#pragma once

#include <string>
#include <vector>

#include "rondo/base/json.h"

namespace rondo::detail {

/// A thing chosen by name with options: "adam", {"name": "adam", "learning_rate": 0.1} or Keras's
/// {"class_name": "Adam", "config": {"learning_rate": 0.1}}. "type" may stand for "name".
struct NamedConfig {
  std::string name;               ///< canonical: snake_case
  std::string spelled;            ///< as the user wrote it
  Json options = Json::object();  ///< without the name
};

/// Takes `config` apart; `what` ("loss") is for messages. Throws Error(usage) when it is none of the three
/// forms.
NamedConfig read_named_config(const Json& config, const std::string& what);

/// "MeanSquaredError" and "mean_squared_error" are the same name; so are "MSE" and "mse".
std::string canonical_name(const std::string& name);

/// Error(usage): there is no `what` called `name`; the nearest of `known` is suggested.
[[noreturn]] void throw_unknown_name(const std::string& what, const std::string& name,
                                     const std::vector<std::string>& known);

}  // namespace rondo::detail
