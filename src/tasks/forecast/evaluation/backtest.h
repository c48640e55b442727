#pragma once

#include <memory>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/intervals/adaptive_bands.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Origins of the backtest, series by series: the last row of the training part and every `stride`-th one
/// after it whose whole horizon is known.
std::vector<Origin> backtest_origins(const Panel& panel, std::int64_t stride);

/// Forecasts of the same origins, [origins, horizon], in the scale of ScaledPanel::targets.
struct ScaledForecasts {
  Rows model, ridge;
  Rows spread;  ///< what the model's errors are measured in
};

/// Fills the backtest of every series and the scores, skill, verdict and coverages of the result, which has
/// `series` with values and train_rows, `period` and `stride` already. Returns the bands of a forecast from
/// the end of every series, which have seen all errors.
std::vector<BandOffsets> run_backtest(const ScaledPanel& scaled, const std::vector<Origin>& origins,
                                      const ScaledForecasts& forecasts,
                                      const std::shared_ptr<const CalibrationErrors>& calibration,
                                      ForecastResult& result);

}  // namespace rondo::forecasting
