#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rondo/data/series.h"
#include "rondo/model/network.h"
#include "rondo/tape/layer.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tensor/dataset.h"
#include "tasks/common/archive.h"

namespace rondo {

/// What was learnt from the training part and is applied to new data.
struct Preparation {
  std::vector<std::string> inputs, targets;  ///< columns
  std::vector<std::string> classes;          ///< of the one target; empty: numbers
  Scaler input_scaler, target_scaler;        ///< not fitted: no scaling

  bool scales_targets() const { return target_scaler.fitted(); }
  void archive(tasks::Archive& archive);
};

/// The table as samples.
struct PreparedData {
  Preparation preparation;
  ValueShape input;
  std::int64_t outputs = 0;                                     ///< columns of a target row
  std::shared_ptr<const Dataset> train, validation, test, all;  ///< null: an empty part
  std::shared_ptr<const SeriesSet> original;  ///< windows and sequences, values as in the file
  /// Targets in the table's units: sequences one tensor each [steps or 1, targets]; rows one tensor [rows,
  /// targets].
  std::vector<Tensor> truth;
  bool truth_known = true;  ///< false: the table has no column of targets, what stands there means nothing
  std::shared_ptr<const Windows> windows;  ///< windows: the same as `all`, scaled by `preparation`
};

/// Reads the job's table and cuts samples. `known`: prepare as it says instead of learning from the training
/// part.
PreparedData prepare_csv(const CsvTraining& job, const Preparation* known, const Logger& log);
/// The same of a table that has been read already.
PreparedData prepare_csv(const CsvTraining& job, Table table, const Preparation* known, const Logger& log);

/// The tables of predictions that predict_csv returns. `predictions` are the model's outputs for all samples,
/// in order ([samples, outputs], or packed rows of steps); `last` those past the end of each series
/// (windows).
Table prediction_table(const CsvTraining& job, const PreparedData& data, const Samples& predictions,
                       const std::vector<Tensor>& last);

/// The network of a job for its data, with initial weights. Throws Error(usage) when layers do not fit
/// together or the last one does not fit the targets, and says what to change.
Network build_network(const CsvTraining& job, const PreparedData& data);

/// The columns to predict from: those that the job names, or all numbers that are nothing else.
std::vector<std::string> input_columns(const CsvTraining& job, const Table& table);

/// The different words of a column, in order of the alphabet.
std::vector<std::string> words_of(const Column& column);

/// The table with its class column as numbers, and with columns of zeros for targets that it has not. Throws
/// Error(data) for a word that is no class.
Table with_number_targets(Table table, const Preparation& preparation);

}  // namespace rondo
