#include "tasks/forecast/trained/model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/data/timeline.h"
#include "tasks/forecast/intervals/backtest_bands.h"
#include "tasks/forecast/windows/folds.h"

namespace rondo::forecasting {

/// Moments farther from 1970 than this (in microseconds: 126,000 years) have no distance from each other.
constexpr std::int64_t kFarthestTick = 4000000000000000000;

// Of what has no archive function of its own.

static void archive_fields(tasks::Archive& archive, OneHot& hot) {
  archive.field("chosen", hot.chosen);
  archive.field("seen_in_training", hot.seen_in_training);
  archive.field("unseen", hot.unseen);
}

static void archive_fields(tasks::Archive& archive, Encoding& encoding) {
  archive.field("column", encoding.column);
  archive.field("one_hot", encoding.one_hot);
  archive.field("mean", encoding.mean);
  constexpr std::array kEmpty{"previous", "zero", "zero_and_mark"};
  archive.choice("empty", encoding.empty, kEmpty);
}

static void archive_fields(tasks::Archive& archive, KnownRange& range) {
  archive.field("low", range.low);
  archive.field("high", range.high);
  archive.field("seen_low", range.seen_low);
  archive.field("seen_high", range.seen_high);
}

static void archive_fields(tasks::Archive& archive, SeasonalFill& fill) {
  archive.field("waves", fill.waves);
  archive.field("weights", fill.weights);
  archive.field("memory", fill.memory, 0.0, 1.0);
  archive.field("positive", fill.positive);
}

static void archive_fields(tasks::Archive& archive, LearntSeries& series) {
  constexpr std::array kUnits{"none", "number", "microsecond", "day", "business_day", "month"};
  archive.field("id", series.id);
  archive.field("target", series.target);
  archive.field("first_tick", series.first_tick, -kFarthestTick, kFarthestTick);
  archive.field("first_position", series.first_position, -1e15, 1e15);
  archive.choice("unit", series.frequency.unit, kUnits);
  archive.field("step", series.frequency.step);
  archive.field("is_short", series.is_short);
  archive.field("day_of_month", series.frequency.day_of_month, 1, Frequency::kLastBusinessDay);
  archive.field("known", series.known);
  archive.field("fill", series.fill);
}

static void archive_fields(tasks::Archive& archive, ColumnScale& scale) {
  archive.field("logarithm", scale.logarithm);
  archive.field("unit", scale.unit);
  archive.field("mean", scale.mean);
  archive.field("deviation", scale.deviation);
}

static void archive_fields(tasks::Archive& archive, ExplainedPeaks& peaks) {
  archive.field("column", peaks.column);
  archive.field("above", peaks.above);
  archive.field("threshold", peaks.threshold);
}

static void archive_fields(tasks::Archive& archive, SeriesScaling& scaling) {
  constexpr std::array kTransforms{"none", "log", "sqrt"};
  archive.choice("transform", scaling.level.transform, kTransforms);
  archive.field("center", scaling.level.center);
  archive.field("scale", scaling.level.scale);
  archive.field("seasonal", scaling.seasonal.by_place);
  archive.field("guarded", scaling.guard.active);
  archive.field("guard_median", scaling.guard.median);
  archive.field("guard_reach", scaling.guard.reach);
  archive.field("guard_step", scaling.guard.step);
  archive.field("guard_explained", scaling.guard.explained);
  archive.field("smallest", scaling.smallest);
  archive.field("floor", scaling.floor);
  archive.field("unit", scaling.unit);
  archive.field("compressed", scaling.compressed);
  archive.field("past", scaling.past);
  archive.field("known", scaling.known);
}

static void archive_fields(tasks::Archive& archive, BandOffsets& offsets) {
  archive.field("low", offsets.low);
  archive.field("high", offsets.high);
}

namespace {

std::int64_t length(const auto& list) { return static_cast<std::int64_t>(list.size()); }

void require(bool good, const tasks::Archive& archive, const char* name, const char* problem) {
  if (archive.reading() && !good) archive.refuse(name, problem);
}

/// How times are read and put in order: an unknown way shows when one is asked for.
void check_times(const tasks::Archive& archive, const ForecastOptions& options) {
  const TextList two{"2024-01-01 12:00", "2024-01-02 12:00"};
  TimeOptions texts = options.times;
  texts.format = "auto";
  constexpr std::array kSeconds{1.7e9, 1.8e9};
  try {
    static_cast<void>(arrange(parse_times(two, texts), options.arrange));
    static_cast<void>(parse_times(kSeconds, options.times));
  } catch (const Error& error) {
    archive.refuse("options", "cannot be used", error.summary());
  }
}

/// The texts of each column that holds texts.
void archive_texts(tasks::Archive& archive, std::map<std::string, TextCodes>& texts) {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> lists;
  for (const auto& [column, codes] : texts) {
    columns.push_back(column);
    lists.push_back(codes.texts());
  }
  archive.field("text_columns", columns);
  archive.field("texts", lists);
  require(columns.size() == lists.size(), archive, "texts", "does not fit the columns");
  if (!archive.reading()) return;
  for (std::size_t i = 0; i < columns.size(); ++i) texts.emplace(columns[i], TextCodes(std::move(lists[i])));
}

/// Encodings of the columns `roles`, which have those places in the raw series.
void check_encodings(const tasks::Archive& archive, const char* name, const std::vector<Encoding>& encodings,
                     const Preparation& preparation, const std::vector<std::string>& roles,
                     const std::vector<std::size_t>& places) {
  require(encodings.size() == roles.size(), archive, name, "does not fit the columns");
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const auto codes = preparation.texts.find(roles[i]);
    const bool is_text = codes != preparation.texts.end();
    require(encodings[i].column == places[i], archive, name, "names another column");
    require(encodings[i].one_hot.has_value() == is_text, archive, name, "does not fit the texts");
    if (!is_text) continue;
    require(encodings[i].one_hot->unseen.size() == encodings[i].one_hot->chosen.size(), archive, name,
            "does not fit the texts");
    const bool known = std::ranges::all_of(encodings[i].one_hot->chosen,
                                           [&](std::size_t code) { return code < codes->second.size(); });
    require(known, archive, name, "has a text that is not listed");
  }
}

std::size_t numbers_of(const std::vector<Encoding>& encodings) {
  std::size_t count = 0;
  for (const Encoding& encoding : encodings) count += encoding.width();
  return count;
}

void archive_encodings(tasks::Archive& archive, Preparation& preparation) {
  Encodings& encodings = preparation.encodings;
  const Roles& roles = preparation.roles;
  std::size_t next = roles.targets.size(), holiday = roles.all().size();
  const auto part = [&](const std::string& name, std::vector<Encoding>& list, std::vector<std::string>& names,
                        std::vector<std::string> columns, const std::vector<std::string>& holidays) {
    archive.field(name + "_encodings", list);
    archive.field(name + "_numbers", names);
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < columns.size(); ++i) places.push_back(next++);
    for (const std::string& column : holidays) {
      columns.push_back(column);
      places.push_back(holiday++);
    }
    if (!archive.reading()) return;
    check_encodings(archive, (name + "_encodings").c_str(), list, preparation, columns, places);
    require(numbers_of(list) == names.size(), archive, (name + "_numbers").c_str(),
            "does not fit the encodings");
  };
  part("past", encodings.past, encodings.past_names, roles.past, {});
  part("known", encodings.known, encodings.known_names, roles.known, roles.holidays);
  part("static", encodings.statics, encodings.static_names, roles.statics, {});
}

void check_roles(const tasks::Archive& archive, const Roles& roles, bool wide) {
  const std::vector<std::string> all = roles.all();
  const bool once = std::set<std::string>(all.begin(), all.end()).size() == all.size();
  require(wide || once, archive, "targets", "shares a column with another role");
  require(!wide || (roles.targets.size() == 1 && roles.past.empty() && roles.known.empty() &&
                    roles.holidays.empty()),
          archive, "targets", "cannot be read from a wide table");
}

void check_series(const tasks::Archive& archive, const Preparation& preparation) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const LearntSeries& one : preparation.series) {
    const auto& targets = preparation.roles.targets;
    require(std::ranges::find(targets, one.target) != targets.end(), archive, "series", "has another target");
    require(seen.emplace(one.id, one.target).second, archive, "series", "has one twice");
    const SeasonalFill& fill = one.fill;
    require(fill.weights.empty() || length(fill.weights) == 1 + fill.waves.count(), archive, "series",
            "does not fit the seasons");
    for (const auto* ends : {&one.known.low, &one.known.high, &one.known.seen_low, &one.known.seen_high})
      require(ends->size() == preparation.encodings.known_names.size(), archive, "series",
              "does not fit the known columns");
  }
  require(!preparation.series.empty(), archive, "series", "is empty");
}

void check_levels(const tasks::Archive& archive, const ForecastOptions& options) {
  try {
    (void)asked_quantiles(options);
  } catch (const Error&) {
    archive.refuse("options", "has other bands");
  }
}

void archive_preparation(tasks::Archive& archive, Preparation& preparation) {
  archive.field("options", preparation.options);
  const ForecastOptions& options = preparation.options;
  require(options.horizon >= 1 && options.horizon <= kMaxCount, archive, "options", "has another horizon");
  require(options.ensemble >= 1 && options.ensemble <= kMaxMembers, archive, "options",
          "has another ensemble");
  if (archive.reading()) {
    check_times(archive, options);
    check_levels(archive, options);
  }
  Roles& roles = preparation.roles;
  archive.field("targets", roles.targets);
  archive.field("past", roles.past);
  archive.field("known", roles.known);
  archive.field("static", roles.statics);
  archive.field("holiday_columns", roles.holidays);
  archive.field("holidays", preparation.holidays);
  check_roles(archive, roles, options.wide);
  archive_texts(archive, preparation.texts);
  archive_encodings(archive, preparation);
  archive.field("seasons", preparation.seasons);
  archive.field("series", preparation.series);
  check_series(archive, preparation);
}

void archive_scaling(tasks::Archive& archive, const PanelShape& shape, PanelScaling& scaling) {
  constexpr std::array kTransforms{"none", "log", "sqrt"};
  archive.choice("transform", scaling.transform, kTransforms);
  archive.field("difference", scaling.difference);
  double season = scaling.series.empty() ? 0 : scaling.series.front().seasonal.season;
  archive.field("season", season, 0.0, static_cast<double>(kMaxCount));
  archive.field("series", scaling.series);
  archive.field("static", scaling.statics);
  const auto places = static_cast<std::size_t>(std::llround(season));
  require(length(scaling.series) == shape.series, archive, "series", "does not fit the series");
  require(length(scaling.statics) == shape.statics, archive, "static", "does not fit the columns");
  require(season == 0 || season >= 2, archive, "season", "is out of range");
  for (SeriesScaling& series : scaling.series) {
    require(length(series.past) == shape.past && length(series.known) == shape.known, archive, "series",
            "does not fit the columns");
    require(series.seasonal.by_place.size() == places, archive, "series", "does not fit the season");
    const bool there = std::ranges::all_of(series.guard.explained, [&](const ExplainedPeaks& peaks) {
      return static_cast<std::int64_t>(peaks.column) < shape.known;
    });
    require(there, archive, "series", "does not fit the known columns");
    series.seasonal.season = season;
  }
}

void archive_bands(tasks::Archive& archive, const PanelShape& shape, const std::vector<double>& levels,
                   std::vector<BandOffsets>& bands) {
  archive.field("bands", bands);
  const std::size_t size = static_cast<std::size_t>(shape.horizon) * levels.size();
  require(length(bands) == shape.series, archive, "bands", "does not fit the series");
  for (BandOffsets& offsets : bands) {
    offsets.levels = levels;
    require(offsets.low.size() == size && offsets.high.size() == size, archive, "bands",
            "does not fit the horizon");
  }
}

}  // namespace

void archive_model(tasks::Archive& archive, ForecastResult::Model& model) {
  archive.section("preparation", [&] { archive_preparation(archive, model.preparation); });
  const Encodings& encodings = model.preparation.encodings;
  const PanelShape shape{model.horizon(), length(model.preparation.series), length(encodings.past_names),
                         length(encodings.known_names), length(encodings.static_names)};
  archive.section("scaling", [&] { archive_scaling(archive, shape, model.scaling); });
  archive.section("forecast", [&] {
    archive.version(2);
    archive.field("forecaster", model.forecaster);
    archive_bands(archive, shape, band_levels(model.preparation.options), model.bands);
    require(model.forecaster.fits(shape), archive, "forecaster", "does not fit the columns and series");
    if (!model.forecaster.has_networks()) return;
    const std::int64_t members = model.preparation.options.ensemble;
    const NetworkForecaster& networks = *model.forecaster.learnt->networks;
    require(static_cast<std::int64_t>(networks.network.output_count()) == members, archive, "forecaster",
            "has another number of members");
  });
}

}  // namespace rondo::forecasting
