#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/data/csv.h"
#include "rondo/data/table.h"
#include "rondo/tensor/layout.h"

namespace rondo {

// Tables of events: one row says that `record` (a patient, a machine) had `value` of `parameter` at `time`.
// Times are irregular and most parameters are missing most of the time. EventGrid makes sequences of them for
// gru_d, gru and the like.

/// Which columns of a table of events hold what.
struct EventColumns {
  std::string record = "record", time = "time", parameter = "parameter", value = "value";
  bool from_first =
      false;  ///< times count from each record's first reading (so do dates, always, in seconds)

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("record", self.record, "column that names the record");
    option("time", self.time, "column of times: numbers, or dates, which count in seconds");
    option("parameter", self.parameter, "column that names what was read");
    option("value", self.value, "column of readings");
    option("from_first", self.from_first, "count times from each record's first reading, as for dates");
  }
};

struct Reading {
  double time = 0;
  double value = 0;
  std::int32_t parameter = 0;  ///< index into Events::parameters()
};

/// The readings of every record, in order. Nothing depends on the order of the table's rows.
class Events {
 public:
  Events() = default;
  /// Rows without value are left out and counted. Throws Error(data) naming file, line and column for a
  /// column that is not there, a text where a number belongs, a row without record, time or parameter, and a
  /// table without any reading.
  explicit Events(const Table& table, const EventColumns& columns = {});

  std::int64_t size() const { return static_cast<std::int64_t>(records_.size()); }
  /// Names of the records: by number where all are numbers, else by text.
  std::span<const std::string> records() const { return records_; }
  /// -1 when there is none of that name.
  std::int64_t find(std::string_view record) const;
  /// Names of what was read, in the same order.
  std::span<const std::string> parameters() const { return parameters_; }
  /// Of one record, by time, then parameter, then value.
  std::span<const Reading> readings(std::int64_t record) const;
  std::int64_t total() const { return static_cast<std::int64_t>(readings_.size()); }
  /// Rows that had no value.
  std::int64_t without_value() const { return without_value_; }

 private:
  std::vector<std::string> records_, parameters_;
  std::vector<std::int64_t> begins_;  // of each record in readings_, and the end
  std::vector<Reading> readings_;
  std::int64_t without_value_ = 0;
};

/// Reads a table of events from a CSV file, plain or gzip.
Events read_events(const std::filesystem::path& path, const EventColumns& columns = {}, CsvOptions csv = {});

/// One number a record.
struct EventLabels {
  std::vector<double> values;  ///< by record of the events
  std::int64_t unused = 0;     ///< rows of the table whose record has no events
};

/// The outcomes that stand in a table with one row a record. Throws Error(data) for a record that has no row,
/// a row without a number, and two rows that disagree.
EventLabels read_event_labels(const Table& table, const Events& events, const std::string& record,
                              const std::string& label);

/// How events become sequences.
struct EventGridOptions {
  /// Width of a step, in the events' units of time: step k holds the readings of k·step <= time < (k +
  /// 1)·step. 0: a step at every time at which a record has a reading.
  double step = 0;
  /// Readings at this time and later are not used; with `step`, every record then has until / step steps. 0:
  /// to its last reading.
  double until = 0;
  std::string combine =
      "last";  ///< several readings in one step: "last" or "mean"; those of one time count by their mean
  std::vector<std::string> parameters = {};  ///< empty: found in the training records
  std::vector<std::string> statics = {};     ///< empty: parameters that are read at time <= 0 only
  /// Values that stand for "not known" in readings at time <= 0, such as -1.
  std::vector<double> unknown_at_start = {};
  double min_share = 0.01;  ///< a parameter that a smaller share of the training records has is left out
  /// Take the logarithm of parameters whose readings are never negative and have a long tail upwards
  /// (skewness above 1).
  bool log_skewed = true;
  double outliers = 0.005;  ///< share of readings at either end that are drawn in to the quantile there
  double elapsed_unit = 0;  ///< what elapsed times are divided by; 0: their mean in the training records
  std::int64_t max_categories =
      8;  ///< descriptors with at most so many different whole numbers get a column for each

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("step", self.step, "width of a step in units of time; 0: a step at every time with a reading");
    option("until", self.until, "time at which sequences end; 0: at the record's last reading");
    option("combine", self.combine, "'last' or 'mean' of several readings in a step");
    option("parameters", self.parameters, "what is read over time; empty: found in the training records");
    option("statics", self.statics, "descriptors; empty: parameters that are read at time <= 0 only");
    option("unknown_at_start", self.unknown_at_start,
           "values that mean 'not known' at time <= 0, such as -1");
    option("min_share", self.min_share, "leave out parameters that fewer training records have");
    option("outliers", self.outliers, "share of readings at either end drawn in to the quantile there");
    option("log_skewed", self.log_skewed,
           "take the logarithm of readings that are skewed and never negative");
    option("elapsed_unit", self.elapsed_unit, "divisor of elapsed times; 0: their mean in training");
    option("max_categories", self.max_categories, "descriptors with fewer values get a column for each");
  }
};

/// Sequences made of events.
struct EventArrays {
  /// [records, steps, 3·P]: P scaled values, P masks (1: read in this step), P elapsed times. A value that
  /// was not read is that of the reading before, and 0 (the training mean) before the first. Elapsed (Che et
  /// al. 2018, eq. 1): time from the parameter's reading before this step, or from the start where there was
  /// none, to this step.
  Samples sequences;
  Tensor statics;                  ///< [records, descriptors]
  std::vector<std::string> notes;  ///< what was left out, in words
};

/// Turns events into sequences with numbers learnt from training records only. A step depends on the readings
/// before its end and on nothing later.
class EventGrid {
 public:
  /// Learns parameters, descriptors, scales and the unit of elapsed times from `training` (indices of
  /// records). Throws Error(usage) for options that make no sense, Error(data) when a parameter that was
  /// asked for has no reading there, or none is left.
  EventGrid(const Events& events, std::span<const std::int64_t> training, EventGridOptions options = {});

  const EventGridOptions& options() const { return options_; }
  std::int64_t parameter_count() const { return static_cast<std::int64_t>(parameters_.size()); }
  std::vector<std::string> parameters() const;
  /// Columns of EventArrays::statics: "Age", "Gender=1", "Height", "Height known" …
  std::vector<std::string> static_columns() const;
  /// What was left out when this was made, and why.
  std::span<const std::string> notes() const { return notes_; }

  /// The given records, in that order, of these or other events.
  EventArrays arrays(const Events& events, std::span<const std::int64_t> records,
                     DType dtype = DType::float32) const;

  /// All of it; from_config(to_config()) makes the same arrays to the last bit.
  Json to_config() const;
  static EventGrid from_config(const Json& config, std::string_view path = "event grid");

 private:
  /// clamp, log(x + offset) for skewed values, then (x - shift) / scale.
  struct Scale {
    double low = 0, high = 0, shift = 0, scale = 1;
    bool log = false;
    double offset = 0;
    double operator()(double x) const;
  };
  struct Parameter {
    std::string name;
    Scale scale;
  };
  struct Descriptor {
    std::string name;
    std::vector<double> categories = {};  // empty: a number
    Scale scale = {};
    bool flag = false;  // a column that says whether it is known
  };

  EventGrid() = default;
  void check_options() const;
  void choose_parameters(const Events& events, std::span<const std::int64_t> training);
  void add_descriptor(const std::string& name, const std::vector<double>& values, std::int64_t records);
  Scale fit_scale(std::vector<double> values) const;
  double start_value(std::span<const Reading> readings, std::int32_t parameter) const;
  void fill_statics(const Events& events, std::span<const Reading> readings, std::span<double> row) const;
  void note_left_out(const Events& events, std::span<const std::int64_t> records,
                     std::vector<std::string>& notes) const;
  double mean_elapsed(const Events& events, std::span<const std::int64_t> training) const;

  EventGridOptions options_;
  std::vector<Parameter> parameters_;
  std::vector<Descriptor> descriptors_;
  std::vector<std::string> left_out_;  // parameters of the training records that are not used
  double elapsed_unit_ = 1;
  std::vector<std::string> notes_;
};

}  // namespace rondo
