#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/atomic_file.h"
#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/run_controls.h"
#include "rondo/data/csv.h"
#include "rondo/data/series.h"
#include "rondo/data/table.h"
#include "rondo/data/timeline.h"
#include "rondo/train/gradient_flow.h"

// The main job: a table of numbers over time in, an honest forecast out. `rondo forecast FILE.csv --target
// COLUMN`.

namespace rondo {

/// The test part unless told.
inline constexpr const char* kDefaultBacktest = "20%";

/// What to forecast and how. Everything that is 0, "" or "auto" is found out from the training part of the
/// table.
struct ForecastOptions {
  std::string target;  ///< column, columns "a,b" or "all"; in a wide table a name for the values
  std::string time;    ///< column of times; "": rows are in order
  std::string id;      ///< column of series ids; "": one series
  bool wide = false;   ///< one series a row
  std::vector<std::string> known, past, statics;
  std::vector<std::string> holidays;  ///< countries ("DE") or CSV files of dates and names
  std::string future, test_file;      ///< files
  std::int64_t horizon = 1;
  std::string backtest = kDefaultBacktest;
  std::string split;
  std::int64_t stride = 0;
  std::int64_t refit = 0;
  std::string level, quantiles;  ///< "50,80,95"; "0.1,0.5,0.9"

  std::int64_t window = 0;
  std::int64_t period = 0;
  std::string transform = "auto";
  std::string difference = "auto";
  std::string normalize = "auto";
  std::string deseasonalize = "auto";
  std::string outliers = "auto";
  std::string cell = "gru";
  std::int64_t units = 0;
  std::string model = "auto";
  std::string methods = "auto";
  std::string likelihood = "point";
  std::int64_t ensemble = 3;
  std::int64_t tune = 0;
  std::int64_t epochs = 0;
  std::int64_t patience = 0;
  std::int64_t batch_size = 0;
  double learning_rate = 0;
  std::uint64_t seed = 1;
  std::int64_t threads = 0;

  std::string missing = "previous";
  std::string frequency = "auto";
  bool strict = false;
  TimeOptions times;
  ArrangeOptions arrange{.unsorted = "sort", .duplicates = "last", .gaps = "auto"};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("target", self.target,
           "column to forecast; several: 'a,b', or 'all' columns of numbers that have no other part");
    option("time", self.time, "column of times; '': rows are in order");
    option("id", self.id, "column of series ids; '': one series");
    option("wide", self.wide, "one series a row, its id first (or in the column that id names)");
    option("known", self.known,
           "columns known beforehand (calendar, prices, plans): rows after the last target value or the file "
           "'future' hold them for the horizon");
    option("holidays", self.holidays,
           "known columns of public holidays: countries ('DE,FR'), or a CSV file of dates and names");
    option("past", self.past, "other columns whose past the forecast may use");
    option("static", self.statics, "columns that describe a series and never change within it");
    option("future", self.future, "file with the known columns (and time, id) of the rows after the end");
    option("test_file", self.test_file,
           "file with the truth after the end, laid out like the table: it is the test part");
    option("horizon", self.horizon, "rows to forecast past the end, and from every origin of the backtest");
    option("backtest", self.backtest,
           "last part that is kept for the test: 'last=48', 'last=20%' or either without 'last='");
    option("split", self.split,
           "parts in order of time, in rows or percent: 'train=8640,validation=2880,test=2880'; instead of "
           "backtest");
    option("stride", self.stride, "rows between forecast origins of the backtest; 0: the horizon");
    option(
        "refit", self.refit,
        "parts of the test part, each forecast by networks trained on all rows before it; 0: trained once");
    option("level", self.level,
           "bands by how many per cent of the values they hold: '50,80,95'; '': 80 and 95");
    option("quantiles", self.quantiles, "instead of bands quantiles, by their probabilities: '0.1,0.5,0.9'");
    option("window", self.window,
           "rows of history that the linear model and the network see; 0: chosen by validation");
    option("period", self.period, "rows of a season; 0: from the calendar or the series itself");
    option("transform", self.transform, "'auto', 'none', 'log' or 'sqrt'; 'auto' is chosen by validation");
    option("difference", self.difference, "forecast changes instead of levels: 'auto', 'yes' or 'no'");
    option(
        "normalize", self.normalize,
        "scale of every window of the network: 'auto', 'last' (minus the last value), 'standard' (minus the "
        "mean, over the deviation), 'revin' (that and a learnt gain and offset) or 'mean_abs' (divided by "
        "the mean size)");
    option(
        "outliers", self.outliers,
        "'auto': a few values far outside of everything else (gross errors) are replaced by the value before "
        "in what the model sees, or 'keep'; errors are counted against the table in any case");
    option("deseasonalize", self.deseasonalize,
           "remove the pattern of the shortest season (or of the given period) before training and add it to "
           "the forecasts: 'auto' (no), 'yes' or 'no'");
    option("cell", self.cell,
           "recurrent cell: 'lstm', 'gru', 'simple_rnn' or any other that the library has");
    option("units", self.units, "size of the network's state; 0: from the size of the data");
    option("model", self.model,
           "'auto', 'direct' (no decoder), 'recursive' (sample paths, row by row) or 'encoder_decoder'");
    option("methods", self.methods,
           "statistical methods that may share in the forecast: 'auto' (all that apply), names ('ets,theta'; "
           "the leaderboard has them all), or 'none' (models of all series alone, but for short series)");
    option("likelihood", self.likelihood,
           "'point', 'quantile', 'gaussian', 'student_t', 'negative_binomial' or 'poisson'");
    option("ensemble", self.ensemble,
           "networks whose mean is taken, 1 to 100; they hold out the fifths of the training part in turn");
    option("tune", self.tune,
           "seconds for a search of settings before the forecast (not of the recursive model); 0: none");
    option("epochs", self.epochs, "maximum passes over the training part; 0: from the size of the data");
    option("patience", self.patience,
           "stop after so many epochs without a better validation loss; 0: from the size of the data");
    option("batch_size", self.batch_size, "windows of one step; 0: from the size of the data");
    option("learning_rate", self.learning_rate, "of the optimiser; 0: from the size of the data");
    option("seed", self.seed, "of initial weights and order; the same seed gives the same bits");
    option("threads", self.threads, "0: one for every core; does not change results");
    option("missing", self.missing,
           "missing values: 'previous' (the last one before; marked as not observed), 'zero' (no row and no "
           "value mean 0, as in sales that are only written when there are some; up to the last time of the "
           "table) or 'error'");
    option("frequency", self.frequency,
           "how far apart rows are, where a single one does not say: 'minutely', 'half_hourly', 'hourly', "
           "'daily', 'business_days', 'weekly', 'monthly', 'quarterly', 'yearly'; 'auto': from the rows");
    option("strict", self.strict,
           "refuse unsorted and duplicate timestamps instead of sorting and merging them");
    TimeOptions::visit(self.times, option);
    ArrangeOptions::visit(self.arrange, option);
  }
};

/// Errors. MAE, RMSE, CRPS, widths and interval scores are in units of the target, MSE in their square, sMAPE
/// and MAPE in per cent, all others without a unit; NaN where one is not defined (MASE of a constant series)
/// or not computed.
struct ForecastScore {
  std::string name;  ///< "model", "naive", "seasonal_naive", "drift", "ridge" or a method's: "theta" …
  double mae = 0, rmse = 0, mase = 0, smape = 0;
  double mse = kNone, mape = kNone, rmsse = kNone, crps = kNone, owa = kNone;
  /// Errors in z-scores by the first part of the series (the training part without validation), mean over
  /// series.
  double mse_scaled = kNone, mae_scaled = kNone;
  /// Of the model: mean width of its 80 % and 95 % bands over all rows, truths known or not, and the mean
  /// interval score of the rows with a truth (width, and what misses cost).
  double width80 = kNone, width95 = kNone, interval_score80 = kNone, interval_score95 = kNone;
  /// Of the model: 2·Σ pinball / Σ |y|, mean over the quantiles of the bands' ends and the forecast; without
  /// a unit. NaN where all truths are 0.
  double quantile_loss = kNone;
  /// Of several series: geometric mean of each one's RMSSE. Of a baseline or a method: share of the series in
  /// which the forecast's RMSE is lower.
  double geometric_rmsse = kNone, series_won = kNone;
  /// Of a baseline: probability that a difference to the model as large as this is luck (Diebold, Mariano
  /// 1995; two-sided).
  double p_value = kNone;
  /// What the verdict compares, by the name of ForecastResult::measure: RMSE of one series, RMSE in steps of
  /// each of a few, bounded RMSSE of many.
  double compared = kNone;

  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
};

/// Whether the bands are calibrated over the whole backtest: `nominal` shares, what was inside, and for (some
/// of) the rows the forecast's probability of a value up to the truth (probability integral transform).
struct ForecastCalibration {
  std::vector<double> nominal, observed, pit;
  std::int64_t rows = 0;
};

/// Importance of a feature: by how much the RMSE of the backtest (in steps of the series) grows when its
/// values are moved, mean and standard deviation over several moves. Covariates, the target's own past and
/// the calendar are read from other times of the series, static columns from other series.
struct ForecastImportance {
  std::string name;  ///< a column, "TARGET (its own past)" (of more than 8 targets "each target's own past")
                     ///< or "calendar"
  double increase = 0, spread = 0;
};

/// A row of the backtest with an unusually large error. Of normal errors one in 370 is remarkable.
struct ForecastAnomaly {
  std::string id, target, time;
  double score = 0;      ///< error of the row's freshest forecast in standard deviations, from its 80 % band
  std::int64_t row = 0;  ///< of the series
  double actual = 0;     ///< in units of the target, as what follows
  double expected = 0;   ///< the freshest forecast
  double low95 = 0, high95 = 0;  ///< its 95 % band

  static constexpr double kRemarkable = 3;  ///< scores above it are what a report marks
};

/// Errors of one forecaster at one step of the horizon, over all origins and series, in units of the target.
/// `rse` is LSTNet's root relative squared error, forecast_accuracy.h.
struct ForecastStepScore {
  double mae = 0, rmse = 0, rse = 0;
};

enum class ForecastVerdict { better, no_better_than_single_method, no_better_than_naive, not_tested };
/// "better", "no better than a single method", "no better than naive" or "not tested".
const char* forecast_verdict_name(ForecastVerdict verdict);

/// Ends of the bands that hold the truth with 80 % and 95 % probability, one of each per row.
struct ForecastBands {
  std::vector<double> low80, high80, low95, high95;
  static constexpr std::pair<const char*, std::vector<double> ForecastBands::*> kEnds[] = {
      {"low80", &ForecastBands::low80},
      {"high80", &ForecastBands::high80},
      {"low95", &ForecastBands::low95},
      {"high95", &ForecastBands::high95}};
};

/// Quantiles of a forecast in units of the target.
struct ForecastQuantiles {
  std::vector<double> levels;               ///< ascending
  std::vector<std::vector<double>> values;  ///< [level][step]; never crossing
};

/// One way to forecast and its weight in the forecast that is handed over.
struct ForecastShare {
  std::string name;  ///< "linear", "network" or a statistical method's: "theta", "seasonal naive" …
  double share = 0;  ///< of all: 1
};

/// A known column of the table or of holidays, and how many numbers it is in ForecastSeries::known: of a text
/// one for each of its values.
struct ForecastKnown {
  std::string name;
  std::int64_t numbers = 1;
  bool holiday = false;
};

/// One series with its backtest and its forecast.
struct ForecastSeries {
  std::string id;      ///< "" when there is only one
  std::string target;  ///< its column
  Timeline times;
  std::vector<double> values;
  std::vector<std::uint8_t>
      observed;                 ///< 0: the value was missing and is the one before; empty: all are read
  std::vector<double> known;    ///< [rows + horizon, numbers of ForecastResult::known]
  std::int64_t train_rows = 0;  ///< learnt from, validation included
  /// The last of them, where --split names a validation part: every network holds them out. Else a fifth of
  /// them: as many as each network holds out, another fifth each; of networks over windows it is made of
  /// blocks, not the last rows.
  std::int64_t validation_rows = 0;

  /// The backtest, in order of origins: entry i is step `step[i]` (from 1) from origin row `origin[i]`.
  struct Backtest {
    std::vector<std::int64_t> origin, step;
    std::vector<double> actual, predicted, naive, seasonal_naive, drift, ridge;
    /// Of statistical methods, by name; NaN where one does not apply.
    std::vector<std::pair<std::string, std::vector<double>>> methods;
    ForecastBands bands;
    ForecastQuantiles asked;  ///< at what --level or --quantiles names
    std::int64_t row(std::size_t i) const { return origin[i] + step[i]; }
  } backtest;

  Timeline future_times;
  std::vector<double> forecast;
  ForecastBands bands;
  ForecastQuantiles quantiles;           ///< of the forecast; empty without a distribution
  ForecastQuantiles asked;               ///< of the forecast at what --level or --quantiles names
  ForecastScore test;                    ///< of this series alone; without a name where it has no test part
  std::vector<ForecastScore> baselines;  ///< the same, in the order of ForecastResult::baselines
  std::vector<ForecastScore> methods;    ///< the same, of statistical methods that apply to the series
  std::vector<ForecastShare> shares;     ///< what the forecast is made of, largest first
  /// Too few rows, or none that differ: no model of all series had a part in the forecast.
  bool is_short = false;
};

/// One network of the ensemble.
struct ForecastMember {
  std::int64_t fold = 0;  ///< the fifth of the training part that it held out, 1 to 5; 0: the part of --split
  double validation_loss = 0;   ///< on what it held out, with the weights that were kept
  std::int64_t best_epoch = 0;  ///< the epoch, from 1, with its own lowest validation loss
};

/// How the networks were trained: what was given, and what was found out where nothing was.
struct ForecastTraining {
  std::string network = {};  ///< "residual", "encoder_decoder", "direct" or "recursive"
  std::int64_t units = 0, batch_size = 0, patience = 0;
  double learning_rate = 0;
  double epochs = 0;         ///< most passes over the windows of the training part
  std::int64_t updates = 0;  ///< at most; 0: counted in epochs only
  std::int64_t trials = 0;   ///< of the search of settings; 0: there was none
};

/// Everything that `--json`, forecast.csv, the model file and the report need.
struct ForecastResult {
  ForecastOptions options;  ///< as given
  std::string target, source;
  std::string cell;         ///< of the networks; "": none was trained
  std::int64_t window = 0;  ///< rows that the network sees
  std::int64_t horizon = 0, stride = 0, period = 0, threads = 0;
  std::int64_t season =
      0;  ///< of MASE and Naive2: the shortest season; `period` is the seasonal naive forecast's
  std::uint64_t seed = 0;
  std::string frequency;             ///< "monthly" …
  std::vector<double> seasons;       ///< all that were found, in rows, shortest first
  std::vector<ForecastKnown> known;  ///< columns known beforehand, in the order of ForecastSeries::known
  std::string transform;             ///< "none", "log" or "sqrt"
  bool difference = false;
  std::int64_t lags = 0;  ///< longest of the linear model
  std::int64_t linear_members = 0;
  /// Of the networks beside the linear model; 0: no better on validation data, or none was trained.
  double network_weight = 0;
  std::vector<ForecastShare> shares;  ///< what the forecasts are made of, mean over series, largest first

  std::int64_t rows_train = 0, rows_validation = 0, rows_test = 0;
  ForecastScore test;
  std::vector<ForecastScore> baselines;  ///< naive, seasonal_naive, drift, ridge
  std::vector<ForecastScore> methods;    ///< statistical methods that apply to every series, best first
  /// By step of the horizon, of the model and of every baseline in the order above.
  std::vector<std::vector<ForecastStepScore>> by_step;
  std::string measure;        ///< of the verdict: "RMSE" …; "" where nothing was tested
  double skill = 0;           ///< 1 - error / error of the best baseline or method
  std::string skill_against;  ///< which that is, by its name in `baselines` or `methods`
  ForecastVerdict verdict = ForecastVerdict::not_tested;
  std::string verdict_sentence;
  ForecastCalibration calibration;
  double importance_error = 0;                 ///< what the increases are added to
  std::vector<ForecastImportance> importance;  ///< of all inputs, largest first
  GradientFlow gradient_flow;                  ///< of the networks; empty where it was not measured
  std::string gradient_flow_note;         ///< of which networks it is, or why it was not measured; "": of all
  double coverage80 = 0, coverage95 = 0;  ///< share of the backtest inside the bands

  std::int64_t epochs = 0, best_epoch = 0;
  std::vector<double> loss, validation_loss;  ///< by epoch
  std::vector<ForecastMember> members;
  ForecastTraining training;
  /// Of the backtest: forecasting every origin by linear model and networks, rivals, bands and scores;
  /// without their fits, those of `refit` among them.
  double seconds_backtest = 0;
  double seconds_backtest_forecasts = 0;  ///< of these: linear model and networks at every origin
  double seconds_train = 0, seconds_total = 0;
  std::vector<ForecastSeries> series;
  std::vector<std::string> targets;        ///< columns, in order
  std::vector<ForecastAnomaly> anomalies;  ///< the worst 20 rows, worst first; fewer where fewer were tested
  std::vector<std::string> warnings;       ///< what is odd in the table and what was done about it
  std::vector<std::string> notes;          ///< remarks on the forecast

  /// Writes the model file that ForecastModel::load reads: spec and weights of the networks, coefficients of
  /// the linear model, scales, how the table was read. All or nothing.
  void save_model(const std::string& path) const;
  /// The same beside other files that change with it.
  void save_model(AtomicFiles& files, const std::string& path) const;

  struct Model;
  std::shared_ptr<const Model> model;
};

/// The forecast (its name is "model") and all that it was compared with, best first by the error that the
/// verdict compares: baselines, and methods that no baseline has the name of. Empty where nothing was tested.
std::vector<ForecastScore> forecast_leaderboard(const ForecastResult& result);
/// As tables and charts name a forecaster: "seasonal_naive" → "seasonal naive", "model" → "forecast", and
/// the shares "linear" → "linear model", "network" → "networks".
std::string forecaster_name(const std::string& name);

/// What a forecast is made from.
struct ForecastTables {
  ForecastTables(const Table& the_table) : table(the_table) {}  // NOLINT: a table alone is the usual case
  const Table& table;
  const Table* future = nullptr;  ///< null: read from ForecastOptions::future where that names a file
  const Table* test = nullptr;    ///< null: read from ForecastOptions::test_file where that names a file
};

/// Reads the series, chooses everything on the training part, trains, backtests and forecasts past the end.
/// The result depends on table and options only: not on threads, and not on interruptions where it is resumed
/// from the checkpoint.
///
/// Every (id, target) is a series; one model learns from all. Rows are put in order of time; of rows with the
/// same time the last counts; missing steps of a regular calendar become rows without values (not for
/// business days, whose gaps are holidays); missing values are the one before, and errors are not counted
/// there. Each of these is said in `warnings`. Text in covariates becomes one column for each of the (at most
/// 24) most frequent texts of the training part.
///
/// Throws Error(data) for a missing column, text among numbers, a table without any series that is long
/// enough and not constant, times at no regular distance, known covariates that end before the horizon, ids
/// in the test file that the table does not have, negative values under a likelihood of counts; Error(usage)
/// for options out of range; Error(interrupted) when controls.stop was set (the checkpoint is written);
/// Error(diverged) when training is not finite.
ForecastResult run_forecast(const ForecastTables& tables, const ForecastOptions& options,
                            const RunControls& controls = {.verbose = 0});

/// The contract of `rondo forecast --json`. `files` is what stands under "files".
Json forecast_json(const ForecastResult& result, const Json& files);

/// What goes into forecast.csv: (id,) (target,) time or row, forecast, low80, high80, low95, high95, or the
/// bands of --level (low50 …) or the quantiles of --quantiles (q0.1 …). Seven digits, more where the bands
/// are narrow. Without rows where nothing lies past the end.
Table forecast_table(const ForecastResult& result);
/// The same of some series; a column of ids where they have ids, of targets where these differ.
Table forecast_table(const ForecastOptions& options, std::span<const ForecastSeries> all);
/// What goes into backtest.csv, one row an origin and step: the columns of the forecast with `cutoff` (time
/// of the origin), `step` and `actual` (NaN where it is missing), then the forecasts of the baselines and of
/// each single method (NaN where it does not apply; of very many rows those of the baselines alone). Without
/// rows where nothing was tested.
Table backtest_table(const ForecastResult& result);

}  // namespace rondo
