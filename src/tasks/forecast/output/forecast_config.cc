#include "rondo/tasks/forecast_config.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "rondo/base/toml.h"

namespace rondo {

Table read_forecast_table(const std::string& file, const CsvOptions& csv, const ForecastOptions& options) {
  CsvOptions read = csv;
  if ((!options.id.empty() || options.wide) && std::filesystem::is_regular_file(file)) {  // read twice
    const std::vector<std::string> names = CsvReader(file, csv).read(1).names();
    const std::string id = options.id.empty() && !names.empty() ? names.front() : options.id;
    if (std::ranges::count(names, id) > 0) read.text_columns.push_back(id);
  }
  return read_csv(file, read);
}

ForecastConfig read_forecast_config(const ConfigFile& file) {
  file.check_sections({"forecast"});
  ForecastConfig config;
  file.read_section(config, "forecast");
  return config;
}

std::string to_toml(const ForecastConfig& config) {
  TomlComments comments;
  add_comments(comments, "forecast", list_options<ForecastConfig>());
  return to_toml(Json::object({{"forecast", to_config(config)}}), comments);
}

}  // namespace rondo
