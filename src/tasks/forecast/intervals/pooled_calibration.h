#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tasks/forecast/intervals/adaptive_bands.h"

namespace rondo::forecasting {

/// Errors of one series' forecasts of rows not learnt from, [forecasts] of [steps]: truth less forecast, NaN
/// where the truth is missing. Of some forecasts the last steps may not be known.
using HeldOutErrors = std::vector<std::vector<double>>;

/// How far forecasts of several series go wrong, pooled: each series has a size of errors of its own, and all
/// share their distribution in units of that size, which grows along the horizon.
struct PooledCalibration {
  std::vector<double> spreads;                      ///< by series, > 0 where anything is known
  std::shared_ptr<const CalibrationErrors> errors;  ///< in units of the spreads
};

/// `steps`: by series, changes from one row to the next within what was learnt from: what stands in for
/// errors where no series has any. A series with few errors is drawn to what is usual among all; its own
/// errors count in units of the others of its forecasts, so that none makes itself small. Steps of few errors
/// borrow their neighbours'.
PooledCalibration pool_errors(std::span<const HeldOutErrors> series,
                              std::span<const std::vector<double>> steps, std::int64_t horizon);

}  // namespace rondo::forecasting
