#pragma once

#include <span>
#include <string>
#include <vector>

#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/trained/model.h"

namespace rondo::forecasting {

/// Forecasts and bands past each of the origins `ends`, in units of the series: series[i] gets those of
/// ends[i]. `source` names the table in messages. Error(diverged) when one is not finite.
void forecast_ahead(const ScaledPanel& scaled, ForecastResult::Model& model, std::span<const Origin> ends,
                    const std::string& source, Pool& pool, std::span<ForecastSeries> series);

}  // namespace rondo::forecasting
