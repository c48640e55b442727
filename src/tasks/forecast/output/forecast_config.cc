#include "rondo/tasks/forecast_config.h"

#include "rondo/base/toml.h"

namespace rondo {

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
