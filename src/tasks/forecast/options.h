#pragma once

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/linear/linear_search.h"

namespace rondo::forecasting {

/// Error(usage) for options that are out of range or do not go together.
void check_options(const ForecastOptions& options);

/// What the options fix of the linear model. Error(usage) where that does not go with the likelihood.
LinearLimits limits_of(const ForecastOptions& options);

}  // namespace rondo::forecasting
