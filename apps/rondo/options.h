#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/base/run_controls.h"
#include "verbs.h"

namespace rondo::cli {

/// "day_order" becomes "--day-order".
std::string flag_of(std::string_view name);
/// The same with the names by which people know the option elsewhere.
std::string flags_of(std::string_view name);
/// The option "--name" of a verb, or null. Not CLI11's own search, which ends the program when there is no
/// memory for a copy of the name.
CLI::Option* find_option(CLI::App& verb, std::string_view flag);
const CLI::Option* find_option(const CLI::App& verb, std::string_view flag);

/// Every field of an options struct (rondo/base/options.h) as an option of the verb, with its documentation
/// and default in the help. A switch that is on becomes --no-NAME. Fields named in `except` are left out.
template <class Options>
void add_options(CLI::App& verb, Options& options, const std::string& group = "",
                 const std::vector<std::string_view>& except = {}) {
  Options::visit(options, [&](const char* name, auto& field, const char* doc) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if (std::find(except.begin(), except.end(), name) != except.end()) return;
    CLI::Option* option = nullptr;
    if constexpr (std::is_same_v<Field, bool>) {
      option = field ? verb.add_flag_callback(
                           "--no-" + flag_of(name).substr(2), [&field] { field = false; }, doc)
                     : verb.add_flag(flags_of(name), field, doc);
    } else {
      option = verb.add_option(flags_of(name), field, doc);
      if constexpr (std::is_same_v<Field, std::vector<std::string>>)
        option->delimiter(',');
      else
        option->capture_default_str();
    }
    if (!group.empty()) option->group(group);
  });
}

/// The fields of an options struct that were given on the command line, by name.
template <class Options>
Json given_options(const Options& options, const CLI::App& verb) {
  Json given = Json::object();
  const Json all = to_config(options);
  for (const auto& [name, value] : all.as_object()) {
    const CLI::Option* option = find_option(verb, flag_of(name));
    if (option != nullptr && option->count() > 0) given.set(name, value);
  }
  return given;
}

/// How a verb is run, whatever it does.
struct RunOptions {
  bool json = false, quiet = false, resume = false;
  std::string log_level = "warning";

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("json", self.json, "print the results as one JSON object on stdout");
    option("quiet", self.quiet, "show no progress");
    option("resume", self.resume, "continue from the checkpoint of an earlier run if there is one");
    option("log_level", self.log_level, "debug, info, warning, error or off");
  }

  /// With Ctrl-C as the stop.
  RunControls controls() const;
};

/// Prints the object on stdout.
void print_json(const Json& object);

}  // namespace rondo::cli
