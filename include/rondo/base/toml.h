#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"

namespace rondo {

/// Where the keys of a TOML text stand: "training.epochs" or "model.layers[2].units" to its line, from 1.
using TomlLines = std::map<std::string, int, std::less<>>;

/// Reads TOML 1.0. Dates and times become strings in ISO 8601. Throws Error(data) with line and column; text
/// is limited to 1 MiB and tables to a depth of 64. `lines`, when given, receives the place of every key.
Json parse_toml(std::string_view text, std::string_view where = "TOML text", TomlLines* lines = nullptr);

/// What `to_toml` writes beside a key or above a table, by path: of one item of an array
/// ("model.layers[0].units") or, with empty brackets, of all ("model.layers[].units").
using TomlComments = std::map<std::string, std::string, std::less<>>;

/// TOML text of `config`, which must be an object. Plain values of a table come before its sub-tables; arrays
/// of objects become arrays of tables, in which tables of up to three plain values stand on one line. Null,
/// which TOML has not, becomes a line that is commented out:
/// `# key =`.
std::string to_toml(const Json& config, const TomlComments& comments = {});

/// Adds the documentation of `options` to `comments`, under the table `path`.
void add_comments(TomlComments& comments, const std::string& path, const std::vector<OptionInfo>& options);

}  // namespace rondo
