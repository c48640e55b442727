#pragma once

#include "tasks/forecast/backtest.h"
#include "tasks/forecast/line_search.h"
#include "tasks/forecast/network_part.h"

namespace rondo::forecasting {

/// Walk-forward with training anew: the test part of every series is cut into `folds` equal parts; forecasts of the
/// origins in parts 2, 3 … come from line and networks that learnt from all rows before that part (with the transform and
/// the lags that were chosen before). Replaces these rows of `forecasts`, which hold those of the first training.
void refit_forecasts(const Panel& panel, const ScaledPanel& scaled, const LineChoice& choice,
                     const std::vector<Origin>& origins, std::int64_t folds, const ForecastOptions& options,
                     const ForecastControls& controls, bool calendar, Pool& pool, ScaledForecasts& forecasts);

/// The first row of a series' part `fold` (from 0).
std::int64_t fold_begin(const PanelSeries& series, std::int64_t fold, std::int64_t folds);

}  // namespace rondo::forecasting
