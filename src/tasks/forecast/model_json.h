#pragma once

#include "rondo/config.h"
#include "tasks/forecast/model.h"

namespace rondo::forecasting {

/// The plain data of a forecaster: options, columns, texts, series, windows.
Config write_forecaster(const ForecastResult::Model& model);
/// Fills in what write_forecaster wrote, all counts and codes within bounds; arrays (there are as many scales as series, with
/// their season, without numbers), bands and the network are left out. Error for what is missing, of another type or out of
/// range.
void read_forecaster(const Config& data, ForecastResult::Model& model);

}  // namespace rondo::forecasting
