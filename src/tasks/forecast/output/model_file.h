#pragma once

#include <string>

#include "rondo/tensor/tensor_file.h"
#include "tasks/forecast/trained/model.h"

namespace rondo::forecasting {

/// A forecaster as the content of a model file (train/checkpoint.h says what a network is there): its plain
/// data as JSON under the metadata "forecast", its numbers as arrays "forecast/…". The network alone can be
/// used as any other model.
TensorFile put_forecaster(const ForecastResult::Model& model);

/// Error(model_file), naming `where`, for anything that does not fit together.
ForecastResult::Model take_forecaster(const TensorFile& file, const std::string& where);

}  // namespace rondo::forecasting
