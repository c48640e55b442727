// The parts of the backtest in the report are those that were forecast by networks of their own.

#include "tasks/forecast/output/report_folds.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

TEST(ForecastReportFolds, HoldTheOriginsWhoseRowsTheyName) {
  ForecastOptions options = small_forecast(1);
  options.ensemble = 1;
  options.epochs = 1;
  for (const auto& [rows, parts] : {std::pair{11, 4}, {13, 5}, {12, 4}, {17, 0}}) {
    options.backtest = "last=" + std::to_string(rows);
    options.refit = parts;
    const auto folds = report_folds(run_forecast(table_of(seasonal(1, 60, 12, 1)), options));
    ASSERT_EQ(folds.size(), static_cast<std::size_t>(parts > 0 ? parts : 5));
    for (const ReportFold& fold : folds) {
      // Of a horizon of one row every row belongs to one origin.
      const int named = std::stoi(fold.test_end) - std::stoi(fold.test_begin) + 1;
      EXPECT_EQ(fold.origins, static_cast<std::size_t>(named))
          << rows << " rows from " << fold.test_begin << " to " << fold.test_end;
    }
  }
}

TEST(ForecastReportFolds, AreThoseOfTheForecastsThatTrainingAnewMoves) {
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
  EXPECT_EQ(report_folds(again).front().origins, stayed) << "the first part keeps the first training";
}

}  // namespace
}  // namespace rondo::forecasting
