#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "rondo/train/gradient_flow.h"

// What the HTML report of a forecast run is made from. Everything but the history of one series is optional:
// what is empty or NaN has no place in the page, neither a heading nor an empty chart.

namespace rondo {

constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

/// Errors of one forecaster over the backtest, in the units of the target unless said otherwise. A value that
/// is not defined (MASE of a constant series, say) is NaN and shown as a dash; a column where all are NaN is
/// left out.
struct ReportScore {
  std::string name;  ///< "model", "naive", "seasonal naive", "drift", "ridge"
  double mae = 0;
  double rmse = 0;
  double mase = 0;                ///< MAE by that of a naive forecast on the training part
  double smape = 0;               ///< per cent, 0 to 200
  double mape = kNotKnown;        ///< per cent
  double mse = kNotKnown;         ///< units squared
  double rmsse = kNotKnown;       ///< RMSE by that of a naive forecast on the training part
  double mse_scaled = kNotKnown;  ///< of z-scores by the training part
  double mae_scaled = kNotKnown;  ///< of z-scores by the training part
  double crps = kNotKnown;        ///< continuous ranked probability score
  double owa = kNotKnown;         ///< M4's overall weighted average, against Naive2
  double coverage80 = kNotKnown;  ///< share of rows inside the 80 % band, 0 to 1
  double coverage95 = kNotKnown;
  double width80 = kNotKnown;  ///< mean width of the band, in units
  double width95 = kNotKnown;
  double interval_score80 = kNotKnown;  ///< mean width and what misses cost, in units
  double interval_score95 = kNotKnown;
  double quantile_loss = kNotKnown;  ///< twice the quantiles' pinball loss by the size of the actual values
  double p_value = kNotKnown;  ///< Diebold–Mariano: probability that a difference to the model of this size
                               ///< is chance; of baselines only
};

/// A named line of values, one for each row it belongs to; NaN where there is none.
struct ReportLine {
  std::string name;
  std::vector<double> values;
};

/// Lower and upper ends of the 80 % and 95 % bands, one of each per row; all four empty where there are none.
struct ReportBands {
  std::vector<double> low80, high80, low95, high95;

  bool empty() const noexcept { return low80.empty() && high80.empty() && low95.empty() && high95.empty(); }
};

/// Quantiles of a forecast. With an odd number of symmetric levels (0.025, 0.1, 0.5, 0.9, 0.975) the fan
/// chart has a band for each pair and a line in the middle.
struct ReportQuantiles {
  std::vector<double> levels;               ///< rising, each between 0 and 1
  std::vector<std::vector<double>> values;  ///< [level][row]

  bool empty() const noexcept { return levels.empty(); }
};

/// The forecast past the end of a series: `mean` and `times` have one entry per step of the horizon.
struct ReportForecast {
  std::vector<std::string> times;
  std::vector<double> mean;
  ReportBands bands;
  ReportQuantiles quantiles = {};  ///< optional: drawn as a fan, in place of `bands`
};

/// What was forecast over the held-out part, next to what happened. One row per time, in order of time; where
/// forecasts from several origins overlap, give the one from the latest origin.
struct ReportBacktest {
  std::vector<std::string> times;
  std::vector<double> actual;
  std::vector<double> predicted;
  ReportBands bands;                  ///< optional: with it the report says how often the bands held
  std::vector<ReportLine> baselines;  ///< each as long as `times`
};

/// Residuals one step ahead (actual − forecast made one row before), one per time; NaN where there is none.
/// They tell more about what is left to learn than those of a whole horizon, whose errors are related by
/// their common origin.
struct ReportResiduals {
  std::vector<std::string> times;
  std::vector<double> values;
};

/// One series of the table: its whole history, its forecast and its backtest.
struct ReportSeries {
  std::string name;  ///< value of the id column; with several targets "id, target"; may be empty when
                     ///< there is only one series
  std::vector<std::string> times;  ///< as they should be read, e.g. "1949-01"
  std::vector<double> values;      ///< one per time, NaN where missing
  std::size_t train_rows = 0;      ///< rows [0, train_rows) trained the network; 0 when unknown
  std::size_t validation_rows = 0;
  std::size_t test_rows = 0;
  ReportForecast forecast;
  ReportBacktest backtest;
  std::vector<ReportScore> scores;  ///< optional: of this series alone, the model first, then baselines
  ReportResiduals one_step = {};    ///< optional: residual charts show these in place of the backtest's
  std::string target = {};          ///< its column, where that differs from ForecastReport::target
  std::string unit = {};            ///< where that differs from ForecastReport::unit
};

/// Loss per epoch. `validation` is empty where nothing was held out.
struct ReportTraining {
  std::vector<double> loss;
  std::vector<double> validation;
  std::size_t best_epoch = 0;  ///< counted from 1; 0 when unknown
  std::string loss_name;       ///< e.g. "mean squared error of the scaled values"
  std::string note = {};       ///< optional: a sentence about what an epoch is
};

/// One line of the settings table. `origin` says who chose the value: "given", "chosen", "default" or
/// nothing.
struct ReportSetting {
  std::string name;
  std::string value;
  std::string origin;
};

/// Error by step of the horizon, over all origins and series: how fast the forecasts get worse.
struct ReportHorizonErrors {
  std::string measure;                  ///< "RMSE", "MAE", "MASE": what the values are
  bool in_units = true;                 ///< whether they have the unit of the target
  std::vector<ReportLine> forecasters;  ///< the model first, then baselines; each as long as the horizon
};

/// Whether probabilities keep their word. Over all rows of the backtest of all series.
struct ReportCalibration {
  std::vector<double>
      nominal;  ///< rising: the share of rows that a central band promises to hold, e.g. 0.8, 0.95
  std::vector<double> observed;  ///< the share that it held, one for each
  std::size_t rows = 0;          ///< how many rows were counted
  /// Probability integral transform: for every row the forecast distribution's probability of a value up to
  /// the actual one; evenly spread between 0 and 1 where the distribution is right. Optional.
  std::vector<double> pit = {};
};

/// What a feature is worth: how much larger the error gets when its values are shuffled among the rows.
struct ReportFeature {
  std::string name;
  double increase = 0;        ///< error with this one shuffled − error as it is; may be negative
  double spread = kNotKnown;  ///< standard deviation over repeated shuffles
};

struct ReportImportance {
  std::string measure;  ///< "RMSE", "MAE": whose increase is meant
  double error = 0;     ///< the error with nothing shuffled
  std::vector<ReportFeature> features;
  std::string how = {};  ///< optional: sentences that say how inputs were shuffled
};

/// A row that surprised the model. `series` and `row` are indices: report.series[series].times[row].
struct ReportAnomaly {
  std::size_t series = 0, row = 0;
  double score = 0;                          ///< larger is stranger
  double expected = kNotKnown;               ///< what was forecast
  double low = kNotKnown, high = kNotKnown;  ///< ends of its 95 % band
};

struct ReportAnomalies {
  std::string score;                 ///< what a score is, e.g. "error one step ahead in standard deviations"
  std::vector<ReportAnomaly> worst;  ///< worst first
  double remarkable = kNotKnown;     ///< rows with a score above it are marked; not known: all are

  bool marks(const ReportAnomaly& anomaly) const { return !(anomaly.score <= remarkable); }
};

/// One fold of the walk-forward backtest.
struct ReportFold {
  std::string train_end;                                   ///< time of the last row that was learnt from
  std::string test_begin, test_end;                        ///< times of the first and the last row forecast
  std::size_t train_rows = 0, origins = 0, test_rows = 0;  ///< of all series; 0 when unknown
  bool refitted = false;            ///< whether the network was trained anew for this fold
  std::vector<ReportScore> scores;  ///< the model first, then baselines; the same ones in every fold
};

/// One network of the ensemble. NaN, 0 and "" stand for what is not known.
struct ReportMember {
  std::string name;  ///< "" : member 1, 2, …
  std::uint64_t seed = 0;
  std::string held_out;  ///< what it was judged by, e.g. "fifth 3" or "last 288 rows"
  std::size_t epochs = 0;
  std::size_t best_epoch = 0;          ///< with its own lowest validation loss
  double validation_loss = kNotKnown;  ///< with the weights that were kept
  double weight = kNotKnown;           ///< its part of the mean, 0 to 1
  double rmse = kNotKnown;             ///< alone, in the backtest
  double seconds = kNotKnown;
};

enum class ReportVerdict { better, no_better_than_ridge, no_better_than_naive };

/// Everything the HTML report of a forecast run shows, as plain data.
struct ForecastReport {
  std::string title;    ///< empty: "Forecast of <target>"
  std::string target;   ///< name of the forecast column
  std::string unit;     ///< optional, e.g. "passengers"
  std::string cell;     ///< "lstm", "gru", "simple_rnn"
  std::string dataset;  ///< file name shown to the reader
  std::size_t horizon = 0;
  std::size_t backtest_stride = 0;  ///< rows between forecast origins; 0: one horizon

  ReportVerdict verdict = ReportVerdict::no_better_than_naive;
  std::string verdict_sentence;     ///< in plain words
  double skill = 0;                 ///< 1 − error of the model / error of `skill_against`
  std::string skill_against;        ///< name of the best baseline
  std::vector<ReportScore> scores;  ///< the model first, then the baselines

  std::vector<ReportSeries> series;
  ReportTraining training;
  std::vector<ReportSetting> settings;
  std::vector<std::string> warnings;  ///< what is odd in the table and what was done about it
  std::vector<std::string> notes;     ///< remarks on the forecast

  ReportHorizonErrors horizon_errors;
  ReportCalibration calibration;
  ReportImportance importance;
  ReportAnomalies anomalies;
  std::vector<ReportFold> folds;
  std::vector<ReportMember> members;
  GradientFlow gradient_flow;      ///< of the (first) networks, from measure_gradient_flow
  std::string gradient_flow_note;  ///< of which networks it is, or why it is empty; "": nothing is to be said

  std::string version;
  std::string command;  ///< the command line that makes this report again
  std::string created;  ///< date and time, as text
  std::uint64_t seed = 0;
  std::size_t threads = 0;
  double train_seconds = 0;
  double total_seconds = 0;
};

/// The report as one HTML page that needs no network. The same report gives the same bytes.
///
/// The page stays below 3 MB whatever the panel: long lines are thinned (their extremes and their last rows
/// stay), of many series the worst and an even choice of the others are drawn, all (at most some thousands)
/// are listed with their errors, and the page says what it left out. Throws Error (usage) when lengths that
/// belong together differ, an index names nothing or there is no series.
std::string render_report(const ForecastReport& report);

/// Renders and writes the page so that `path` holds either the old file or the whole new one, never a part.
/// Throws Error (resources) when the folder cannot be written or the disk is full.
void write_report(const std::filesystem::path& path, const ForecastReport& report);

}  // namespace rondo
