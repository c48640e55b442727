#include "tasks/forecast/report/series_json.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/index_range.h"
#include "base/order_statistics.h"
#include "base/text.h"
#include "tasks/forecast/report/json_parts.h"
#include "tasks/forecast/report/residuals.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kFewUsers = 4;

/// Tells lists apart: equal ones have equal keys, others do not but by an accident of 64 bits and both ends.
/// All times of a table are written in one way.
std::string key(const TimeRows& times) {
  if (times.size() == 0) return {};
  std::uint64_t hash = times.size();
  for (std::size_t i = 0; i < times.size(); ++i)
    hash = hash * 1'000'003 + static_cast<std::uint64_t>(times.tick(i));
  const std::size_t last = times.size() - 1;
  return std::to_string(times.tick(0)) + ' ' + std::to_string(times.tick(last)) + ' ' + std::to_string(hash);
}

std::optional<std::int64_t> counted_from(const TimeRows& times) {
  const std::int64_t first = times.tick(0);
  for (std::size_t i = 0; i < times.size(); ++i)
    if (times.tick(i) != first + static_cast<std::int64_t>(i)) return std::nullopt;
  if (times.text(0) != std::to_string(first)) return std::nullopt;
  return first;
}

}  // namespace

TimeTexts::TimeTexts(const std::vector<ForecastSeries>& series, bool shared) {
  if (!shared) return;
  for (const ForecastSeries& one : series)
    for (const TimeRows& times : {TimeRows::all_of(one.times), TimeRows::all_of(one.future_times),
                                  latest_forecasts(one).times, one_step_residuals(one).times})
      ++users_[key(times)];
}

Json TimeTexts::operator()(const TimeRows& times, std::span<const std::size_t> rows) {
  const auto user = times.size() == 0 ? users_.end() : users_.find(key(times));
  if (user != users_.end()) {
    if (const std::optional<std::int64_t> first = counted_from(times))
      return Json::object({{"from", *first}});
    if (user->second >= kFewUsers) return Json::object({{"list", list_of(times)}});
  }
  Json picked = Json::array();
  for (const std::size_t row : rows) picked.push_back(times.text(row));
  return picked;
}

std::int64_t TimeTexts::list_of(const TimeRows& times) {
  const auto [found, fresh] = known_.try_emplace(key(times), static_cast<std::int64_t>(known_.size()));
  if (!fresh) return found->second;
  Json texts = Json::array();
  for (std::size_t i = 0; i < times.size(); ++i) {
    texts.push_back(times.text(i));
    bytes_ += times.text(i).size() + 3;
  }
  lists_.push_back(std::move(texts));
  return found->second;
}

namespace {

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
  detail::sort_unique(rows);
  return rows;
}

Json history_json(SeriesWriter& writer, const ForecastSeries& series, const std::vector<double>& values,
                  std::span<const ForecastAnomaly> anomalies) {
  std::vector<std::size_t> marked;
  for (const ForecastAnomaly& anomaly : anomalies) marked.push_back(static_cast<std::size_t>(anomaly.row));
  const std::size_t total = values.size(), limit = writer.detail.history;
  const bool tail = writer.detail.digits > 0 &&
                    std::ranges::all_of(marked, [&](std::size_t row) { return row + limit >= total; });
  const std::vector<std::size_t> rows =
      tail ? last_rows(total, limit) : rows_of_all({values}, limit, writer.detail.recent, marked);
  return Json::object({{"thinned", rows.size() < total},
                       {"row", rows_json(rows, writer.detail)},
                       {"time", writer.times(TimeRows::all_of(series.times), rows)},
                       {"value", numbers(values, rows, writer.detail)}});
}

Json forecast_json(SeriesWriter& writer, const ForecastSeries& series) {
  const std::vector<std::size_t> rows = detail::range<std::size_t>(0, series.forecast.size());
  Json result = Json::object({{"time", writer.times(TimeRows::all_of(series.future_times), rows)},
                              {"mean", numbers(series.forecast, writer.detail)}});
  const ForecastQuantiles& quantiles = series.asked.levels.empty() ? series.quantiles : series.asked;
  if (writer.detail.digits == 0 || quantiles.levels.empty())
    add_bands(result, series.bands, rows, writer.detail);
  add_quantiles(result, quantiles, rows, writer.detail);
  return result;
}

Json summary_json(const ResidualSummary& summary, const Detail& detail) {
  return Json::object({{"count", count(summary.count)},
                       {"mean", summary.mean},
                       {"deviation", summary.deviation},
                       {"histogram", Json::object({{"edges", numbers(summary.histogram.edges, detail)},
                                                   {"counts", counts(summary.histogram.counts)}})},
                       {"autocorrelation", numbers(summary.autocorrelation, detail)},
                       {"bound", summary.bound}});
}

Json residuals_json(SeriesWriter& writer, const ForecastSeries& series, const LatestForecasts& latest) {
  const OneStepResiduals one_step = one_step_residuals(series);
  const bool is_one_step = !one_step.values.empty();
  const std::vector<double> errors =
      is_one_step ? one_step.values
                  : residuals(latest.of(series.backtest.actual), latest.of(series.backtest.predicted));
  const std::vector<std::size_t> rows = writer.detail.digits > 0
                                            ? last_rows(errors.size(), writer.detail.backtest)
                                            : rows_to_draw(errors, writer.detail.backtest);
  Json result = summary_json(summarise_residuals(errors), writer.detail);
  result.set("one_step", is_one_step);
  result.set("total", count(errors.size()));
  if (!is_one_step && writer.detail.digits > 0)
    return result;  // the page subtracts the lines of the backtest
  result.set("row", rows_json(rows, writer.detail));
  result.set("time", writer.times(is_one_step ? one_step.times : latest.times, rows));
  result.set("value", numbers(errors, rows, writer.detail));
  return result;
}

/// All lines of the backtest share their rows, so that one look at a time shows every forecaster: those that
/// keep the shape of the actual values and of the predictions.
Json backtest_json(SeriesWriter& writer, const ForecastSeries& series, const LatestForecasts& latest) {
  const Detail& detail = writer.detail;
  const ForecastSeries::Backtest& from = series.backtest;
  const std::vector<double> actual = latest.of(from.actual), predicted = latest.of(from.predicted);
  const std::size_t total = latest.times.size();
  const std::vector<std::size_t> rows =
      detail.digits > 0 ? last_rows(total, detail.backtest)
                        : rows_of_all({actual, predicted}, detail.backtest, detail.recent);
  Json result = Json::object({{"total", count(total)},
                              {"first", latest.times.text(0)},
                              {"thinned", rows.size() < total},
                              {"row", rows_json(rows, detail)},
                              {"time", writer.times(latest.times, rows)},
                              {"actual", numbers(actual, rows, detail)},
                              {"predicted", numbers(predicted, rows, detail)}});
  ForecastBands bands;
  for (const auto& [name, end] : ForecastBands::kEnds) bands.*end = latest.of(from.bands.*end);
  ForecastQuantiles asked = from.asked;
  for (std::vector<double>& line : asked.values) line = latest.of(line);
  add_quantiles(result, asked, rows, detail);
  add_bands(result, bands, rows, detail);
  result.set("inside80", share_inside(actual, bands.low80, bands.high80));
  result.set("inside95", share_inside(actual, bands.low95, bands.high95));
  Json baselines = Json::array();
  const std::string& best = writer.result.skill_against;
  for (const RivalLine& line : rival_lines(series, writer.result)) {
    if (detail.digits != 0 && !best.empty() && line.name != best) continue;
    const std::vector<double> values = latest.of(*line.forecasts);
    baselines.push_back(
        Json::object({{"name", forecaster_name(line.name)}, {"value", numbers(values, rows, detail)}}));
  }
  result.set("baselines", std::move(baselines));
  return result;
}

Json scores_json(const std::vector<ForecastScore>& scores, int digits) {
  Json result = Json::array();
  for (const ForecastScore& score : scores)
    result.push_back(Json::object({{"name", forecaster_name(score.name)},
                                   {"mae", rounded(score.mae, digits)},
                                   {"rmse", rounded(score.rmse, digits)},
                                   {"mase", rounded(score.mase, digits)},
                                   {"smape", rounded(score.smape, digits)}}));
  return result;
}

Json anomaly_json(const ForecastAnomaly& anomaly, double value) {
  Json one = Json::object({{"row", anomaly.row},
                           {"value", value},
                           {"score", anomaly.score},
                           {"remarkable", anomaly.score > ForecastAnomaly::kRemarkable}});
  for (const auto& [name, known] :
       {std::pair{"expected", anomaly.expected}, {"low95", anomaly.low95}, {"high95", anomaly.high95}})
    if (std::isfinite(known)) one.set(name, known);
  return one;
}

}  // namespace

Json series_json(SeriesWriter& writer, const ForecastSeries& series,
                 std::span<const ForecastAnomaly> anomalies) {
  const std::vector<double> values = known_values(series);
  const auto missing = std::ranges::count_if(values, [](double v) { return std::isnan(v); });
  Json result = Json::object({{"name", series_name(series, writer.result)},
                              {"rows", Json::object({{"total", count(values.size())},
                                                     {"missing", static_cast<std::int64_t>(missing)},
                                                     {"train", series.train_rows - series.validation_rows},
                                                     {"validation", series.validation_rows},
                                                     {"test", series.times.size() - series.train_rows}})},
                              {"history", history_json(writer, series, values, anomalies)},
                              {"forecast", forecast_json(writer, series)},
                              {"scores", scores_json(all_scores(series), writer.detail.digits)}});
  if (writer.result.targets.size() > 1) result.set("target", series.target);
  if (const LatestForecasts latest = latest_forecasts(series); latest.times.size() > 0) {
    result.set("backtest", backtest_json(writer, series, latest));
    result.set("residuals", residuals_json(writer, series, latest));
    if (Json origins = origins_json(writer, series); !origins.is_null()) result.set("origins", origins);
  }
  if (Json parts = components_json(writer, series); !parts.is_null()) result.set("components", parts);
  if (anomalies.empty()) return result;
  Json marks = Json::array();
  for (const ForecastAnomaly& anomaly : anomalies)
    marks.push_back(anomaly_json(anomaly, values[static_cast<std::size_t>(anomaly.row)]));
  result.set("anomalies", std::move(marks));
  return result;
}

}  // namespace rondo::forecasting
