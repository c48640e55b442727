#include "tasks/report/report_data.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "rondo/base/error.h"
#include "tasks/report/series_data.h"
#include "tasks/report/statistics.h"

namespace rondo {
namespace {

using nlohmann::json;

/// Every measure that is known.
json all_scores_json(const std::vector<ReportScore>& scores) {
  json result = json::array();
  for (const ReportScore& score : scores) {
    json one = {{"name", score.name}};
    for (const auto& [name, value] : {std::pair{"mae", score.mae},
                                      {"rmse", score.rmse},
                                      {"mase", score.mase},
                                      {"smape", score.smape},
                                      {"mape", score.mape},
                                      {"mse", score.mse},
                                      {"rmsse", score.rmsse},
                                      {"mse_scaled", score.mse_scaled},
                                      {"mae_scaled", score.mae_scaled},
                                      {"crps", score.crps},
                                      {"owa", score.owa},
                                      {"coverage80", score.coverage80},
                                      {"coverage95", score.coverage95},
                                      {"width80", score.width80},
                                      {"width95", score.width95},
                                      {"interval_score80", score.interval_score80},
                                      {"interval_score95", score.interval_score95},
                                      {"quantile_loss", score.quantile_loss},
                                      {"p_value", score.p_value}})
      if (std::isfinite(value)) one[name] = value;
    result.push_back(std::move(one));
  }
  return result;
}

json horizon_json(const ReportHorizonErrors& errors) {
  if (errors.forecasters.empty()) return nullptr;
  json result = {{"measure", errors.measure}, {"in_units", errors.in_units}, {"lines", json::array()}};
  for (const ReportLine& line : errors.forecasters)
    result["lines"].push_back({{"name", line.name}, {"value", line.values}});
  return result;
}

json calibration_json(const ReportCalibration& calibration) {
  if (calibration.nominal.empty() && calibration.pit.empty()) return nullptr;
  json result = {
      {"rows", calibration.rows}, {"nominal", calibration.nominal}, {"observed", calibration.observed}};
  const PitHistogram pit = pit_histogram(calibration.pit);
  if (pit.rows > 0) result["pit"] = {{"rows", pit.rows}, {"counts", pit.counts}};
  return result;
}

json gradient_flow_json(const GradientFlow& flow) {
  json layers = json::array();
  for (const LayerGradientFlow& layer : flow.layers)
    layers.push_back({{"layer", layer.layer},
                      {"norm", thinned_norms(layer.norm)},
                      {"norm_from_end", thinned_norms(layer.norm_from_end)},
                      {"steps", layer.norm.size()},
                      {"steps_for_99_percent", layer.steps_for_99_percent}});
  return layers;
}

void check_length(const std::string& where, const char* what, std::size_t seen, std::size_t expected,
                  const char* rule = "one for each time") {
  if (seen == expected) return;
  throw Error(ErrorKind::usage, "the report's lengths do not fit together")
      .where(where)
      .seen(std::to_string(seen) + " " + what)
      .expected(std::to_string(expected) + ", " + rule)
      .fix("give a value for every time, NaN where there is none");
}

void check_bands(const std::string& where, const ReportBands& bands, std::size_t rows) {
  if (bands.empty()) return;
  check_length(where, "lower ends of the 80 % band", bands.low80.size(), rows);
  check_length(where, "upper ends of the 80 % band", bands.high80.size(), rows);
  check_length(where, "lower ends of the 95 % band", bands.low95.size(), rows);
  check_length(where, "upper ends of the 95 % band", bands.high95.size(), rows);
}

void check_quantiles(const std::string& where, const ReportQuantiles& quantiles, std::size_t rows) {
  check_length(where, "rows of quantiles", quantiles.values.size(), quantiles.levels.size(),
               "one for each level");
  for (const std::vector<double>& values : quantiles.values)
    check_length(where, "values of a quantile", values.size(), rows);
}

void check_series(const ReportSeries& series) {
  const std::string name = "series '" + series.name + "'";
  check_length(name + ", history", "values", series.values.size(), series.times.size());
  const std::string forecast = name + ", forecast";
  check_length(forecast, "values", series.forecast.mean.size(), series.forecast.times.size());
  check_bands(forecast, series.forecast.bands, series.forecast.times.size());
  check_quantiles(forecast, series.forecast.quantiles, series.forecast.times.size());
  check_length(name + ", residuals one step ahead", "values", series.one_step.values.size(),
               series.one_step.times.size());
  const std::string backtest = name + ", backtest";
  const std::size_t rows = series.backtest.times.size();
  check_length(backtest, "actual values", series.backtest.actual.size(), rows);
  check_length(backtest, "predicted values", series.backtest.predicted.size(), rows);
  check_bands(backtest, series.backtest.bands, rows);
  for (const ReportLine& line : series.backtest.baselines)
    check_length(backtest + ", baseline '" + line.name + "'", "values", line.values.size(), rows);
}

void check_parts(const ForecastReport& report) {
  const std::vector<ReportLine>& steps = report.horizon_errors.forecasters;
  for (const ReportLine& line : steps)
    check_length("errors by step, '" + line.name + "'", "values", line.values.size(), steps[0].values.size(),
                 "as many as the model has");
  check_length("calibration", "observed shares", report.calibration.observed.size(),
               report.calibration.nominal.size(), "one for each nominal one");
  for (const ReportFold& fold : report.folds)
    check_length("folds", "scores of a fold", fold.scores.size(), report.folds[0].scores.size(),
                 "as many as in the first fold");
  for (const LayerGradientFlow& layer : report.gradient_flow.layers)
    check_length("gradient flow of '" + layer.layer + "'", "norms from the end", layer.norm_from_end.size(),
                 layer.norm.size(), "one for each norm");
  for (const ReportAnomaly& anomaly : report.anomalies.worst) {
    if (anomaly.series < report.series.size() && anomaly.row < report.series[anomaly.series].times.size())
      continue;
    throw Error(ErrorKind::usage, "an anomaly of the report names a row that does not exist")
        .where("ForecastReport::anomalies")
        .seen("series " + std::to_string(anomaly.series) + ", row " + std::to_string(anomaly.row))
        .expected("indices of report.series and of that series' times");
  }
}

}  // namespace

void check_report(const ForecastReport& report) {
  if (report.series.empty())
    throw Error(ErrorKind::usage, "a forecast report needs a series")
        .where("ForecastReport::series")
        .seen("none")
        .expected("at least one")
        .fix("add the series that was forecast");
  for (const ReportSeries& series : report.series) check_series(series);
  check_parts(report);
}

std::string report_data_json(const ForecastReport& report) {
  json data = {{"target", report.target},
               {"unit", report.unit},
               {"horizon", report.horizon},
               {"skill", report.skill},
               {"skill_against", report.skill_against},
               {"scores", all_scores_json(report.scores)},
               {"training",
                {{"loss", report.training.loss},
                 {"validation", report.training.validation},
                 {"best_epoch", report.training.best_epoch},
                 {"loss_name", report.training.loss_name},
                 {"note", report.training.note}}}};
  add_series_data(report, data);
  if (const json steps = horizon_json(report.horizon_errors); !steps.is_null())
    data["horizon_errors"] = steps;
  if (const json calibration = calibration_json(report.calibration); !calibration.is_null())
    data["calibration"] = calibration;
  if (!report.gradient_flow.empty()) data["gradient_flow"] = gradient_flow_json(report.gradient_flow);
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace rondo
