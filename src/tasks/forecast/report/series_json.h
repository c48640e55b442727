#pragma once

#include <span>

#include "rondo/base/json.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/report/time_texts.h"

namespace rondo::forecasting {

/// How finely a series is drawn.
struct Detail {
  std::size_t history, backtest;  ///< points of a line
  std::size_t recent;             ///< last rows, always drawn one by one for the closer look
  int digits;                     ///< of every number; 0: all of them, and every baseline
};

/// What the writing of one series needs of the others.
struct SeriesWriter {
  const ForecastResult& result;
  Detail detail;
  TimeTexts times;
};

/// One series as the page draws it; `anomalies` are its own.
Json series_json(SeriesWriter& writer, const ForecastSeries& series,
                 std::span<const ForecastAnomaly> anomalies);

/// The value with so many digits; 0: all of them.
double rounded(double value, int digits);

}  // namespace rondo::forecasting
