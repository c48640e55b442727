#include "rondo/tasks/forecast_command.h"

#include <algorithm>
#include <charconv>
#include <type_traits>
#include <vector>

namespace rondo {

namespace {

std::string text_of(const std::string& value) { return value; }

std::string text_of(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) all += (all.empty() ? "" : ",") + value;
  return all;
}

/// The shortest digits that are read back as the same number.
template <class T>
requires std::is_arithmetic_v<T> std::string text_of(T value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
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

template <class T>
void append_changed(std::string& command, const std::string& flag, const T& value, const T& usual) {
  if (value == usual) return;
  if constexpr (std::is_same_v<T, bool>)
    command += " " + flag;
  else
    append_option(command, flag, text_of(value));
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

std::string forecast_command(const std::string& file, const ForecastOptions& options, const CsvOptions& csv,
                             const std::string& out) {
  std::string command = "rondo forecast " + quote_for_shell(file.starts_with('-') ? "./" + file : file);
  const ForecastOptions usual;
  ForecastOptions::visit(options, [&](const char* name, const auto& value, const char*) {
    std::string text;
    ForecastOptions::visit(usual, [&](const char* other, const auto& value_there, const char*) {
      if constexpr (std::is_same_v<decltype(value), decltype(value_there)>) {
        if (std::string_view(name) == other) append_changed(text, flag_of(name), value, value_there);
      }
    });
    command += text;
  });
  const CsvOptions usual_csv;
  append_changed(command, "--separator", csv.separator, usual_csv.separator);
  append_changed(command, "--header", csv.header, usual_csv.header);
  append_changed(command, "--decimal", csv.decimal, usual_csv.decimal);
  append_changed(command, "--missing-words", csv.missing, usual_csv.missing);
  if (!out.empty()) append_option(command, "--out", out);
  return command;
}

}  // namespace rondo
