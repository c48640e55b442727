#pragma once

#include <string>
#include <vector>

#include "rondo/forecast.h"
#include "tasks/forecast/bands.h"
#include "tasks/forecast/line_search.h"
#include "tasks/forecast/network_part.h"

namespace rondo {

/// Everything that a forecast follows from, besides the history itself.
struct ForecastResult::Model {
  forecasting::NetworkPart network;
  forecasting::LinearPath line;                 ///< fitted on all rows
  std::vector<forecasting::BandOffsets> bands;  ///< by series, of a forecast past its end
  std::vector<forecasting::SeriesScale> scales;
  std::vector<forecasting::SeasonalIndices> seasonal;  ///< by series; empty: no season was taken out
  std::vector<std::string> ids;
  bool difference = false;
  Config settings;  ///< what the model file says under "forecast"
};

}  // namespace rondo
