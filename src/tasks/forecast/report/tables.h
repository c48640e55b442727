#pragma once

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/page.h"

// The tables of a forecast's report, and the curves of its errors. Without what they show they are empty.
namespace rondo::forecasting {

/// Errors of all forecasters in the backtest, with a note that explains the columns.
PagePart score_table(const ForecastResult& result);
/// Coverage, width and interval scores of the model's bands.
PagePart band_table(const ForecastResult& result);
PagePart horizon_curves(const ForecastResult& result);
PagePart fold_table(const ForecastResult& result);
PagePart anomaly_table(const ForecastResult& result);
PagePart importance_table(const ForecastResult& result);
PagePart member_table(const ForecastResult& result);

}  // namespace rondo::forecasting
