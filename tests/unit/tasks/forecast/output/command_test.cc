// The command that a report shows: whoever pastes it into a shell runs the same forecast again.

#include "rondo/tasks/forecast_config.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

namespace rondo {
namespace {

/// The words of a command as /bin/sh tells them apart.
std::vector<std::string> words_by_shell(const std::string& command) {
  const std::string script = "set -f; for word in " + command + "; do printf '%s\\0' \"$word\"; done";
  std::FILE* pipe = popen(script.c_str(), "r");
  std::vector<std::string> words(1);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    if (c == 0)
      words.emplace_back();
    else
      words.back() += static_cast<char>(c);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  words.pop_back();
  return words;
}

ForecastOptions of_target(const std::string& target) {
  ForecastOptions options;
  options.target = target;
  return options;
}

std::string command_of(const std::string& file, const ForecastOptions& options) {
  return forecast_command({file, {}, options});
}

TEST(ForecastCommand, NamesNothingThatIsTheDefaultAnyway) {
  EXPECT_EQ(command_of("a.csv", of_target("y")), "rondo forecast a.csv --target y");
}

TEST(ForecastCommand, KeepsEveryWordWholeInAShell) {
  for (const std::string text :
       {"plain", "two words", "it's", "\"quoted\"", "$HOME", "`ls`", "a;b|c&d", "*", "\\", "", "~", "!x",
        "#x", "line\nbreak", "température °C", "a  b", "-x", "--out"}) {
    EXPECT_EQ(words_by_shell(quote_for_shell(text)), std::vector<std::string>{text});
    if (text.empty()) continue;
    const std::vector<std::string> words = words_by_shell(command_of(text, of_target(text)));
    const bool dash = text.starts_with('-');
    ASSERT_EQ(words.size(), dash ? 4u : 5u) << text;
    EXPECT_EQ(words[2], dash ? "./" + text : text);
    EXPECT_EQ(dash ? words[3] : words[3] + "=" + words[4], "--target=" + text);
  }
}

template <class T>
std::string other_value(T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    field = !field;
    return "";
  } else if constexpr (std::is_same_v<T, std::string>) {
    field = "some thing";
    return "some thing";
  } else if constexpr (std::is_arithmetic_v<T>) {
    field = static_cast<T>(field + 3);
    return std::to_string(static_cast<int>(field));
  } else {
    field = {"first", "second one"};
    return "first,second one";
  }
}

TEST(ForecastCommand, NamesEveryOptionThatDiffersFromItsDefault) {
  std::vector<std::string> names;
  const ForecastOptions usual;
  ForecastOptions::visit(usual, [&](const char* name, const auto&, const char*) { names.push_back(name); });
  for (const std::string& name : names) {
    ForecastOptions options;
    std::string value;
    ForecastOptions::visit(options, [&](const char* own, auto& field, const char*) {
      if (own == name) value = other_value(field);
    });
    std::string flag = "--" + name;
    for (char& c : flag) c = c == '_' ? '-' : c;
    std::vector<std::string> expected{"rondo", "forecast", "a.csv", flag};
    if (!value.empty()) expected.push_back(value);
    EXPECT_EQ(words_by_shell(command_of("a.csv", options)), expected);
  }
}

TEST(ForecastCommand, KeepsEveryDigitOfANumber) {
  ForecastOptions options = of_target("y");
  options.learning_rate = 0.1 + 0.2;
  const std::vector<std::string> words = words_by_shell(command_of("a.csv", options));
  EXPECT_EQ(std::stod(words.back()), options.learning_rate);
}

TEST(ForecastCommand, SaysHowTheTableIsReadAndWhereTheFilesGo) {
  CsvOptions csv;
  csv.separator = ";";
  csv.missing = {"n/a", "not known"};
  EXPECT_EQ(words_by_shell(forecast_command({"a.csv", csv, of_target("y")}, "my run")),
            (std::vector<std::string>{"rondo", "forecast", "a.csv", "--separator", ";", "--missing-words",
                                      "n/a,not known", "--target", "y", "--out", "my run"}));
}

}  // namespace
}  // namespace rondo
