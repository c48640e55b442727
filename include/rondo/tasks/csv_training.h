#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/config_file.h"
#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/run_controls.h"
#include "rondo/data/csv.h"
#include "rondo/data/scaler.h"
#include "rondo/data/timeline.h"
#include "rondo/data/windows.h"

// Any Sequential model on CSV data, described by one TOML file: `rondo train | evaluate | predict
// CONFIG.toml`.

namespace rondo {

/// [data]: which table, and what its columns mean.
struct CsvDataOptions {
  std::string file;
  std::vector<std::string> target, inputs;
  std::string time, id;
  std::string missing = "error";
  CsvOptions csv;
  TimeOptions times;
  ArrangeOptions arrange;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("file", self.file,
           "the CSV file (plain or gzip); relative paths start at the folder of this file");
    option("target", self.target, "columns to predict; a column of words gives classes");
    option("inputs", self.inputs,
           "columns to predict from; empty: all numbers (windows: the targets' past too)");
    option("time", self.time, "column of times; '': rows are in order");
    option("id", self.id, "column of series ids; '': one series");
    option("missing", self.missing, "missing values: 'error', 'previous', 'linear' or 'mask'");
    CsvOptions::visit_format(self.csv, option);
    option("time_format", self.times.format, "'auto', 'number', 'epoch_seconds', 'epoch_milliseconds', …");
    option("time_zone", self.times.zone, "zone of times that name none");
    option("day_order", self.times.day_order, "'auto', 'day_first' or 'month_first'");
    ArrangeOptions::visit(self.arrange, option);
  }
};

/// [samples]: what one training sample is.
struct SampleOptions {
  std::string kind = "windows";
  std::int64_t length = 24, horizon = 1, gap = 0, stride = 1;
  std::string scaling = "none";
  bool across_gaps = false;
  bool every_step = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("kind", self.kind,
           "'windows' that slide over series, 'sequences' (one for each id), or 'rows' by themselves");
    option("length", self.length, "windows: rows of input");
    option("horizon", self.horizon, "windows: rows to predict");
    option("gap", self.gap, "windows: rows left out between input and target");
    option("stride", self.stride, "windows: rows from one window to the next");
    option("scaling", self.scaling,
           "windows, each by itself: 'none', 'last', 'last_std', 'mean_std', 'mean_abs'");
    option("across_gaps", self.across_gaps, "windows: cut them over missing steps of time too");
    option("every_step", self.every_step, "sequences: a target at every step instead of the last row's");
  }
};

/// [split]: which samples train, validate and test.
struct SplitOptions {
  double validation = 0.1, test = 0.2;
  bool shuffle = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("validation", self.validation,
           "share (below 1) or number (of rows, or of sequences) to validate on");
    option("test", self.test, "share or number kept for evaluate; the last ones");
    option("shuffle", self.shuffle, "sequences, rows: draw the parts at random instead of in order");
  }
};

/// [scaler]: fitted on the training part, undone on predictions.
struct CsvScalerOptions {
  ScalerOptions scaler;
  bool targets = true;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    ScalerOptions::visit(self.scaler, option);
    option("targets", self.targets, "scale the targets too (never classes)");
  }
};

/// [training]: Keras's names and defaults.
struct CsvFitOptions {
  Json loss = "mse";
  Json optimizer = "adam";
  Json metrics = Json::array();
  std::int64_t epochs = 100, batch_size = 32;
  bool shuffle = true;
  std::int64_t patience = 10;
  double min_delta = 0;
  std::int64_t reduce_patience = 0;
  double reduce_factor = 0.5;
  bool tensorboard = false;
  std::uint64_t seed = 1;
  std::int64_t threads = 0;
  std::int64_t checkpoint_batches = 0;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("loss", self.loss, "loss to minimise: a name, or { name = …, options }");
    option("optimizer", self.optimizer, "a name, or { name = 'adam', learning_rate = 0.001, … }");
    option("metrics", self.metrics, "further metrics to report, such as ['mae', 'accuracy']");
    option("epochs", self.epochs, "maximum passes over the training part");
    option("batch_size", self.batch_size, "samples of one step");
    option("shuffle", self.shuffle, "new order of samples in every epoch");
    option("patience", self.patience, "stop after this many epochs without a better val_loss; 0: never");
    option("min_delta", self.min_delta, "smallest improvement that counts");
    option("reduce_patience", self.reduce_patience,
           "lower the learning rate after this many such epochs; 0: never");
    option("reduce_factor", self.reduce_factor, "factor by which it is lowered");
    option("tensorboard", self.tensorboard, "write events for TensorBoard into the output folder");
    option("seed", self.seed, "of initial weights, order and dropout; the same seed gives the same bits");
    option("threads", self.threads, "0: one for every core; does not change results");
    option("checkpoint_batches", self.checkpoint_batches,
           "write the checkpoint also after this many steps; 0: only after every epoch");
  }
};

/// [output].
struct CsvOutputOptions {
  std::string folder = "run";

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("folder", self.folder,
           "where model, checkpoint, history and predictions go; from this file's folder");
  }
};

/// One whole job.
struct CsvTraining {
  CsvDataOptions data;
  SampleOptions samples;
  SplitOptions split;
  CsvScalerOptions scaler;
  Json layers = Json::array();  ///< the specs of a Sequential model, from the input up; see make_layer
  CsvFitOptions training;
  CsvOutputOptions output;
  std::string base;    ///< folder that relative paths start at; "" is the current one
  std::string source;  ///< the file it was read from; "": none
  std::string model;   ///< the trained model, where it is not model.rondo in the output folder

  std::string data_path() const;
  std::string output_path(const std::string& name) const;
  std::string model_path() const;
};

/// Reads and checks a job. Throws Error(usage) with the line of what is wrong: unknown keys and sections
/// (nearest name), wrong types, values out of range, layers that do not exist.
CsvTraining read_csv_training(const ConfigFile& file);

/// The job that a model file of train_csv belongs to: everything but table and output folder. The file alone
/// is enough for evaluate_csv and predict_csv once `data.file` names a table. Throws Error(model_file).
CsvTraining read_trained_csv(const std::string& model);

/// The job as TOML with a comment for every option and every default spelled out.
std::string to_toml(const CsvTraining& job);

/// A job that suits the table: columns of times and numbers are told apart, a column of words as target gives
/// a classifier. `target` and `time` may be "" (the last column of numbers; the first column that reads as
/// times). Throws Error(data) as read_csv does, or when no column can be the target.
CsvTraining suggest_csv_training(const std::string& file, const std::string& target, const std::string& time);

struct CsvTrainingResult {
  std::int64_t samples_train = 0, samples_validation = 0, samples_test = 0;
  std::int64_t epochs = 0, parameters = 0;
  double seconds = 0;
  bool stopped_early = false;
  std::vector<std::pair<std::string, double>> test =
      {};  ///< loss and metrics on the test part; empty without one
  std::vector<std::string> files = {};
};

/// Trains and writes model.rondo, checkpoint, history.csv and config.toml into the output folder. Throws
/// Error(interrupted) after the checkpoint when controls.stop was set, Error(diverged) when the loss is not
/// finite.
CsvTrainingResult train_csv(const CsvTraining& job, const RunControls& controls = {});

/// Loss and metrics of the trained model on a part of the data: "train", "validation", "test" or "all".
std::vector<std::pair<std::string, double>> evaluate_csv(const CsvTraining& job, const std::string& part,
                                                         const RunControls& controls = {});

/// Predictions of the trained model for every sample of the table (windows: the one after the last row too),
/// in the table's own units: a table with place, true value where known, and prediction; for classes, a
/// probability for each.
Table predict_csv(const CsvTraining& job, const RunControls& controls = {});

}  // namespace rondo
