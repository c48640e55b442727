// A table that is to be forecast.

#include <algorithm>
#include <optional>

#include "tasks/check/forecast_leaks.h"
#include "tasks/check/subject.h"
#include "tasks/forecast/table/roles.h"
#include "tasks/forecast/table/split.h"

namespace rondo {

namespace {

using checking::count_of;
using checking::Findings;
using checking::Subject;
using forecasting::Panel;
using forecasting::PanelSeries;
using forecasting::Prepared;

Subject subject_of(const Table& table, ForecastOptions& options, const CheckOptions& check,
                   CheckReport& report) {
  Findings out(report, "table");
  Subject subject;
  subject.table = &table;
  if (options.time.empty()) {
    options.time = tasks::guess_time(table);
    if (!options.time.empty())
      out.ok("the times are taken from '" + options.time + "' (--time names another column)");
  }
  if (!options.time.empty()) options.time = table.column(options.time).name();
  if (!options.id.empty()) options.id = table.column(options.id).name();
  if (options.target.empty()) {
    options.target = checking::guess_target(table, options.time, options.id);
    out.ok("the target is taken to be '" + options.target + "' (--target names another column)");
  }
  const forecasting::Roles roles = forecasting::find_roles(table, options);
  subject.targets = roles.targets;
  subject.used = roles.all();
  if (roles.past.empty() && roles.known.empty() && roles.statics.empty() && !check.named_only)
    subject.used.clear();
  subject.time = options.time;
  subject.id = options.id;
  subject.times = options.times;
  subject.horizon = options.horizon;
  subject.allow = check.allow;
  for (const std::string& name : check.allow) table.column(name);
  return subject;
}

/// Rows of a series that leave enough to learn from when the backtest has had its part.
std::int64_t fewest_rows(const ForecastOptions& options) {
  const std::int64_t training = std::max(forecasting::kMinTrainingRows, options.window) + 2 * options.horizon;
  std::int64_t rows = training + options.horizon;
  while (rows - std::max(forecasting::backtest_rows(options.backtest, rows), options.horizon) < training &&
         rows < 100 * training) {
    ++rows;
  }
  return rows;
}

void check_split(const Prepared& prepared, const ForecastOptions& options, CheckReport& report) {
  constexpr std::int64_t kFewOrigins = 10, kFewWindows = 50;
  Findings out(report, "split");
  std::int64_t train = 0, test = 0, origins = 0, windows = 0, too_short = 0;
  const std::int64_t stride = options.stride > 0 ? options.stride : options.horizon;
  for (const PanelSeries& series : prepared.panel.series) {
    const std::int64_t rows = series.rows() - series.train_rows;
    train += series.train_rows;
    test += rows;
    too_short += series.is_short ? 1 : 0;
    origins += std::max<std::int64_t>(0, (rows - options.horizon) / stride + 1);
    windows += std::max<std::int64_t>(0, series.train_rows - options.window - options.horizon);
  }
  out.ok(count_of(train, "row") + " to learn from, " + count_of(test, "row") + " to test on");
  if (too_short > 0) {
    out.add(
        CheckLevel::warning,
        std::to_string(too_short) + " series too short, or constant, to learn a model from", "",
        count_of(train, "row") + " for a horizon of " + std::to_string(options.horizon),
        "statistical methods alone forecast them; give more history, or a shorter --horizon or --backtest");
  }
  if (origins < kFewOrigins) {
    out.add(CheckLevel::warning,
            "the backtest has only " + count_of(origins, "forecast") + ": its verdict is unreliable", "",
            count_of(test, "row") + " in steps of " + std::to_string(stride),
            "keep more rows with --backtest, or let forecasts overlap with --stride 1");
  } else {
    out.ok("the backtest has " + count_of(origins, "forecast"));
  }
  if (windows < kFewWindows) {
    out.add(
        CheckLevel::warning, "there are only " + count_of(windows, "window") + " to learn from", "",
        count_of(train, "row") + " for a horizon of " + std::to_string(options.horizon),
        "expect little more than the linear model; give more history, or a shorter --horizon or --window");
  }
}

double test_share(const Panel& panel) {
  double rows = 0, train = 0;
  for (const PanelSeries& series : panel.series) {
    rows += static_cast<double>(series.rows());
    train += static_cast<double>(series.train_rows);
  }
  return std::clamp(1 - train / rows, 0.0, 0.9);
}

/// A wide table (one series a row) as a long one: id, step, value.
Table long_table(const Table& wide, const ForecastOptions& options) {
  const std::string id = forecasting::wide_id(wide, options);
  Table values_only(wide.source());
  for (const Column& column : wide.columns()) {
    const bool is_static =
        std::find(options.statics.begin(), options.statics.end(), column.name()) != options.statics.end();
    if (!is_static) values_only.add(column);
  }
  const SeriesSet set = series_from_rows(values_only, id);
  TextList ids;
  std::vector<double> steps, values;
  for (const Series& series : set.series) {
    for (std::int64_t row = 0; row < series.length(); ++row) {
      ids.push_back(series.id);
      steps.push_back(static_cast<double>(row));
      values.push_back(series.values.at(row));
    }
  }
  Table table(wide.source());
  table.add(Column("id", std::move(ids)));
  table.add(Column("step", std::move(steps)));
  table.add(Column("value", std::move(values)));
  return table;
}

}  // namespace

CheckReport check_forecast(const Table& table, ForecastOptions options, const CheckOptions& check) {
  if (options.wide && table.rows() > 0) {
    const Table longer = long_table(table, options);
    options.wide = false;
    options.statics.clear();
    options.target = "value";
    options.time = "step";
    options.id = "id";
    return check_forecast(longer, options, check);
  }
  CheckReport report;
  report.kind = "forecast";
  if (!checking::check_size(table, report)) return report;
  if (report.has_errors()) return report;  // columns of one name cannot be told apart
  Subject subject = subject_of(table, options, check, report);

  // What prepare takes as it is, it has a way with: then findings are warnings.
  std::optional<Prepared> prepared;
  std::optional<Error> refused;
  try {
    prepared = forecasting::prepare(table, options);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw;
    refused = error;
  }
  subject.refuses_missing = !prepared && options.missing == "error";
  subject.refuses_unsorted = !prepared && (options.strict || options.arrange.unsorted == "error");
  subject.refuses_duplicates = !prepared && (options.strict || options.arrange.duplicates == "error");
  subject.refuses_short = !prepared;
  if (prepared) subject.test_share = test_share(prepared->panel);

  checking::check_table(subject, true, fewest_rows(options), report);
  if (refused) checking::report_refusal(*refused, report);
  if (!prepared) return report;

  if (check.leaks && options.test_file.empty()) {
    checking::report_leaks(checking::find_forecast_leaks(table, options, *prepared), "the preparation",
                           report);
  }
  check_split(*prepared, options, report);
  try {
    checking::report_cost(checking::forecast_cost(*prepared, options), report);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw;
    checking::report_refusal(error, report);
  }
  return report;
}

}  // namespace rondo
