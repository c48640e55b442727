#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Forecasts that need no fit. `values` are the rows of one series in time order, NaN = missing; forecasts are
// those of the `horizon` rows after the last one. All give zeros where nothing is observed.

namespace rondo::forecasting::statistical {

/// The same value at every step.
std::vector<double> flat(double value, std::int64_t horizon);

/// The last observed value.
std::vector<double> naive(std::span<const double> values, std::int64_t horizon);
/// The line from the first observed value through the last one; one observed row makes it flat.
std::vector<double> drift(std::span<const double> values, std::int64_t horizon);
/// The mean of the observed values.
std::vector<double> mean(std::span<const double> values, std::int64_t horizon);
/// The mean of the last `rows` observed values.
std::vector<double> window_mean(std::span<const double> values, std::int64_t rows, std::int64_t horizon);
/// The last value observed at the same place of the season; a place that was never observed gets the last
/// value.
std::vector<double> seasonal_naive(std::span<const double> values, std::int64_t period, std::int64_t horizon);
/// The seasonal naive forecast moved up by the mean change from one season to the next, once a season.
std::vector<double> seasonal_drift(std::span<const double> values, std::int64_t period, std::int64_t horizon);
std::vector<double> zero(std::int64_t horizon);

}  // namespace rondo::forecasting::statistical
