// JSON in and out of Json. nlohmann/json does the reading, behind this file; writing is ours, because the
// digits of reals are part of the file format.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo {
namespace {

constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxJsonDepth = 64;
/// Values that a text may hold: so many take less than 64 MiB, whatever they are, and are enough for a model
/// of 30,000 series. Numbers with all their digits may be as many as there is room for.
std::size_t most_values(std::size_t bytes) {
  return std::min<std::size_t>(600'000 + bytes / 20, std::size_t{1} << 20);
}

// ---- writing ----

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += detail::print("\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void write_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no word for NaN or infinity
    return;
  }
  char digits[40];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value).ptr;  // shortest that reads back the same
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";  // a real stays a real
}

void new_line(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

void write(std::string& out, const Json& config, int indent, int depth) {
  if (config.is_null()) {
    out += "null";
  } else if (config.is_bool()) {
    out += config.as_bool() ? "true" : "false";
  } else if (config.is_integer()) {
    out += std::to_string(config.as_integer());
  } else if (config.is_real()) {
    write_real(out, config.as_real());
  } else if (config.is_string()) {
    write_string(out, config.as_string());
  } else if (config.is_array()) {
    const Json::Array& items = config.as_array();
    out += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += ',';
      new_line(out, indent, depth + 1);
      write(out, items[i], indent, depth + 1);
    }
    if (!items.empty()) new_line(out, indent, depth);
    out += ']';
  } else {
    const Json::Object& members = config.as_object();
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      new_line(out, indent, depth + 1);
      write_string(out, members[i].first);
      out += indent < 0 ? ":" : ": ";
      write(out, members[i].second, indent, depth + 1);
    }
    if (!members.empty()) new_line(out, indent, depth);
    out += '}';
  }
}

// ---- reading ----

std::string line_and_column(std::string_view text, std::size_t position) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < position && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {  // count characters, not bytes
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Input iterator that notes how far the parser has read, so that our own complaints have a place too.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  const char& operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    *furthest_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Builds a Json from the parser's events.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, std::string_view where, const char* const* furthest)
      : text_(text), where_(where), furthest_(furthest) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(static_cast<std::int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(Json(static_cast<double>(value)));
    }
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return add(Json(static_cast<double>(value)));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // only in binary formats
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    if (!stack_.back().keys.insert(value).second) {
      fail("the key '" + value + "' occurs twice in one object", here(), "each key once");
    }
    stack_.back().key = std::move(value);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    // The library's text ends in what it saw and expected; its beginning repeats the place.
    std::string reason = error.what();
    for (const char* mark : {"column ", ": "}) {
      if (const std::size_t found = reason.find(mark); found != std::string::npos) {
        reason.erase(0, found + std::string_view(mark).size());
      }
    }
    if (reason.find("[json.exception") == 0) reason.erase(0, reason.find(']') + 2);
    fail("this is not valid JSON", position > 0 ? position - 1 : 0, "", reason);
  }

 private:
  /// An array or object that is not closed yet.
  struct Open {
    bool is_array;
    Json::Array items;
    Json::Object members;
    std::unordered_set<std::string> keys;  // all seen so far: duplicates are found in constant time
    std::string key;                       // of the value that comes next
  };

  std::size_t here() const {
    const auto read = static_cast<std::size_t>(*furthest_ - text_.data());
    return read > 0 ? read - 1 : 0;
  }

  [[noreturn]] void fail(std::string what, std::size_t position, std::string expected,
                         std::string seen = {}) const {
    throw Error(ErrorKind::data, std::move(what))
        .where(std::string(where_) + ", " + line_and_column(text_, position))
        .seen(std::move(seen))
        .expected(std::move(expected));
  }

  bool add(Json value) {
    if (++values_ > most_values(text_.size()))
      fail("the JSON has too many values", here(), "at most " + std::to_string(most_values(text_.size())));
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (Open& top = stack_.back(); top.is_array) {
      top.items.push_back(std::move(value));
    } else {
      top.members.emplace_back(std::move(top.key), std::move(value));
    }
    return true;
  }

  bool open(bool is_array) {
    if (stack_.size() >= kMaxJsonDepth) {
      fail("the JSON is nested too deeply", here(), "at most " + std::to_string(kMaxJsonDepth) + " levels");
    }
    stack_.push_back({is_array, {}, {}, {}, {}});
    return true;
  }

  bool close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    return add(done.is_array ? Json(std::move(done.items)) : Json(std::move(done.members)));
  }

  std::string_view text_, where_;
  const char* const* furthest_;
  Json root_;
  std::size_t values_ = 0;
  std::vector<Open> stack_;
};

}  // namespace

std::string to_json(const Json& config, int indent) {
  std::string out;
  write(out, config, indent, 0);
  return out;
}

Json parse_json(std::string_view text, std::string_view where) {
  if (text.size() > kMaxJsonBytes) {
    throw Error(ErrorKind::data, "the JSON text is too long")
        .where(std::string(where))
        .seen(std::to_string(text.size()) + " bytes")
        .expected("at most " + std::to_string(kMaxJsonBytes) + " bytes");
  }
  if (const std::size_t at = text.find('\0');
      at != std::string_view::npos) {  // the library would stop reading there
    throw Error(ErrorKind::data, "this is not valid JSON")
        .where(std::string(where) + ", " + line_and_column(text, at))
        .seen("a zero byte");
  }
  const char* furthest = text.data();
  Builder builder(text, where, &furthest);
  const CountingIterator begin(text.data(), &furthest), end(text.data() + text.size(), &furthest);
  nlohmann::json::sax_parse(begin, end, &builder);
  return builder.take();
}

}  // namespace rondo
