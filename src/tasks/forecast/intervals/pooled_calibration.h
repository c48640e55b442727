#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tasks/forecast/intervals/adaptive_bands.h"
#include "tasks/forecast/panel/rows.h"

namespace rondo::forecasting {

/// Errors of one series' forecasts of rows not learnt from. Of some forecasts the last steps may not be
/// known.
using HeldOutErrors = std::vector<OriginErrors>;

/// How far forecasts of several series go wrong, pooled: each series has a size of errors of its own, and all
/// share their distribution in units of that size, which grows along the horizon.
struct PooledCalibration {
  std::vector<double> spreads;                      ///< by series, > 0 where anything is known
  std::shared_ptr<const CalibrationErrors> errors;  ///< in units of the spreads
  double growth = 0.5;                              ///< errors grow with this power of the step
};

/// `steps`: by series, changes from one row to the next within what was learnt from: what stands in for
/// errors where no series has any. A series with few errors is drawn to what is usual among all; its own
/// errors count in units of the others of its forecasts, so that none makes itself small. Errors of forecasts
/// that knew fewer rows than the latest one of their series are taken down by as much as fewer rows cost in
/// all series. Steps of few errors borrow their neighbours'; errors that come in runs count as fewer.
PooledCalibration pool_errors(std::span<const HeldOutErrors> series,
                              std::span<const std::vector<double>> steps, std::int64_t horizon);

}  // namespace rondo::forecasting
