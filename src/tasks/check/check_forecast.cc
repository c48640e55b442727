// A table that is to be forecast.

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "base/order_statistics.h"
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

/// Whole numbers from 0 on, small or often 0: what distributions of counts are for.
void check_counts(const Subject& subject, const ForecastOptions& options, CheckReport& report) {
  constexpr double kSmall = 30, kSomeZeros = 0.05, kEvenSpread = 1.3;
  if (options.likelihood != "point") return;
  Findings out(report, "columns");
  for (const std::string& name : subject.targets) {
    const Column& column = subject.table->column(name);
    if (!column.is_number()) continue;
    std::vector<double> values;
    for (const double value : column.numbers())
      if (!std::isnan(value)) values.push_back(value);
    const bool counts = std::ranges::all_of(values, [](double v) { return v >= 0 && v == std::floor(v); });
    if (values.size() < 12 || !counts) continue;
    const auto rows = static_cast<double>(values.size());
    double mean = 0, square = 0;
    for (const double value : values) mean += value / rows;
    for (const double value : values) square += (value - mean) * (value - mean) / rows;
    const double zeros = static_cast<double>(std::ranges::count(values, 0.0)) / rows;
    if (square == 0 || (detail::median_of(values) > kSmall && zeros < kSomeZeros)) continue;
    const char* likelihood = square <= kEvenSpread * mean ? "poisson" : "negative_binomial";
    out.ok("'" + name + "' holds counts: where their distribution is wanted more than the best blend, " +
           "--likelihood " + likelihood + " forecasts it");
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
  check_counts(subject, options, report);

  if (check.leaks && options.test_file.empty()) {
    checking::report_leaks(checking::find_forecast_leaks(table, options, *prepared), "the preparation",
                           report);
  }
  check_split(*prepared, options, report);
  try {
    const checking::Cost cost = checking::forecast_cost(*prepared, options);
    checking::report_cost(cost, report,
                          cost.networks ? "the forecast, with networks," : "the forecast, without networks,");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw;
    checking::report_refusal(error, report);
  }
  return report;
}

std::vector<std::string> forecast_remarks(const Table& table, const ForecastOptions& options) {
  constexpr std::int64_t kMostCells = 1'000'000;
  constexpr std::size_t kMostRemarks = 3;
  if (options.wide) return {};
  const forecasting::Roles roles = forecasting::find_roles(table, options);
  const auto columns = static_cast<std::int64_t>(roles.all().size());
  if (table.rows() * columns > kMostCells) return {};
  CheckReport report;
  Subject subject;
  subject.table = &table;
  subject.targets = roles.targets;
  subject.used = roles.all();
  subject.time = options.time;
  subject.id = options.id;
  subject.times = options.times;
  subject.horizon = options.horizon;
  // Columns that are not in use are nobody's business here.
  Table used(table.source());
  for (const Column& column : table.columns())
    if (subject.uses(column.name()) || column.name() == subject.id) used.add(column);
  subject.table = &used;
  const std::vector<checking::SeriesRows> series = checking::series_of(subject, nullptr);
  std::vector<std::string> out;
  for (const std::string& name : subject.used) {
    const Column& column = used.column(name);
    if (subject.is_target(name) || !column.is_number() || column.size() < 2) continue;
    const auto numbers = column.numbers();
    if (std::ranges::all_of(numbers, [&](double v) { return v == numbers.front(); }))
      out.push_back("column '" + name + "' is constant: it says nothing");
  }
  try {
    if (!roles.past.empty()) checking::check_column_leaks(subject, report);
    checking::check_scaling_leaks(subject, series, report);
  } catch (const Error&) {
    return out;  // what is wrong with the table is said where it is read
  }
  for (const CheckFinding& finding : report.findings) {
    const bool known = std::ranges::any_of(
        roles.known, [&](const std::string& name) { return finding.what.starts_with("'" + name + "'"); });
    if (finding.level != CheckLevel::ok && !known) out.push_back("column " + finding.what);
  }
  if (out.size() > kMostRemarks) {
    const std::size_t more = out.size() - kMostRemarks;
    out.resize(kMostRemarks);
    out.push_back(count_of(static_cast<std::int64_t>(more), "more remark") + " of this kind");
  }
  for (std::string& remark : out) remark += " (rondo check says more)";
  return out;
}

}  // namespace rondo
