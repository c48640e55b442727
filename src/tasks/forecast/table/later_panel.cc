#include "tasks/forecast/table/later_panel.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"
#include "tasks/forecast/table/panel_series.h"
#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

namespace {

void require_columns(const Table& table, const Preparation& preparation) {
  const Roles& roles = preparation.roles;
  std::vector<std::string> needed = preparation.options.wide ? roles.statics : roles.all();
  for (const std::string& name : {preparation.options.time, preparation.options.id}) {
    if (!name.empty()) needed.push_back(name);
  }
  const std::vector<std::string> there = table.names();
  for (const std::string& name : needed) {
    if (table.has(name)) continue;
    const std::string near = nearest_name(name, there);
    throw Error(ErrorKind::data, "the table has no column '" + name + "', which the model was trained with")
        .where(table.source())
        .seen(detail::listed(there, "'"))
        .fix(near.empty() ? "give a table laid out like the one that the model learnt from"
                          : "did you mean '" + near + "'? Rename it");
  }
}

/// Steps of time from one moment to the first of `times`; negative where that is earlier.
double steps_from(std::int64_t tick, const Timeline& times) {
  if (!times.frequency().regular()) return 0;
  std::vector<std::int32_t> offsets = TimelineAccess::offsets(times);
  if (offsets.size() > 1) offsets.resize(1);
  const Timeline moment = TimelineAccess::make({tick}, offsets, times.format(), times.frequency());
  const Timeline first = times.slice(0, 1);
  return tick <= times.ticks().front() ? steps_by_clock(moment.joined(first)).back()
                                       : -steps_by_clock(first.joined(moment)).back();
}

class Reader {
 public:
  Reader(const Preparation& preparation, const RawPanel& raw, const Table& table, std::int64_t rows_needed)
      : preparation_(preparation),
        raw_(raw),
        table_(table),
        encoder_(raw, table, preparation.encodings),
        rows_needed_(rows_needed) {}

  LaterPanel read() {
    Panel& panel = out_.panel;
    panel.past = preparation_.encodings.past_names;
    panel.known = preparation_.encodings.known_names;
    panel.statics = preparation_.encodings.static_names;
    panel.seasons = preparation_.seasons;
    panel.horizon = preparation_.options.horizon;
    std::map<std::string, const RawSeries*> by_id;
    for (const RawSeries& series : raw_.series) by_id.emplace(series.data.id, &series);
    refuse_new_series();
    for (const LearntSeries& learnt : preparation_.series) {
      const auto found = by_id.find(learnt.id);
      panel.series.push_back(found == by_id.end() ? without_rows(learnt) : rows_of(learnt, *found->second));
    }
    if (out_.ends.empty()) {
      throw Error(ErrorKind::data, "the table has no values of any series that the model knows")
          .where(table_.source())
          .fix("give the history of the series up to now");
    }
    if (absent_ > 0) {
      out_.notes.push_back(std::to_string(absent_) + " of " + std::to_string(preparation_.series.size()) +
                           " series of the model are not in the table: no forecast for these");
    }
    const std::vector<std::string> unseen = encoder_.unseen_notes();
    out_.notes.insert(out_.notes.end(), unseen.begin(), unseen.end());
    for (const std::string& note : notes_of(held_, panel.known)) out_.notes.push_back(note);
    return std::move(out_);
  }

 private:
  void refuse_new_series() const {
    std::vector<std::string> unknown;
    for (const RawSeries& series : raw_.series) {
      const auto& known = preparation_.series;
      const bool learnt = std::any_of(known.begin(), known.end(),
                                      [&](const LearntSeries& one) { return one.id == series.data.id; });
      if (!learnt) unknown.push_back(series.data.id);
    }
    if (unknown.empty()) return;
    throw Error(ErrorKind::data, "the table has series that the model does not know")
        .where(table_.source())
        .seen(std::to_string(unknown.size()) + " new of " + std::to_string(raw_.series.size()) +
              ", the first '" + unknown.front() + "'")
        .expected(
            "ids of the table that the model learnt from: scales and bands of a series come from its own "
            "past")
        .fix("train again with a table that has their history, or take them out");
  }

  PanelSeries without_rows(const LearntSeries& learnt) {
    ++absent_;
    PanelSeries out;
    out.id = learnt.id;
    out.target = learnt.target;
    out.statics.assign(out_.panel.statics.size(), 0.0);
    return out;
  }

  PanelSeries rows_of(const LearntSeries& learnt, const RawSeries& series) {
    const auto& targets = raw_.roles.targets;
    const auto column =
        static_cast<std::size_t>(std::find(targets.begin(), targets.end(), learnt.target) - targets.begin());
    const std::int64_t last = series.history;
    const std::int64_t first = first_value(series, column, last);
    const std::string where = series_name(table_, series, targets.size() > 1 ? learnt.target : "");
    const std::int64_t needed = learnt.is_short ? 1 : rows_needed_;
    if (last - first < needed) {
      throw Error(ErrorKind::data, "too few rows for the model to look back on")
          .where(where)
          .seen(std::to_string(last - first) + " rows from the first value to the last")
          .expected("at least " + std::to_string(needed))
          .fix("give more of the history before, as in the table that the model learnt from");
    }
    PanelSeries out;
    out.id = learnt.id;
    out.target = learnt.target;
    out.train_rows = last - first;
    out.is_short = learnt.is_short;
    read_values(series, column, first, last, out);
    require_known(raw_, table_, preparation_.encodings, series, last, out_.panel.horizon);
    out.past = encoder_.past(series, first, last);
    out.known = encoder_.known(series, first, last + out_.panel.horizon);
    out.doubts = encoder_.doubts(series, first, last, last + out_.panel.horizon);
    learnt.known.hold(out, last - first, held_);
    out.statics = encoder_.statics(series);
    Timeline times = series.data.times.slice(first, last);
    check_frequency(learnt.frequency, times, where);
    out.position = positions_of(times, out_.panel.horizon);
    out.clock = clock_rows_of(times, out_.panel.horizon);
    const double begin = learnt.first_position + steps_from(learnt.first_tick, times);
    for (double& position : out.position) position += begin;
    out.filled = learnt.fill.fill(out);
    out_.ends.push_back({static_cast<std::int64_t>(out_.panel.series.size()), out.rows() - 1});
    out_.times.push_back(std::move(times));
    return out;
  }

  static void check_frequency(const Frequency& learnt, const Timeline& times, const std::string& where) {
    const Frequency& here = times.frequency();
    if (here.unit == learnt.unit && here.step == learnt.step) return;
    if (!here.regular() || !learnt.regular()) return;  // rows are the steps of time then
    throw Error(ErrorKind::data, "the rows are at another distance of time than the model has learnt")
        .where(where)
        .seen(here.name())
        .expected(learnt.name())
        .fix("bring the rows to that distance, or train a model with this table");
  }

  const Preparation& preparation_;
  const RawPanel& raw_;
  const Table& table_;
  Encoder encoder_;
  std::int64_t rows_needed_;
  std::int64_t absent_ = 0;
  std::vector<KnownRange::Held> held_;
  LaterPanel out_;
};

}  // namespace

LaterPanel read_later_panel(const Preparation& preparation, const ForecastTables& tables,
                            std::int64_t rows_needed) {
  require_columns(tables.table, preparation);
  ForecastOptions options = preparation.options;
  options.future.clear();
  options.test_file.clear();
  if (tables.future != nullptr && preparation.roles.known.empty()) {
    throw Error(ErrorKind::usage,
                "--future has no effect: the model has no columns that are known beforehand")
        .seen(tables.future->source())
        .fix("leave --future out");
  }
  ForecastTables later(tables.table);
  later.future = tables.future;
  RawPanel raw = read_raw_panel(later, options, preparation.roles, preparation.texts);
  if (!raw.roles.holidays.empty())
    preparation.holidays.append_to(raw, tables.table.source(), options.horizon);
  LaterPanel out = Reader(preparation, raw, tables.table, rows_needed).read();
  out.notes.insert(out.notes.begin(), raw.notes.begin(), raw.notes.end());
  return out;
}

}  // namespace rondo::forecasting
