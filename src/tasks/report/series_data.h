#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "rondo/tasks/report.h"

namespace rondo {

/// Adds to `data` the series that the page can draw ("series", worst first), the table of all
/// ("series_table", for more than one), the time axes that several share ("times") and how many there are
/// ("series_total"). Bounded in size: of many series the worst and an even choice of the others are drawn.
void add_series_data(const ForecastReport& report, nlohmann::json& data);

/// Series by error, worst first: by MASE, which knows no units, or where that is missing by RMSE. Those
/// without an error come last, in the order given; without any error it is the order given.
struct SeriesRanking {
  std::vector<std::size_t> order;
  const char* by = "";  ///< "mase", "rmse" or "" (no errors)
};
SeriesRanking rank_series(const std::vector<ReportSeries>& series);

}  // namespace rondo
