#pragma once

#include <string>
#include <vector>

#include "rondo/forecast.h"
#include "tasks/forecast/line_search.h"

namespace rondo::forecasting {

/// A table made ready: a pure function of table and options.
struct Prepared {
  Panel panel;
  std::vector<Timeline> times;  ///< by series
  std::int64_t period = 1;      ///< of the seasonal naive forecast and of MASE
  bool calendar = false;        ///< positions are steps of a calendar, or of the one table
  LineLimits limits;
  std::vector<std::string> notes;
};

/// Throws as run_forecast says.
Prepared prepare(const Table& table, const ForecastOptions& options);

/// Rows that `text` ("last=48", "last=20%", "48", "20%") keeps for the test in a series of `rows` rows.
/// Throws Error(usage) when it is none of these or not positive.
std::int64_t backtest_rows(const std::string& text, std::int64_t rows);

}  // namespace rondo::forecasting
