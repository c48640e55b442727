#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/linear/linear_search.h"
#include "tasks/forecast/table/preparation.h"
#include "tasks/forecast/table/split.h"

namespace rondo::forecasting {

/// A table made ready: a pure function of table and options.
struct Prepared {
  Panel panel;
  std::vector<Timeline> times;  ///< by series, of its rows
  std::int64_t period = 1;      ///< of the seasonal naive forecast: the season that forecasts best
  std::int64_t season = 1;      ///< of MASE and Naive2: the shortest season
  bool calendar = false;        ///< positions are steps of a calendar, or of the one table
  LinearLimits limits;
  Preparation preparation;
  std::vector<std::string> notes;
};

/// Throws as run_forecast says.
Prepared prepare(const ForecastTables& tables, const ForecastOptions& options);

}  // namespace rondo::forecasting
