#pragma once

#include <vector>

#include "rondo/forecast.h"
#include "tasks/forecast/bands.h"
#include "tasks/forecast/line.h"
#include "tasks/forecast/network_part.h"
#include "tasks/forecast/panel_scaling.h"
#include "tasks/forecast/preparation.h"

namespace rondo {

/// Everything that a forecast follows from, besides the history itself.
struct ForecastResult::Model {
  forecasting::Preparation preparation;
  forecasting::PanelScaling scaling;
  forecasting::NetworkPart network;
  forecasting::LinearPath line;                 ///< fitted on all rows
  std::vector<forecasting::BandOffsets> bands;  ///< by series, of a forecast past its end

  std::int64_t horizon() const { return preparation.options.horizon; }
  /// Rows of history that a forecast needs.
  std::int64_t rows_needed() const;
};

}  // namespace rondo
