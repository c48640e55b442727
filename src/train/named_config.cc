#include "train/named_config.h"

#include <cctype>

#include "rondo/base/error.h"

namespace rondo::detail {

std::string canonical_name(const std::string& name) {
  const auto upper = [&](std::size_t i) { return std::isupper(static_cast<unsigned char>(name[i])) != 0; };
  const auto lower = [&](std::size_t i) { return std::islower(static_cast<unsigned char>(name[i])) != 0; };
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    // A word begins at a capital after a small letter ("logCosh") or before one ("SGDMomentum").
    const bool begins = upper(i) && i > 0 && name[i - 1] != '_' &&
                        (lower(i - 1) || (upper(i - 1) && i + 1 < name.size() && lower(i + 1)));
    if (begins) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i] == '-' ? '_' : name[i])));
  }
  return out;
}

NamedConfig read_named_config(const Json& config, const std::string& what) {
  NamedConfig out;
  if (config.is_string()) {
    out.spelled = config.as_string(what);
  } else if (config.is_object() && config.find("class_name") != nullptr) {
    out.spelled = config.at("class_name", what).as_string(what + ".class_name");
    if (const Json* options = config.find("config"); options != nullptr && options->is_object()) {
      out.options = *options;
      out.options.erase("name");
    }
  } else if (const char* key = config.find("name") != nullptr ? "name" : "type";
             config.find(key) != nullptr) {
    out.spelled = config.at(key, what).as_string(what + "." + key);
    out.options = config;
    out.options.erase(key);
  } else {
    throw Error(ErrorKind::usage, "cannot tell which " + what + " is meant")
        .seen(to_json(config))
        .expected("a name, or an object with a member \"name\"")
        .fix("write \"" + what + "\": \"NAME\" or \"" + what + "\": {\"name\": \"NAME\", ...}");
  }
  out.name = canonical_name(out.spelled);
  return out;
}

void throw_unknown_name(const std::string& what, const std::string& name,
                        const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& k : known) list += (list.empty() ? "" : ", ") + k;
  Error error(ErrorKind::usage, "there is no " + what + " called '" + name + "'");
  error.expected("one of " + list);
  if (const std::string near = nearest_name(canonical_name(name), known); !near.empty()) {
    error.fix("did you mean '" + near + "'?");
  }
  throw error;
}

}  // namespace rondo::detail
