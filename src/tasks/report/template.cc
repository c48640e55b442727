#include "tasks/report/assets.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "rondo/base/error.h"
#include "tasks/report/format.h"

namespace rondo {
namespace {

enum class Kind : char { text = ' ', html = '{', each = '#', none = '^', end = '/' };

struct Tag {
  std::size_t begin, end;
  Kind kind;
  std::string_view name;
};

[[noreturn]] void fail(const char* what, std::string_view slot, const char* fix) {
  throw Error(ErrorKind::usage, what).where("a template of the page").seen(std::string(slot)).fix(fix);
}

std::optional<Tag> next_tag(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find("{{", from);
  if (begin == text.npos || begin + 2 >= text.size()) return std::nullopt;
  const char sign = text[begin + 2];
  const bool html = sign == '{', marked = html || sign == '#' || sign == '^' || sign == '/';
  const std::string_view close = html ? "}}}" : "}}";
  const std::size_t end = text.find(close, begin);
  if (end == text.npos) fail("a slot does not end", text.substr(begin, 40), "close it with }}");
  const std::size_t name = begin + (marked ? 3 : 2);
  return Tag{begin, end + close.size(), marked ? static_cast<Kind>(sign) : Kind::text,
             text.substr(name, end - name)};
}

/// The end of what `open` begins.
Tag end_of(std::string_view text, const Tag& open) {
  int depth = 1;
  for (auto tag = next_tag(text, open.end); tag; tag = next_tag(text, tag->end)) {
    if (tag->name != open.name) continue;
    if (tag->kind == Kind::each || tag->kind == Kind::none) ++depth;
    if (tag->kind == Kind::end && --depth == 0) return *tag;
  }
  fail("a repeated piece does not end", open.name, "close it with {{/name}}");
}

/// A tag that has its line to itself takes the end of the line with it.
std::size_t after(std::string_view text, const Tag& tag) {
  const bool begins = tag.begin == 0 || text[tag.begin - 1] == '\n';
  return begins && tag.end < text.size() && text[tag.end] == '\n' ? tag.end + 1 : tag.end;
}

bool is_none(const Json& value) {
  if (value.is_bool()) return !value.as_bool();
  if (value.is_string()) return value.as_string().empty();
  if (value.is_array()) return value.as_array().empty();
  return value.is_null();
}

class Filling {
 public:
  std::string fill(std::string_view text, const Json& values) {
    scopes_.push_back(&values);
    check_used(text, values);
    std::string filled;
    std::size_t at = 0;
    for (auto tag = next_tag(text, 0); tag; tag = next_tag(text, at)) {
      filled += text.substr(at, tag->begin - at);
      if (tag->kind == Kind::text || tag->kind == Kind::html) {
        filled += text_of(*tag);
        at = tag->end;
        continue;
      }
      if (tag->kind == Kind::end) fail("a repeated piece ends that did not begin", tag->name, "take it out");
      const Tag end = end_of(text, *tag);
      const std::size_t begin = after(text, *tag);
      filled += piece(text.substr(begin, end.begin - begin), *tag);
      at = after(text, end);
    }
    scopes_.pop_back();
    return filled += text.substr(at);
  }

 private:
  std::string piece(std::string_view text, const Tag& tag) {
    const Json& value = find(tag.name);
    if (is_none(value) != (tag.kind == Kind::none)) return "";
    if (value.is_object()) return fill(text, value);
    if (!value.is_array() || value.as_array().empty()) return fill(text, Json());
    std::string filled;
    for (const Json& item : value.as_array()) filled += fill(text, item);
    return filled;
  }

  const Json& find(std::string_view name) const {
    if (name == ".") return *scopes_.back();
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      if (const Json* value = (*scope)->find(name)) return *value;
    fail("a slot has no value", name, "give it one, \"\" or false where there is none");
  }

  std::string text_of(const Tag& tag) const {
    const Json& value = find(tag.name);
    const std::string text =
        value.is_integer() ? std::to_string(value.as_integer()) : value.as_string(tag.name);
    return tag.kind == Kind::html ? text : escape_html(text);
  }

  static void check_used(std::string_view text, const Json& values) {
    if (!values.is_object()) return;
    std::vector<std::string_view> names;
    for (auto tag = next_tag(text, 0); tag; tag = next_tag(text, tag->end)) names.push_back(tag->name);
    for (const auto& [name, value] : values.as_object())
      if (std::ranges::find(names, name) == names.end())
        fail("a value has no slot", name, "add {{name}} to the template or take the value out");
  }

  std::vector<const Json*> scopes_;
};

}  // namespace

std::string fill_template(std::string_view text, const Json& values) { return Filling().fill(text, values); }

}  // namespace rondo
