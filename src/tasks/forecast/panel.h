#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/ridge.h"
#include "tasks/forecast/transform.h"

namespace rondo::forecasting {

/// One series as the forecaster sees it: rows in order, nothing missing.
struct PanelSeries {
  std::string id;
  std::string target;                  ///< column that the values come from
  std::vector<double> values;          ///< the target, in its own units; missing ones filled from the past
  std::vector<std::uint8_t> observed;  ///< 0: the value was missing; empty: all were there
  std::vector<double> past;            ///< [rows, past], other columns known up to the forecast origin
  std::vector<double> known;           ///< [rows + horizon, known], columns known in advance
  std::vector<double> statics;         ///< [statics], what does not change with time
  /// Steps of time since row 0, for rows + horizon rows: what calendar waves are functions of.
  std::vector<double> position;
  std::int64_t train_rows = 0;       ///< rows before the test part, validation included
  std::int64_t validation_rows = 0;  ///< the last of these that the user wants held out; 0: folds are dealt

  std::int64_t rows() const { return static_cast<std::int64_t>(values.size()); }
  std::span<const double> training() const {
    return std::span<const double>(values).first(static_cast<std::size_t>(train_rows));
  }
};

struct Panel {
  std::vector<PanelSeries> series;
  std::vector<std::string> past, known, statics;  ///< names of the columns of the same fields of the series
  std::vector<double> seasons;                    ///< in rows, from the calendar, shortest first
  std::int64_t horizon = 1;

  std::int64_t total_training_rows() const;
  /// The shortest training part.
  std::int64_t shortest_training() const;
};

/// A forecast origin: everything up to and including `row` is known.
struct Origin {
  std::int64_t series = 0;
  std::int64_t row = 0;
};

/// The same panel with every series on its own standard scale (fitted on training rows), and covariates too. Covariates
/// that are never negative and very skewed in training count by the logarithm of 1 + value / median.
struct ScaledPanel {
  Transform transform = Transform::none;
  bool difference = false;
  std::vector<SeriesScale> scales;
  std::vector<std::vector<double>> level;       ///< by series: scaled values
  std::vector<std::vector<double>> movement;    ///< level, or its differences (0 in row 0) when `difference`
  std::vector<std::vector<double>> compressed;  ///< by series: the level again, large values less far away
  std::vector<std::vector<double>> past;        ///< by series: [rows, past], standardised
  std::vector<std::vector<double>> known;       ///< by series: [rows + horizon, known], standardised
  std::vector<std::vector<double>> statics;     ///< by series: [statics], standardised over the series

  ScaledPanel(const Panel& panel, Transform transform, bool difference);

  /// What is forecast at an origin, one number a step: level[row + h], less level[row] when `difference`.
  void targets(const Origin& origin, std::span<double> out) const;
  /// A forecast of `targets` back in the series' own units.
  double to_units(const Origin& origin, double target) const;
};

}  // namespace rondo::forecasting
