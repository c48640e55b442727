#pragma once

#include "rondo/base/options.h"
#include "verbs.h"

namespace rondo::cli {

/// The fields of an options struct that were typed on the command line, by name.
template <class Options>
Json typed_options(const Options& options, const CLI::App& verb) {
  Json typed = Json::object();
  const Json all = to_config(options);
  for (const auto& [name, value] : all.as_object()) {
    const CLI::Option* option = verb.get_option_no_throw(flag_of(name));
    if (option != nullptr && option->count() > 0) typed.set(name, value);
  }
  return typed;
}

}  // namespace rondo::cli
