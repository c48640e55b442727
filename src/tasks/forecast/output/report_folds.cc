#include "tasks/forecast/output/report_folds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "tasks/forecast/statistics/accuracy.h"
#include "tasks/forecast/trained/refit.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kFolds = 5, kMinOrigins = 10;

}  // namespace

std::vector<ReportFold> report_folds(const ForecastResult& result) {
  const bool refitted = result.options.refit > 1;
  const std::size_t folds = refitted ? static_cast<std::size_t>(result.options.refit) : kFolds;
  const ForecastSeries& first = result.series.front();
  const std::set<std::int64_t> origins(first.backtest.origin.begin(), first.backtest.origin.end());
  if (origins.size() < std::max(kMinOrigins, folds)) return {};
  struct Errors {
    std::array<Accuracy, 5> kinds;
    std::set<std::pair<std::size_t, std::int64_t>> origins;
    std::int64_t rows = 0;
  };
  std::vector<Errors> errors(folds);
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const ForecastSeries& series = result.series[s];
    const ForecastSeries::Backtest& from = series.backtest;
    const TestParts parts{series.train_rows, series.times.size(), static_cast<std::int64_t>(folds)};
    const auto values =
        std::span<const double>(series.values).first(static_cast<std::size_t>(series.train_rows));
    const double step = naive_error(values, result.season);
    for (std::size_t i = 0; i < from.actual.size(); ++i) {
      Errors& own = errors[static_cast<std::size_t>(parts.of(from.origin[i]))];
      if (std::isnan(from.actual[i])) continue;
      const std::array forecasts{from.predicted[i], from.naive[i], from.seasonal_naive[i], from.drift[i],
                                 from.ridge[i]};
      for (std::size_t k = 0; k < forecasts.size(); ++k) own.kinds[k].add(from.actual[i], forecasts[k], step);
      own.origins.emplace(s, from.origin[i]);
      ++own.rows;
    }
  }
  constexpr std::array<const char*, 5> kNames{"model", "naive", "seasonal naive", "drift", "ridge"};
  const TestParts parts{first.train_rows, first.times.size(), static_cast<std::int64_t>(folds)};
  std::vector<ReportFold> out;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const auto number = static_cast<std::int64_t>(fold);
    ReportFold one;
    one.train_end = first.times.text((refitted ? parts.begin(number) : first.train_rows) - 1);
    one.test_begin = first.times.text(parts.begin(number));
    one.test_end = first.times.text(parts.begin(number + 1) - 1);
    one.origins = errors[fold].origins.size();
    one.test_rows = static_cast<std::size_t>(errors[fold].rows);
    one.refitted = refitted && fold > 0;
    for (std::size_t k = 0; k < kNames.size(); ++k) {
      const Accuracy& accuracy = errors[fold].kinds[k];
      ReportScore score;
      score.name = kNames[k];
      score.mae = accuracy.mae();
      score.rmse = accuracy.rmse();
      score.mase = accuracy.mase();
      score.smape = accuracy.smape();
      one.scores.push_back(score);
    }
    if (one.origins > 0) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace rondo::forecasting
