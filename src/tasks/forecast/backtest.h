#pragma once

#include <functional>
#include <vector>

#include "rondo/forecast.h"
#include "tasks/forecast/bands.h"
#include "tasks/forecast/panel.h"

namespace rondo::forecasting {

/// Origins of the backtest, series by series: the last row of the training part and every `stride`-th one
/// after it whose whole horizon is known.
std::vector<Origin> backtest_origins(const Panel& panel, std::int64_t stride);

/// Forecasts of the same origins, [origins, horizon], in the scale of ScaledPanel::targets.
struct ScaledForecasts {
  Rows model, ridge;
  std::vector<double> spread;  ///< by origin: what the bands' widths are multiplied by
};

/// Fills the backtest of every series and the scores, skill, verdict and coverages of the result, which has
/// `series` with values and train_rows, `period` and `stride` already.
void run_backtest(const Panel& panel, const ScaledPanel& scaled, const std::vector<Origin>& origins,
                  const ScaledForecasts& forecasts, const BandWidths& widths, ForecastResult& result);

/// Appends the ends of the bands around `forecast` (in the scale of targets) in units of the series.
void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> forecast,
                  const BandWidths& widths, double spread, ForecastBands& bands);

}  // namespace rondo::forecasting
