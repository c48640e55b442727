#include "tasks/report/series_json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <numeric>
#include <utility>

#include "tasks/report/statistics.h"

namespace rondo {
namespace {

using nlohmann::json;

json numbers(const std::vector<double>& values, std::span<const std::size_t> rows, const Detail& detail) {
  json picked = json::array();
  for (const std::size_t row : rows) picked.push_back(rounded(values[row], detail.digits));
  return picked;
}

std::vector<std::size_t> all_rows(std::size_t count) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

/// Rows that keep the shape of all `lines`, every one of the last rows, and `also`.
std::vector<std::size_t> rows_of_all(std::initializer_list<std::span<const double>> lines, std::size_t limit,
                                     std::size_t recent, std::span<const std::size_t> also = {}) {
  const std::size_t total = lines.begin()->size();
  std::vector<std::size_t> rows(also.begin(), also.end());
  for (const std::span<const double> line : lines) {
    const std::vector<std::size_t> more = rows_to_draw(line, limit);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  for (std::size_t row = total - std::min(total, recent); row < total; ++row) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

/// The last rows, one by one: of many series that says more, and takes less room, than a thinned line.
std::vector<std::size_t> last_rows(std::size_t total, std::size_t limit) {
  std::vector<std::size_t> rows(std::min(total, limit));
  std::iota(rows.begin(), rows.end(), total - rows.size());
  return rows;
}

/// Row numbers without a hole as {"from", "count"}.
json rows_json(const std::vector<std::size_t>& rows, const Detail& detail) {
  const bool whole = !rows.empty() && rows.back() - rows.front() + 1 == rows.size();
  if (detail.digits == 0 || !whole) return rows;
  return {{"from", rows.front()}, {"count", rows.size()}};
}

void add_bands(json& target, const ReportBands& bands, std::span<const std::size_t> rows,
               const Detail& detail) {
  if (bands.empty()) return;
  target["low80"] = numbers(bands.low80, rows, detail);
  target["high80"] = numbers(bands.high80, rows, detail);
  target["low95"] = numbers(bands.low95, rows, detail);
  target["high95"] = numbers(bands.high95, rows, detail);
}

json history_json(SeriesWriter& writer, const ReportSeries& series,
                  std::span<const ReportAnomaly> anomalies) {
  std::vector<std::size_t> marked;
  for (const ReportAnomaly& anomaly : anomalies) marked.push_back(anomaly.row);
  const std::size_t total = series.values.size(), limit = writer.detail.history;
  const bool tail = writer.detail.digits > 0 &&
                    std::ranges::all_of(marked, [&](std::size_t row) { return row + limit >= total; });
  const std::vector<std::size_t> rows =
      tail ? last_rows(total, limit) : rows_of_all({series.values}, limit, writer.detail.recent, marked);
  return {{"thinned", rows.size() < series.values.size()},
          {"row", rows_json(rows, writer.detail)},
          {"time", writer.times(series.times, rows)},
          {"value", numbers(series.values, rows, writer.detail)}};
}

json forecast_json(SeriesWriter& writer, const ReportForecast& forecast) {
  const std::vector<std::size_t> rows = all_rows(forecast.mean.size());
  json result = {{"time", writer.times(forecast.times, rows)},
                 {"mean", numbers(forecast.mean, rows, writer.detail)}};
  if (writer.detail.digits == 0 || forecast.quantiles.empty())
    add_bands(result, forecast.bands, rows, writer.detail);
  if (!forecast.quantiles.empty()) {
    json values = json::array();
    for (const std::vector<double>& line : forecast.quantiles.values)
      values.push_back(numbers(line, rows, writer.detail));
    result["quantiles"] = {{"level", forecast.quantiles.levels}, {"value", std::move(values)}};
  }
  return result;
}

json summary_json(const ResidualSummary& summary, const Detail& detail) {
  const auto short_numbers = [&](const std::vector<double>& values) {
    return numbers(values, all_rows(values.size()), detail);
  };
  return {{"count", summary.count},
          {"mean", summary.mean},
          {"deviation", summary.deviation},
          {"histogram",
           {{"edges", short_numbers(summary.histogram.edges)}, {"counts", summary.histogram.counts}}},
          {"autocorrelation", short_numbers(summary.autocorrelation)},
          {"bound", summary.bound}};
}

json residuals_json(SeriesWriter& writer, const ReportSeries& series) {
  const bool one_step = !series.one_step.values.empty();
  const std::vector<double> errors =
      one_step ? series.one_step.values : residuals(series.backtest.actual, series.backtest.predicted);
  const std::vector<std::size_t> rows = writer.detail.digits > 0
                                            ? last_rows(errors.size(), writer.detail.backtest)
                                            : rows_to_draw(errors, writer.detail.backtest);
  json result = summary_json(summarise_residuals(errors), writer.detail);
  result["one_step"] = one_step;
  result["total"] = errors.size();
  if (!one_step && writer.detail.digits > 0) return result;  // the page subtracts the lines of the backtest
  result["row"] = rows_json(rows, writer.detail);
  result["time"] = writer.times(one_step ? series.one_step.times : series.backtest.times, rows);
  result["value"] = numbers(errors, rows, writer.detail);
  return result;
}

/// All lines of the backtest share their rows, so that one look at a time shows every forecaster: those that
/// keep the shape of the actual values and of the predictions.
json backtest_json(SeriesWriter& writer, const ReportBacktest& backtest) {
  const Detail& detail = writer.detail;
  const std::vector<std::size_t> rows =
      detail.digits > 0 ? last_rows(backtest.times.size(), detail.backtest)
                        : rows_of_all({backtest.actual, backtest.predicted}, detail.backtest, detail.recent);
  json result = {{"total", backtest.times.size()},
                 {"first", backtest.times.front()},
                 {"thinned", rows.size() < backtest.times.size()},
                 {"row", rows_json(rows, detail)},
                 {"time", writer.times(backtest.times, rows)},
                 {"actual", numbers(backtest.actual, rows, detail)},
                 {"predicted", numbers(backtest.predicted, rows, detail)},
                 {"baselines", json::array()}};
  add_bands(result, backtest.bands, rows, detail);
  if (!backtest.bands.empty()) {
    result["inside80"] = share_inside(backtest.actual, backtest.bands.low80, backtest.bands.high80);
    result["inside95"] = share_inside(backtest.actual, backtest.bands.low95, backtest.bands.high95);
  }
  const bool only_best = detail.digits > 0 && !writer.report.skill_against.empty();
  for (const ReportLine& line : backtest.baselines)
    if (!only_best || line.name == writer.report.skill_against)
      result["baselines"].push_back({{"name", line.name}, {"value", numbers(line.values, rows, detail)}});
  return result;
}

json scores_json(const std::vector<ReportScore>& scores, int digits) {
  json result = json::array();
  for (const ReportScore& score : scores)
    result.push_back({{"name", score.name},
                      {"mae", rounded(score.mae, digits)},
                      {"rmse", rounded(score.rmse, digits)},
                      {"mase", rounded(score.mase, digits)},
                      {"smape", rounded(score.smape, digits)}});
  return result;
}

json anomaly_json(const ReportAnomaly& anomaly, double value, bool marked) {
  json one = {{"row", anomaly.row}, {"value", value}, {"score", anomaly.score}, {"remarkable", marked}};
  for (const auto& [name, known] :
       {std::pair{"expected", anomaly.expected}, {"low95", anomaly.low}, {"high95", anomaly.high}})
    if (std::isfinite(known)) one[name] = known;
  return one;
}

}  // namespace

json series_json(SeriesWriter& writer, const ReportSeries& series, std::span<const ReportAnomaly> anomalies) {
  const auto missing =
      std::count_if(series.values.begin(), series.values.end(), [](double v) { return std::isnan(v); });
  json result = {{"name", series.name},
                 {"rows",
                  {{"total", series.values.size()},
                   {"missing", missing},
                   {"train", series.train_rows},
                   {"validation", series.validation_rows},
                   {"test", series.test_rows}}},
                 {"history", history_json(writer, series, anomalies)},
                 {"forecast", forecast_json(writer, series.forecast)},
                 {"scores", scores_json(series.scores, writer.detail.digits)}};
  if (!series.target.empty()) result["target"] = series.target;
  if (!series.unit.empty()) result["unit"] = series.unit;
  if (!series.backtest.times.empty()) result["backtest"] = backtest_json(writer, series.backtest);
  if (!series.backtest.times.empty() || !series.one_step.times.empty())
    result["residuals"] = residuals_json(writer, series);
  for (const ReportAnomaly& anomaly : anomalies)
    result["anomalies"].push_back(
        anomaly_json(anomaly, series.values[anomaly.row], writer.report.anomalies.marks(anomaly)));
  return result;
}

double rounded(double value, int digits) {
  if (!std::isfinite(value) || digits == 0) return value;
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return std::strtod(text, nullptr);
}

}  // namespace rondo
