#pragma once

#include <array>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/page.h"

// The tables of a forecast's report, and the curves of its errors. Without what they show they are empty.
namespace rondo::forecasting {

/// The forecast and what it was compared with in the backtest, best first, by the one error that the verdict
/// compares.
PagePart leader_table(const ForecastResult& result, const std::string& unit = {});
/// The same by all errors, folded, with a note that explains the columns.
PagePart score_table(const ForecastResult& result);
/// What the forecast is made of.
PagePart share_table(const ForecastResult& result);
/// "theta 62 %, linear model 38 %": the largest.
std::string largest_shares(const std::vector<ForecastShare>& shares, std::size_t most);
/// Whether networks have a part in the forecast or in the width of its bands.
bool uses_networks(const ForecastResult& result);
/// Coverage, width and interval scores of the model's bands.
PagePart band_table(const ForecastResult& result);
PagePart horizon_curves(const ForecastResult& result);
PagePart fold_table(const ForecastResult& result);
/// Remarkable rows as events: neighbours of one series, and the same time in several, are one.
PagePart anomaly_table(const ForecastResult& result);
PagePart importance_table(const ForecastResult& result);
PagePart member_table(const ForecastResult& result);

/// The settings of a run. What was left open is "auto: " and what was chosen, or "auto" where that is not
/// known.
std::vector<PageSetting> settings_of(const ForecastResult& result);

/// The forecasters that folds compare, in this order; the last only where it is among the baselines.
inline constexpr std::array<const char*, 5> kFoldForecasters{"forecast", "naive", "seasonal naive", "drift",
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
