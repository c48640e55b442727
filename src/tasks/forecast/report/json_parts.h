#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/json.h"
#include "tasks/forecast/report/series_json.h"

// What the JSON of a drawn series is made of.
namespace rondo::forecasting {

/// The values at the rows; all of them.
Json numbers(const std::vector<double>& values, std::span<const std::size_t> rows, const Detail& detail);
Json numbers(const std::vector<double>& values, const Detail& detail);
Json count(std::size_t size);
Json counts(const std::vector<std::size_t>& sizes);

/// The last rows, one by one: of many series they are more useful, and take less room, than a thinned line.
std::vector<std::size_t> last_rows(std::size_t total, std::size_t limit);
/// Row numbers without a hole as {"from", "count"}.
Json rows_json(const std::vector<std::size_t>& rows, const Detail& detail);

/// "low80" … of the rows; nothing without bands.
void add_bands(Json& target, const ForecastBands& bands, std::span<const std::size_t> rows,
               const Detail& detail);
/// "quantiles" {"level", "value"} of the rows; nothing without levels.
void add_quantiles(Json& target, const ForecastQuantiles& quantiles, std::span<const std::size_t> rows,
                   const Detail& detail);

/// Forecasts of the backtest by their origins, an even choice with the last one; null where there is no room.
Json origins_json(SeriesWriter& writer, const ForecastSeries& series);
/// Trend, seasons, effects and the rest of the last rows and of the forecast; null without any.
Json components_json(SeriesWriter& writer, const ForecastSeries& series);

}  // namespace rondo::forecasting
