#pragma once

#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"

// Forecasts as files and --json write them.
namespace rondo::forecasting {

struct ValueColumn {
  std::string name;
  std::vector<double> values;
};

/// "forecast" and its bands: low80, high80, low95, high95, or those of --level, or the quantiles of
/// --quantiles. Numbers are rounded to far below what the forecast knows.
std::vector<ValueColumn> forecast_columns(const ForecastOptions& options, std::span<const double> forecast,
                                          const ForecastBands& bands, const ForecastQuantiles& asked);

/// Seven digits, more where the 80 % band is narrow beside the value.
double rounded_beside(double value, double width80);

}  // namespace rondo::forecasting
