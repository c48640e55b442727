#pragma once

#include "tasks/common/archive.h"
#include "tasks/forecast/trained/model.h"

namespace rondo::forecasting {

/// The content of a forecaster's model file (tasks/common/model_file.h), in both directions. What comes from
/// a file is checked so far that no table makes it reach outside of its arrays.
void archive_model(tasks::Archive& archive, ForecastResult::Model& model);

}  // namespace rondo::forecasting
