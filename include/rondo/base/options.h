#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/json.h"

// An options struct names its fields once:
//
//     struct DenseOptions {
//       std::int64_t units = 1;
//       std::string activation = "linear";
//       template <class Self, class V> static void visit(Self& self, V&& option) {
//         option("units", self.units, "size of the output");
//         option("activation", self.activation, "name of an activation");
//       }
//     };
//
// and gets from that: reading with unknown keys refused, writing with every default spelled out,
// documentation.

namespace rondo {

/// One line of documentation of an option.
struct OptionInfo {
  std::string name;
  Json default_value;
  std::string doc;
};

namespace detail {

inline Json to_config(const Json& v) { return v; }
template <class T>
requires std::is_arithmetic_v<T> Json to_config(T v) {
  if constexpr (std::is_same_v<T, bool>)
    return Json(v);
  else if constexpr (std::is_integral_v<T>)
    return Json(static_cast<std::int64_t>(v));
  else
    return Json(static_cast<double>(v));
}
inline Json to_config(const std::string& v) { return Json(v); }
template <class T>
Json to_config(const std::optional<T>& v) {
  return v ? to_config(*v) : Json();
}
template <class T>
Json to_config(const std::vector<T>& v) {
  Json out = Json::array();
  for (const auto& item : v) out.push_back(to_config(item));
  return out;
}

inline void from_config(const Json& c, Json& v, std::string_view) { v = c; }
inline void from_config(const Json& c, bool& v, std::string_view path) { v = c.as_bool(path); }
inline void from_config(const Json& c, std::int64_t& v, std::string_view path) { v = c.as_integer(path); }
inline void from_config(const Json& c, std::uint64_t& v, std::string_view path) {
  v = static_cast<std::uint64_t>(c.as_integer(path));
}
inline void from_config(const Json& c, int& v, std::string_view path) {
  v = static_cast<int>(c.as_integer(path));
}
inline void from_config(const Json& c, double& v, std::string_view path) { v = c.as_real(path); }
inline void from_config(const Json& c, std::string& v, std::string_view path) { v = c.as_string(path); }
template <class T>
void from_config(const Json& c, std::optional<T>& v, std::string_view path) {
  if (c.is_null()) {
    v.reset();
  } else {
    T value{};
    from_config(c, value, path);
    v = std::move(value);
  }
}
template <class T>
void from_config(const Json& c, std::vector<T>& v, std::string_view path) {
  v.clear();
  for (const Json& item : c.as_array(path)) {
    T value{};
    from_config(item, value, path);
    v.push_back(std::move(value));
  }
}

/// Throws Error(usage): unknown key `key` under `path`, with the nearest of `known` suggested.
[[noreturn]] void throw_unknown_key(std::string_view key, std::string_view path,
                                    const std::vector<std::string>& known);

}  // namespace detail

/// How a field's type is written and read. Specialise it for types of one's own.
template <class T>
struct OptionCodec {
  static Json write(const T& value) { return detail::to_config(value); }
  static void read(const Json& config, T& value, std::string_view path) {
    detail::from_config(config, value, path);
  }
};

/// All fields of `options` as a Json object, defaults included.
template <class Options>
Json to_config(const Options& options) {
  Json out = Json::object();
  Options::visit(options, [&](const char* name, const auto& field, const char*) {
    out.set(name, OptionCodec<std::remove_cvref_t<decltype(field)>>::write(field));
  });
  return out;
}

/// Overwrites the fields of `options` that `config` names. A key that no field has is an error that names the
/// nearest one; `path` (such as "layers[2]") says where in messages. Keys listed in `also_known` are left
/// alone.
template <class Options>
void read_options(Options& options, const Json& config, std::string_view path,
                  const std::vector<std::string>& also_known = {}) {
  std::vector<std::string> known = also_known;
  Options::visit(options, [&](const char* name, auto&, const char*) { known.emplace_back(name); });
  for (const auto& [key, value] : config.as_object(path)) {
    bool found = false;
    for (const auto& name : known) found = found || name == key;
    if (!found) detail::throw_unknown_key(key, path, known);
  }
  Options::visit(options, [&](const char* name, auto& field, const char*) {
    const std::string where = std::string(path) + (path.empty() ? "" : ".") + name;
    using Field = std::remove_cvref_t<decltype(field)>;
    if (const Json* value = config.find(name)) OptionCodec<Field>::read(*value, field, where);
  });
}

/// Name, default and documentation of every option of a type.
template <class Options>
std::vector<OptionInfo> list_options() {
  std::vector<OptionInfo> out;
  const Options defaults{};
  Options::visit(defaults, [&](const char* name, const auto& field, const char* doc) {
    out.push_back({name, OptionCodec<std::remove_cvref_t<decltype(field)>>::write(field), doc});
  });
  return out;
}

}  // namespace rondo
