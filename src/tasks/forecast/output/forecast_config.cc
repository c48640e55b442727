#include "rondo/tasks/forecast_config.h"

#include <utility>
#include <vector>

#include "rondo/base/toml.h"

// forecast_toml, and back.

namespace rondo {

namespace {

std::vector<OptionInfo> file_and_table() {
  std::vector<OptionInfo> out{{"file", Json(""), "the CSV file (plain or gzip)"}};
  for (OptionInfo& option : list_options<ForecastTableOptions>()) out.push_back(std::move(option));
  return out;
}

std::vector<std::string> names_of(const std::vector<OptionInfo>& options) {
  std::vector<std::string> names;
  for (const OptionInfo& option : options) names.push_back(option.name);
  return names;
}

}  // namespace

std::string forecast_toml(const ForecastOptions& options, const std::string& file, const CsvOptions& csv) {
  TomlComments comments;
  add_comments(comments, "forecast", file_and_table());
  add_comments(comments, "forecast", list_options<ForecastOptions>());
  Json section = Json::object({{"file", file}});
  for (const Json& part : {to_config(ForecastTableOptions{csv}), to_config(options)}) {
    for (const auto& [name, value] : part.as_object()) section.set(name, value);
  }
  return to_toml(Json::object({{"forecast", section}}), comments);
}

ForecastConfig read_forecast_config(const ConfigFile& config) {
  config.check_sections({"forecast"});
  ForecastConfig out;
  config.read_section(out.options, "forecast", names_of(file_and_table()));
  std::vector<std::string> others = names_of(list_options<ForecastOptions>());
  others.emplace_back("file");
  config.read_section(out.table, "forecast", others);
  const Json* section = config.root().find("forecast");
  const Json* file = section == nullptr ? nullptr : section->find("file");
  if (file != nullptr) {
    config.with_place("forecast.file", [&] { out.file = file->as_string("forecast.file"); });
  }
  return out;
}

}  // namespace rondo
