#include "tasks/forecast/prepare.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "rondo/data/calendar.h"
#include "rondo/error.h"
#include "tasks/forecast/season.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kFewestTrainingRows = 12;

void require_at_least(std::int64_t value, std::int64_t least, const char* option) {
  if (value >= least) return;
  throw Error(ErrorKind::usage, std::string("--") + option + " is out of range")
      .seen(std::to_string(value))
      .expected("a whole number >= " + std::to_string(least));
}

void check_options(const ForecastOptions& options) {
  if (options.target.empty()) {
    throw Error(ErrorKind::usage, "no column to forecast is named").cure("name it with --target COLUMN");
  }
  require_at_least(options.horizon, 1, "horizon");
  require_at_least(options.stride, 0, "stride");
  require_at_least(options.window, 0, "window");
  require_at_least(options.period, 0, "period");
  require_at_least(options.units, 0, "units");
  require_at_least(options.epochs, 0, "epochs");
  require_at_least(options.threads, 0, "threads");
  require_at_least(options.patience, 0, "patience");
  require_at_least(options.batch_size, 0, "batch-size");
  require_at_least(options.members, 1, "members");
  if (options.members > 5) {
    throw Error(ErrorKind::usage, "--members is out of range")
        .seen(std::to_string(options.members))
        .expected("1 to 5: each holds out another fifth of the rows");
  }
  if (!(options.learning_rate >= 0) || !std::isfinite(options.learning_rate)) {
    throw Error(ErrorKind::usage, "--learning-rate is out of range")
        .seen(std::to_string(options.learning_rate))
        .expected("a number >= 0");
  }
  if (options.missing == "mask") {
    throw Error(ErrorKind::usage, "a forecast cannot leave missing values missing")
        .seen("missing = 'mask'")
        .cure("use 'previous' or 'linear' to fill them, or 'error'");
  }
}

LineLimits limits_of(const ForecastOptions& options) {
  LineLimits limits;
  if (options.transform != "auto") limits.transform = parse_transform(options.transform);
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

std::string name_of(const Series& series, const Table& table) {
  return series.id.empty() ? table.source() : table.source() + ", series '" + series.id + "'";
}

PanelSeries panel_series(const Series& series, const ForecastOptions& options, const Table& table) {
  PanelSeries out;
  out.id = series.id;
  out.target = options.target;
  const std::int64_t rows = series.length(), columns = series.values.dim(1);
  const std::span<const double> numbers = series.values.data<double>();
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto row =
        numbers.subspan(static_cast<std::size_t>(r * columns), static_cast<std::size_t>(columns));
    out.values.push_back(row[0]);
    out.past.insert(out.past.end(), row.begin() + 1, row.end());
  }
  const bool calendar = series.times.format().is_calendar() && series.times.frequency().regular();
  const std::vector<std::int64_t> steps = calendar ? series.times.steps() : std::vector<std::int64_t>();
  for (std::int64_t r = 0; r < rows; ++r) {
    out.position.push_back(static_cast<double>(calendar ? steps[static_cast<std::size_t>(r)] : r));
  }
  for (std::int64_t h = 0; h < options.horizon; ++h) out.position.push_back(out.position.back() + 1);

  const std::int64_t test = std::max(backtest_rows(options.backtest, rows), options.horizon);
  out.train_rows = rows - test;
  const std::int64_t needed = std::max(kFewestTrainingRows, options.window) + 2 * options.horizon;
  if (out.train_rows < needed) {
    Error error(ErrorKind::data, "too few rows to learn from");
    error.where(name_of(series, table))
        .seen(std::to_string(rows) + " rows, of which the backtest keeps " + std::to_string(test))
        .expected("at least " + std::to_string(needed + test) + " rows for a horizon of " +
                  std::to_string(options.horizon) +
                  (options.window > 0 ? " and a window of " + std::to_string(options.window) : ""))
        .cure("give more rows, or a smaller --backtest, --horizon or --window");
    throw error;
  }
  const auto training = out.training();
  if (std::all_of(training.begin(), training.end(), [&](double v) { return v == training.front(); })) {
    throw Error(ErrorKind::data, "the series is constant: there is nothing to learn")
        .where(name_of(series, table))
        .seen("column '" + options.target + "' is " + std::to_string(training.front()) + " in all " +
              std::to_string(out.train_rows) + " training rows")
        .cure("choose another --target, or leave this series out");
  }
  return out;
}

std::vector<double> seasons_of(const Prepared& prepared, const ForecastOptions& options) {
  std::vector<double> seasons;
  const Timeline& times = prepared.times.front();
  if (times.format().is_calendar() && times.frequency().regular())
    seasons = natural_seasons(times.frequency());
  if (seasons.empty()) {
    const auto& series = prepared.panel.series;
    const auto longest = std::max_element(series.begin(), series.end(), [](const auto& a, const auto& b) {
      return a.train_rows < b.train_rows;
    });
    seasons = detect_seasons(longest->training());
  }
  if (options.period >= 2) {
    seasons.push_back(static_cast<double>(options.period));
    std::sort(seasons.begin(), seasons.end());
    seasons.erase(std::unique(seasons.begin(), seasons.end()), seasons.end());
  }
  return seasons;
}

}  // namespace

std::int64_t backtest_rows(const std::string& text, std::int64_t rows) {
  std::string_view rest = text;
  if (rest.starts_with("last=")) rest.remove_prefix(5);
  const bool share = rest.ends_with('%');
  if (share) rest.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const bool read = error == std::errc() && end == rest.data() + rest.size() && !rest.empty();
  const bool sensible =
      read && number > 0 && (share ? number < 100 : number == std::floor(number) && number < 1e12);
  if (!sensible) {
    throw Error(ErrorKind::usage, "--backtest is not understood")
        .seen(text)
        .expected("last=48 (rows) or last=20% (share of the rows)");
  }
  if (!share) return static_cast<std::int64_t>(number);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(rows) * number / 100));
}

Prepared prepare(const Table& table, const ForecastOptions& options) {
  check_options(options);
  Prepared out;
  out.limits = limits_of(options);

  SeriesOptions how;
  how.time = options.time;
  how.id = options.id;
  how.columns = {options.target};
  for (const std::string& covariate : options.covariates) {
    if (covariate == options.target) {
      throw Error(ErrorKind::usage, "the target is named as a covariate too")
          .seen(covariate)
          .cure("leave it out: the target's own past is always used");
    }
    how.columns.push_back(covariate);
  }
  how.missing = options.missing;
  how.times = options.times;
  how.arrange = options.arrange;
  SeriesReport report;
  const SeriesSet set = make_series(table, how, &report);
  out.notes = report.notes();
  if (set.series.empty()) throw Error(ErrorKind::data, "the table has no rows").where(table.source());

  out.panel.past = options.covariates;
  out.panel.horizon = options.horizon;
  for (const Series& series : set.series) {
    out.panel.series.push_back(panel_series(series, options, table));
    out.times.push_back(series.times);
  }
  const Timeline& first_times = out.times.front();
  out.calendar = out.panel.series.size() == 1 ||
                 (first_times.format().is_calendar() && first_times.frequency().regular());
  out.panel.seasons = seasons_of(out, options);
  out.period = options.period > 0 ? options.period : choose_period(out.panel);
  return out;
}

}  // namespace rondo::forecasting
