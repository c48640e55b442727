#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rondo {

/// Errors of one forecaster over the backtest, in the units of the target (MASE and sMAPE have none).
/// A value that is not defined (MASE of a constant series, say) is NaN and shown as a dash.
struct ReportScore {
  std::string name;  ///< "model", "naive", "seasonal naive", "drift", "ridge"
  double mae = 0;
  double rmse = 0;
  double mase = 0;
  double smape = 0;  ///< per cent, 0 to 200
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

/// The forecast past the end of a series: `mean` and `times` have one entry per step of the horizon.
struct ReportForecast {
  std::vector<std::string> times;
  std::vector<double> mean;
  ReportBands bands;
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

/// One series of the table: its whole history, its forecast and its backtest.
struct ReportSeries {
  std::string name;                ///< value of the id column; may be empty when there is only one series
  std::vector<std::string> times;  ///< as they should be read, e.g. "1949-01"
  std::vector<double> values;      ///< one per time, NaN where missing
  std::size_t train_rows = 0;      ///< rows [0, train_rows) trained the network; 0 when unknown
  std::size_t validation_rows = 0;
  std::size_t test_rows = 0;
  ReportForecast forecast;
  ReportBacktest backtest;
  std::vector<ReportScore> scores;  ///< optional: of this series alone
};

/// Loss per epoch. `validation` is empty where nothing was held out.
struct ReportTraining {
  std::vector<double> loss;
  std::vector<double> validation;
  std::size_t best_epoch = 0;  ///< counted from 1; 0 when unknown
  std::string loss_name;       ///< e.g. "mean squared error of the scaled values"
};

/// One line of the settings table. `origin` says who chose the value: "given", "chosen", "default" or nothing.
struct ReportSetting {
  std::string name;
  std::string value;
  std::string origin;
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
  std::vector<std::string> warnings;

  std::string version;
  std::string command;  ///< the command line that makes this report again
  std::string created;  ///< date and time, as text
  std::uint64_t seed = 0;
  std::size_t threads = 0;
  double train_seconds = 0;
  double total_seconds = 0;
};

/// The report as one HTML page that needs no network. The same report gives the same bytes.
/// Throws Error (usage) when lengths that belong together differ or there is no series.
std::string render_report(const ForecastReport& report);

/// Renders and writes the page so that `path` holds either the old file or the whole new one, never a part.
/// Throws Error (resources) when the folder cannot be written or the disk is full.
void write_report(const std::filesystem::path& path, const ForecastReport& report);

}  // namespace rondo
