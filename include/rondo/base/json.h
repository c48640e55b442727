#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo {

/// A tree of plain data (JSON's types, with integers apart from reals): a model's spec, a layer's options, a
/// file's header. Objects keep the order in which keys were added, so that writing is reproducible.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Defined in one source file: every file that touches a Json would compile the copies and destructors of a
  // variant again.
  Json();  // null
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  Json(bool value);
  Json(int value);
  Json(std::int64_t value);
  Json(std::uint64_t value);
  Json(double value);
  Json(const char* value);
  Json(std::string_view value);
  Json(std::string value);
  Json(Array value);
  Json(Object value);

  static Json array();
  static Json object();
  static Json object(std::initializer_list<Member> members);
  template <class Range>
  static Json list(const Range& values) {
    Array items;
    for (const auto& value : values) items.emplace_back(value);
    return Json(std::move(items));
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
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// The member `key`; throws Error(usage) naming it when missing.
  const Json& at(std::string_view key, std::string_view path = {}) const;
  /// Sets or adds a member; a null Json becomes an object.
  Json& set(std::string key, Json value);
  void push_back(Json value);
  void erase(std::string_view key);

  bool operator==(const Json& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

/// JSON text of `config`; reals with the digits that read back to the same bits. `indent` < 0: one line.
/// NaN and infinities become null.
std::string to_json(const Json& config, int indent = -1);

/// Reads JSON; throws Error(data) with line and column. Depth is limited to 64 and size to 64 MiB.
Json parse_json(std::string_view text, std::string_view where = "JSON text");

/// The candidate nearest to `word` by edit distance, or "" when none is near enough to be meant.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rondo
