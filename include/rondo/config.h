#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo {

/// A tree of plain data (JSON's types, with integers apart from reals): a model's spec, a layer's options, a file's
/// header. Objects keep the order in which keys were added, so that writing is reproducible.
class Config {
 public:
  using Array = std::vector<Config>;
  using Member = std::pair<std::string, Config>;
  using Object = std::vector<Member>;

  Config() = default;  // null
  Config(bool value) : data_(value) {}
  Config(int value) : data_(std::int64_t{value}) {}
  Config(std::int64_t value) : data_(value) {}
  Config(std::uint64_t value) : data_(static_cast<std::int64_t>(value)) {}
  Config(double value) : data_(value) {}
  Config(const char* value) : data_(std::string(value)) {}
  Config(std::string_view value) : data_(std::string(value)) {}
  Config(std::string value) : data_(std::move(value)) {}
  Config(Array value) : data_(std::move(value)) {}
  Config(Object value) : data_(std::move(value)) {}

  static Config array() { return Config(Array{}); }
  static Config object() { return Config(Object{}); }
  static Config object(std::initializer_list<Member> members) { return Config(Object(members)); }
  template <class Range>
  static Config list(const Range& values) {
    Array items;
    for (const auto& value : values) items.emplace_back(value);
    return Config(std::move(items));
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_real() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_integer() || is_real(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }
  /// "null", "boolean", "integer", "real", "string", "array" or "object": for messages.
  const char* type_name() const;

  // Access with a check: a wrong type throws Error(usage) naming `path`.
  bool as_bool(std::string_view path = {}) const;
  std::int64_t as_integer(std::string_view path = {}) const;  ///< a real with an integral value is accepted
  double as_real(std::string_view path = {}) const;           ///< an integer is accepted
  const std::string& as_string(std::string_view path = {}) const;
  const Array& as_array(std::string_view path = {}) const;
  const Object& as_object(std::string_view path = {}) const;
  Array& as_array(std::string_view path = {});

  /// The member `key` or nullptr (also when this is not an object).
  const Config* find(std::string_view key) const;
  Config* find(std::string_view key);
  /// The member `key`; throws Error(usage) naming it when missing.
  const Config& at(std::string_view key, std::string_view path = {}) const;
  /// Sets or adds a member; a null Config becomes an object.
  Config& set(std::string key, Config value);
  void push_back(Config value);
  void erase(std::string_view key);

  bool operator==(const Config&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

/// JSON text of `config`; reals with the digits that read back to the same bits. `indent` < 0: one line.
/// NaN and infinities become null.
std::string to_json(const Config& config, int indent = -1);

/// Reads JSON; throws Error(data) with line and column. Depth is limited to 64 and size to 64 MiB.
Config parse_json(std::string_view text, std::string_view where = "JSON text");

/// The candidate nearest to `word` by edit distance, or "" when none is near enough to be meant.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rondo
