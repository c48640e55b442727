#pragma once

#include "rondo/config.h"
#include "tasks/forecast/model.h"

namespace rondo::forecasting {

/// The plain data of a forecaster: options, columns, texts, series, windows.
Config write_forecaster(const ForecastResult::Model& model);
/// Fills in what write_forecaster wrote; arrays (the scales' are of the right size, without their numbers), bands and the
/// network are left out. Error for what is missing or of another
/// type.
void read_forecaster(const Config& data, ForecastResult::Model& model);

}  // namespace rondo::forecasting
