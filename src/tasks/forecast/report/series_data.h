#pragma once

#include <cstddef>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// Adds to `data` the series that the page can draw ("series", worst first), the table of all
/// ("series_table", for more than one), the time axes that several share ("times"), how many there are
/// ("series_total") and the drawing of each event's series ("events"). Bounded in size: of many series
/// the worst and an even choice of the others are drawn.
void add_series_data(const ForecastResult& result, Json& data);

/// Series by error, worst first: by MASE, which has no unit, or where that is missing by RMSE. Those without
/// an error come last, in the order given; without any error it is the order given.
struct SeriesRanking {
  std::vector<std::size_t> order;
  const char* by = "";  ///< "mase", "rmse" or "" (no errors)
};
SeriesRanking rank_series(const std::vector<ForecastSeries>& series);

/// The place of its series in the result.
std::size_t series_of(const ForecastAnomaly& anomaly, const ForecastResult& result);

}  // namespace rondo::forecasting
