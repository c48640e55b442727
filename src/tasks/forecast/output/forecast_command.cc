#include "rondo/tasks/forecast_config.h"

#include <algorithm>

namespace rondo {

namespace {

/// A value as the command line reads it.
std::string text_of(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (!value.is_array()) {
    const std::string digits = to_json(value);  // the shortest that are read back as the same number
    return digits.ends_with(".0") ? digits.substr(0, digits.size() - 2) : digits;
  }
  std::string all;
  for (const Json& item : value.as_array()) all += (all.empty() ? "" : ",") + text_of(item);
  return all;
}

std::string flag_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

void append_option(std::string& command, const std::string& flag, const std::string& value) {
  // A value that begins with a dash would be taken for an option.
  const bool joined = value.starts_with('-');
  command += " " + (joined ? quote_for_shell(flag + "=" + value) : flag + " " + quote_for_shell(value));
}

}  // namespace

std::string quote_for_shell(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";  // out of the quotes, the character itself, into quotes again
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string forecast_command(const ForecastConfig& config, const std::string& out) {
  std::string command =
      "rondo forecast " + quote_for_shell(config.file.starts_with('-') ? "./" + config.file : config.file);
  const Json defaults = to_config(ForecastConfig()), all = to_config(config);
  for (const auto& [name, value] : all.as_object()) {
    if (name == "file" || value == defaults.at(name)) continue;
    if (value.is_bool())
      command += " " + flag_of(name);
    else
      append_option(command, flag_of(name), text_of(value));
  }
  if (!out.empty()) append_option(command, "--out", out);
  return command;
}

}  // namespace rondo
