#pragma once

#include <cstddef>
#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// What went wrong at one time: remarkable rows that follow each other in one series (with a row in between
/// at most), and rows of the same time in others.
struct AnomalyEvent {
  const ForecastAnomaly *first = nullptr, *last = nullptr;  ///< in time
  const ForecastAnomaly* worst = nullptr;
  std::size_t rows = 0;
  std::vector<std::size_t> series;  ///< places in the result, that of `worst` first
};

/// Of the result's remarkable rows; worst event first.
std::vector<AnomalyEvent> anomaly_events(const ForecastResult& result);

}  // namespace rondo::forecasting
