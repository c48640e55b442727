#pragma once

#include <span>
#include <vector>

#include "tasks/forecast/panel/seasonal_indices.h"
#include "tasks/forecast/panel/spike_guard.h"
#include "tasks/forecast/panel/transform.h"

namespace rondo::forecasting {

struct Panel;
struct PanelSeries;

/// A column of a covariate on its standard scale: mean 0 and deviation 1 over the training rows. One that is
/// never negative and very skewed there counts by the logarithm of 1 + value / median.
struct ColumnScale {
  bool logarithm = false;
  double unit = 1, mean = 0, deviation = 1;

  static ColumnScale fit(std::span<const double> training);
  double apply(double value) const;
};

/// What the training part of one series says about its size.
struct SeriesScaling {
  SeriesScale level;
  SeasonalIndices seasonal;  ///< taken out of the transformed values first; season 0: none
  SpikeGuard guard;
  /// Stands for later values outside the transform's range (a first zero after the training part, under a
  /// logarithm).
  double smallest = 0;
  /// Levels with large distances from `floor` compressed: log(1 + (level − floor) / unit), standardised.
  double floor = 0, unit = 1;
  ColumnScale compressed;
  std::vector<ColumnScale> past, known;

  /// The series' values, spikes replaced.
  std::vector<double> accepted(const PanelSeries& from) const;
  /// Rows of spikes.
  std::vector<std::int64_t> spikes(const PanelSeries& from) const;
  /// `season`: what the seasonal indices say of the row.
  double level_of(double value, double season = 0) const;
  double compressed_of(double level) const;
};

/// All scales of a panel, from its training parts only. A plain value: it outlives the panel and is part of a
/// model file.
struct PanelScaling {
  Transform transform = Transform::none;
  bool difference = false;
  std::vector<SeriesScaling> series;
  std::vector<ColumnScale> statics;  ///< over the series

  static PanelScaling fit(const Panel& panel, Transform transform, bool difference);
};

}  // namespace rondo::forecasting
