#include "tasks/report/report_data.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "rondo/error.h"
#include "tasks/report/statistics.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::size_t kPointBudget =
    120'000;  // drawn points of all series together: keeps the page below some 10 MB
constexpr std::size_t kMostPointsPerLine = 4'000;
constexpr std::size_t kFewestPointsPerLine = 300;
constexpr std::size_t kRecentRows = 400;  // always drawn one by one, for the closer look

std::size_t points_per_line(std::size_t series) {
  return std::clamp(kPointBudget / std::max<std::size_t>(series, 1), kFewestPointsPerLine,
                    kMostPointsPerLine);
}

template <class T>
json pick(const std::vector<T>& values, std::span<const std::size_t> rows) {
  json picked = json::array();
  for (const std::size_t row : rows) picked.push_back(values[row]);
  return picked;
}

/// Rows that keep the shape of all `lines`, and every one of the last rows.
std::vector<std::size_t> rows_of_all(std::initializer_list<std::span<const double>> lines,
                                     std::size_t limit) {
  const std::size_t total = lines.begin()->size();
  std::vector<std::size_t> rows;
  for (const std::span<const double> line : lines) {
    const std::vector<std::size_t> more = rows_to_draw(line, limit);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  for (std::size_t row = total - std::min(total, kRecentRows); row < total; ++row) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

json history_json(const ReportSeries& series, std::size_t limit) {
  const std::vector<std::size_t> rows = rows_of_all({series.values}, limit);
  return {{"thinned", rows.size() < series.values.size()},
          {"row", rows},
          {"time", pick(series.times, rows)},
          {"value", pick(series.values, rows)}};
}

void add_bands(json& target, const ReportBands& bands, std::span<const std::size_t> rows) {
  if (bands.empty()) return;
  target["low80"] = pick(bands.low80, rows);
  target["high80"] = pick(bands.high80, rows);
  target["low95"] = pick(bands.low95, rows);
  target["high95"] = pick(bands.high95, rows);
}

json forecast_json(const ReportForecast& forecast) {
  json result = {{"time", forecast.times}, {"mean", forecast.mean}};
  const std::vector<std::size_t> rows = rows_to_draw(forecast.mean, std::numeric_limits<std::size_t>::max());
  add_bands(result, forecast.bands, rows);
  return result;
}

json residuals_json(const ReportBacktest& backtest, std::size_t limit) {
  const std::vector<double> errors = residuals(backtest.actual, backtest.predicted);
  const ResidualSummary summary = summarise_residuals(errors);
  const std::vector<std::size_t> rows = rows_to_draw(errors, limit);
  json result = {{"count", summary.count},
                 {"mean", summary.mean},
                 {"deviation", summary.deviation},
                 {"row", rows},
                 {"time", pick(backtest.times, rows)},
                 {"value", pick(errors, rows)},
                 {"histogram", {{"edges", summary.histogram.edges}, {"counts", summary.histogram.counts}}},
                 {"autocorrelation", summary.autocorrelation},
                 {"bound", summary.bound}};
  if (!backtest.bands.empty()) {
    result["inside80"] = share_inside(backtest.actual, backtest.bands.low80, backtest.bands.high80);
    result["inside95"] = share_inside(backtest.actual, backtest.bands.low95, backtest.bands.high95);
  }
  return result;
}

/// All lines of the backtest share their rows, so that one look at a time shows every forecaster: those that keep the
/// shape of the actual values and of the predictions.
json backtest_json(const ReportBacktest& backtest, std::size_t limit) {
  const std::vector<std::size_t> rows = rows_of_all({backtest.actual, backtest.predicted}, limit);
  json result = {{"total", backtest.times.size()},
                 {"thinned", rows.size() < backtest.times.size()},
                 {"row", rows},
                 {"time", pick(backtest.times, rows)},
                 {"actual", pick(backtest.actual, rows)},
                 {"predicted", pick(backtest.predicted, rows)},
                 {"baselines", json::array()}};
  add_bands(result, backtest.bands, rows);
  for (const ReportLine& line : backtest.baselines)
    result["baselines"].push_back({{"name", line.name}, {"value", pick(line.values, rows)}});
  return result;
}

json scores_json(const std::vector<ReportScore>& scores) {
  json result = json::array();
  for (const ReportScore& score : scores)
    result.push_back({{"name", score.name},
                      {"mae", score.mae},
                      {"rmse", score.rmse},
                      {"mase", score.mase},
                      {"smape", score.smape}});
  return result;
}

json series_json(const ReportSeries& series, std::size_t limit) {
  const auto missing =
      std::count_if(series.values.begin(), series.values.end(), [](double v) { return std::isnan(v); });
  json result = {{"name", series.name},
                 {"rows",
                  {{"total", series.values.size()},
                   {"missing", missing},
                   {"train", series.train_rows},
                   {"validation", series.validation_rows},
                   {"test", series.test_rows}}},
                 {"history", history_json(series, limit)},
                 {"forecast", forecast_json(series.forecast)},
                 {"scores", scores_json(series.scores)}};
  if (!series.backtest.times.empty()) {
    result["backtest"] = backtest_json(series.backtest, limit);
    result["residuals"] = residuals_json(series.backtest, limit);
  }
  return result;
}

void check_length(const std::string& where, const char* what, std::size_t seen, std::size_t expected) {
  if (seen == expected) return;
  throw Error(ErrorKind::usage, "the report's lengths do not fit together")
      .where(where)
      .seen(std::to_string(seen) + " " + what)
      .expected(std::to_string(expected) + ", one for each time")
      .cure("give a value for every time, NaN where there is none");
}

void check_bands(const std::string& where, const ReportBands& bands, std::size_t rows) {
  if (bands.empty()) return;
  check_length(where, "lower ends of the 80 % band", bands.low80.size(), rows);
  check_length(where, "upper ends of the 80 % band", bands.high80.size(), rows);
  check_length(where, "lower ends of the 95 % band", bands.low95.size(), rows);
  check_length(where, "upper ends of the 95 % band", bands.high95.size(), rows);
}

void check_series(const ReportSeries& series) {
  const std::string name = "series '" + series.name + "'";
  check_length(name + ", history", "values", series.values.size(), series.times.size());
  const std::string forecast = name + ", forecast";
  check_length(forecast, "values", series.forecast.mean.size(), series.forecast.times.size());
  check_bands(forecast, series.forecast.bands, series.forecast.times.size());
  const std::string backtest = name + ", backtest";
  const std::size_t rows = series.backtest.times.size();
  check_length(backtest, "actual values", series.backtest.actual.size(), rows);
  check_length(backtest, "predicted values", series.backtest.predicted.size(), rows);
  check_bands(backtest, series.backtest.bands, rows);
  for (const ReportLine& line : series.backtest.baselines)
    check_length(backtest + ", baseline '" + line.name + "'", "values", line.values.size(), rows);
}

}  // namespace

void check_report(const ForecastReport& report) {
  if (report.series.empty())
    throw Error(ErrorKind::usage, "a forecast report needs a series")
        .where("ForecastReport::series")
        .seen("none")
        .expected("at least one")
        .cure("add the series that was forecast");
  for (const ReportSeries& series : report.series) check_series(series);
}

std::string report_data_json(const ForecastReport& report) {
  const std::size_t shown = std::min(report.series.size(), kMostSeriesShown);
  json data = {{"target", report.target},
               {"unit", report.unit},
               {"horizon", report.horizon},
               {"skill_against", report.skill_against},
               {"training",
                {{"loss", report.training.loss},
                 {"validation", report.training.validation},
                 {"best_epoch", report.training.best_epoch},
                 {"loss_name", report.training.loss_name}}},
               {"series_total", report.series.size()},
               {"series", json::array()}};
  for (std::size_t i = 0; i < shown; ++i)
    data["series"].push_back(series_json(report.series[i], points_per_line(shown)));
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace rondo
