#pragma once

#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// Methods that no baseline has the name of: naive, drift and seasonal naive are among both.
std::vector<const ForecastScore*> other_methods(const std::vector<ForecastScore>& baselines,
                                                const std::vector<ForecastScore>& methods);

/// The forecasts of a baseline in the backtest; nullptr for any other name.
const std::vector<double>* baseline_forecasts(const ForecastSeries::Backtest& backtest,
                                              const std::string& name);

}  // namespace rondo::forecasting
