#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/statistical/known_columns.h"

namespace rondo::forecasting::statistical {

struct AutoregressionOptions {
  bool difference = false;  ///< of the steps from row to row; else of the values around a straight line
  double half_life = 0;     ///< rows after which a row counts half; 0: all count alike
  std::int64_t most_lags = 40;
  std::int64_t most_waves = 10;  ///< of each season
};

/// Dynamic harmonic regression (Hyndman, Athanasopoulos, Forecasting: Principles and Practice, 2021,
/// ch. 10.5): an autoregression with sines and cosines of every season and with known columns, by least
/// squares. How many lags and waves there are is chosen by AICc on the same rows. Forecasts go step by step
/// and are held within one range of the values beyond their least and largest. `seasons` may be longer than
/// the values, and need not be whole. Below kAutoregressionRows rows the last value.
std::vector<double> autoregression(std::span<const double> values, std::span<const double> seasons,
                                   std::int64_t horizon, const AutoregressionOptions& options = {},
                                   const KnownColumns& known = {});

constexpr std::int64_t kAutoregressionRows = 8;

}  // namespace rondo::forecasting::statistical
