#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/run_controls.h"
#include "rondo/data/csv.h"
#include "rondo/tensor/tensor_file.h"

// Learning from a stream: every row is predicted first and used for training afterwards, in constant memory.
// `rondo online`.

namespace rondo {

/// Larger numbers are refused: their squares, and sums of those, would not be finite.
inline constexpr double kOnlineLargest = 1e100;

/// What is trained and how.
struct OnlineOptions {
  std::int64_t horizon = 1;
  std::string cell = "gru";
  std::int64_t units = 32;
  std::string gradient = "auto";
  std::int64_t chunk = 32;
  std::int64_t every = 8;
  double learning_rate = 0.003;
  double clip = 1;
  std::int64_t lags = 24;
  double forgetting = 0.9995;
  std::int64_t memory = 10000;
  double drift_threshold = 30;
  std::uint64_t seed = 1;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("horizon", self.horizon, "rows from the last one known to the one that is forecast");
    option("cell", self.cell,
           "'gru', 'lstm', 'simple_rnn' or any other of the library; with a diagonal recurrence 'indrnn', "
           "'diagonal_gru'; 'none': no network");
    option("units", self.units, "size of the network's state");
    option("gradient", self.gradient,
           "'auto', 'tbptt' (truncated backpropagation through time) or 'rtrl' (exact, diagonal cells only)");
    option("chunk", self.chunk, "rows that truncated backpropagation goes back");
    option("every", self.every, "rows between two steps of the optimiser");
    option("learning_rate", self.learning_rate, "of Adam");
    option("clip", self.clip, "largest norm of the gradient");
    option("lags", self.lags, "past values that the linear predictor sees; at most 48 over all targets");
    option("forgetting", self.forgetting, "of the linear predictor: weight of a row against the next one");
    option("memory", self.memory, "rows that means and variances remember");
    option("drift_threshold", self.drift_threshold,
           "accumulated excess error before a change is reported, in units of the running mean error");
    option("seed", self.seed, "of the first weights; the same seed gives the same bits");
  }
};

/// A change of the stream, or of how well it is forecast.
struct OnlineDrift {
  std::int64_t row = 0;       ///< number of the row at which it was noticed, from 1
  double before = 0;          ///< mean absolute error until then, in deviations of the target
  double after = 0;           ///< the same over the last rows
  bool rolled_back = false;   ///< the last good weights came back, since they do better
  std::int64_t good_row = 0;  ///< after how many rows those weights stood
  bool alarm = true;          ///< false: an earlier alarm's good weights came back after all
};

/// What is known of a row once the model was trained on it. Forecasts are those made `horizon` rows before;
/// NaN in the first rows. Refers to memory of the forecaster, until its next row.
struct OnlineRow {
  std::span<const double> actual;       ///< [targets]; NaN where missing
  std::span<const double> forecast;     ///< [targets]
  std::span<const double> persistence;  ///< [targets]: the value `horizon` rows before
  std::span<const double> linear;       ///< [targets]: the running linear predictor
  std::span<const double> unit;         ///< [targets]: running deviation when the forecast was made
  std::optional<OnlineDrift> drift;
};

/// Forecasts a stream and learns from it, row by row.
///
///     OnlineForecaster forecaster(1, 2, {.horizon = 1});    // one target, two other columns
///     for (each row)  {                                     // {target, other, other}
///       forecaster.predict();                               // [targets], `horizon` rows after the last one
///       forecaster.partial_fit(row);
///     }
///
/// A forecast is a mixture of persistence, of a linear predictor (recursive least squares on the last `lags`
/// values) and of a recurrent network that learns what the linear model leaves; the weights follow their
/// recent errors (fixed share: Herbster, Warmuth 1998), so that it is never much worse than the best of them.
/// Scales are running means and variances of the past alone. A reading that is far off all before it (moved
/// ten times as far as any of the last rows) is an outlier until the next one confirms it: nothing is learnt
/// from it, and forecasts go on from the reading before. Between rows it keeps scales, linear model,
/// weights, optimiser, states, mixture and drift detector; `state` copies all that out, and one that is
/// restored continues with the same bits.
///
/// Memory does not grow with the rows. The work for a row is the same for every row, but for the step of the
/// optimiser at every `every`-th.
class OnlineForecaster {
 public:
  /// Rows will have `targets` + `covariates` numbers: the targets first. Throws Error(usage) for options out
  /// of range.
  OnlineForecaster(std::int64_t targets, std::int64_t covariates, OnlineOptions options = {});
  OnlineForecaster(OnlineForecaster&&) noexcept;
  OnlineForecaster& operator=(OnlineForecaster&&) noexcept;
  ~OnlineForecaster();

  /// Forecast of the targets `horizon` rows after the last row, in their units. NaN before the first row.
  std::span<const double> predict() const;
  /// Scores the forecast that was made of this row, learns from it, and forecasts `horizon` rows further. NaN
  /// is a missing value: it is not trained on, and inputs keep their last one. Throws Error(usage) for
  /// another number of values, Error(data) for infinities and values beyond `kOnlineLargest`; nothing has
  /// changed then.
  const OnlineRow& partial_fit(std::span<const double> row);

  std::int64_t rows() const;  ///< seen until now
  std::int64_t targets() const;
  std::int64_t covariates() const;
  const OnlineOptions& options() const;
  /// Readings, of all columns, that were far off all before them: not learnt from, unless the next one
  /// confirmed them.
  std::int64_t outliers() const;
  /// Shares of persistence, linear model, network and its averaged weights in the forecast of a target (from
  /// 0): [4], their sum is 1. Throws Error(usage) for a target that there is not.
  std::span<const double> shares(std::int64_t target = 0) const;

  /// Everything that is kept between rows, as arrays for write_tensor_file().
  TensorFile state() const;
  /// Throws Error(model_file) when the file belongs to a forecaster with other options or columns.
  void restore(const TensorFile& file, const std::string& where = "state file");

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A stream of CSV rows and what to do with it.
struct OnlineJob {
  std::string file;                  ///< plain or gzip; "-": the standard input
  std::vector<std::string> targets;  ///< columns to forecast
  std::vector<std::string> past;     ///< other columns of numbers that forecasts may use
  std::string time;                  ///< column of times, which must not run backwards; "": none
  std::string zone = "UTC";          ///< IANA name: the zone of times that name none
  std::string late_rows = "error";  ///< a row whose time lies before the last one is an 'error', or 'skip'ped
  std::string missing = "error";    ///< a missing value is an 'error', or counts as the 'previous' one
  /// CSV file to write; "-": the standard output; "": none. A row for each of the stream: its number, its
  /// time, and for each target the value, what had been forecast of it, and the forecast for the row
  /// `horizon` later.
  std::string predictions;
  std::string snapshot;             ///< file that always holds all that RunControls::resume needs; "": none
  std::int64_t snapshot_every = 0;  ///< rows; 0: about every five seconds. Another comes at the end
  bool force = false;               ///< replace a snapshot of an earlier run
  OnlineOptions options;
  CsvOptions csv;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("file", self.file, "CSV file, plain or gzip; - for the standard input");
    option("target", self.targets, "column to forecast, or several: a,b");
    option("time", self.time, "column of times, which must not run backwards");
    option("zone", self.zone, "zone of times that name none, such as 'Europe/Berlin'");
    option("late_rows", self.late_rows,
           "rows whose time lies before the last one: 'error', or 'skip' to leave them out");
    option("past", self.past, "other columns of numbers that forecasts may use: a,b");
    option("missing", self.missing, "missing values: 'error', or 'previous' to repeat the last value");
    option("out", self.predictions, "CSV file for the forecasts; - for the standard output");
    option("snapshot", self.snapshot, "file that always holds all that --resume needs");
    option("snapshot_every", self.snapshot_every,
           "rows between snapshots; 0: about every five seconds, and at the end");
    option("force", self.force, "start over and replace the snapshot");
    OnlineOptions::visit(self.options, option);
    CsvOptions::visit_format(self.csv, option);
  }
};

/// Errors over some rows. With several targets all are in units of each target's running deviation.
struct OnlineScore {
  double loss = 0;  ///< mean squared error
  double mae = 0;   ///< mean absolute error
};

/// One line of the table, at rows 1, 2, 4, 8 … and at the end. NaN where no forecast was scored.
struct OnlineProgressLine {
  std::int64_t rows = 0;
  double since_last = 0;   ///< mean squared error since the line before
  double since_start = 0;  ///< the same since the first row
  double persistence = 0;  ///< of persistence, since the line before
  double linear = 0;       ///< of the running linear predictor, since the line before
  double skill = 0;        ///< 1 - √(since_last / persistence)
};

struct OnlineResult {
  OnlineJob job = {};
  std::int64_t rows = 0, scored = 0;  ///< of the whole stream, those before a resumption too
  std::int64_t resumed_from = 0;      ///< rows that the snapshot had; 0: from the start
  std::int64_t same_times = 0;        ///< rows with the time of the row before
  std::int64_t late_rows = 0;         ///< rows left out, since their time lies before the last one
  std::int64_t outliers = 0;          ///< readings far off all before them, which were not learnt from
  OnlineScore forecast = {}, persistence = {}, linear = {};
  double skill = 0, skill_linear = 0;  ///< 1 - RMSE / RMSE of persistence, of the linear predictor
  std::vector<OnlineProgressLine> progress = {};
  std::int64_t drift_count = 0;
  std::vector<OnlineDrift> drifts = {};  ///< the last 100 of them
  std::vector<double> next = {};         ///< the forecast `horizon` rows after the last
  std::vector<double> shares =
      {};              ///< of persistence, linear model, network, mean network in the first target's forecast
  double seconds = 0;  ///< of this run, and its rows per second
  double rows_per_second = 0;
};

/// Forecasts every row of the stream before it learns from it. A table of progress goes to controls.progress,
/// line by line, unless controls.verbose is 0. The forecasts depend on rows and options only:
/// not on interruptions, where each run after the first resumes from the snapshot of the one before and reads
/// the same rows from the beginning. Memory does not grow with the stream.
///
/// Throws Error(data) with file and line for a row that cannot be used (wrong number of cells, text, a
/// missing value, a time before the last one), for a missing column and for a stream without rows; what was
/// learnt until then is in the snapshot. Error(usage) for options out of range, or a snapshot that stands
/// already when neither controls.resume nor `force` is set; Error(model_file) for a snapshot
/// of another job or other rows; Error(resources) where a file cannot be written; Error(interrupted) when
/// controls.stop was set.
OnlineResult run_online(const OnlineJob& job, const RunControls& controls = {.verbose = 0});

/// The contract of `rondo online --json`.
Json online_json(const OnlineResult& result);

}  // namespace rondo
