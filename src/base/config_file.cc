#include "rondo/base/config_file.h"

#include <algorithm>

#include "rondo/base/atomic_file.h"

namespace rondo {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20;

/// The value of "key = text", or the text itself when that is not TOML: `--set data.file=prices.csv` needs no
/// quotes.
Json value_of(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return Json(text);
  try {
    return parse_toml("value = " + std::string(text)).at("value");
  } catch (const Error&) {
    return Json(text);
  }
}

}  // namespace

ConfigFile ConfigFile::read(const std::string& path) { return parse(read_file(path, kMaxFileBytes), path); }

ConfigFile ConfigFile::parse(std::string_view text, std::string where) {
  ConfigFile file;
  file.where_ = std::move(where);
  file.root_ = parse_toml(text, file.where_, &file.lines_);
  return file;
}

std::string ConfigFile::place(std::string_view path) const {
  const auto found = lines_.find(path);
  if (path.empty() || found == lines_.end() || found->second <= 0) return where_;
  return where_ + ", line " + std::to_string(found->second);
}

void ConfigFile::override_value(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string path(assignment.substr(0, equals));
  const bool valid = equals != std::string_view::npos && !path.empty() && path.front() != '.' &&
                     path.back() != '.' && path.find("..") == std::string::npos;
  if (!valid) {
    throw Error(ErrorKind::usage, "'" + std::string(assignment) + "' sets nothing")
        .expected("section.key=value, such as training.epochs=20");
  }
  Json* table = &root_;
  std::size_t begin = 0;
  for (std::size_t dot = path.find('.'); dot != std::string::npos;
       begin = dot + 1, dot = path.find('.', begin)) {
    const std::string part = path.substr(begin, dot - begin);
    if (!table->find(part)) table->set(part, Json::object());
    table = table->find(part);
    if (!table->is_object()) {
      throw Error(ErrorKind::usage, "'" + path.substr(0, dot) + "' is not a table: nothing can be set in it")
          .where(place(path.substr(0, dot)))
          .seen(table->type_name());
    }
  }
  table->set(path.substr(begin), value_of(assignment.substr(equals + 1)));
  lines_.erase(path);  // it does not stand in the file any more
}

void ConfigFile::check_sections(const std::vector<std::string>& known) const {
  for (const auto& entry : root_.as_object()) {
    const std::string& key = entry.first;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    with_place(key, [&] { detail::throw_unknown_key(key, "", known); });
  }
}

}  // namespace rondo
