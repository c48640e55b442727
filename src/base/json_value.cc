#include "rondo/base/json.h"

#include <cmath>
#include <type_traits>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

std::string place(std::string_view path) {
  return path.empty() ? std::string("a value") : "'" + std::string(path) + "'";
}

[[noreturn]] void throw_wrong_type(const Json& seen, const char* wanted, std::string_view path) {
  std::string text = seen.type_name();
  if (!seen.is_array() && !seen.is_object() && !seen.is_null()) text += " " + to_json(seen);
  throw Error(ErrorKind::usage, place(path) + " has the wrong type").seen(text).expected(wanted);
}

}  // namespace

Json::Json() = default;
// Not the variant's own copies: libstdc++ 12 takes one of texts and lists for something that always holds a
// value, and goes astray when the copy of one finds no memory.
Json::Json(const Json& other) {
  std::visit([this](const auto& value) { data_.emplace<std::decay_t<decltype(value)>>(value); }, other.data_);
}
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) {
  if (this != &other) *this = Json(other);
  return *this;
}
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json::Json(bool value) : data_(value) {}
Json::Json(int value) : data_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : data_(value) {}
Json::Json(std::uint64_t value) : data_(static_cast<std::int64_t>(value)) {}
Json::Json(double value) : data_(value) {}
Json::Json(const char* value) : data_(std::string(value)) {}
Json::Json(std::string_view value) : data_(std::string(value)) {}
Json::Json(std::string value) : data_(std::move(value)) {}
Json::Json(Array value) : data_(std::move(value)) {}
Json::Json(Object value) : data_(std::move(value)) {}

Json Json::array() { return Json(Array{}); }
Json Json::object() { return Json(Object{}); }
Json Json::object(std::initializer_list<Member> members) { return Json(Object(members)); }

bool Json::operator==(const Json& other) const { return data_ == other.data_; }

const char* Json::type_name() const {
  static constexpr const char* kNames[] = {"null", "boolean", "integer", "real", "string", "array", "object"};
  return kNames[data_.index()];
}

bool Json::as_bool(std::string_view path) const {
  if (const bool* value = std::get_if<bool>(&data_)) return *value;
  throw_wrong_type(*this, "a boolean (true or false)", path);
}

std::int64_t Json::as_integer(std::string_view path) const {
  if (const auto* value = std::get_if<std::int64_t>(&data_)) return *value;
  if (const double* value = std::get_if<double>(&data_)) {
    constexpr double kLimit = 9223372036854775808.0;  // 2^63: the first real that does not fit
    if (std::trunc(*value) == *value && *value >= -kLimit && *value < kLimit)
      return static_cast<std::int64_t>(*value);
  }
  throw_wrong_type(*this, "an integer", path);
}

double Json::as_real(std::string_view path) const {
  if (const double* value = std::get_if<double>(&data_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*value);
  throw_wrong_type(*this, "a number", path);
}

const std::string& Json::as_string(std::string_view path) const {
  if (const auto* value = std::get_if<std::string>(&data_)) return *value;
  throw_wrong_type(*this, "a string", path);
}

const Json::Array& Json::as_array(std::string_view path) const {
  if (const auto* value = std::get_if<Array>(&data_)) return *value;
  throw_wrong_type(*this, "an array", path);
}

Json::Array& Json::as_array(std::string_view path) {
  if (auto* value = std::get_if<Array>(&data_)) return *value;
  throw_wrong_type(*this, "an array", path);
}

const Json::Object& Json::as_object(std::string_view path) const {
  if (const auto* value = std::get_if<Object>(&data_)) return *value;
  throw_wrong_type(*this, "an object (a table of keys and values)", path);
}

const Json* Json::find(std::string_view key) const {
  if (const auto* members = std::get_if<Object>(&data_)) {
    for (const Member& member : *members) {
      if (member.first == key) return &member.second;
    }
  }
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(key));
}

const Json& Json::at(std::string_view key, std::string_view path) const {
  if (const Json* value = find(key)) return *value;
  std::vector<std::string> known;
  for (const Member& member : as_object(path)) known.push_back(member.first);
  const std::string nearest = nearest_name(key, known);
  throw Error(ErrorKind::usage, "'" + std::string(key) + "' is missing" +
                                    (path.empty() ? std::string() : " in '" + std::string(path) + "'"))
      .seen(known.empty() ? "no keys at all" : "keys " + detail::listed(known))
      .expected("a key '" + std::string(key) + "'")
      .fix(nearest.empty() ? "" : "is '" + nearest + "' a misspelling of it?");
}

Json& Json::set(std::string key, Json value) {
  if (is_null()) data_ = Object{};
  auto* members = std::get_if<Object>(&data_);
  if (!members) throw_wrong_type(*this, "an object (a table of keys and values)", key);
  for (Member& member : *members) {
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  }
  members->emplace_back(std::move(key), std::move(value));
  return *this;
}

void Json::push_back(Json value) {
  if (is_null()) data_ = Array{};
  as_array("array to append to").push_back(std::move(value));
}

void Json::erase(std::string_view key) {
  if (auto* members = std::get_if<Object>(&data_)) {
    std::erase_if(*members, [&](const Member& member) { return member.first == key; });
  }
}

}  // namespace rondo
