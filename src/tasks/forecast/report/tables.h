#pragma once

#include <array>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/page.h"

// The tables of a forecast's report, and the curves of its errors. Without what they show they are empty.
namespace rondo::forecasting {

/// Errors of all forecasters in the backtest, with a note that explains the columns.
PagePart score_table(const ForecastResult& result);
/// Coverage, width and interval scores of the model's bands.
PagePart band_table(const ForecastResult& result);
PagePart horizon_curves(const ForecastResult& result);
PagePart fold_table(const ForecastResult& result);
PagePart anomaly_table(const ForecastResult& result);
PagePart importance_table(const ForecastResult& result);
PagePart member_table(const ForecastResult& result);

/// The settings of a run. What was left open is "auto: " and what was chosen, or "auto" where that is not
/// known.
std::vector<PageSetting> settings_of(const ForecastResult& result);

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
