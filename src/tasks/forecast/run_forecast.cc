#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "rondo/base/error.h"
#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/evaluation/anomalies.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/evaluation/importance.h"
#include "tasks/forecast/networks/likelihood_head.h"
#include "tasks/forecast/prepare.h"
#include "tasks/forecast/search/ensemble.h"
#include "tasks/forecast/trained/forecast_ahead.h"
#include "tasks/forecast/trained/model.h"
#include "tasks/forecast/trained/refit.h"

namespace rondo {

namespace {

using forecasting::BandOffsets;
using forecasting::CalibrationErrors;
using forecasting::LinearPath;
using forecasting::LineChoice;
using forecasting::NetworkForecast;
using forecasting::Origin;
using forecasting::Panel;
using forecasting::PanelSeries;
using forecasting::Prepared;
using forecasting::ScaledForecasts;
using forecasting::ScaledPanel;
using forecasting::TrainedPart;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Everything known before training.
ForecastResult start_result(const Prepared& prepared, const ForecastOptions& options, const Table& table) {
  const Panel& panel = prepared.panel;
  ForecastResult result;
  result.options = options;
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
    ForecastSeries series;
    series.id = from.id;
    series.target = from.target;
    series.observed = from.observed;
    series.times = prepared.times[s];
    series.values = from.values;
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
void warn_of_spikes(const Panel& panel, const ScaledPanel& scaled, ForecastResult& result,
                    const Logger& log) {
  std::size_t count = 0;
  std::string first;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    const auto& scaling = scaled.scaling.series[s];
    const std::vector<std::int64_t> rows =
        scaling.guard.spikes(series.values, scaling.level.transform, scaling.smallest);
    count += rows.size();
    if (!first.empty() || rows.empty()) continue;
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", series.values[static_cast<std::size_t>(rows.front())]);
    first = text + (" at " + result.series[s].times.text(rows.front())) +
            (series.id.empty() ? "" : ", series '" + series.id + "'");
  }
  if (count == 0) return;
  result.warnings.push_back((count == 1 ? "1 value lies" : std::to_string(count) + " values lie") +
                            " far outside of everything else (" + (count == 1 ? "" : "the first: ") + first +
                            "): the model goes on from the value before; --outliers keep leaves them");
  log.warning(result.warnings.back());
}

}  // namespace

ForecastResult run_forecast(const ForecastTables& tables, const ForecastOptions& options,
                            const RunControls& controls) {
  const auto start = Clock::now();
  const Prepared prepared = forecasting::prepare(tables, options);
  for (const std::string& note : prepared.notes) controls.log.warning(note);
  const Panel& panel = prepared.panel;
  Pool pool(static_cast<int>(options.threads));
  ForecastResult result = start_result(prepared, options, tables.table);
  result.threads = pool.threads();

  const LineChoice choice = search_line(panel, prepared.limits, pool);
  ScaledPanel scaled(panel, choice.transform, choice.difference);
  if (forecasting::names_counts(options.likelihood)) scaled.lowest = 0;
  warn_of_spikes(panel, scaled, result, controls.log);
  result.transform = transform_name(choice.transform);
  result.difference = choice.difference;
  result.lags = choice.longest_lag();
  if (panel.deseasonalize > 0) {
    controls.log.info("season of " + std::to_string(prepared.season) +
                      " rows taken out of the series and put back into the forecasts");
  }
  result.line_members = static_cast<std::int64_t>(choice.members.size());
  controls.log.info("line: transform " + result.transform +
                    (choice.difference ? ", differences" : ", levels") + ", " + std::to_string(result.lags) +
                    " lags, mean of " + std::to_string(result.line_members) + " of " +
                    std::to_string(choice.tried) + " regressions tried");

  count_rows(panel, result);
  const auto before_training = Clock::now();
  TrainedPart trained =
      forecasting::train_network_part(panel, scaled, choice, options, controls, prepared.calendar, pool);
  result.seconds_train = seconds_since(before_training);
  result.window = trained.part.window_rows();
  result.epochs = static_cast<std::int64_t>(trained.history.epochs.size());
  result.best_epoch = trained.best_epoch;
  if (const auto* loss = trained.history.find("loss")) result.loss = *loss;
  if (const auto* loss = trained.history.find("val_loss")) result.validation_loss = *loss;
  result.members = std::move(trained.members);
  result.training = std::move(trained.training);
  result.notes = std::move(trained.notes);
  result.network_weight = trained.part.share.share;
  {
    char text[160];
    std::snprintf(
        text, sizeof text,
        "validation: the network takes away %.1f %% of the line's squared error (t = %.1f); share %.2f",
        100 * trained.part.share.gain, trained.part.share.statistic, result.network_weight);
    controls.log.info(text);
  }
  if (result.network_weight == 0) {
    result.notes.emplace_back(
        options.likelihood == "point"
            ? "On held-out rows the network adds nothing to the line, so the forecast is the line's."
            : "On held-out rows the network adds nothing to the line, so the forecast is the line's; how "
              "wide "
              "its bands are, row by row, is the network's.");
  }

  std::vector<std::int64_t> training_rows, all_rows;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    training_rows.push_back(panel.series[s].train_rows);
    all_rows.push_back(panel.history_rows(s));
  }
  const std::vector<Origin> origins = backtest_origins(panel, result.stride);
  const LinearPath tested_line = fit_line(panel, scaled, choice.members, training_rows);
  ScaledForecasts forecasts;
  const auto before_forecasts = Clock::now();
  forecasts.ridge = tested_line.predict(panel, scaled, origins);
  NetworkForecast tested = trained.part.forecast(panel, scaled, origins, forecasts.ridge, pool);
  forecasts.model = std::move(tested.location);
  forecasts.spread = std::move(tested.spread);
  result.seconds_backtest_forecasts = seconds_since(before_forecasts);
  forecasting::refit_forecasts(panel, scaled, choice, origins, options.refit, options, controls,
                               prepared.calendar, pool, forecasts);
  const auto calibration = std::make_shared<const CalibrationErrors>(trained.scores);
  const auto before_scores = Clock::now();
  const std::vector<BandOffsets> bands = run_backtest(panel, scaled, origins, forecasts, calibration, result);
  result.seconds_backtest = result.seconds_backtest_forecasts + seconds_since(before_scores);
  result.anomalies = forecasting::find_anomalies(result.series);
  forecasting::measure_importance(panel, scaled, origins, tested_line, trained.part, options.seed, pool,
                                  result);
  result.gradient_flow = std::move(trained.flow.flow);
  result.gradient_flow_note = std::move(trained.flow.note);

  auto model = std::make_shared<ForecastResult::Model>();
  model->preparation = prepared.preparation;
  model->scaling = scaled.scaling;
  model->network = std::move(trained.part);
  model->line = fit_line(panel, scaled, choice.members, all_rows);
  model->bands = bands;
  std::vector<Origin> ends;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    ends.push_back({static_cast<std::int64_t>(s), panel.history_rows(s) - 1});
    ForecastSeries& series = result.series[s];
    series.future_times = series.times.slice(0, panel.history_rows(s)).next(panel.horizon);
  }
  forecasting::forecast_ahead(panel, scaled, *model, ends, result.source, pool, result.series);
  result.model = std::move(model);
  result.seconds_total = seconds_since(start);
  return result;
}

}  // namespace rondo
