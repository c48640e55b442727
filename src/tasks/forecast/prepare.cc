#include "tasks/forecast/prepare.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/data/calendar.h"
#include "tasks/forecast/fill_panel.h"
#include "tasks/forecast/networks/likelihood_head.h"
#include "tasks/forecast/networks/residual_data.h"
#include "tasks/forecast/networks/segment_window.h"
#include "tasks/forecast/panel/raw_series.h"
#include "tasks/forecast/panel/season.h"
#include "tasks/forecast/panel/spike_guard.h"

namespace rondo::forecasting {

namespace {

/// Series that are looked at for a season.
constexpr std::size_t kMaxSeasonSeries = 64;

void require_at_least(std::int64_t value, std::int64_t least, const char* option) {
  if (value >= least) return;
  throw Error(ErrorKind::usage, std::string("--") + option + " is out of range")
      .seen(std::to_string(value))
      .expected("a whole number >= " + std::to_string(least));
}

void require_one_of(const std::string& value, const char* option, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  const std::string near = nearest_name(value, known);
  throw Error(ErrorKind::usage, std::string("--") + option + " has no such choice")
      .seen("'" + value + "'")
      .expected("one of " + all)
      .fix(near.empty() ? std::string() : "did you mean '" + near + "'?");
}

/// One of --backtest, --split and --test-file says what the test part is.
void check_test_part(const ForecastOptions& options) {
  backtest_rows(options.backtest, 100);
  if (!options.split.empty()) check_split_text(options.split);
  const int given = (options.backtest != kDefaultBacktest ? 1 : 0) + (options.split.empty() ? 0 : 1) +
                    (options.test_file.empty() ? 0 : 1);
  if (given <= 1) return;
  throw Error(ErrorKind::usage, "the test part is named twice")
      .seen("more than one of --backtest, --split and --test-file")
      .expected("one of them")
      .fix("leave the others out");
}

/// Where a scale or a season of the user's choice has no place.
void check_scales(const ForecastOptions& options) {
  const bool chosen = parse_normalization(options.normalize) != Normalization::automatic;
  require_one_of(options.outliers, "outliers", {"auto", "keep"});
  require_one_of(options.deseasonalize, "deseasonalize", {"auto", "yes", "no"});
  if (chosen && options.model == "recursive") {
    throw Error(ErrorKind::usage, "the recursive model has a scale of its own: that of a window's first half")
        .seen("--normalize " + options.normalize + " with --model recursive")
        .fix("leave one of them out");
  }
  if (!names_counts(options.likelihood)) return;
  if (chosen) {
    throw Error(ErrorKind::usage, "counts have a scale of their own: 1 + the mean of a window")
        .seen("--normalize " + options.normalize + " with --likelihood " + options.likelihood)
        .fix("leave --normalize out, or use --likelihood gaussian or student_t");
  }
  if (options.deseasonalize == "yes") {
    throw Error(ErrorKind::usage, "counts are learnt as they are, with their season")
        .seen("--deseasonalize yes with --likelihood " + options.likelihood)
        .fix("leave --deseasonalize out, or use --likelihood gaussian or student_t");
  }
}

/// Sample paths need a distribution, and their settings are not searched for.
void check_recursive(const ForecastOptions& options) {
  if (options.model != "recursive") return;
  if (options.likelihood == "quantile") {
    throw Error(ErrorKind::usage, "the recursive model draws its forecasts from a distribution")
        .seen("--likelihood quantile with --model recursive")
        .fix("use --likelihood gaussian or student_t, or another --model");
  }
  if (options.tune > 0) {
    throw Error(ErrorKind::usage, "the settings of the recursive model are not searched for")
        .seen("--tune " + std::to_string(options.tune) + " with --model recursive")
        .fix("leave one of them out");
  }
}

void check_options(const ForecastOptions& options) {
  if (options.target.empty() && !options.wide) {
    throw Error(ErrorKind::usage, "no column to forecast is named").fix("name it with --target COLUMN");
  }
  require_at_least(options.horizon, 1, "horizon");
  require_at_least(options.stride, 0, "stride");
  require_at_least(options.refit, 0, "refit");
  require_at_least(options.window, 0, "window");
  require_at_least(options.period, 0, "period");
  require_at_least(options.units, 0, "units");
  require_at_least(options.epochs, 0, "epochs");
  require_at_least(options.threads, 0, "threads");
  require_at_least(options.patience, 0, "patience");
  require_at_least(options.batch_size, 0, "batch-size");
  require_at_least(options.tune, 0, "tune");
  require_at_least(options.ensemble, 1, "ensemble");
  if (options.ensemble > kMaxMembers) {
    throw Error(ErrorKind::usage, "--ensemble is out of range")
        .seen(std::to_string(options.ensemble))
        .expected("1 to " + std::to_string(kMaxMembers) + " networks");
  }
  if (!(options.learning_rate >= 0) || !std::isfinite(options.learning_rate)) {
    throw Error(ErrorKind::usage, "--learning-rate is out of range")
        .seen(std::to_string(options.learning_rate))
        .expected("a number >= 0");
  }
  require_one_of(options.missing, "missing", {"previous", "error"});
  require_one_of(options.model, "model", {"auto", "direct", "recursive", "encoder_decoder"});
  require_one_of(options.likelihood, "likelihood",
                 {"point", "quantile", "gaussian", "student_t", "negative_binomial", "poisson"});
  if (!options.future.empty() && options.known.empty()) {
    throw Error(ErrorKind::usage, "--future has nothing to say without --known")
        .seen("--future " + options.future)
        .fix("name the columns whose future the file holds: --known a,b");
  }
  check_scales(options);
  check_recursive(options);
  check_test_part(options);
}

LineLimits limits_of(const ForecastOptions& options) {
  LineLimits limits;
  if (options.transform != "auto") limits.transform = parse_transform(options.transform);
  if (names_counts(options.likelihood)) {
    if (limits.transform.value_or(Transform::none) != Transform::none) {
      throw Error(ErrorKind::usage, "counts are learnt as they are, without a transform")
          .seen("--transform " + options.transform + " with --likelihood " + options.likelihood)
          .fix("leave --transform out, or use --likelihood gaussian or student_t");
    }
    limits.transform = Transform::none;
  }
  if (options.difference == "yes")
    limits.difference = true;
  else if (options.difference == "no")
    limits.difference = false;
  else if (options.difference != "auto") {
    throw Error(ErrorKind::usage, "there is no way of differencing called '" + options.difference + "'")
        .expected("auto, yes or no");
  }
  limits.longest_lag = options.window;
  return limits;
}

std::vector<double> seasons_of(const Prepared& prepared, const ForecastOptions& options) {
  std::vector<double> seasons;
  const Timeline& times = prepared.times.front();
  if (times.format().is_calendar() && times.frequency().regular())
    seasons = natural_seasons(times.frequency());
  if (seasons.empty()) {
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
    seasons = detect_seasons(some);
  }
  if (options.period >= 2) {
    seasons.push_back(static_cast<double>(options.period));
    std::sort(seasons.begin(), seasons.end());
    seasons.erase(std::unique(seasons.begin(), seasons.end()), seasons.end());
  }
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

Prepared prepare(const ForecastTables& tables, const ForecastOptions& options) {
  check_options(options);
  Prepared out;
  out.limits = limits_of(options);
  RawPanel raw = read_raw_panel(tables, options);
  out.notes = raw.notes;
  fill_panel(raw, tables.table, options, out);
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
  out.preparation.options.threads = 0;  // the same model whatever their number
  out.preparation.roles = std::move(raw.roles);
  out.preparation.texts = std::move(raw.texts);
  out.preparation.seasons = out.panel.seasons;
  for (std::size_t s = 0; s < out.panel.series.size(); ++s) {
    const PanelSeries& series = out.panel.series[s];
    const Timeline& times = out.times[s];
    out.preparation.series.push_back(
        {series.id, series.target, times.ticks().front(), series.position.front(), times.frequency()});
  }
  out.panel.deseasonalize = season_to_take_out(out, options);
  return out;
}

}  // namespace rondo::forecasting
