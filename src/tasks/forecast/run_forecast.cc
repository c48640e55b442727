#include <algorithm>
#include <chrono>
#include <cmath>

#include "rondo/error.h"
#include "rondo/forecast.h"
#include "rondo/pool.h"
#include "tasks/forecast/backtest.h"
#include "tasks/forecast/model.h"
#include "tasks/forecast/prepare.h"

namespace rondo {

namespace {

using forecasting::LinearPath;
using forecasting::LineChoice;
using forecasting::Members;
using forecasting::Origin;
using forecasting::Panel;
using forecasting::PanelSeries;
using forecasting::Prepared;
using forecasting::Residuals;
using forecasting::ResidualTraining;
using forecasting::Rows;
using forecasting::ScaledForecasts;
using forecasting::ScaledPanel;
using forecasting::TrainedResidual;
using forecasting::WindowInput;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

ResidualTraining training_options(const ForecastOptions& options, const ForecastControls& controls) {
  ResidualTraining training;
  training.cell = options.cell;
  training.units = options.units;
  training.epochs = options.epochs;
  training.patience = options.patience;
  training.batch_size = options.batch_size;
  training.learning_rate = options.learning_rate;
  training.seed = options.seed;
  training.verbose = controls.verbose;
  training.progress = controls.progress;
  training.logger = controls.log;
  training.checkpoint = controls.checkpoint;
  training.resume = controls.resume;
  training.stop_flag = controls.stop;
  return training;
}

void sum_into(Rows& a, const Rows& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += b.values[i];
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
  result.seed = options.seed;
  result.frequency = prepared.times.front().frequency().name();
  result.notes = prepared.notes;
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

void count_rows(const Members& members, ForecastResult& result) {
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    ForecastSeries& series = result.series[s];
    const Members::Range& out = members.held_out.front()[s];
    series.validation_rows = out.end - out.begin;
    result.rows_validation += series.validation_rows;
    result.rows_train += series.train_rows - series.validation_rows;
  }
}

/// Errors of the backtest in the scale of targets, after those of validation: the freshest there are.
Rows all_errors(const Panel& panel, const ScaledPanel& scaled, const Rows& held_out,
                const std::vector<Origin>& origins, const Rows& model) {
  Rows errors = held_out;
  const Rows targets = target_rows(panel, scaled, origins);
  for (std::size_t i = 0; i < targets.values.size(); ++i) {
    errors.values.push_back(targets.values[i] - model.values[i]);
  }
  return errors;
}

void forecast_ahead(const Panel& panel, const ScaledPanel& scaled, ForecastResult::Model& model, Pool& pool,
                    ForecastResult& result) {
  std::vector<Origin> ends;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    ends.push_back({static_cast<std::int64_t>(s), panel.history_rows(s) - 1});
  }
  Rows forecast = model.line.predict(panel, scaled, ends);
  sum_into(forecast, model.residual.correction(panel, scaled, ends, pool));
  for (std::size_t s = 0; s < ends.size(); ++s) {
    ForecastSeries& series = result.series[s];
    const auto row = forecast.row(static_cast<std::int64_t>(s));
    for (const double step : row) {
      series.forecast.push_back(scaled.to_units(ends[s], step));
      if (!std::isfinite(series.forecast.back())) {
        throw Error(ErrorKind::diverged, "the forecast is not finite")
            .where(series.id.empty() ? result.source : result.source + ", series '" + series.id + "'")
            .cure("look for outliers in the column, or try --transform none");
      }
    }
    append_bands(scaled, ends[s], row, model.bands, series.bands);
    series.future_times = series.times.slice(0, panel.history_rows(s)).next(panel.horizon);
  }
}

Config settings_of(const ForecastResult& result, const ForecastResult::Model& model) {
  Config settings = Config::object({{"target", result.target},
                                    {"horizon", result.horizon},
                                    {"transform", result.transform},
                                    {"difference", result.difference},
                                    {"lags", model.line.layout.lags},
                                    {"seasons", Config::list(model.line.layout.seasons)},
                                    {"wave_orders", Config::list(model.line.layout.wave_orders)},
                                    {"past", Config::list(result.options.past)},
                                    {"covariate_lags", model.line.layout.covariate_lags},
                                    {"window_steps", model.residual.input.steps},
                                    {"window_segment", model.residual.input.segment},
                                    {"window_wave_orders", Config::list(model.residual.input.wave_orders)},
                                    {"network_share", model.residual.share},
                                    {"network_scale", model.residual.scale}});
  if (!model.ids.front().empty()) settings.set("series", Config::list(model.ids));
  return settings;
}

}  // namespace

ForecastResult run_forecast(const ForecastTables& tables, const ForecastOptions& options,
                            const ForecastControls& controls) {
  const auto start = Clock::now();
  const Prepared prepared = forecasting::prepare(tables, options);
  for (const std::string& note : prepared.notes) controls.log.warning(note);
  const Panel& panel = prepared.panel;
  Pool pool(static_cast<int>(options.threads));
  ForecastResult result = start_result(prepared, options, tables.table);
  result.threads = pool.threads();

  const LineChoice choice = search_line(panel, prepared.limits, pool);
  const ScaledPanel scaled(panel, choice.transform, choice.difference);
  const WindowInput input =
      choose_window_input(panel, choice.members.front(), choice.longest_lag(), options.window);
  result.transform = transform_name(choice.transform);
  result.difference = choice.difference;
  result.lags = choice.longest_lag();
  result.line_members = static_cast<std::int64_t>(choice.members.size());
  result.window = input.rows();
  controls.log.info("line: transform " + result.transform +
                    (choice.difference ? ", differences" : ", levels") + ", " + std::to_string(result.lags) +
                    " lags, mean of " + std::to_string(result.line_members) + " of " +
                    std::to_string(choice.tried) + " regressions tried");

  const Residuals residuals =
      make_residuals(panel, scaled, choice.members, input, static_cast<int>(options.ensemble), pool);
  count_rows(residuals.members, result);
  const auto before_training = Clock::now();
  TrainedResidual trained =
      train_residual(panel, scaled, residuals, training_options(options, controls), pool);
  result.seconds_train = seconds_since(before_training);
  result.epochs = static_cast<std::int64_t>(trained.history.epochs.size());
  result.best_epoch = trained.best_epoch;
  if (const auto* loss = trained.history.find("loss")) result.loss = *loss;
  if (const auto* loss = trained.history.find("val_loss")) result.validation_loss = *loss;
  result.network_share = trained.model.share;
  if (trained.model.share == 0) {
    result.notes.emplace_back(
        "On held-out rows the network adds nothing to the line, so the forecast is the line's.");
  }

  std::vector<std::int64_t> training_rows, all_rows;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    training_rows.push_back(panel.series[s].train_rows);
    all_rows.push_back(panel.history_rows(s));
  }
  const std::vector<Origin> origins = backtest_origins(panel, result.stride);
  const LinearPath tested_line = fit_line(panel, scaled, choice.members, training_rows);
  ScaledForecasts forecasts;
  forecasts.ridge = tested_line.predict(panel, scaled, origins);
  forecasts.model = forecasts.ridge;
  sum_into(forecasts.model, trained.model.correction(panel, scaled, origins, pool));
  run_backtest(panel, scaled, origins, forecasts, conformal_bands(trained.held_out_errors), result);

  auto model = std::make_shared<ForecastResult::Model>();
  model->bands =
      conformal_bands(all_errors(panel, scaled, trained.held_out_errors, origins, forecasts.model));
  model->residual = std::move(trained.model);
  model->line = fit_line(panel, scaled, choice.members, all_rows);
  model->scales = scaled.scales;
  model->difference = choice.difference;
  for (const PanelSeries& s : panel.series) model->ids.push_back(s.id);
  forecast_ahead(panel, scaled, *model, pool, result);
  model->settings = settings_of(result, *model);
  result.model = std::move(model);
  result.seconds_total = seconds_since(start);
  return result;
}

}  // namespace rondo
