#pragma once

#include "tasks/forecast/linear/ridge.h"

namespace rondo::forecasting {

/// What is forecast, and what its errors are measured in: [origins, horizon] in the scale of
/// ScaledPanel::targets.
struct NetworkForecast {
  Rows location, spread;
};

}  // namespace rondo::forecasting
