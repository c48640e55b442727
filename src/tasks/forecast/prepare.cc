#include "tasks/forecast/prepare.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/order_statistics.h"
#include "rondo/base/error.h"
#include "rondo/data/calendar.h"
#include "tasks/forecast/likelihood/likelihood_head.h"
#include "tasks/forecast/panel/season.h"
#include "tasks/forecast/panel/spike_guard.h"
#include "tasks/forecast/table/raw_series.h"
#include "tasks/forecast/table/table_warnings.h"

namespace rondo::forecasting {

namespace {

/// Series that are looked at for a season.
constexpr std::size_t kMaxSeasonSeries = 64;

/// Seasons that the series show by themselves, beside those of the calendar.
std::vector<double> shown_seasons(const Prepared& prepared, std::span<const double> calendar) {
  // The longer half of the series, at most so many of them, evenly spread.
  std::vector<std::vector<double>> accepted;  // of which spikes would hide every season
  std::vector<std::span<const double>> training;
  for (const PanelSeries& s : prepared.panel.series) {
    SpikeGuard guard;
    if (prepared.panel.guard_spikes) guard = SpikeGuard::fit(s.training(), Transform::none, 0);
    accepted.push_back(guard.accepted(s.training(), Transform::none, 0));
  }
  for (const auto& values : accepted) training.emplace_back(values);
  std::stable_sort(training.begin(), training.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  training.resize((training.size() + 1) / 2);
  const std::size_t stride = (training.size() + kMaxSeasonSeries - 1) / kMaxSeasonSeries;
  std::vector<std::span<const double>> some;
  for (std::size_t i = 0; i < training.size(); i += stride) some.push_back(training[i]);
  return detect_seasons(some, calendar);
}

std::vector<double> seasons_of(const Prepared& prepared, const ForecastOptions& options) {
  std::vector<double> seasons;
  const Timeline& times = prepared.times.front();
  if (times.format().is_calendar() && times.frequency().regular())
    seasons = natural_seasons(times.frequency());
  const std::vector<double> shown = shown_seasons(prepared, seasons);
  seasons.insert(seasons.end(), shown.begin(), shown.end());
  if (options.period >= 2) seasons.push_back(static_cast<double>(options.period));
  detail::sort_unique(seasons);
  return seasons;
}

/// The season that --deseasonalize takes out, in rows.
double season_to_take_out(const Prepared& prepared, const ForecastOptions& options) {
  if (options.deseasonalize != "yes") return 0;
  const std::int64_t rows = prepared.season, training = prepared.panel.shortest_training();
  if (rows < 2 || 2 * rows > training) {
    throw Error(ErrorKind::data, "there is no season that could be taken out")
        .where("--deseasonalize yes")
        .seen(rows < 2 ? "no season in the calendar or the training part"
                       : "a season of " + std::to_string(rows) + " rows in " + std::to_string(training) +
                             " training rows")
        .expected("a season that fits twice into the training part of every series")
        .fix("name it with --period, give more rows, or leave --deseasonalize out");
  }
  // A calendar's season need not be whole: 365.25 days.
  for (const double season : prepared.panel.seasons) {
    if (std::llround(season) == rows) return season;
  }
  return static_cast<double>(rows);
}

}  // namespace

Prepared prepare(const ForecastTables& tables, const ForecastOptions& given) {
  check_options(given);
  Prepared out;
  const ForecastOptions options = with_times(tables.table, given, out.notes);
  out.limits = limits_of(options);
  RawPanel raw = read_raw_panel(tables, options);
  warn_of_table(tables.table, raw.roles, options, out.notes);
  out.notes.insert(out.notes.end(), raw.notes.begin(), raw.notes.end());
  build_panel(raw, tables.table, options, out);
  const Timeline& first = out.times.front();
  out.calendar =
      out.panel.series.size() == 1 || (first.format().is_calendar() && first.frequency().regular());
  out.panel.guard_spikes = options.outliers == "auto" && !names_counts(options.likelihood);
  out.panel.seasons = seasons_of(out, options);
  out.period = options.period > 0 ? options.period : choose_period(out.panel);
  out.season = out.period;
  for (auto s = out.panel.seasons.rbegin(); options.period == 0 && s != out.panel.seasons.rend(); ++s) {
    const auto rows = static_cast<std::int64_t>(std::llround(*s));
    if (rows >= 2 && 2 * rows <= out.panel.shortest_training()) out.season = rows;
  }
  out.preparation.options = options;
  out.preparation.options.times.day_order = day_order_of(first, options.times.day_order);
  out.preparation.options.threads = 0;  // the same model whatever their number
  out.preparation.roles = std::move(raw.roles);
  out.preparation.texts = std::move(raw.texts);
  out.preparation.seasons = out.panel.seasons;
  std::vector<KnownRange::Held> held;
  for (std::size_t s = 0; s < out.panel.series.size(); ++s) {
    PanelSeries& series = out.panel.series[s];
    const Timeline& times = out.times[s];
    const std::int64_t history = out.panel.history_rows(s);
    const KnownRange range = KnownRange::of(series, out.panel.known.size(), history, options.horizon);
    range.hold(series, history, held);
    const SeasonalFill fill = SeasonalFill::fit(series, out.panel.seasons, series.train_rows);
    series.filled = fill.fill(series);
    out.preparation.series.push_back({series.id, series.target, times.ticks().front(),
                                      series.position.front(), times.frequency(), series.is_short, range,
                                      fill});
  }
  for (const std::string& note : notes_of(held, out.panel.known)) out.notes.push_back(note);
  out.panel.deseasonalize = season_to_take_out(out, options);
  return out;
}

}  // namespace rondo::forecasting
