#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/data/scaler.h"
#include "rondo/data/series.h"
#include "rondo/tensor/dataset.h"

namespace rondo {

/// Rows begin … end - 1 of a series.
struct RowRange {
  std::int64_t begin = 0, end = 0;
  bool operator==(const RowRange&) const = default;
};

/// Which windows are cut.
///
///     | <------ length ------> | <- gap -> | <- horizon -> |
///     inputs                                 targets (and future inputs)
struct WindowOptions {
  std::int64_t length = 24;               ///< rows of input
  std::int64_t horizon = 1;               ///< rows of target
  std::int64_t gap = 0;                   ///< rows left out between them
  std::int64_t stride = 1;                ///< rows from one window to the next
  std::vector<std::string> inputs = {};   ///< columns; empty: all
  std::vector<std::string> targets = {};  ///< columns; empty: all
  /// Columns known beforehand (calendar, prices fixed): a second input that holds them at the target rows.
  std::vector<std::string> future_inputs = {};
  bool flat_targets =
      true;  ///< targets [batch, horizon · targets] (step by step); else sequences [batch, horizon, targets]
  bool across_gaps = false;  ///< cut windows over missing steps of time too
  std::string missing =
      "skip";  ///< windows with NaN: "skip", "error" or "mask" (steps left out, weight 0 for targets)
  std::string scaling = "none";  ///< by each window's own inputs: see WindowScaling

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("length", self.length, "rows of input in a window");
    option("horizon", self.horizon, "rows of target after them");
    option("gap", self.gap, "rows left out between inputs and targets");
    option("stride", self.stride, "rows from one window to the next");
    option("inputs", self.inputs, "input columns; empty: all");
    option("targets", self.targets, "target columns; empty: all");
    option("future_inputs", self.future_inputs,
           "columns whose values at the target rows are known beforehand");
    option("flat_targets", self.flat_targets, "targets as one row of numbers instead of a sequence");
    option("across_gaps", self.across_gaps, "cut windows over missing steps of time too");
    option("missing", self.missing, "windows with missing values: 'skip', 'error' or 'mask'");
    option("scaling", self.scaling, "'none', 'last', 'last_std', 'mean_std' or 'mean_abs' of each window");
  }
};

/// Where a window lies.
struct WindowPlace {
  std::int64_t series = 0;
  std::int64_t begin = 0;  ///< first input row
};

/// Sliding windows over series, as training samples. The series are referred to, not copied: a window is cut
/// when a batch is gathered. No window crosses from one series to another, or (unless asked) a gap in time.
///
/// inputs[0] is [batch, length, inputs]; inputs[1], with future_inputs, [batch, horizon, future_inputs];
/// targets[0] as `flat_targets` says. With scaling, inputs and targets of a column are scaled by that
/// column's window; a column that is a target but no input is scaled by its own past all the same; future
/// inputs are left as they are.
class Windows : public Dataset {
 public:
  /// `target_rows` (one range a series; empty: all rows) says where the targets may lie: the way to split by
  /// time, since inputs may reach back before it. Throws Error(usage) for lengths < 1 or unknown columns,
  /// Error(data) when not one window fits, saying how many rows there are and how many one window needs.
  Windows(std::shared_ptr<const SeriesSet> series, WindowOptions options,
          std::vector<RowRange> target_rows = {});

  std::int64_t size() const override { return static_cast<std::int64_t>(places_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;

  const WindowOptions& options() const { return options_; }
  const SeriesSet& series() const { return *series_; }
  WindowPlace place(std::int64_t index) const;
  /// Input rows and target rows of window `index` in its series.
  RowRange input_rows(std::int64_t index) const;
  RowRange target_rows(std::int64_t index) const;
  /// Scale of target `target` (0 … targets - 1) in window `index`: to bring predictions back.
  WindowScale target_scale(std::int64_t index, std::int64_t target) const;
  /// Predictions [batch, horizon · targets] or [batch, horizon, targets] of the windows `indices`, scaling
  /// undone.
  Tensor unscale(const Tensor& predictions, std::span<const std::int64_t> indices) const;
  /// Windows left out because of NaN.
  std::int64_t skipped() const { return skipped_; }

  /// The inputs of a forecast that starts after the last row of the series `index` (or after row end - 1): a
  /// batch of one. Throws Error(data) when there are too few rows. Future inputs, if any, are given as
  /// [horizon, future_inputs].
  Batch last_inputs(std::int64_t index, DType dtype, std::optional<std::int64_t> end = {},
                    const Tensor& future = {}) const;
  /// The scale that those inputs imply for target `target`.
  WindowScale last_scale(std::int64_t index, std::int64_t target, std::optional<std::int64_t> end = {}) const;

 private:
  struct Part;
  void enumerate(const std::vector<RowRange>& target_rows);
  WindowScale scale(std::int64_t series, std::int64_t begin, std::int64_t column) const;
  template <class T>
  Tensor cut(std::span<const WindowPlace> places, const Part& part, std::vector<std::uint8_t>& whole) const;
  Samples inputs_of(std::span<const WindowPlace> places, DType dtype) const;
  std::int64_t last_begin(std::int64_t index, std::optional<std::int64_t> end) const;

  std::shared_ptr<const SeriesSet> series_;
  WindowOptions options_;
  WindowScaling scaling_ = WindowScaling::none;
  std::vector<std::int64_t> inputs_, targets_, future_;
  std::vector<WindowPlace> places_;
  std::int64_t skipped_ = 0;
};

/// Splits every series by time: the first rows train, the next validate, the last test. Numbers ≥ 1 are rows,
/// numbers in (0, 1) shares of the series; 0 leaves a part out. Throws Error(data) when nothing would be left
/// to train on.
struct TimeSplit {
  std::vector<RowRange> train, validation, test;
};
TimeSplit split_by_time(const SeriesSet& series, double validation, double test);

/// keras.utils.timeseries_dataset_from_array: windows of `sequence_length` rows of `data` [time,
/// features...], rows `sampling_rate` apart, starting every `sequence_stride` rows within start_index …
/// end_index - 1. The target of the window that starts at row i is row i of `targets` [time, ...] (counted
/// from start_index as well). Keras's options shuffle and batch_size belong to fit here.
struct TimeseriesOptions {
  std::int64_t sequence_length = 1;
  std::int64_t sequence_stride = 1;
  std::int64_t sampling_rate = 1;
  std::optional<std::int64_t> start_index = {};
  std::optional<std::int64_t> end_index = {};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("sequence_length", self.sequence_length, "rows of a window");
    option("sequence_stride", self.sequence_stride, "rows between the starts of windows");
    option("sampling_rate", self.sampling_rate, "rows between the rows of a window");
    option("start_index", self.start_index, "rows before this one are not used");
    option("end_index", self.end_index, "this row and later ones are not used");
  }
};
std::unique_ptr<Dataset> timeseries_dataset_from_array(Tensor data, std::optional<Tensor> targets,
                                                       const TimeseriesOptions& options);

}  // namespace rondo
