#include "base/text.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo::detail {

std::string print(const char* format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string count_of(std::int64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 || thing.ends_with("series") ? "" : "s");
}

std::string listed(const std::vector<std::string>& names, const char* quote) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + (quote + name) + quote;
  return text;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest_name(word, names);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

std::size_t place_among(const std::vector<std::string>& known, std::string_view name,
                        const std::string& problem) {
  const auto found = std::find(known.begin(), known.end(), name);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  throw Error(ErrorKind::usage, problem)
      .seen("'" + std::string(name) + "'")
      .expected("one of " + listed(known, "'"))
      .fix(did_you_mean(name, known));
}

void throw_bad_index(std::int64_t index, std::int64_t size, const char* problem) {
  throw Error(ErrorKind::usage, problem)
      .seen("index " + std::to_string(index))
      .expected("0 to " + std::to_string(size - 1));
}

void check_at_least(const char* option, std::int64_t value, std::int64_t least) {
  if (value >= least) return;
  throw Error(ErrorKind::usage, std::string("option ") + option + " is too small")
      .seen(std::to_string(value))
      .expected("at least " + std::to_string(least));
}

}  // namespace rondo::detail
