#pragma once

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/forecaster/forecaster.h"

namespace rondo::forecasting {

/// Importance of every input by permutation (Breiman 2001), and the backtest forecast again. What changes in
/// time is turned round by some part of the series' length, so that every origin reads what belongs to
/// another one: it moves as before and has lost what it had to do with the target. That holds for a
/// covariate's column, for the target's own past (each origin looks back on the window of another origin, the
/// truth stays) and for the calendar (each row has the place of another one in its seasons). A static column
/// changes hands between the series. Sets result.importance and importance_error; nothing where no row was
/// tested.
void measure_importance(const ScaledPanel& scaled, std::span<const Origin> origins, Forecaster& forecaster,
                        std::uint64_t seed, Pool& pool, ForecastResult& result);

}  // namespace rondo::forecasting
