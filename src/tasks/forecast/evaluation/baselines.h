#pragma once

#include <cstdint>
#include <span>

namespace rondo::forecasting {

// Forecasts that learn nothing, from the rows up to and including the origin (`history`, at least one row).
// `out` has one entry a step of the horizon.

/// The last value.
void naive_forecast(std::span<const double> history, std::span<double> out);
/// The value one season (of whole rows) before, or as many seasons as it takes; the last value where history
/// is shorter.
void seasonal_naive_forecast(std::span<const double> history, std::int64_t period, std::span<double> out);
/// The straight line through the first and the last value.
void drift_forecast(std::span<const double> history, std::span<double> out);

}  // namespace rondo::forecasting
