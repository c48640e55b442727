#include "rondo/base/error.h"

#include <utility>

namespace rondo {

Error::Error(ErrorKind kind, std::string what)
    : std::runtime_error(what), kind_(kind), summary_(std::move(what)), text_(summary_) {}

Error::Error(const Error& other) = default;
Error& Error::operator=(const Error& other) = default;
Error::~Error() = default;

Error& Error::where(std::string text) { return detail("where:    ", details_.where, text); }
Error& Error::seen(std::string text) { return detail("seen:     ", details_.seen, text); }
Error& Error::expected(std::string text) { return detail("expected: ", details_.expected, text); }
Error& Error::fix(std::string text) { return detail("fix:      ", details_.fix, text); }

Error& Error::detail(const char* label, std::string& known, const std::string& text) {
  if (text.empty()) return *this;
  known += text;
  text_ += "\n  ";
  text_ += label;
  for (const char c : text) {
    text_ += c;
    if (c == '\n') text_ += "            ";  // continuation lines stand under the first
  }
  return *this;
}

}  // namespace rondo
