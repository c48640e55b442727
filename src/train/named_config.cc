#include "train/named_config.h"

#include <cctype>

#include "rondo/base/error.h"

namespace rondo::detail {

bool is_same_name(const std::string& a, const std::string& b) {
  const auto plain = [](const std::string& name) {
    std::string out;
    for (const char c : name) {
      if (c != '_' && c != '-') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
  };
  return plain(a) == plain(b);
}

NamedConfig read_named_config(const Json& config, const std::string& what) {
  NamedConfig out{.what = what, .name = {}};
  if (config.is_string()) {
    out.name = config.as_string(what);
  } else if (config.is_object() && config.find("class_name") != nullptr) {
    out.name = config.at("class_name", what).as_string(what + ".class_name");
    if (const Json* options = config.find("config"); options != nullptr && options->is_object()) {
      out.options = *options;
      out.options.erase("name");
    }
  } else if (const char* key = config.find("name") != nullptr ? "name" : "type";
             config.find(key) != nullptr) {
    out.name = config.at(key, what).as_string(what + "." + key);
    out.options = config;
    out.options.erase(key);
  } else {
    throw Error(ErrorKind::usage, "cannot tell which " + what + " is meant")
        .seen(to_json(config))
        .expected("a name, or an object with a member \"name\"")
        .fix("write \"" + what + "\": \"NAME\" or \"" + what + "\": {\"name\": \"NAME\", ...}");
  }
  return out;
}

void throw_unknown_name(const std::string& what, const std::string& name,
                        const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& k : known) list += (list.empty() ? "" : ", ") + k;
  Error error(ErrorKind::usage, "there is no " + what + " called '" + name + "'");
  error.expected("one of " + list);
  if (const std::string near = nearest_name(name, known); !near.empty()) {
    error.fix("did you mean '" + near + "'?");
  }
  throw error;
}

}  // namespace rondo::detail
