// The forecaster under its own leak detector: nothing that it says of a moment moves when later rows change.

#include <gtest/gtest.h>

#include <cmath>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/data/leaks.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/trained/model.h"

namespace rondo {
namespace {

constexpr std::int64_t kLeakRows = 110, kLeakTraining = 90;

/// Monthly sales with a season, growth and a covariate.
Table sales() {
  const RandomStream stream(11);
  TextList months;
  std::vector<double> y, x;
  for (std::int64_t t = 0; t < kLeakRows; ++t) {
    char month[16];
    std::snprintf(month, sizeof month, "%04d-%02d", static_cast<int>(2000 + t / 12),
                  static_cast<int>(t % 12 + 1));
    months.push_back(month);
    const double wave = 0.3 * std::sin(2 * M_PI * static_cast<double>(t) / 12);
    y.push_back(100 * std::exp(0.01 * static_cast<double>(t) + wave +
                               0.03 * stream.normal(static_cast<std::uint64_t>(t))));
    x.push_back(y.back() * (1 + 0.2 * stream.normal(static_cast<std::uint64_t>(900 + t))));
  }
  Table table("sales");
  table.add(Column("month", months));
  table.add(Column("x", x));
  table.add(Column("y", y));
  return table;
}

/// Everything that a whole run of the forecaster says: the backtest by origin, what was chosen and fitted. An
/// origin is judged only where its whole horizon is known, so that with rows taken away (`shorter`) it may be
/// missing.
LeakTrace forecast_trace(const Table& table, ForecastOptions options, bool shorter = false) {
  const std::int64_t test = table.rows() - kLeakTraining;
  if (table.rows() < kLeakRows && !shorter) throw Error(ErrorKind::data, "rows are missing");
  if (test < options.horizon) throw Error(ErrorKind::data, "no test part is left");
  options.backtest = "last=" + std::to_string(test);
  const ForecastResult result = run_forecast(table, options);
  const ForecastSeries& series = result.series.front();
  if (static_cast<std::int64_t>(series.values.size()) != table.rows()) {
    throw Error(ErrorKind::data, "rows at the end without a target are no history");
  }
  LeakTrace trace;
  trace.columns = {"forecast", "naive", "seasonal naive", "drift", "ridge"};
  for (std::size_t i = 0; i < series.backtest.origin.size(); ++i) {
    trace.last_known.push_back(series.backtest.origin[i] + (shorter ? options.horizon : 0));
    const ForecastSeries::Backtest& b = series.backtest;
    trace.values.insert(trace.values.end(),
                        {b.predicted[i], b.naive[i], b.seasonal_naive[i], b.drift[i], b.ridge[i]});
  }
  trace.fitted = {{"loss by epoch", result.loss},
                  {"validation loss by epoch", result.validation_loss},
                  {"choices",
                   {static_cast<double>(result.window), static_cast<double>(result.period),
                    static_cast<double>(result.lags), static_cast<double>(result.linear_members),
                    result.network_weight, result.difference ? 1.0 : 0.0,
                    static_cast<double>(result.transform.size()), static_cast<double>(result.best_epoch)}},
                  {"seasonal indices", {}}};
  for (const auto& series : result.model->scaling.series) {
    const std::vector<double>& places = series.seasonal.by_place;
    trace.fitted.back().values.insert(trace.fitted.back().values.end(), places.begin(), places.end());
  }
  return trace;
}

TEST(ForecastLeaks, NoForecastOfTheBacktestNorAnythingLearntMovesWithLaterRows) {
  ForecastOptions options;
  options.target = "y";
  options.time = "month";
  options.past = {"x"};
  options.horizon = 3;
  options.stride = 1;
  options.epochs = 3;
  options.units = 4;
  options.ensemble = 1;
  options.threads = 1;
  options.window = 12;
  LeakOptions how;
  how.time = "month";
  how.training = kLeakTraining;
  how.cuts = {kLeakTraining, kLeakTraining + 7};
  how.plant_missing = false;
  for (const bool shorter : {false, true}) {
    const LeakReport report = find_leaks(
        sales(), [&](const Table& table) { return forecast_trace(table, options, shorter); }, how);
    EXPECT_TRUE(report.clean()) << report.text();
    EXPECT_GE(report.runs, shorter ? 7 : 6);
  }
}

TEST(ForecastLeaks, ASeasonIsTakenOutByTheTrainingPartAlone) {
  ForecastOptions options;
  options.target = "y";
  options.time = "month";
  options.deseasonalize = "yes";
  options.horizon = 3;
  options.stride = 1;
  options.epochs = 2;
  options.units = 4;
  options.ensemble = 1;
  options.threads = 1;
  options.window = 4;
  LeakOptions how;
  how.time = "month";
  how.training = kLeakTraining;
  how.cuts = {kLeakTraining, kLeakTraining + 7};
  how.plant_missing = false;
  ASSERT_EQ(forecast_trace(sales(), options).fitted.back().values.size(), 12u);
  for (const std::string normalize : {"auto", "revin"}) {
    options.normalize = normalize;
    const LeakReport report = find_leaks(
        sales(), [&](const Table& table) { return forecast_trace(table, options); }, how);
    EXPECT_TRUE(report.clean()) << report.text();
  }
  how.training = kLeakTraining - 5;
  how.cuts = {kLeakTraining - 5};
  const LeakReport caught = find_leaks(
      sales(), [&](const Table& table) { return forecast_trace(table, options); }, how);
  EXPECT_NE(caught.text().find("seasonal indices"), std::string::npos) << "the test itself can fail";
}

TEST(ForecastLeaks, TheTestItselfCanFail) {
  // The same with a training part that ends later than is claimed.
  ForecastOptions options;
  options.target = "y";
  options.time = "month";
  options.horizon = 3;
  options.epochs = 2;
  options.units = 4;
  options.ensemble = 1;
  options.threads = 1;
  LeakOptions how;
  how.time = "month";
  how.training = kLeakTraining - 5;
  how.cuts = {kLeakTraining - 5};
  how.plant_missing = false;
  const LeakReport report = find_leaks(
      sales(), [&](const Table& table) { return forecast_trace(table, options); }, how);
  EXPECT_FALSE(report.clean());
}

}  // namespace
}  // namespace rondo
