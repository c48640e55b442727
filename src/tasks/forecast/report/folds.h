#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// The forecasters that folds compare, in this order.
inline constexpr std::array<const char*, 5> kFoldForecasters{"model", "naive", "seasonal naive", "drift",
                                                             "ridge"};

/// One fold of the walk-forward backtest.
struct BacktestFold {
  std::string train_end;             ///< time of the last row of the training part
  std::string test_begin, test_end;  ///< times of the first and the last row forecast
  std::size_t origins = 0;           ///< of all series
  bool reused = false;               ///< whether it was forecast by the networks of the fold before
  std::array<double, 5> rmse{};
};

/// The folds of the backtest; none where there are few origins.
std::vector<BacktestFold> backtest_folds(const ForecastResult& result);

}  // namespace rondo::forecasting
