#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/toml.h"

namespace rondo {

/// A TOML file of sections, with the line of every key for messages, and with values replaced from the
/// command line.
class ConfigFile {
 public:
  /// Throws Error(data) when the file cannot be read or is not TOML.
  static ConfigFile read(const std::string& path);
  static ConfigFile parse(std::string_view text, std::string where = "TOML text");

  const Json& root() const { return root_; }
  /// The name of the file.
  const std::string& where() const { return where_; }
  /// "model.toml, line 14" for "training.epochs"; the file alone for what does not stand in it.
  std::string place(std::string_view path) const;

  /// "training.epochs=5": the value is read as TOML, or as plain text where it is none. Parts of the path
  /// that do not exist are made. Throws Error(usage) when there is no '=' or a part is no table.
  void override_value(std::string_view assignment);

  /// Throws Error(usage) for a top-level key that is not in `known`, with its line and the nearest name.
  void check_sections(const std::vector<std::string>& known) const;

  /// Overwrites the fields of `options` that the section names; a missing section changes nothing. Unknown
  /// keys and wrong types throw Error(usage) with their line.
  template <class Options>
  void read_section(Options& options, const std::string& section,
                    const std::vector<std::string>& also_known = {}) const {
    const Json* values = root_.find(section);
    if (!values) return;
    with_place(section, [&] { values->as_object(section); });
    for (const auto& entry : values->as_object(section)) {
      with_place(section + "." + entry.first, [&] {
        read_options(options, Json::object({{entry.first, entry.second}}), section, also_known);
      });
    }
  }

  /// Runs `call`; an Error that leaves it gets the place of `path`.
  template <class Call>
  decltype(auto) with_place(std::string_view path, Call&& call) const {
    try {
      return call();
    } catch (Error& error) {
      error.where(place(path));
      throw;
    }
  }

 private:
  Json root_ = Json::object();
  std::string where_;
  TomlLines lines_;
};

}  // namespace rondo
