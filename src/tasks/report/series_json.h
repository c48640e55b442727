#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/report.h"
#include "tasks/report/time_texts.h"

namespace rondo {

/// How finely a series is drawn.
struct Detail {
  std::size_t history, backtest;  ///< points of a line
  std::size_t recent;             ///< last rows, always drawn one by one for the closer look
  int digits;                     ///< of every number; 0: all of them, and every baseline
};

/// What the writing of one series needs of the others.
struct SeriesWriter {
  const ForecastReport& report;
  Detail detail;
  TimeTexts times;
};

/// One series as the page draws it; `anomalies` are its own.
nlohmann::json series_json(SeriesWriter& writer, const ReportSeries& series,
                           std::span<const ReportAnomaly> anomalies);

/// The value with so many digits; 0: all of them.
double rounded(double value, int digits);

}  // namespace rondo
