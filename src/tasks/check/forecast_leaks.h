#pragma once

#include "rondo/data/leaks.h"
#include "tasks/forecast/prepare.h"

namespace rondo::checking {

/// Runs the preparation of `rondo forecast` (reading, filling, scaling; `prepared` is what it made of the
/// table) with everything after the training part changed in all the ways of find_leaks. Series of a table
/// without times have no common clock: then the report is empty, with a line in not_tried.
LeakReport find_forecast_leaks(const Table& table, const ForecastOptions& options,
                               const forecasting::Prepared& prepared);

}  // namespace rondo::checking
