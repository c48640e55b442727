#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/ensemble/ensemble.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/likelihood/likelihood_head.h"
#include "tasks/forecast/prepare.h"
#include "tasks/forecast/trained/model.h"
#include "tasks/forecast/trained/refit.h"

namespace rondo::forecasting {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Everything known before training.
ForecastResult start_result(const Prepared& prepared, const ForecastOptions& options, const Table& table) {
  const Panel& panel = prepared.panel;
  ForecastResult result;
  result.options = options;
  result.options.time = prepared.preparation.options.time;  // the table may have said it
  for (const PanelSeries& series : panel.series) {
    const auto& known = result.targets;
    if (std::find(known.begin(), known.end(), series.target) == known.end())
      result.targets.push_back(series.target);
  }
  for (const std::string& target : result.targets)
    result.target += (result.target.empty() ? "" : ",") + target;
  result.cell = options.cell;
  result.source = table.source();
  result.horizon = options.horizon;
  result.stride = options.stride > 0 ? options.stride : options.horizon;
  result.period = prepared.period;
  result.season = prepared.season;
  result.seed = options.seed;
  result.frequency = prepared.times.front().frequency().name();
  result.warnings = prepared.notes;
  for (std::size_t s = 0; s < prepared.panel.series.size(); ++s) {
    const PanelSeries& from = prepared.panel.series[s];
    ForecastSeries series = series_of(from, prepared.times[s]);
    series.train_rows = from.train_rows;
    result.rows_test += from.rows() - from.train_rows;
    result.series.push_back(std::move(series));
  }
  return result;
}

/// Every network holds out what the user named, or another fifth of the rows.
void count_rows(const Panel& panel, ForecastResult& result) {
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    ForecastSeries& series = result.series[s];
    const std::int64_t given = panel.series[s].validation_rows;
    series.validation_rows = given > 0 ? given : series.train_rows / 5;
    result.rows_validation += series.validation_rows;
    result.rows_train += series.train_rows - series.validation_rows;
  }
}

/// Names the first; also those of the test part, which stay in the truth.
void warn_of_spikes(const ScaledPanel& scaled, const Logger& log, ForecastResult& result) {
  const Panel& panel = scaled.panel();
  std::size_t count = 0;
  std::string first;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    const std::vector<std::int64_t> rows = scaled.scaling.series[s].spikes(series);
    count += rows.size();
    if (!first.empty() || rows.empty()) continue;
    first = detail::print("%.6g", series.values[static_cast<std::size_t>(rows.front())]) + " at " +
            result.series[s].times.text(rows.front()) +
            (series.id.empty() ? "" : ", series '" + series.id + "'");
  }
  if (count == 0) return;
  result.warnings.push_back((count == 1 ? "1 value lies" : std::to_string(count) + " values lie") +
                            " far outside of everything else (" + (count == 1 ? "" : "the first: ") + first +
                            "): the model uses the value before instead; --outliers keep leaves them");
  log.warning(result.warnings.back());
}

void describe_linear(const LinearChoice& choice, const Prepared& prepared, const Logger& log,
                     ForecastResult& result) {
  result.transform = transform_name(choice.transform);
  result.difference = choice.difference;
  result.lags = choice.longest_lag();
  result.linear_members = static_cast<std::int64_t>(choice.members.size());
  if (prepared.panel.deseasonalize > 0) {
    log.info("removed the seasonal pattern of " + std::to_string(prepared.season) +
             " rows before training; it is added to the forecasts");
  }
  log.info("linear model: transform " + result.transform +
           (choice.difference ? ", differences" : ", levels") + ", " + std::to_string(result.lags) +
           " lags, mean of " + std::to_string(result.linear_members) + " of " + std::to_string(choice.tried) +
           " regressions tried");
}

void describe_networks(TrainedEnsemble& trained, const Logger& log, ForecastResult& result) {
  result.window = trained.network->look_back();
  result.epochs = static_cast<std::int64_t>(trained.history.epochs.size());
  result.best_epoch = trained.best_epoch;
  if (const auto* loss = trained.history.find("loss")) result.loss = *loss;
  if (const auto* loss = trained.history.find("val_loss")) result.validation_loss = *loss;
  result.members = std::move(trained.members);
  result.training = std::move(trained.training);
  result.notes = std::move(trained.notes);
  result.gradient_flow = std::move(trained.flow.flow);
  result.gradient_flow_note = std::move(trained.flow.note);
  result.network_weight = trained.weight.weight;
  log.info(detail::print(
      "on validation data the network reduces the linear model's squared error by %.1f %% (t = %.1f); its "
      "weight is %.2f",
      100 * trained.weight.gain, trained.weight.statistic, result.network_weight));
  if (result.network_weight > 0) return;
  std::string note =
      "The network did not improve the error on validation data, so the forecast is the linear model's";
  if (trained.network->has_distribution()) note += "; the width of its bands, row by row, is the network's";
  result.notes.push_back(note + ".");
}

/// Forecasts of all origins by a forecaster that has learnt from the training part, and after retraining.
ScaledForecasts forecast_origins(const TrainingTask& task, const std::vector<Origin>& origins, Blend& tested,
                                 Pool& pool, ForecastResult& result) {
  const auto start = Clock::now();
  ScaledForecasts out;
  out.ridge = tested.linear.predict(task.scaled, origins);
  Forecasts blended = tested.forecast(task.scaled, origins, out.ridge, pool);
  out.model = std::move(blended.location);
  out.spread = std::move(blended.spread);
  result.seconds_backtest_forecasts = seconds_since(start);
  refit_forecasts(task, origins, pool, out);
  return out;
}

void forecast_past_the_end(const ScaledPanel& scaled, ForecastResult::Model& model, Pool& pool,
                           ForecastResult& result) {
  const Panel& panel = scaled.panel();
  std::vector<Origin> ends;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    ends.push_back({static_cast<std::int64_t>(s), panel.history_rows(s) - 1});
    ForecastSeries& series = result.series[s];
    series.future_times = series.times.slice(0, panel.history_rows(s)).next(panel.horizon);
  }
  forecast_ahead(scaled, model, ends, result.source, pool, result.series);
}

std::vector<std::int64_t> history_rows(const Panel& panel) {
  std::vector<std::int64_t> rows;
  for (std::size_t s = 0; s < panel.series.size(); ++s) rows.push_back(panel.history_rows(s));
  return rows;
}

ForecastResult run(const ForecastTables& tables, const ForecastOptions& options,
                   const RunControls& controls) {
  const auto start = Clock::now();
  const Prepared prepared = prepare(tables, options);
  for (const std::string& note : prepared.notes) controls.log.warning(note);
  const Panel& panel = prepared.panel;
  Pool pool(static_cast<int>(options.threads));
  ForecastResult result = start_result(prepared, options, tables.table);
  result.threads = pool.threads();
  count_rows(panel, result);

  const LinearChoice choice = search_linear(panel, prepared.limits, pool);
  ScaledPanel scaled(panel, choice.transform, choice.difference);
  if (names_counts(options.likelihood)) scaled.lowest = 0;
  warn_of_spikes(scaled, controls.log, result);
  describe_linear(choice, prepared, controls.log, result);

  const auto before_training = Clock::now();
  const TrainingTask task{scaled, choice, options, controls, prepared.calendar};
  TrainedEnsemble trained = train_ensemble(task, pool);
  result.seconds_train = seconds_since(before_training);
  describe_networks(trained, controls.log, result);

  const std::vector<Origin> origins = backtest_origins(panel, result.stride);
  Blend tested;
  tested.linear = fit_linear(scaled, choice.members, panel.training_rows());
  tested.networks = std::move(trained.network);
  tested.weight = result.network_weight;
  const ScaledForecasts forecasts = forecast_origins(task, origins, tested, pool, result);
  const auto calibration = std::make_shared<const CalibrationErrors>(trained.held_out_errors);
  const auto before_scores = Clock::now();
  auto model = std::make_shared<ForecastResult::Model>();
  model->bands = run_backtest(scaled, origins, forecasts, calibration, result);
  result.seconds_backtest = result.seconds_backtest_forecasts + seconds_since(before_scores);
  result.anomalies = find_anomalies(result.series);
  measure_importance(scaled, origins, tested, options.seed, pool, result);

  model->preparation = prepared.preparation;
  model->scaling = scaled.scaling;
  model->forecaster = std::move(tested);
  model->forecaster.linear = fit_linear(scaled, choice.members, history_rows(panel));
  forecast_past_the_end(scaled, *model, pool, result);
  result.model = std::move(model);
  result.seconds_total = seconds_since(start);
  return result;
}

}  // namespace
}  // namespace rondo::forecasting

rondo::ForecastResult rondo::run_forecast(const ForecastTables& tables, const ForecastOptions& options,
                                          const RunControls& controls) {
  return forecasting::run(tables, options, controls);
}
