#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <map>

#include "base/text.h"
#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/ensemble/chosen_forecaster.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/evaluation/rolling_calibration.h"
#include "tasks/forecast/evaluation/rounds.h"
#include "tasks/forecast/intervals/pooled_calibration.h"
#include "tasks/forecast/prepare.h"
#include "tasks/forecast/trained/model.h"
#include "tasks/forecast/trained/refit.h"

namespace rondo::forecasting {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The known columns of the table, then those of holidays.
std::vector<ForecastKnown> known_columns(const Prepared& prepared) {
  const Roles& roles = prepared.preparation.roles;
  const std::vector<Encoding>& encodings = prepared.preparation.encodings.known;
  std::vector<ForecastKnown> out;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const bool holiday = i >= roles.known.size();
    out.push_back({holiday ? roles.holidays[i - roles.known.size()] : roles.known[i],
                   static_cast<std::int64_t>(encodings[i].width()), holiday});
  }
  return out;
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
  result.source = table.source();
  result.horizon = options.horizon;
  result.stride = options.stride > 0 ? options.stride : options.horizon;
  result.period = prepared.period;
  result.season = prepared.season;
  result.seed = options.seed;
  result.frequency = prepared.times.front().frequency().name();
  result.seasons = panel.seasons;
  result.known = known_columns(prepared);
  result.warnings = prepared.notes;
  for (std::size_t s = 0; s < prepared.panel.series.size(); ++s) {
    const PanelSeries& from = prepared.panel.series[s];
    ForecastSeries series = series_of(from, prepared.times[s]);
    series.train_rows = from.train_rows;
    series.is_short = from.is_short;
    series.known = from.known;
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
  if (choice.members.empty()) return;
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
  result.cell = result.options.cell;
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
      "weight beside it is %.2f",
      100 * trained.weight.gain, trained.weight.statistic, result.network_weight));
  if (result.network_weight > 0) return;
  std::string note =
      "The network did not improve the error on validation data, so it has no part in the forecast";
  if (trained.network->has_distribution()) note += "; the width of its bands, row by row, is the network's";
  result.notes.push_back(note + ".");
}

/// Forecasts of all origins by a forecaster that has learnt from the training part, and after retraining.
ScaledForecasts forecast_origins(const TrainingTask& task, const PanelPool& panel_pool,
                                 const std::vector<Origin>& origins, Selection& selection,
                                 ChosenForecaster& tested, Pool& pool, ForecastResult& result) {
  const auto start = Clock::now();
  ScaledForecasts out;
  std::vector<std::vector<pool::Member>> members;
  for (std::size_t s = 0; s < result.series.size(); ++s) members.push_back(selection.members(s));
  out.methods = panel_pool.forecast(origins, members, pool, task.controls.advanced);
  out.ridge = tested.predict_linear(task.scaled, origins);
  out.has_ridge = tested.learnt.has_value();
  Forecasts chosen = tested.forecast_learnt(task.scaled, origins, out.ridge, pool);
  const Rows learnt = chosen.location;
  const std::vector<SeriesChoice> first = tested.choices;
  // As time goes by, weights follow what has become known.
  const Rounds rounds(origins, result.horizon, result.stride);
  for (std::size_t round = 0; round <= rounds.count(); ++round) {
    for (const std::size_t i : rounds.known_before(round))
      selection.observe(origins[i], out.methods[i], learnt.row(static_cast<std::int64_t>(i)));
    if (rounds.is_due(round)) tested.take(selection, pool);
    if (round < rounds.count()) tested.blend(task.scaled, origins, rounds.places(round), out.methods, chosen);
  }
  out.model = std::move(chosen.location);
  out.spread = std::move(chosen.spread);
  result.seconds_backtest_forecasts = seconds_since(start);
  refit_forecasts(task, origins, tested, first, pool, out);
  return out;
}

void forecast_past_the_end(const ScaledPanel& scaled, ForecastResult::Model& model, Pool& pool,
                           ForecastResult& result) {
  const Panel& panel = scaled.panel();
  if (!panel.has_future) return;
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
  for (std::size_t s = 0; s < panel.series.size(); ++s)
    rows.push_back(panel.series[s].is_short ? 0 : panel.history_rows(s));
  return rows;
}

std::vector<std::int64_t> origins_by_series(std::span<const Origin> origins, const Panel& panel) {
  std::vector<std::int64_t> counts(panel.series.size(), 0);
  for (const Origin& origin : origins) ++counts[static_cast<std::size_t>(origin.series)];
  return counts;
}

/// Whether a known column changes within the training part of some series.
bool varies(const Panel& panel, std::size_t column) {
  const std::size_t columns = panel.known.size();
  return std::ranges::any_of(panel.series, [&](const PanelSeries& series) {
    for (std::int64_t row = 1; row < series.train_rows; ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * columns + column;
      if (series.known[at] != series.known[column]) return true;
    }
    return false;
  });
}

/// What the forecast is made of, by series and in the mean.
void describe_shares(const ChosenForecaster& chosen, ForecastResult& result) {
  std::map<std::string, double> total;
  const auto sorted = [](const std::map<std::string, double>& shares) {
    std::vector<ForecastShare> out;
    for (const auto& [name, share] : shares) {
      if (share > 0) out.push_back({name, share});
    }
    std::ranges::stable_sort(out, std::greater<>(), &ForecastShare::share);
    return out;
  };
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const SeriesChoice& choice = chosen.choices[s];
    std::map<std::string, double> own;
    own["linear"] = choice.learnt * (1 - result.network_weight);
    own["network"] = choice.learnt * result.network_weight;
    for (std::size_t i = 0; i < choice.members.size(); ++i)
      own[pool::member_name(choice.members[i])] += choice.weights[i];
    for (const auto& [name, share] : own) total[name] += share / static_cast<double>(result.series.size());
    result.series[s].shares = sorted(own);
  }
  result.shares = sorted(total);
}

/// "theta 31 %, ets 22 % …": the largest.
std::string largest_shares(const ForecastResult& result) {
  constexpr std::size_t kNamed = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, result.shares.size()); ++i)
    text += (i == 0 ? "" : ", ") +
            detail::print("%s %.0f %%", result.shares[i].name.c_str(), 100 * result.shares[i].share);
  return text + (result.shares.size() > kNamed ? " …" : "");
}

/// A forecast of a table, stage by stage.
class Run {
 public:
  Run(const ForecastTables& tables, const ForecastOptions& options, const RunControls& controls)
      : options_(options),
        controls_(controls),
        prepared_(prepare(tables, options)),
        panel_(prepared_.panel),
        pool_(options.threads),
        result_(start_result(prepared_, options, tables.table)) {
    for (const std::string& note : prepared_.notes) controls.log.warning(note);
    result_.threads = pool_.threads();
    count_rows(panel_, result_);
  }

  ForecastResult forecast() {
    const auto start = Clock::now();
    const bool learns = !panel_.all_are_short();
    if (learns) controls_.begin("linear model");
    const LinearChoice linear =
        learns ? search_linear(panel_, prepared_.limits, pool_, controls_.advanced) : LinearChoice();
    const ScaledPanel scaled(panel_, linear.transform, linear.difference);
    warn_of_spikes(scaled, controls_.log, result_);
    describe_linear(linear, prepared_, controls_.log, result_);

    const TrainingTask task{scaled, linear, options_, controls_, prepared_.calendar};
    const std::vector<Origin> origins = backtest_origins(panel_, result_.stride);
    const PanelPool panel_pool(scaled, allowed_methods(options_.methods));
    controls_.begin("simple models");
    // A likelihood asks for the distribution of a network.
    const bool only_short = options_.methods == "none" || options_.likelihood != "point";
    Selection selection(scaled, panel_pool, origins_by_series(origins, panel_), only_short, pool_,
                        controls_.advanced);
    ChosenForecaster tested;
    if (learns) tested.learnt.emplace();
    choose(task, selection, tested);
    if (!selection.left_out().empty()) result_.notes.push_back(selection.left_out());
    const CalibrationStart start_of_bands = calibrate(scaled, selection, tested);
    if (learns) tested.learnt->linear = fit_linear(scaled, linear.members, panel_.learnt_rows());
    controls_.begin("backtest");
    ScaledForecasts forecasts =
        forecast_origins(task, panel_pool, origins, selection, tested, pool_, result_);
    describe_shares(tested, result_);
    describe_known(linear);
    controls_.log.info("forecast: " + largest_shares(result_));
    const auto before_scores = Clock::now();
    auto model = std::make_shared<ForecastResult::Model>();
    const RolledCalibrations calibrations =
        roll_calibrations(scaled, origins, result_.stride, start_of_bands, tested.growth, forecasts);
    for (std::size_t s = 0; s < panel_.series.size(); ++s) tested.choices[s].spread = calibrations.spreads[s];
    model->bands = run_backtest(scaled, origins, forecasts, calibrations.of_series, result_);
    for (const ForecastSeries& series : result_.series)
      check_finite(series, series.backtest.bands, result_.source);
    result_.seconds_backtest = result_.seconds_backtest_forecasts + seconds_since(before_scores);
    result_.anomalies = find_anomalies(result_.series);
    explain(scaled, origins, tested);

    controls_.begin("forecast");
    model->preparation = prepared_.preparation;
    model->scaling = scaled.scaling;
    model->forecaster = std::move(tested);
    if (learns) model->forecaster.learnt->linear = fit_linear(scaled, linear.members, history_rows(panel_));
    forecast_past_the_end(scaled, *model, pool_, result_);
    result_.model = std::move(model);
    result_.seconds_total = seconds_since(start);
    return std::move(result_);
  }

 private:
  /// A network is trained where it is asked for, where rows abound, and where the linear model has a share
  /// that it could better. In a collection of short series, where training takes longest, that has to be
  /// most.
  bool wants_networks(const Selection& selection) const {
    return asks_to_train(options_) || abounds_in_rows(panel_) ||
           selection.learnt_share() >= share_worth_a_network(panel_.series.size());
  }

  void choose(const TrainingTask& task, Selection& selection, ChosenForecaster& tested) {
    Rows learnt = selection.linear_forecasts(task, pool_);
    selection.choose(learnt, pool_);
    if (tested.learnt && wants_networks(selection)) {
      const auto start = Clock::now();
      const std::string networks =
          options_.ensemble == 1 ? "network" : std::to_string(options_.ensemble) + " networks";
      controls_.begin(networks.c_str());
      TrainedEnsemble trained = train_ensemble(task, pool_, selection.learnt_origins());
      result_.seconds_train = seconds_since(start);
      describe_networks(trained, controls_.log, result_);
      learnt_errors_ = std::make_shared<const CalibrationErrors>(trained.held_out_errors);
      tested.learnt->networks = std::move(trained.network);
      tested.learnt->weight = result_.network_weight;
      if (result_.network_weight > 0) {
        for (std::size_t i = 0; i < learnt.values.size(); ++i)
          learnt.values[i] += trained.corrections.values[i];
        selection.choose(learnt, pool_);
      }
    } else {
      if (controls_.accepted) controls_.accepted();
      if (tested.learnt) {
        result_.notes.push_back(detail::print(
            "No network was trained: on held-out rows statistical methods left the linear model %.0f %% of "
            "the forecast. --model encoder_decoder trains one in any case.",
            100 * selection.learnt_share()));
      }
    }
    tested.choices = selection.choices();
  }

  /// Which known columns have no part in the forecast, and why.
  void describe_known(const LinearChoice& linear) {
    std::vector<std::string> still, varying;
    for (std::size_t c = 0; c < panel_.known.size(); ++c)
      (varies(panel_, c) ? varying : still).push_back(panel_.known[c]);
    if (!still.empty()) {
      result_.notes.push_back("Known columns that never change in the training part (" +
                              detail::listed(still) + ") say nothing.");
    }
    const auto has_share = [&](const char* name) {
      return std::ranges::find(result_.shares, name, &ForecastShare::name) != result_.shares.end();
    };
    const bool by_linear = std::ranges::any_of(
        linear.members, [](const LinearCandidate& member) { return member.known_steps > 0; });
    const bool used = (by_linear && has_share("linear")) || has_share("network") ||
                      has_share(pool::member_name(pool::Member::known_regression)) ||
                      has_share(pool::member_name(pool::Member::known_harmonic));
    if (used || varying.empty()) return;
    result_.notes.push_back("Known columns (" + detail::listed(varying) +
                            ") have no part in the forecast: on held-out rows it was better without them.");
  }

  /// What bands begin with, by series: errors of the learnt part where it has a distribution, or most of few
  /// series; else of the blends, in which each series has its own size of errors.
  CalibrationStart calibrate(const ScaledPanel& scaled, const Selection& selection,
                             ChosenForecaster& tested) {
    const bool by_learnt =
        learnt_errors_ && (tested.has_distribution() ||
                           (selection.learnt_share() >= kMostlyLearnt && panel_.series.size() < kCollection));
    CalibrationStart start;
    bool any_pooled = false;
    for (std::size_t s = 0; s < panel_.series.size(); ++s) {
      const bool own = !selection.uses_pool(s) || (by_learnt && !panel_.series[s].is_short);
      start.learnt.push_back(own ? learnt_errors_ : nullptr);
      any_pooled = any_pooled || !own;
      start.steps.emplace_back();
      const std::vector<double>& level = scaled.level[s];
      for (std::int64_t row = 1; row < panel_.series[s].train_rows; ++row)
        start.steps.back().push_back(level[static_cast<std::size_t>(row)] -
                                     level[static_cast<std::size_t>(row) - 1]);
    }
    start.held_out.resize(panel_.series.size());
    if (any_pooled) start.held_out = selection.errors(pool_);
    tested.growth = pool_errors(start.held_out, start.steps, panel_.horizon).growth;
    return start;
  }

  /// What inputs are worth to the part that looks at them.
  void explain(const ScaledPanel& scaled, std::span<const Origin> origins, ChosenForecaster& tested) {
    double share = 0;
    std::vector<Origin> learnt;
    for (const Origin& origin : origins) {
      const auto s = static_cast<std::size_t>(origin.series);
      if (tested.choices[s].learnt == 0 || panel_.series[s].is_short) continue;
      share += tested.choices[s].learnt / static_cast<double>(origins.size());
      learnt.push_back(origin);
    }
    if (!tested.learnt || share < kWorthExplaining) return;
    measure_importance(scaled, learnt, *tested.learnt, options_.seed, pool_, result_);
    if (share < 1 - 1e-9) {
      result_.notes.push_back(detail::print(
          "The importance of inputs is that to %s, %.0f %% of the forecast.",
          result_.network_weight > 0 ? "linear model and networks" : "the linear model", 100 * share));
    }
  }

  static constexpr double kWorthExplaining = 0.1;
  static constexpr double kMostlyLearnt = 0.5;

  const ForecastOptions& options_;
  const RunControls& controls_;
  const Prepared prepared_;
  const Panel& panel_;
  Pool pool_;
  ForecastResult result_;
  std::shared_ptr<const CalibrationErrors> learnt_errors_;  ///< of linear model and networks
};

}  // namespace
}  // namespace rondo::forecasting

rondo::ForecastResult rondo::run_forecast(const ForecastTables& tables, const ForecastOptions& options,
                                          const RunControls& controls) {
  return forecasting::Run(tables, options, controls).forecast();
}
