#include "tasks/forecast/output/model_json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "rondo/data/timeline.h"
#include "tasks/forecast/networks/residual_data.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kVersion = 1;
/// No count in a description is larger, so that a product of three still is a whole number.
constexpr std::int64_t kMaxCount = 1000000;
constexpr std::int64_t kMaxPaths = 100000;
/// Moments farther from 1970 than this (in microseconds: 126,000 years) have no distance from each other.
constexpr std::int64_t kFarthestTick = 4000000000000000000;

void require_between(std::int64_t value, std::int64_t least, std::int64_t most, const std::string& path) {
  if (value >= least && value <= most) return;
  throw Error(ErrorKind::model_file, "a number is out of range")
      .where(path)
      .seen(std::to_string(value))
      .expected(std::to_string(least) + " to " + std::to_string(most));
}

void require_between(double value, double least, double most, const std::string& path) {
  if (value >= least && value <= most) return;
  throw Error(ErrorKind::model_file, "a number is out of range")
      .where(path)
      .seen(std::to_string(value))
      .expected(std::to_string(least) + " to " + std::to_string(most));
}

/// The waves of a line or a window: as many numbers are written as their orders say.
void check_waves(const std::vector<double>& seasons, const std::vector<std::int64_t>& orders,
                 const std::string& path) {
  if (seasons.size() != orders.size()) {
    throw Error(ErrorKind::model_file, "seasons and their waves do not fit together")
        .where(path)
        .seen(std::to_string(seasons.size()) + " and " + std::to_string(orders.size()));
  }
  require_between(static_cast<std::int64_t>(orders.size()), 0, 1000, path + ".seasons");
  for (const double season : seasons) require_between(season, 1e-3, 1e12, path + ".seasons");
  for (const std::int64_t order : orders) require_between(order, 0, kMaxCount, path + ".wave_orders");
}

void check_layout(const LineLayout& line, const std::string& path) {
  require_between(line.lags, 0, kMaxCount, path + ".lags");
  require_between(line.covariates, 0, kMaxCount, path + ".covariates");
  require_between(line.covariate_lags, 0, kMaxCount, path + ".covariate_lags");
  require_between(line.known, 0, kMaxCount, path + ".known");
  require_between(line.known_steps, 0, kMaxCount, path + ".known_steps");
  check_waves(line.seasons, line.wave_orders, path);
}

void check_window(const WindowInput& window, const std::string& path) {
  require_between(window.steps, 1, kMaxCount, path + ".steps");
  require_between(window.segment, 1, kMaxCount, path + ".segment");
  require_between(window.covariates, 0, kMaxCount, path + ".covariates");
  check_waves(window.seasons, window.wave_orders, path);
}

void check_window(const SegmentWindow& window, const std::string& path) {
  require_between(window.segment, 1, kMaxCount, path + ".segment");
  require_between(window.steps, 1, kMaxCount, path + ".steps");
  require_between(window.out_steps, 1, kMaxCount, path + ".out_steps");
  require_between(window.base_rows, 1, window.rows(), path + ".base_rows");
  require_between(window.past, 0, kMaxCount, path + ".past");
  require_between(window.known, 0, kMaxCount, path + ".known");
  require_between(window.statics, 0, kMaxCount, path + ".statics");
  require_between(window.codes, 0, kMaxCount, path + ".codes");
  for (const double spread : window.spreads) require_between(spread, 1e-300, 1e300, path + ".spreads");
  check_waves(window.seasons, window.wave_orders, path);
}

/// Every field, none left to its default.
template <class Fields>
void read_all(Fields& fields, const Json& config, const std::string& path) {
  Fields::visit(fields, [&](const char* name, auto&, const char*) { config.at(name, path); });
  read_options(fields, config, path);
}

std::vector<std::string> read_texts(const Json& config, const std::string& path) {
  std::vector<std::string> out;
  for (const Json& item : config.as_array(path)) out.push_back(item.as_string(path));
  return out;
}

Json write_encodings(const std::vector<Encoding>& encodings) {
  Json out = Json::array();
  for (const Encoding& encoding : encodings) {
    Json one =
        Json::object({{"column", static_cast<std::int64_t>(encoding.column)}, {"mean", encoding.mean}});
    if (encoding.one_hot) {
      Json chosen = Json::array(), learnt = Json::array();
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

/// Of the columns `roles`, of which `first` is the first in the raw series. Counts the numbers that the
/// encodings make.
std::vector<Encoding> read_encodings(const Json& config, const std::string& path,
                                     const std::vector<std::string>& roles, std::int64_t first,
                                     const std::map<std::string, TextCodes>& texts, std::size_t& numbers) {
  const Json::Array& items = config.as_array(path);
  if (items.size() != roles.size()) {
    throw Error(ErrorKind::model_file, "covariates and their encodings do not fit together")
        .where(path)
        .seen(std::to_string(items.size()) + " encodings")
        .expected(std::to_string(roles.size()));
  }
  std::vector<Encoding> out;
  for (const Json& item : items) {
    Encoding one;
    const std::string& name = roles[out.size()];
    const std::int64_t column = item.at("column", path).as_integer(path + ".column"), here = first++;
    require_between(column, here, here, path + ".column");
    one.column = static_cast<std::size_t>(column);
    one.mean = item.at("mean", path).as_real(path + ".mean");
    const Json* chosen = item.find("chosen");
    const auto codes = texts.find(name);
    if ((chosen != nullptr) != (codes != texts.end())) {
      throw Error(ErrorKind::model_file, "a covariate is no text where its texts are listed, or the reverse")
          .where(path)
          .seen("'" + name + "'");
    }
    if (chosen != nullptr) {
      OneHot hot;
      const auto known = static_cast<std::int64_t>(codes->second.size());
      for (const Json& code : chosen->as_array(path + ".chosen")) {
        const std::int64_t place = code.as_integer(path + ".chosen");
        require_between(place, 0, known - 1, path + ".chosen");
        hot.chosen.push_back(static_cast<std::size_t>(place));
      }
      for (const Json& seen : item.at("learnt", path).as_array(path + ".learnt"))
        hot.learnt.push_back(seen.as_bool(path + ".learnt"));
      numbers += hot.chosen.size();
      one.one_hot = std::move(hot);
    } else {
      ++numbers;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json write_frequency(const Frequency& frequency) {
  return Json::object({{"unit", static_cast<std::int64_t>(frequency.unit)},
                       {"step", frequency.step},
                       {"day_of_month", frequency.day_of_month}});
}

Frequency read_frequency(const Json& config, const std::string& path) {
  const std::int64_t unit = config.at("unit", path).as_integer(path + ".unit");
  const std::int64_t day = config.at("day_of_month", path).as_integer(path + ".day_of_month");
  require_between(unit, 0, static_cast<std::int64_t>(TimeUnit::month), path + ".unit");
  require_between(day, 1, 31, path + ".day_of_month");
  return {static_cast<TimeUnit>(unit), config.at("step", path).as_integer(path + ".step"),
          static_cast<int>(day)};
}

Json write_preparation(const Preparation& preparation) {
  const Roles& roles = preparation.roles;
  const Encodings& encodings = preparation.encodings;
  Json texts = Json::object();
  for (const auto& [column, codes] : preparation.texts) texts.set(column, Json::list(codes.texts()));
  Json series = Json::array();
  for (const LearntSeries& one : preparation.series) {
    series.push_back(Json::object({{"id", one.id},
                                   {"target", one.target},
                                   {"first_tick", one.first_tick},
                                   {"first_position", one.first_position},
                                   {"frequency", write_frequency(one.frequency)}}));
  }
  return Json::object({{"targets", Json::list(roles.targets)},
                       {"past", Json::list(roles.past)},
                       {"known", Json::list(roles.known)},
                       {"static", Json::list(roles.statics)},
                       {"texts", std::move(texts)},
                       {"past_numbers", Json::list(encodings.past_names)},
                       {"known_numbers", Json::list(encodings.known_names)},
                       {"static_numbers", Json::list(encodings.static_names)},
                       {"past_encodings", write_encodings(encodings.past)},
                       {"known_encodings", write_encodings(encodings.known)},
                       {"static_encodings", write_encodings(encodings.statics)},
                       {"seasons", Json::list(preparation.seasons)},
                       {"series", std::move(series)}});
}

/// How times are read and put in order: an unknown way shows when one is asked for.
void check_times(const ForecastOptions& options) {
  const TextList two{"2024-01-01 12:00", "2024-01-02 12:00"};
  TimeOptions texts = options.times;
  texts.format = "auto";
  static_cast<void>(arrange(parse_times(two, texts), options.arrange));
  constexpr std::array kSeconds{1.7e9, 1.8e9};
  static_cast<void>(parse_times(kSeconds, options.times));
}

/// The raw series of a table have these columns and no others.
void check_roles(const Roles& roles, bool wide, const std::string& path) {
  const std::vector<std::string> all = roles.all();
  if (!wide && std::set<std::string>(all.begin(), all.end()).size() != all.size())
    throw Error(ErrorKind::model_file, "a column has two roles").where(path);
  if (wide && (roles.targets.size() != 1 || !roles.past.empty() || !roles.known.empty()))
    throw Error(ErrorKind::model_file, "a wide table has one target and static columns only").where(path);
}

void read_series(const Json& config, const std::string& path, Preparation& out) {
  const std::vector<std::string>& targets = out.roles.targets;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Json& item : config.as_array(path)) {
    LearntSeries one{item.at("id", path).as_string(path + ".id"),
                     item.at("target", path).as_string(path + ".target"),
                     item.at("first_tick", path).as_integer(path + ".first_tick"),
                     item.at("first_position", path).as_real(path + ".first_position"),
                     read_frequency(item.at("frequency", path), path + ".frequency")};
    if (std::find(targets.begin(), targets.end(), one.target) == targets.end()) {
      throw Error(ErrorKind::model_file, "a series is of no target").where(path).seen("'" + one.target + "'");
    }
    if (!seen.emplace(one.id, one.target).second) {
      throw Error(ErrorKind::model_file, "a series is there twice").where(path).seen("'" + one.id + "'");
    }
    require_between(one.first_tick, -kFarthestTick, kFarthestTick, path + ".first_tick");
    require_between(one.first_position, -1e15, 1e15, path + ".first_position");
    out.series.push_back(std::move(one));
  }
  if (out.series.empty()) throw Error(ErrorKind::model_file, "there are no series").where(path);
}

void read_preparation(const Json& config, Preparation& out) {
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
  check_roles(out.roles, out.options.wide, path);
  auto first = static_cast<std::int64_t>(out.roles.targets.size());
  const auto encoded = [&](const char* name, const std::vector<std::string>& roles, std::size_t names) {
    std::size_t numbers = 0;
    const std::string where = path + "." + name;
    auto list = read_encodings(config.at(name, path), where, roles, first, out.texts, numbers);
    first += static_cast<std::int64_t>(roles.size());
    if (numbers != names) {
      throw Error(ErrorKind::model_file, "encodings make another number of numbers than have names")
          .where(where)
          .seen(std::to_string(numbers))
          .expected(std::to_string(names));
    }
    return list;
  };
  encodings.past = encoded("past_encodings", out.roles.past, encodings.past_names.size());
  encodings.known = encoded("known_encodings", out.roles.known, encodings.known_names.size());
  encodings.statics = encoded("static_encodings", out.roles.statics, encodings.static_names.size());
  for (const Json& season : config.at("seasons", path).as_array(path))
    out.seasons.push_back(season.as_real(path + ".seasons"));
  read_series(config.at("series", path), path + ".series", out);
}

Json write_network(const NetworkPart& part) {
  Json out = Json::object({{"share", part.share.share}});
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

void read_network(const Json& config, std::int64_t members, NetworkPart& out) {
  const std::string path = "forecast.network";
  out.share.share = config.at("share", path).as_real(path + ".share");
  require_between(out.share.share, 0.0, 1.0, path + ".share");
  const std::string& kind = config.at("kind", path).as_string(path);
  const Json& window = config.at("window", path);
  if (kind == "residual") {
    ResidualNetwork& residual = out.residual.emplace();
    read_all(residual.input, window, path + ".window");
    check_window(residual.input, path + ".window");
    residual.scale = config.at("scale", path).as_real(path + ".scale");
  } else if (kind == "segments") {
    SegmentModel& segments = out.segments.emplace();
    read_all(segments.window, window, path + ".window");
    check_window(segments.window, path + ".window");
    segments.head = LikelihoodHead(config.at("head", path).as_string(path));
  } else if (kind == "recursive") {
    RecursiveModel& recursive = out.recursive.emplace();
    read_all(recursive.window, window, path + ".window");
    check_window(recursive.window, path + ".window");
    require_between(recursive.window.segment, 1, 1, path + ".window.segment");
    recursive.options.head = LikelihoodHead(config.at("head", path).as_string(path));
    static_cast<void>(recursive.options.head.likelihood());  // there are draws of a distribution only
    recursive.options.members = static_cast<int>(members);
    recursive.options.cell = config.at("cell", path).as_string(path);
    recursive.options.units = config.at("units", path).as_integer(path + ".units");
    require_between(recursive.options.units, 1, kMaxCount, path + ".units");
    recursive.options.dropout = config.at("dropout", path).as_real(path + ".dropout");
    recursive.options.seed = static_cast<std::uint64_t>(config.at("seed", path).as_integer(path));
    recursive.paths = config.at("paths", path).as_integer(path + ".paths");
    require_between(recursive.paths, 2, kMaxPaths, path + ".paths");
  } else {
    throw Error(ErrorKind::model_file, "there is no such kind of network").seen(kind);
  }
}

double season_taken_out(const PanelScaling& scaling) {
  return scaling.series.empty() ? 0 : scaling.series.front().seasonal.season;
}

}  // namespace

Json write_forecaster(const ForecastResult::Model& model) {
  return Json::object({{"version", kVersion},
                       {"options", to_config(model.preparation.options)},
                       {"table", write_preparation(model.preparation)},
                       {"transform", transform_name(model.scaling.transform)},
                       {"difference", model.scaling.difference},
                       {"season_taken_out", season_taken_out(model.scaling)},
                       {"line", to_config(model.line.layout)},
                       {"network", write_network(model.network)}});
}

void read_forecaster(const Json& data, ForecastResult::Model& model) {
  const std::int64_t version = data.at("version", "forecast").as_integer("forecast.version");
  if (version != kVersion) {
    throw Error(ErrorKind::model_file, "the forecaster was written by another version")
        .seen(std::to_string(version))
        .expected(std::to_string(kVersion));
  }
  read_options(model.preparation.options, data.at("options", "forecast"), "forecast.options");
  require_between(model.preparation.options.horizon, 1, kMaxCount, "forecast.options.horizon");
  require_between(model.preparation.options.ensemble, 1, kMaxMembers, "forecast.options.ensemble");
  check_times(model.preparation.options);
  read_preparation(data.at("table", "forecast"), model.preparation);
  model.scaling.transform = parse_transform(data.at("transform", "forecast").as_string("forecast.transform"));
  model.scaling.difference = data.at("difference", "forecast").as_bool("forecast.difference");
  const double season = data.at("season_taken_out", "forecast").as_real("forecast.season_taken_out");
  if (season != 0) require_between(season, 2.0, static_cast<double>(kMaxCount), "forecast.season_taken_out");
  SeriesScaling empty;
  empty.seasonal.season = season;
  model.scaling.series.assign(model.preparation.series.size(), empty);
  read_all(model.line.layout, data.at("line", "forecast"), "forecast.line");
  check_layout(model.line.layout, "forecast.line");
  read_network(data.at("network", "forecast"), model.preparation.options.ensemble, model.network);
}

}  // namespace rondo::forecasting
