#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/transform.h"

namespace rondo::forecasting {

/// Numbers that are known beforehand, row-major: [rows, columns]; of rows behind those of the series, too.
struct KnownColumns {
  std::span<const double> values = {};
  std::size_t columns = 0;

  double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// A known column whose values beyond a threshold come with values of the series far outside of its others:
/// these are no errors (the days of a sale that is marked beforehand).
struct ExplainedPeaks {
  std::size_t column = 0;
  bool above = true;  ///< from the threshold up, else down
  double threshold = 0;
};

/// Keeps a few gross errors of a series (a sensor that fails, a comma in the wrong place) out of what is
/// learnt from and forecast from: squares would let one of them outweigh all else. A spike is farther than 20
/// robust deviations (median absolute deviations times 1.4826, Hampel 1974) both from the median of the
/// training part and, in steps, from the last value that is none; the value before stands for it. After two
/// spikes in a row the third is believed: the level has changed. A value is none in rows where a known column
/// stands as it does at most where values are that far away. Whether a value is one depends on values
/// before it and on the training part only.
struct SpikeGuard {
  bool active = false;
  double median = 0, reach = 0, step = 0;  ///< of transformed values
  std::vector<ExplainedPeaks> explained;

  /// Not active where more than 3 and more than 1 of 200 training values would be spikes (the series is like
  /// that), where others lie half as far away (it has heavy tails), where none is, or where most values or
  /// steps are equal. `smallest` stands for values outside the transform's range.
  static SpikeGuard fit(std::span<const double> training, Transform transform, double smallest,
                        const KnownColumns& known = {});

  /// The values with the ones before in the places of spikes.
  std::vector<double> accepted(std::span<const double> values, Transform transform, double smallest,
                               const KnownColumns& known = {}) const;
  /// Rows of spikes.
  std::vector<std::int64_t> spikes(std::span<const double> values, Transform transform, double smallest,
                                   const KnownColumns& known = {}) const;

 private:
  bool explains(const KnownColumns& known, std::size_t row) const;
};

}  // namespace rondo::forecasting
