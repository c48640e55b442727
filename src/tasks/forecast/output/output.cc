// What a forecast leaves behind: the object of --json and the model file.

#include <array>
#include <map>
#include <string>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/tasks/forecast.h"
#include "tasks/common/model_file.h"
#include "tasks/forecast/output/value_columns.h"
#include "tasks/forecast/trained/model.h"

namespace rondo {

namespace {

constexpr std::size_t kMaxListedSeries = 10'000;
constexpr std::size_t kMaxListedRows = 100'000;  // of forecasts past the end, and of cutoffs

Json errors_of(const ForecastScore& score) {
  return Json::object(
      {{"mae", score.mae}, {"rmse", score.rmse}, {"mase", score.mase}, {"smape", score.smape}});
}

/// Those that a forecast has without bands, too.
Json all_errors_of(const ForecastScore& score) {
  Json errors = errors_of(score);
  for (const auto& [name, value] : {std::pair{"mse", score.mse},
                                    {"mse_scaled", score.mse_scaled},
                                    {"mae_scaled", score.mae_scaled},
                                    {"mape", score.mape},
                                    {"rmsse", score.rmsse},
                                    {"compared", score.compared},
                                    {"geometric_rmsse", score.geometric_rmsse},
                                    {"series_won", score.series_won}}) {
    errors.set(name, value);
  }
  return errors;
}

Json test_of(const ForecastResult& result) {
  const ForecastScore& test = result.test;
  Json errors = all_errors_of(test);
  for (const auto& [name, value] : {std::pair{"crps", test.crps},
                                    {"quantile_loss", test.quantile_loss},
                                    {"coverage80", result.coverage80},
                                    {"coverage95", result.coverage95},
                                    {"width80", test.width80},
                                    {"width95", test.width95},
                                    {"interval_score80", test.interval_score80},
                                    {"interval_score95", test.interval_score95},
                                    {"owa", test.owa}}) {
    errors.set(name, value);
  }
  return errors;
}

Json baselines_of(const ForecastResult& result) {
  Json out = Json::object();
  for (const ForecastScore& score : result.baselines) {
    Json errors = all_errors_of(score);
    errors.set("p_value", score.p_value);
    out.set(score.name, std::move(errors));
  }
  return out;
}

/// Of statistical methods, best first.
Json methods_of(const ForecastResult& result) {
  Json out = Json::array();
  for (const ForecastScore& score : result.methods) {
    Json errors = all_errors_of(score);
    errors.set("p_value", score.p_value);
    errors.set("name", score.name);
    out.push_back(std::move(errors));
  }
  return out;
}

/// [{"name", "share"}], largest first.
Json shares_of(const std::vector<ForecastShare>& shares) {
  Json out = Json::array();
  for (const ForecastShare& share : shares)
    out.push_back(Json::object({{"name", share.name}, {"share", share.share}}));
  return out;
}

/// Past the end, series by series: times, forecast and bands as in forecast.csv.
Json forecasts_of(const ForecastResult& result) {
  Json out = Json::array();
  for (const ForecastSeries& series : result.series) {
    Json times = Json::array();
    for (std::int64_t row = 0; row < series.future_times.size(); ++row)
      times.push_back(series.future_times.text(row));
    Json one = Json::object({{"id", series.id}, {"target", series.target}, {"time", std::move(times)}});
    for (const auto& [name, values] :
         forecasting::forecast_columns(result.options, series.forecast, series.bands, series.asked))
      one.set(name, Json::list(values));
    out.push_back(std::move(one));
  }
  return out;
}

/// How many, the errors of each and the forecasts where they can be read one by one.
Json series_of(const ForecastResult& result) {
  Json out = Json::object({{"number", static_cast<std::int64_t>(result.series.size())}});
  if (result.series.size() > kMaxListedSeries) return out;
  Json errors = Json::array();
  for (const ForecastSeries& series : result.series) {
    Json one = Json::object({{"id", series.id},
                             {"target", series.target},
                             {"rows", series.times.size()},
                             {"short", series.is_short},
                             {"shares", shares_of(series.shares)}});
    if (!series.test.name.empty()) {
      const Json measured = errors_of(series.test);
      for (const auto& [name, value] : measured.as_object()) one.set(name, value);
    }
    errors.push_back(std::move(one));
  }
  out.set("errors", std::move(errors));
  std::size_t rows = 0;
  for (const ForecastSeries& series : result.series) rows += series.forecast.size();
  if (rows > 0 && rows <= kMaxListedRows) out.set("forecasts", forecasts_of(result));
  return out;
}

/// Times of the last rows that forecasts of the backtest knew, each once.
Json cutoffs_of(const ForecastResult& result) {
  std::map<std::int64_t, std::string> cutoffs;
  for (const ForecastSeries& series : result.series) {
    for (const std::int64_t origin : series.backtest.origin) {
      const std::int64_t tick = series.times.ticks()[static_cast<std::size_t>(origin)];
      if (!cutoffs.contains(tick)) cutoffs.emplace(tick, series.times.text(origin));
    }
  }
  Json out = Json::array();
  if (cutoffs.size() > kMaxListedRows) return out;
  for (const auto& [tick, text] : cutoffs) out.push_back(text);
  return out;
}

/// [{"step", "mae", "rmse", "rse", "naive_rmse", "naive_rse", …}] by step of the horizon.
Json by_step_of(const ForecastResult& result) {
  Json out = Json::array();
  for (std::size_t h = 0; !result.by_step.empty() && h < result.by_step.front().size(); ++h) {
    const ForecastStepScore& model = result.by_step.front()[h];
    Json one = Json::object({{"step", static_cast<std::int64_t>(h + 1)},
                             {"mae", model.mae},
                             {"rmse", model.rmse},
                             {"rse", model.rse}});
    for (std::size_t k = 1; k < result.by_step.size(); ++k) {
      one.set(result.baselines[k - 1].name + "_rmse", result.by_step[k][h].rmse);
      one.set(result.baselines[k - 1].name + "_rse", result.by_step[k][h].rse);
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json anomalies_of(const ForecastResult& result) {
  Json out = Json::array();
  for (const ForecastAnomaly& anomaly : result.anomalies) {
    Json one = Json::object({{"time", anomaly.time},
                             {"score", anomaly.score},
                             {"actual", anomaly.actual},
                             {"expected", anomaly.expected},
                             {"low95", anomaly.low95},
                             {"high95", anomaly.high95}});
    if (!anomaly.id.empty()) one.set("id", anomaly.id);
    if (result.targets.size() > 1) one.set("target", anomaly.target);
    out.push_back(std::move(one));
  }
  return out;
}

/// What is odd in the table, then remarks on the forecast.
Json warnings_of(const ForecastResult& result) {
  Json out = Json::list(result.warnings);
  for (const std::string& note : result.notes) out.push_back(note);
  return out;
}

}  // namespace

const char* forecast_verdict_name(ForecastVerdict verdict) {
  constexpr std::array kNames{"better", "no better than a single method", "no better than naive",
                              "not tested"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Json forecast_json(const ForecastResult& result, const Json& files) {
  const Json seconds = Json::object({{"train", result.seconds_train},
                                     {"backtest", result.seconds_backtest},
                                     {"backtest_forecasts", result.seconds_backtest_forecasts},
                                     {"total", result.seconds_total}});
  return Json::object({{"target", result.target},
                       {"cell", result.cell},
                       {"window", result.window},
                       {"horizon", result.horizon},
                       {"frequency", result.frequency},
                       {"period", result.period},
                       {"season", result.season},
                       {"transform", result.transform},
                       {"difference", result.difference},
                       {"seed", result.seed},
                       {"threads", result.threads},
                       {"rows", Json::object({{"train", result.rows_train},
                                              {"validation", result.rows_validation},
                                              {"test", result.rows_test}})},
                       {"test", test_of(result)},
                       {"baselines", baselines_of(result)},
                       {"methods", methods_of(result)},
                       {"shares", shares_of(result.shares)},
                       {"measure", result.measure},
                       {"skill", result.skill},
                       {"skill_against", result.skill_against},
                       {"verdict", forecast_verdict_name(result.verdict)},
                       {"epochs", result.epochs},
                       {"seconds", seconds},
                       {"by_step", by_step_of(result)},
                       {"cutoffs", cutoffs_of(result)},
                       {"series", series_of(result)},
                       {"anomalies", anomalies_of(result)},
                       {"warnings", warnings_of(result)},
                       {"files", files}});
}

void ForecastResult::save_model(const std::string& path) const {
  AtomicFiles files;
  save_model(files, path);
  files.commit();
}

void ForecastResult::save_model(AtomicFiles& files, const std::string& path) const {
  if (!model)
    throw Error(ErrorKind::usage, "there is no model to save: the result was not made by run_forecast");
  Model written = *model;  // an archive function reads, too: not for const objects
  tasks::save_model_file(files, path,
                         [&](tasks::Archive& archive) { forecasting::archive_model(archive, written); });
}

}  // namespace rondo
