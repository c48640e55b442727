#pragma once

#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// The `most` rows of the backtest that surprise most, worst first, however calm the series are: each row's
/// freshest forecast (one step ahead where the stride allows), its error divided by what the forecast's own
/// 80 % band says is usual: score 1 is one standard deviation of a normal distribution with that band. Rows
/// without truth have no score.
std::vector<ForecastAnomaly> find_anomalies(const std::vector<ForecastSeries>& series, std::size_t most = 20);

}  // namespace rondo::forecasting
