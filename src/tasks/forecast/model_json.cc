#include "tasks/forecast/model_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rondo/error.h"
#include "rondo/options.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kVersion = 1;

/// Every field, none left to its default.
template <class Fields>
void read_all(Fields& fields, const Config& config, const std::string& path) {
  Fields::visit(fields, [&](const char* name, auto&, const char*) { config.at(name, path); });
  read_options(fields, config, path);
}

std::vector<std::string> read_texts(const Config& config, const std::string& path) {
  std::vector<std::string> out;
  for (const Config& item : config.as_array(path)) out.push_back(item.as_string(path));
  return out;
}

Config write_encodings(const std::vector<Encoding>& encodings) {
  Config out = Config::array();
  for (const Encoding& encoding : encodings) {
    Config one =
        Config::object({{"column", static_cast<std::int64_t>(encoding.column)}, {"mean", encoding.mean}});
    if (encoding.one_hot) {
      Config chosen = Config::array(), learnt = Config::array();
      for (const std::size_t code : encoding.one_hot->chosen)
        chosen.push_back(static_cast<std::int64_t>(code));
      for (const bool seen : encoding.one_hot->learnt) learnt.push_back(seen);
      one.set("chosen", std::move(chosen));
      one.set("learnt", std::move(learnt));
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// `columns`: of the raw series. Counts the numbers that the encodings make.
std::vector<Encoding> read_encodings(const Config& config, const std::string& path, std::size_t columns,
                                     std::size_t& numbers) {
  std::vector<Encoding> out;
  for (const Config& item : config.as_array(path)) {
    Encoding one;
    const std::int64_t column = item.at("column", path).as_integer(path);
    if (column < 0 || column >= static_cast<std::int64_t>(columns)) {
      throw Error(ErrorKind::model_file, "a covariate's column is out of range").seen(std::to_string(column));
    }
    one.column = static_cast<std::size_t>(column);
    one.mean = item.at("mean", path).as_real(path);
    if (const Config* chosen = item.find("chosen")) {
      OneHot hot;
      for (const Config& code : chosen->as_array(path))
        hot.chosen.push_back(static_cast<std::size_t>(code.as_integer(path)));
      for (const Config& seen : item.at("learnt", path).as_array(path))
        hot.learnt.push_back(seen.as_bool(path));
      numbers += hot.chosen.size();
      one.one_hot = std::move(hot);
    } else {
      ++numbers;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Config write_preparation(const Preparation& preparation) {
  const Roles& roles = preparation.roles;
  const Encodings& encodings = preparation.encodings;
  Config texts = Config::object();
  for (const auto& [column, codes] : preparation.texts) texts.set(column, Config::list(codes.texts()));
  Config series = Config::array();
  for (const LearntSeries& one : preparation.series) {
    series.push_back(Config::object({{"id", one.id},
                                     {"target", one.target},
                                     {"first_tick", one.first_tick},
                                     {"first_position", one.first_position}}));
  }
  return Config::object(
      {{"targets", Config::list(roles.targets)},
       {"past", Config::list(roles.past)},
       {"known", Config::list(roles.known)},
       {"static", Config::list(roles.statics)},
       {"texts", std::move(texts)},
       {"past_numbers", Config::list(encodings.past_names)},
       {"known_numbers", Config::list(encodings.known_names)},
       {"static_numbers", Config::list(encodings.static_names)},
       {"past_encodings", write_encodings(encodings.past)},
       {"known_encodings", write_encodings(encodings.known)},
       {"static_encodings", write_encodings(encodings.statics)},
       {"seasons", Config::list(preparation.seasons)},
       {"frequency", Config::object({{"unit", static_cast<std::int64_t>(preparation.frequency.unit)},
                                     {"step", preparation.frequency.step},
                                     {"day_of_month", preparation.frequency.day_of_month}})},
       {"series", std::move(series)}});
}

void read_preparation(const Config& config, Preparation& out) {
  const std::string path = "forecast.table";
  const auto strings = [&](const char* name) { return read_texts(config.at(name, path), path + "." + name); };
  out.roles = {strings("targets"), strings("past"), strings("known"), strings("static")};
  for (const auto& [column, list] : config.at("texts", path).as_object(path)) {
    out.texts.emplace(column, TextCodes(read_texts(list, path + ".texts")));
  }
  Encodings& encodings = out.encodings;
  encodings.past_names = strings("past_numbers");
  encodings.known_names = strings("known_numbers");
  encodings.static_names = strings("static_numbers");
  const std::size_t columns = out.roles.all().size();
  const auto encoded = [&](const char* name, std::size_t roles, std::size_t names) {
    std::size_t numbers = 0;
    auto list = read_encodings(config.at(name, path), path + "." + name, columns, numbers);
    if (list.size() != roles || numbers != names) {
      throw Error(ErrorKind::model_file, "covariates and their encodings do not fit together").where(name);
    }
    return list;
  };
  encodings.past = encoded("past_encodings", out.roles.past.size(), encodings.past_names.size());
  encodings.known = encoded("known_encodings", out.roles.known.size(), encodings.known_names.size());
  encodings.statics = encoded("static_encodings", out.roles.statics.size(), encodings.static_names.size());
  for (const Config& season : config.at("seasons", path).as_array(path))
    out.seasons.push_back(season.as_real(path + ".seasons"));
  const Config& frequency = config.at("frequency", path);
  const std::int64_t unit = frequency.at("unit", path).as_integer(path);
  if (unit < 0 || unit > static_cast<std::int64_t>(TimeUnit::month)) {
    throw Error(ErrorKind::model_file, "there is no such unit of time").seen(std::to_string(unit));
  }
  out.frequency = {static_cast<TimeUnit>(unit), frequency.at("step", path).as_integer(path),
                   static_cast<int>(frequency.at("day_of_month", path).as_integer(path))};
  for (const Config& item : config.at("series", path).as_array(path)) {
    LearntSeries one{item.at("id", path).as_string(path), item.at("target", path).as_string(path),
                     item.at("first_tick", path).as_integer(path),
                     item.at("first_position", path).as_real(path)};
    const auto& targets = out.roles.targets;
    if (std::find(targets.begin(), targets.end(), one.target) == targets.end()) {
      throw Error(ErrorKind::model_file, "a series is of no target").seen(one.target);
    }
    out.series.push_back(std::move(one));
  }
}

Config write_network(const NetworkPart& part) {
  Config out = Config::object({{"share", part.share.share}});
  if (part.residual) {
    out.set("kind", "residual");
    out.set("window", to_config(part.residual->input));
    out.set("scale", part.residual->scale);
  } else if (part.segments) {
    out.set("kind", "segments");
    out.set("window", to_config(part.segments->window));
    out.set("head", part.segments->head.name());
  } else {
    const SegmentTraining& options = part.recursive->options;
    out.set("kind", "recursive");
    out.set("window", to_config(part.recursive->window));
    out.set("head", options.head.name());
    out.set("cell", options.cell);
    out.set("units", options.units);
    out.set("dropout", options.dropout);
    out.set("seed", options.seed);
    out.set("paths", part.recursive->paths);
  }
  return out;
}

void read_network(const Config& config, std::int64_t members, NetworkPart& out) {
  const std::string path = "forecast.network";
  out.share.share = config.at("share", path).as_real(path);
  const std::string& kind = config.at("kind", path).as_string(path);
  const Config& window = config.at("window", path);
  if (kind == "residual") {
    ResidualNetwork& residual = out.residual.emplace();
    read_all(residual.input, window, path + ".window");
    residual.scale = config.at("scale", path).as_real(path);
  } else if (kind == "segments") {
    SegmentModel& segments = out.segments.emplace();
    read_all(segments.window, window, path + ".window");
    segments.head = LikelihoodHead(config.at("head", path).as_string(path));
  } else if (kind == "recursive") {
    RecursiveModel& recursive = out.recursive.emplace();
    read_all(recursive.window, window, path + ".window");
    recursive.options.head = LikelihoodHead(config.at("head", path).as_string(path));
    recursive.options.members = static_cast<int>(members);
    recursive.options.cell = config.at("cell", path).as_string(path);
    recursive.options.units = config.at("units", path).as_integer(path);
    recursive.options.dropout = config.at("dropout", path).as_real(path);
    recursive.options.seed = static_cast<std::uint64_t>(config.at("seed", path).as_integer(path));
    recursive.paths = config.at("paths", path).as_integer(path);
  } else {
    throw Error(ErrorKind::model_file, "there is no such kind of network").seen(kind);
  }
}

double season_taken_out(const PanelScaling& scaling) {
  return scaling.series.empty() ? 0 : scaling.series.front().seasonal.season;
}

}  // namespace

Config write_forecaster(const ForecastResult::Model& model) {
  return Config::object({{"version", kVersion},
                         {"options", to_config(model.preparation.options)},
                         {"table", write_preparation(model.preparation)},
                         {"transform", transform_name(model.scaling.transform)},
                         {"difference", model.scaling.difference},
                         {"season_taken_out", season_taken_out(model.scaling)},
                         {"line", to_config(model.line.layout)},
                         {"network", write_network(model.network)}});
}

void read_forecaster(const Config& data, ForecastResult::Model& model) {
  const std::int64_t version = data.at("version", "forecast").as_integer("forecast.version");
  if (version != kVersion) {
    throw Error(ErrorKind::model_file, "the forecaster was written by another version")
        .seen(std::to_string(version))
        .expected(std::to_string(kVersion));
  }
  read_options(model.preparation.options, data.at("options", "forecast"), "forecast.options");
  if (model.preparation.options.horizon < 1)
    throw Error(ErrorKind::model_file, "the horizon is not positive");
  read_preparation(data.at("table", "forecast"), model.preparation);
  model.scaling.transform = parse_transform(data.at("transform", "forecast").as_string("forecast.transform"));
  model.scaling.difference = data.at("difference", "forecast").as_bool("forecast.difference");
  const double season = data.at("season_taken_out", "forecast").as_real("forecast.season_taken_out");
  if (!(season == 0 || (season >= 2 && season < 1e6))) {
    throw Error(ErrorKind::model_file, "the season is out of range").seen(std::to_string(season));
  }
  SeriesScaling empty;
  empty.seasonal.season = season;
  empty.seasonal.by_place.assign(static_cast<std::size_t>(std::llround(season)), 0.0);
  model.scaling.series.assign(model.preparation.series.size(), empty);
  read_all(model.line.layout, data.at("line", "forecast"), "forecast.line");
  read_network(data.at("network", "forecast"), model.preparation.options.ensemble, model.network);
}

}  // namespace rondo::forecasting
