#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting::statistical {

/// Rows that are not missing (NaN).
std::int64_t count_observed(std::span<const double> values);

/// The rows from the first observed one on; empty where there is none.
std::span<const double> from_first_observed(std::span<const double> values);

/// The values that are not missing, in their order.
std::vector<double> observed_values(std::span<const double> values);

/// Where the last observed row stands; -1: there is none.
std::int64_t last_observed(std::span<const double> values);

/// Gaps closed for methods that need every row: by what lies a season before and after, levelled on the line
/// between the gap's neighbours, where there is a season (`period` > 1), else by that line. Before the first
/// observed row and after the last one the nearest value stands for the line.
std::vector<double> interpolate(std::span<const double> values, std::int64_t period);

}  // namespace rondo::forecasting::statistical
