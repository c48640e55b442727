#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/calendar_waves.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// What to look back on where values of a series are missing: least squares of sines and cosines of the
/// seasons on the observed ones of the first rows, plus what the last observed value before stood above or
/// below that, less so the longer ago it is. With six of ten days missing, the value before is that of
/// another day of the week. A plain value: part of a model file.
struct SeasonalFill {
  CalendarWaves waves;
  std::vector<double> weights;  ///< of 1 and the waves; empty: the value before does about as well
  double memory = 1;            ///< what is left of that difference after a row
  bool positive = false;        ///< no value is negative

  static SeasonalFill fit(const PanelSeries& series, std::span<const double> seasons, std::int64_t rows);
  /// Values of all rows. Empty where nothing is missing, or there is nothing better than the value before.
  std::vector<double> fill(const PanelSeries& series) const;

 private:
  std::vector<double> curve(const PanelSeries& series) const;
};

}  // namespace rondo::forecasting
