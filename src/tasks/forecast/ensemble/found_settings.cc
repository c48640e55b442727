#include "tasks/forecast/ensemble/found_settings.h"

#include "base/text.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/json.h"
#include "rondo/base/options.h"

namespace rondo::forecasting {

namespace {

std::string short_number(double value) { return detail::print("%.4g", value); }

}  // namespace

void save_found(const FoundSettings& found, const std::string& path) {
  write_file_atomically(path, to_json(to_config(found), 2) + "\n");
}

FoundSettings load_found(const std::string& path) {
  const Json config = parse_json(read_file(path), path);
  FoundSettings found;
  FoundSettings::visit(found, [&](const char* name, auto&, const char*) { config.at(name, path); });
  read_options(found, config, path);
  return found;
}

std::string search_note(std::int64_t seconds, const FoundSettings& found) {
  const std::string settings = std::to_string(found.rows) + " rows, " + std::to_string(found.units) +
                               " units" +
                               (found.dropout > 0 ? ", dropout " + short_number(found.dropout) : "") +
                               ", learning rate " + short_number(found.learning_rate);
  std::string note = "--tune " + std::to_string(seconds);
  if (found.trials == 0) {
    return note + ": too few rows for a search of settings: too few can be held out to compare them.";
  }
  if (found.trials < 2) {
    return note + " had time for the initial settings only (" + settings + "): they are kept.";
  }
  note += " tried " + std::to_string(found.trials) + " settings";
  if (found.pruned > 0) note += " and stopped " + std::to_string(found.pruned) + " of them early";
  if (!(found.after < found.before)) {
    return note + ": none was better than the initial ones (" + settings + "), which are kept.";
  }
  return note + ": the error on held-out rows fell from " + short_number(found.before) + " to " +
         short_number(found.after) + " with " + settings + ".";
}

}  // namespace rondo::forecasting
