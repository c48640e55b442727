#include "tasks/forecast/report/tables.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "tasks/forecast/trained/refit.h"

namespace rondo::forecasting {
namespace {

constexpr std::size_t kFolds = 5, kMinOrigins = 10;

struct Errors {
  std::array<double, kFoldForecasters.size()> squares{};
  std::set<std::pair<std::size_t, std::int64_t>> origins;
  double rows = 0;
};

std::vector<Errors> errors_of(const ForecastResult& result, std::size_t folds) {
  std::vector<Errors> errors(folds);
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const ForecastSeries& series = result.series[s];
    const ForecastSeries::Backtest& from = series.backtest;
    const TestParts parts{series.train_rows, series.times.size(), static_cast<std::int64_t>(folds)};
    for (std::size_t i = 0; i < from.actual.size(); ++i) {
      if (std::isnan(from.actual[i])) continue;
      Errors& own = errors[static_cast<std::size_t>(parts.of(from.origin[i]))];
      const std::array forecasts{from.predicted[i], from.naive[i], from.seasonal_naive[i], from.drift[i],
                                 from.ridge[i]};
      for (std::size_t k = 0; k < forecasts.size(); ++k)
        own.squares[k] += (from.actual[i] - forecasts[k]) * (from.actual[i] - forecasts[k]);
      own.origins.emplace(s, from.origin[i]);
      own.rows += 1;
    }
  }
  return errors;
}

}  // namespace

std::vector<BacktestFold> backtest_folds(const ForecastResult& result) {
  const bool refitted = result.options.refit > 1;
  const std::size_t folds = refitted ? static_cast<std::size_t>(result.options.refit) : kFolds;
  const ForecastSeries& first = result.series.front();
  const std::set<std::int64_t> origins(first.backtest.origin.begin(), first.backtest.origin.end());
  if (origins.size() < std::max(kMinOrigins, folds)) return {};
  const std::vector<Errors> errors = errors_of(result, folds);
  const TestParts parts{first.train_rows, first.times.size(), static_cast<std::int64_t>(folds)};
  std::vector<BacktestFold> out;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const auto number = static_cast<std::int64_t>(fold);
    BacktestFold one{.train_end = first.times.text((refitted ? parts.begin(number) : first.train_rows) - 1),
                     .test_begin = first.times.text(parts.begin(number)),
                     .test_end = first.times.text(parts.begin(number + 1) - 1),
                     .origins = errors[fold].origins.size(),
                     .reused = !refitted && fold > 0};
    for (std::size_t k = 0; k < one.rmse.size(); ++k)
      one.rmse[k] = std::sqrt(errors[fold].squares[k] / errors[fold].rows);
    if (one.origins > 0) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace rondo::forecasting
