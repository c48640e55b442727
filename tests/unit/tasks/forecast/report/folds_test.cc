// The parts of the backtest in the report are those that were forecast by networks of their own.

#include "tasks/forecast/report/tables.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

TEST(BacktestFolds, HoldTheOriginsWhoseRowsTheyName) {
  ForecastOptions options = small_forecast(1);
  options.ensemble = 1;
  options.epochs = 1;
  for (const auto& [rows, parts] : {std::pair{11, 4}, {13, 5}, {12, 4}, {17, 0}}) {
    options.backtest = "last=" + std::to_string(rows);
    options.refit = parts;
    const auto folds = backtest_folds(run_forecast(table_of(seasonal(1, 60, 12, 1)), options));
    ASSERT_EQ(folds.size(), static_cast<std::size_t>(parts > 0 ? parts : 5));
    for (const BacktestFold& fold : folds) {
      // Of a horizon of one row every row belongs to one origin.
      const int named = std::stoi(fold.test_end) - std::stoi(fold.test_begin) + 1;
      EXPECT_EQ(fold.reused, parts == 0 && &fold != &folds.front());
      EXPECT_EQ(fold.origins, static_cast<std::size_t>(named))
          << rows << " rows from " << fold.test_begin << " to " << fold.test_end;
    }
  }
}

TEST(BacktestFolds, AreThoseOfTheForecastsThatRetrainingChanges) {
  ForecastOptions options = small_forecast(1);
  options.ensemble = 1;
  options.epochs = 1;
  options.backtest = "last=11";
  const Table table = table_of(seasonal(2, 60, 12, 1));
  const ForecastResult once = run_forecast(table, options);
  options.refit = 4;
  const ForecastResult again = run_forecast(table, options);
  const auto &before = once.series[0].backtest.ridge, &after = again.series[0].backtest.ridge;
  std::size_t stayed = 0;
  while (stayed < before.size() && before[stayed] == after[stayed]) ++stayed;
  EXPECT_EQ(backtest_folds(again).front().origins, stayed) << "the first part keeps the first training";
}

TEST(BacktestFolds, CountTheErrorsOfTheirOwnOrigins) {
  ForecastOptions options = small_forecast(1);
  options.ensemble = 1;
  options.epochs = 1;
  options.backtest = "last=10";
  ForecastResult result = run_forecast(table_of(seasonal(1, 60, 12, 1)), options);
  ForecastSeries::Backtest& backtest = result.series[0].backtest;
  for (std::size_t i = 0; i < backtest.actual.size(); ++i) {
    backtest.actual[i] = 0;
    backtest.predicted[i] = i < 2 ? 3 : 4;
    backtest.ridge[i] = i == 9 ? std::sqrt(32.0) : 0;
  }
  const auto folds = backtest_folds(result);
  ASSERT_EQ(folds.size(), 5u);
  EXPECT_DOUBLE_EQ(folds[0].rmse[0], 3);
  EXPECT_DOUBLE_EQ(folds[4].rmse[0], 4);
  EXPECT_DOUBLE_EQ(folds[4].rmse[4], 4) << "one of two errors";
}

}  // namespace
}  // namespace rondo::forecasting
