#pragma once

#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/ensemble/ensemble.h"
#include "tasks/forecast/intervals/bands.h"
#include "tasks/forecast/panel/panel_scaling.h"
#include "tasks/forecast/table/preparation.h"

namespace rondo {

/// Everything that a forecast follows from, besides the history itself.
struct ForecastResult::Model {
  forecasting::Preparation preparation;
  forecasting::PanelScaling scaling;
  forecasting::Blend forecaster;                ///< its linear model is fitted on all rows
  std::vector<forecasting::BandOffsets> bands;  ///< by series, of a forecast past its end

  std::int64_t horizon() const { return preparation.options.horizon; }
  /// Rows of history that a forecast needs.
  std::int64_t rows_needed() const { return forecaster.rows_needed(scaling.difference); }
};

}  // namespace rondo
