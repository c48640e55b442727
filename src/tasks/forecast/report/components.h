#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// A part of a series, in its units. All parts of a row add up to its value, or ahead to the forecast.
struct SeriesComponent {
  enum class Kind : std::uint8_t { trend, season, holidays, known, rest };
  Kind kind = Kind::trend;
  std::string name;           ///< "trend", "season of 12 rows", a column …
  std::vector<double> past;   ///< by row; of the rest NaN where the value is missing
  std::vector<double> ahead;  ///< by step of the forecast; empty: there is none

  const char* kind_name() const;
};

/// Trend, seasons and effects of holidays and known columns by MSTL (Bandara, Hyndman, Bergmeir 2021) on what
/// a regression on the known columns leaves; ahead seasons and effects go on, and what they leave of the
/// forecast is smoothed to the trend and a rest. `first`: the row of the series that row 0 of the parts is,
/// for of long series only the last rows are taken apart. Empty for series of fewer than eight values, or
/// without any.
struct SeriesComponents {
  std::int64_t first = 0;
  std::vector<SeriesComponent> parts;
};
SeriesComponents components_of(const ForecastSeries& series, const ForecastResult& result);

}  // namespace rondo::forecasting
