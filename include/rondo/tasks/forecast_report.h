#pragma once

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/report.h"

namespace rondo {

/// The result as the HTML report wants it. Command, version and date are left to the caller.
ForecastReport make_forecast_report(const ForecastResult& result);

}  // namespace rondo
