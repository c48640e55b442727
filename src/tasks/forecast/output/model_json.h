#pragma once

#include "rondo/base/json.h"
#include "tasks/forecast/trained/model.h"

namespace rondo::forecasting {

/// The plain data of a forecaster: options, columns, texts, series, windows.
Json write_forecaster(const ForecastResult::Model& model);
/// Fills in what write_forecaster wrote, all counts and codes within bounds; arrays (there are as many scales
/// as series, with their season, without numbers), bands and the network are left out. Error for what is
/// missing, of another type or out of range.
void read_forecaster(const Json& data, ForecastResult::Model& model);

}  // namespace rondo::forecasting
