#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/panel/panel_scaling.h"
#include "tasks/forecast/panel/rows.h"
#include "tasks/forecast/panel/seasonal_indices.h"
#include "tasks/forecast/panel/transform.h"

namespace rondo::forecasting {

/// Which rows the same hours of the days before are, where a zone puts its clock forward or back: 24 steps by
/// the clock are then 23 or 25 rows. Empty where steps are rows.
struct ClockRows {
  std::vector<std::int64_t> steps;  ///< [rows + horizon]: by the clock, from the first row
  /// By step: the row there, the first of two; the one before for an hour that was left out.
  std::vector<std::int64_t> rows;

  /// The row `steps_back` steps before row `now`.
  std::int64_t back(std::int64_t now, std::int64_t steps_back) const {
    if (steps.empty() || steps_back == 0) return now - steps_back;
    const std::int64_t step = steps[static_cast<std::size_t>(now)] - steps_back;
    return step < 0 ? 0 : rows[static_cast<std::size_t>(step)];
  }
  /// A forecast of 1, 2 … steps by the clock becomes one of as many rows.
  void to_rows(std::int64_t now, std::span<double> forecast) const {
    if (steps.empty()) return;
    const std::vector<double> by_step(forecast.begin(), forecast.end());
    for (std::size_t h = 0; h < forecast.size(); ++h) {
      const std::int64_t ahead =
          steps[static_cast<std::size_t>(now) + 1 + h] - steps[static_cast<std::size_t>(now)];
      forecast[h] = by_step[static_cast<std::size_t>(
          std::clamp<std::int64_t>(ahead, 1, static_cast<std::int64_t>(by_step.size())) - 1)];
    }
  }
};

/// Known numbers of a row ahead that say something that was never learnt: what stands there is a guess.
struct KnownDoubt {
  std::int64_t row = 0;
  std::size_t column = 0, columns = 1;  ///< the first of them; those of a text's one-hot encoding
  double low = 0, high = 1;             ///< of what was learnt
};

/// One series as the forecaster sees it: one target of one id, rows in order, no holes.
struct PanelSeries {
  std::string id;              ///< "" when there is only one
  std::string target;          ///< its column
  std::vector<double> values;  ///< in its own units; a missing one is the one before
  /// What forecasts look back on: the values, with better guesses at missing ones, see SeasonalFill;
  /// empty: the values.
  std::vector<double> filled;
  std::vector<std::uint8_t> observed;  ///< 0 where a value was missing; empty: all are read
  std::vector<double> past;            ///< [rows, past names]: known up to the forecast origin
  std::vector<double> known;           ///< [rows + horizon, known names]: known beforehand
  std::vector<KnownDoubt> doubts;      ///< about rows behind the history
  std::vector<double> statics;         ///< [static names]
  /// [rows + horizon]: steps of time since the first row of the panel (calendars) or of the series: what
  /// calendar waves are functions of.
  std::vector<double> position;
  ClockRows clock;
  std::int64_t train_rows = 0;       ///< rows before the test part, validation included
  std::int64_t validation_rows = 0;  ///< the last of them; 0: left to the forecaster
  /// Too few rows, or constant: no model of all series learns from it. Statistical methods forecast it alone.
  bool is_short = false;

  std::int64_t rows() const { return static_cast<std::int64_t>(values.size()); }
  /// Whether the training part has one value only.
  bool is_constant() const;
  /// Of the training part, those that a model of all series learns from.
  std::int64_t learnt_rows() const { return is_short ? 0 : train_rows; }
  bool is_observed(std::int64_t row) const {
    return observed.empty() || observed[static_cast<std::size_t>(row)] != 0;
  }
  /// Rows from the last one with a value up to this one.
  std::int64_t age_at(std::int64_t row) const;
  std::span<const double> looked_back_on() const { return filled.empty() ? values : filled; }
  std::span<const double> training() const {
    return std::span<const double>(values).first(static_cast<std::size_t>(train_rows));
  }
};

struct Panel {
  std::vector<PanelSeries> series;
  std::vector<std::string> past, known, statics;  ///< names of numbers: texts are encoded already
  std::vector<double> seasons;                    ///< in rows, from the calendar, shortest first
  bool guard_spikes = false;  ///< a few gross errors give way to the values before them, see SpikeGuard
  double deseasonalize = 0;   ///< the season, in rows, that is taken out of every series; 0: none
  std::int64_t horizon = 1;
  /// The test part came from another file: forecasts past the end start where the table ends, before it.
  bool truth_after_end = false;
  bool has_future = true;  ///< known columns go on behind the end: a forecast past it can be made

  std::vector<std::int64_t> learnt_rows() const;  ///< by series
  std::int64_t total_learnt_rows() const;
  /// The shortest training part of those that are not short; of all where all are.
  std::int64_t shortest_training() const;
  bool all_are_short() const;
  /// Whether a value of a training part was missing.
  bool training_has_holes() const;
  /// Rows of a series that a forecast past the end knows.
  std::int64_t history_rows(std::size_t index) const {
    return truth_after_end ? series[index].train_rows : series[index].rows();
  }
};

/// A forecast origin: everything up to and including `row` is known.
struct Origin {
  std::int64_t series = 0;
  std::int64_t row = 0;
};

/// A panel with every series on its own standard scale (fitted on training rows), and covariates too.
struct ScaledPanel {
  PanelScaling scaling;
  Transform transform = Transform::none;
  bool difference = false;
  std::vector<SeriesScale> scales;
  std::vector<std::vector<double>> season;      ///< by series: what they say of rows + horizon; empty: 0
  std::vector<std::vector<double>> level;       ///< by series: scaled values
  std::vector<std::vector<double>> movement;    ///< level, or its differences (0 in row 0) when `difference`
  std::vector<std::vector<double>> compressed;  ///< by series: the level again, large values less far away
  std::vector<std::vector<double>> past;        ///< by series: [rows, past names], standardised
  std::vector<std::vector<double>> known;       ///< by series: [rows + horizon, known names], standardised
  std::vector<std::vector<double>> statics;     ///< by series: [static names], standardised over the series

  /// Refers to the panel, which has to outlive it.
  ScaledPanel(const Panel& panel, Transform transform, bool difference);
  /// With scales that were fitted before; as many series, covariates and statics as there.
  ScaledPanel(const Panel& panel, PanelScaling the_scaling);
  ScaledPanel(Panel&& panel, Transform transform, bool difference) = delete;
  ScaledPanel(Panel&& panel, PanelScaling the_scaling) = delete;

  /// In the series' own units.
  const Panel& panel() const { return *panel_; }
  /// These numbers beside the positions and observations of another panel with the same series.
  ScaledPanel over(const Panel& other) const;

  /// What forecasts count from: level[row] when `difference`, else 0.
  double base(const Origin& origin) const;
  /// What is forecast at an origin, one number a step: level[row + h], less level[row] when `difference`.
  void targets(const Origin& origin, std::span<double> out) const;
  /// What no forecast of a series is below: 0 where nothing was in the training part.
  double lowest(std::int64_t series) const;
  /// A forecast of `targets` for so many rows ahead (1 … horizon) back in the series' own units.
  double to_units(const Origin& origin, std::int64_t ahead, double target) const;
  /// And from there: what `targets` would be, had the series this value.
  double from_units(const Origin& origin, std::int64_t ahead, double value) const;

 private:
  const Panel* panel_;

  double season_ahead(const Origin& origin, std::int64_t ahead) const;
};

}  // namespace rondo::forecasting
