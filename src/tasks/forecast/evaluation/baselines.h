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
/// M4's Naive2 (Makridakis, Spiliotis, Assimakopoulos 2020): the last value of the seasonally adjusted
/// history, put back into the season. The season is that of a classical multiplicative decomposition (means
/// by place in the season of the ratios to a centred moving average), used where seasonality_test says that
/// there is one; otherwise the last value. Missing values (NaN) are left out of the means. Where the
/// decomposition does not exist (negative values, a place whose mean ratio is not positive) it is the last
/// value too.
void naive2_forecast(std::span<const double> history, std::int64_t period, std::span<double> out);

/// M4's test at 90 %: at least three seasons, and |r(period)| > 1.645·√((1 + 2·Σ r(i)², i < period) / n),
/// with the autocorrelations r of the history (Bartlett's limits).
bool seasonality_test(std::span<const double> history, std::int64_t period);

/// The straight line through the first and the last value.
void drift_forecast(std::span<const double> history, std::span<double> out);

}  // namespace rondo::forecasting
