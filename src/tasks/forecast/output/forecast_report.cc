#include "rondo/tasks/forecast_report.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "tasks/forecast/output/report_folds.h"
#include "tasks/forecast/output/report_settings.h"

namespace rondo {

namespace {

std::vector<std::string> texts_of(const Timeline& times) {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < times.size(); ++row) out.push_back(times.text(row));
  return out;
}

ReportBands bands_of(const ForecastBands& bands) {
  return {bands.low80, bands.high80, bands.low95, bands.high95};
}

std::string spoken(const std::string& name) { return name == "seasonal_naive" ? "seasonal naive" : name; }

ReportScore score_of(const ForecastScore& score) {
  ReportScore out;
  out.name = spoken(score.name);
  out.mae = score.mae;
  out.rmse = score.rmse;
  out.mase = score.mase;
  out.smape = score.smape;
  out.mape = score.mape;
  out.mse = score.mse;
  out.rmsse = score.rmsse;
  out.mse_scaled = score.mse_scaled;
  out.mae_scaled = score.mae_scaled;
  out.crps = score.crps;
  out.owa = score.owa;
  out.quantile_loss = score.quantile_loss;
  out.width80 = score.width80;
  out.width95 = score.width95;
  out.interval_score80 = score.interval_score80;
  out.interval_score95 = score.interval_score95;
  out.p_value = score.p_value;
  return out;
}

/// One entry a row: where forecasts overlap, the one from the latest origin.
ReportBacktest backtest_of(const ForecastSeries& series) {
  const ForecastSeries::Backtest& from = series.backtest;
  std::map<std::int64_t, std::size_t> latest;
  for (std::size_t i = 0; i < from.actual.size(); ++i) latest[from.row(i)] = i;
  ReportBacktest out;
  out.baselines = {{"naive", {}}, {"seasonal naive", {}}, {"drift", {}}, {"ridge", {}}};
  for (const auto& [row, i] : latest) {
    out.times.push_back(series.times.text(row));
    out.actual.push_back(from.actual[i]);
    out.predicted.push_back(from.predicted[i]);
    out.bands.low80.push_back(from.bands.low80[i]);
    out.bands.high80.push_back(from.bands.high80[i]);
    out.bands.low95.push_back(from.bands.low95[i]);
    out.bands.high95.push_back(from.bands.high95[i]);
    out.baselines[0].values.push_back(from.naive[i]);
    out.baselines[1].values.push_back(from.seasonal_naive[i]);
    out.baselines[2].values.push_back(from.drift[i]);
    out.baselines[3].values.push_back(from.ridge[i]);
  }
  return out;
}

/// The id, the target or both, whatever there are several of.
std::string name_of(const ForecastSeries& series, const ForecastResult& result) {
  if (result.targets.size() < 2) return series.id;
  return series.id.empty() ? series.target : series.id + ", " + series.target;
}

/// Empty unless the backtest has forecasts of the next row from every row.
ReportResiduals one_step_of(const ForecastSeries& series) {
  const ForecastSeries::Backtest& from = series.backtest;
  ReportResiduals out;
  std::int64_t before = -1;
  for (std::size_t i = 0; i < from.actual.size(); ++i) {
    if (from.step[i] != 1) continue;
    if (before >= 0 && from.row(i) != before + 1) return {};
    before = from.row(i);
    out.times.push_back(series.times.text(before));
    out.values.push_back(from.actual[i] - from.predicted[i]);
  }
  return out.values.size() < 2 ? ReportResiduals{} : out;
}

ReportHorizonErrors horizon_errors_of(const ForecastResult& result) {
  ReportHorizonErrors out;
  if (result.horizon < 2 || result.by_step.empty()) return out;
  out.measure = "RMSE";
  for (std::size_t k = 0; k < result.by_step.size(); ++k) {
    std::string name = k == 0 ? "model" : spoken(result.baselines[k - 1].name);
    std::vector<double> values;
    for (const ForecastStepScore& score : result.by_step[k]) values.push_back(score.rmse);
    out.forecasters.push_back({std::move(name), std::move(values)});
  }
  return out;
}

ReportAnomalies anomalies_of(const ForecastResult& result) {
  ReportAnomalies out;
  out.score = "error of the freshest forecast in its standard deviations";
  out.remarkable = ForecastAnomaly::kRemarkable;
  for (const ForecastAnomaly& anomaly : result.anomalies) {
    const auto found = std::ranges::find_if(result.series, [&](const ForecastSeries& series) {
      return series.id == anomaly.id && series.target == anomaly.target;
    });
    if (found == result.series.end()) continue;
    out.worst.push_back({static_cast<std::size_t>(found - result.series.begin()),
                         static_cast<std::size_t>(anomaly.row), anomaly.score, anomaly.expected,
                         anomaly.low95, anomaly.high95});
  }
  return out;
}

std::vector<ReportMember> members_of(const ForecastResult& result) {
  std::vector<ReportMember> out;
  for (const ForecastMember& member : result.members) {
    ReportMember one;
    one.held_out = member.fold > 0 ? "fifth " + std::to_string(member.fold) + " of 5" : "the validation part";
    one.best_epoch = static_cast<std::size_t>(member.best_epoch);
    one.validation_loss = member.validation_loss;
    out.push_back(std::move(one));
  }
  return out;
}

ReportImportance importance_of(const ForecastResult& result) {
  ReportImportance out;
  out.measure = "RMSE in the scale of training";
  out.error = result.importance_error;
  out.how =
      "Columns are read from another time of their series, columns that never change from another series; of "
      "the target's own past the model reads what led up to another time, of the calendar another time's "
      "place "
      "in the day, week or year.";
  for (const ForecastImportance& feature : result.importance) {
    out.features.push_back({feature.name, feature.increase, feature.spread});
  }
  return out;
}

ReportSeries series_of(const ForecastSeries& series, const ForecastResult& result) {
  ReportSeries out;
  out.name = name_of(series, result);
  if (result.targets.size() > 1) out.target = series.target;
  out.times = texts_of(series.times);
  out.values = series.values;
  out.validation_rows = static_cast<std::size_t>(series.validation_rows);
  out.train_rows = static_cast<std::size_t>(series.train_rows - series.validation_rows);
  out.test_rows = static_cast<std::size_t>(series.times.size() - series.train_rows);
  out.forecast = {texts_of(series.future_times), series.forecast, bands_of(series.bands)};
  out.backtest = backtest_of(series);
  out.one_step = one_step_of(series);
  out.forecast.quantiles = {series.quantiles.levels, series.quantiles.values};
  if (!series.test.name.empty()) out.scores.push_back(score_of(series.test));
  for (const ForecastScore& score : series.baselines) out.scores.push_back(score_of(score));
  for (std::size_t row = 0; row < series.observed.size(); ++row) {
    if (series.observed[row] == 0) out.values[row] = kNotKnown;
  }
  return out;
}

}  // namespace

ForecastReport make_forecast_report(const ForecastResult& result) {
  ForecastReport report;
  report.target = result.target;
  report.cell = result.cell;
  report.dataset = std::filesystem::path(result.source).filename().string();
  report.horizon = static_cast<std::size_t>(result.horizon);
  report.backtest_stride = static_cast<std::size_t>(result.stride);
  switch (result.verdict) {
    case ForecastVerdict::better: report.verdict = ReportVerdict::better; break;
    case ForecastVerdict::no_better_than_ridge: report.verdict = ReportVerdict::no_better_than_ridge; break;
    default: report.verdict = ReportVerdict::no_better_than_naive;
  }
  report.verdict_sentence = result.verdict_sentence;
  report.skill = result.skill;
  report.skill_against = spoken(result.skill_against);
  report.scores.push_back(score_of(result.test));
  for (const ForecastScore& score : result.baselines) report.scores.push_back(score_of(score));
  for (const ForecastSeries& series : result.series) {
    report.series.push_back(series_of(series, result));
  }
  report.training.loss = result.loss;
  report.training.validation = result.validation_loss;
  report.training.best_epoch = static_cast<std::size_t>(result.best_epoch);
  report.training.loss_name = "error on the scale of each window, summed over the networks";
  if (result.training.updates > 0)
    report.training.note = "An epoch is a twentieth of the training, however many windows there are.";
  report.scores.front().coverage80 = result.coverage80;
  report.scores.front().coverage95 = result.coverage95;
  report.horizon_errors = horizon_errors_of(result);
  report.calibration = {result.calibration.nominal, result.calibration.observed,
                        static_cast<std::size_t>(result.calibration.rows), result.calibration.pit};
  report.importance = importance_of(result);
  report.folds = forecasting::report_folds(result);
  report.members = members_of(result);
  report.anomalies = anomalies_of(result);
  report.gradient_flow = result.gradient_flow;
  report.gradient_flow_note = result.gradient_flow_note;
  report.settings = forecasting::report_settings(result);
  report.warnings = result.warnings;
  report.notes = result.notes;
  report.seed = result.seed;
  report.threads = static_cast<std::size_t>(result.threads);
  report.train_seconds = result.seconds_train;
  report.total_seconds = result.seconds_total;
  return report;
}

}  // namespace rondo
