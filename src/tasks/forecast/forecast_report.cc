#include "tasks/forecast/forecast_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "tasks/forecast/accuracy.h"

namespace rondo {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::vector<std::string> texts_of(const Timeline& times) {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < times.size(); ++row) out.push_back(times.text(row));
  return out;
}

ReportBands bands_of(const ForecastBands& bands) {
  return {bands.low80, bands.high80, bands.low95, bands.high95};
}

ReportScore score_of(const ForecastScore& score) {
  std::string name = score.name;
  if (name == "seasonal_naive") name = "seasonal naive";
  ReportScore out;
  out.name = name;
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
  out.chance = score.chance;
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
    std::string name = k == 0 ? "model" : result.baselines[k - 1].name;
    if (name == "seasonal_naive") name = "seasonal naive";
    std::vector<double> values;
    for (const ForecastStepScore& score : result.by_step[k]) values.push_back(score.rmse);
    out.forecasters.push_back({std::move(name), std::move(values)});
  }
  return out;
}

ReportAnomalies anomalies_of(const ForecastResult& result) {
  ReportAnomalies out;
  out.score = "error of the freshest forecast in its standard deviations";
  for (const ForecastAnomaly& anomaly : result.anomalies) {
    for (std::size_t s = 0; s < result.series.size(); ++s) {
      const ForecastSeries& series = result.series[s];
      if (series.id != anomaly.id || series.target != anomaly.target) continue;
      for (std::int64_t row = series.train_rows; row < series.times.size(); ++row) {
        if (series.times.text(row) != anomaly.time) continue;
        out.worst.push_back({s, static_cast<std::size_t>(row), anomaly.score, kNotKnown});
        break;
      }
      break;
    }
  }
  return out;
}

constexpr std::size_t kFolds = 5, kFewestOrigins = 10;

/// The backtest in parts of equal time: five, or those that were trained anew.
std::vector<ReportFold> folds_of(const ForecastResult& result) {
  const bool refitted = result.options.refit > 1;
  const std::size_t folds = refitted ? static_cast<std::size_t>(result.options.refit) : kFolds;
  const ForecastSeries& first = result.series.front();
  const std::set<std::int64_t> origins(first.backtest.origin.begin(), first.backtest.origin.end());
  if (origins.size() < std::max(kFewestOrigins, folds)) return {};
  struct Errors {
    std::array<forecasting::Accuracy, 5> kinds;
    std::set<std::pair<std::size_t, std::int64_t>> origins;
    std::int64_t rows = 0;
  };
  std::vector<Errors> errors(folds);
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const ForecastSeries& series = result.series[s];
    const ForecastSeries::Backtest& from = series.backtest;
    const std::int64_t rows = series.times.size() - series.train_rows;
    const auto values =
        std::span<const double>(series.values).first(static_cast<std::size_t>(series.train_rows));
    const double step = forecasting::naive_error(values, result.season);
    for (std::size_t i = 0; i < from.actual.size(); ++i) {
      const auto fold = static_cast<std::size_t>((from.origin[i] + 1 - series.train_rows) *
                                                 static_cast<std::int64_t>(folds) / rows);
      Errors& own = errors[std::min(fold, folds - 1)];
      if (std::isnan(from.actual[i])) continue;
      const std::array forecasts{from.predicted[i], from.naive[i], from.seasonal_naive[i], from.drift[i],
                                 from.ridge[i]};
      for (std::size_t k = 0; k < forecasts.size(); ++k) own.kinds[k].add(from.actual[i], forecasts[k], step);
      own.origins.emplace(s, from.origin[i]);
      ++own.rows;
    }
  }
  constexpr std::array<const char*, 5> kNames{"model", "naive", "seasonal naive", "drift", "ridge"};
  const std::int64_t rows = first.times.size() - first.train_rows;
  std::vector<ReportFold> out;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const auto row_of = [&](std::size_t f) {
      return first.train_rows + rows * static_cast<std::int64_t>(f) / static_cast<std::int64_t>(folds);
    };
    ReportFold one;
    one.train_end = first.times.text((refitted ? row_of(fold) : first.train_rows) - 1);
    one.test_begin = first.times.text(row_of(fold));
    one.test_end = first.times.text(row_of(fold + 1) - 1);
    one.origins = errors[fold].origins.size();
    one.test_rows = static_cast<std::size_t>(errors[fold].rows);
    one.refitted = refitted && fold > 0;
    for (std::size_t k = 0; k < kNames.size(); ++k) {
      const forecasting::Accuracy& accuracy = errors[fold].kinds[k];
      ReportScore score;
      score.name = kNames[k];
      score.mae = accuracy.mae();
      score.rmse = accuracy.rmse();
      score.mase = accuracy.mase();
      score.smape = accuracy.smape();
      one.scores.push_back(score);
    }
    if (one.origins > 0) out.push_back(std::move(one));
  }
  return out;
}

ReportImportance importance_of(const ForecastResult& result) {
  ReportImportance out;
  out.measure = "RMSE in the scale of training";
  out.error = result.importance_error;
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
  if (!series.test.name.empty()) out.scores.push_back(score_of(series.test));
  for (std::size_t row = 0; row < series.observed.size(); ++row) {
    if (series.observed[row] == 0) out.values[row] = kNotKnown;
  }
  return out;
}

const char* origin_of(bool chosen) { return chosen ? "chosen" : "given"; }

std::vector<ReportSetting> settings_of(const ForecastResult& result) {
  const ForecastOptions& given = result.options;
  const ForecastOptions usual;
  const auto numeric = [](const char* name, std::int64_t value, bool as_usual) {
    return ReportSetting{name, std::to_string(value), as_usual ? "default" : "given"};
  };
  return {
      {"frequency", result.frequency, "chosen"},
      {"season (rows)", std::to_string(result.period), origin_of(given.period == 0)},
      {"window (rows)", std::to_string(result.window), origin_of(given.window == 0)},
      {"lags of the line", std::to_string(result.lags), origin_of(given.window == 0)},
      {"regressions averaged", std::to_string(result.line_members), "chosen"},
      {"transform", result.transform, origin_of(given.transform == "auto")},
      {"forecast of", result.difference ? "changes" : "levels", origin_of(given.difference == "auto")},
      {"scale of windows", given.normalize, given.normalize == usual.normalize ? "default" : "given"},
      {"season taken out", given.deseasonalize == "yes" ? "yes" : "no",
       given.deseasonalize == usual.deseasonalize ? "default" : "given"},
      {"part of the network taken", number(result.network_share * 100) + " %", "chosen"},
      {"cell", given.cell, given.cell == usual.cell ? "default" : "given"},
      numeric("units", given.units, given.units == usual.units),
      numeric("networks averaged", given.ensemble, given.ensemble == usual.ensemble),
      numeric("epochs at most", given.epochs, given.epochs == usual.epochs),
      numeric("patience", given.patience, given.patience == usual.patience),
      numeric("batch size", given.batch_size, given.batch_size == usual.batch_size),
      {"learning rate", number(given.learning_rate),
       given.learning_rate == usual.learning_rate ? "default" : "given"},
      {"backtest", given.backtest, given.backtest == usual.backtest ? "default" : "given"},
      {"rows between origins", std::to_string(result.stride), given.stride == 0 ? "default" : "given"},
  };
}

}  // namespace

ForecastReport make_forecast_report(const ForecastResult& result) {
  ForecastReport report;
  report.target = result.target;
  report.cell = result.cell;
  report.dataset = result.source;
  report.horizon = static_cast<std::size_t>(result.horizon);
  report.backtest_stride = static_cast<std::size_t>(result.stride);
  switch (result.verdict) {
    case ForecastVerdict::better: report.verdict = ReportVerdict::better; break;
    case ForecastVerdict::no_better_than_ridge: report.verdict = ReportVerdict::no_better_than_ridge; break;
    default: report.verdict = ReportVerdict::no_better_than_naive;
  }
  report.verdict_sentence = result.verdict_sentence;
  report.skill = result.skill;
  report.skill_against = result.skill_against;
  report.scores.push_back(score_of(result.test));
  for (const ForecastScore& score : result.baselines) report.scores.push_back(score_of(score));
  for (const ForecastSeries& series : result.series) {
    report.series.push_back(series_of(series, result));
  }
  report.training.loss = result.loss;
  report.training.validation = result.validation_loss;
  report.training.best_epoch = static_cast<std::size_t>(result.best_epoch);
  report.training.loss_name = "loss on the scale of the windows, summed over the networks";
  report.scores.front().coverage80 = result.coverage80;
  report.scores.front().coverage95 = result.coverage95;
  report.horizon_errors = horizon_errors_of(result);
  report.calibration = {result.calibration.nominal, result.calibration.observed,
                        static_cast<std::size_t>(result.calibration.rows), result.calibration.pit};
  report.importance = importance_of(result);
  report.folds = folds_of(result);
  report.anomalies = anomalies_of(result);
  report.gradient_flow = result.gradient_flow;
  report.settings = settings_of(result);
  report.warnings = result.notes;
  report.seed = result.seed;
  report.threads = static_cast<std::size_t>(result.threads);
  report.train_seconds = result.seconds_train;
  report.total_seconds = result.seconds_total;
  return report;
}

}  // namespace rondo
