#pragma once

#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/report.h"

namespace rondo::forecasting {

/// The backtest in parts of equal time: five, or those that were trained anew. Empty for fewer than ten
/// origins.
std::vector<ReportFold> report_folds(const ForecastResult& result);

}  // namespace rondo::forecasting
