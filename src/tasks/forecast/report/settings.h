#pragma once

#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/page.h"

namespace rondo::forecasting {

/// The settings of a run. What was left open is "auto: " and what was chosen, or "auto" where that is not
/// known.
std::vector<PageSetting> settings_of(const ForecastResult& result);

}  // namespace rondo::forecasting
