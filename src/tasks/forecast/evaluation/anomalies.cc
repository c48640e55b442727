#include "tasks/forecast/evaluation/backtest.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/order_statistics.h"

namespace rondo::forecasting {

namespace {

/// Half the width of a normal distribution's 80 % band, in standard deviations.
constexpr double kHalf80 = 1.2815515655446004;

/// A band may shrink to nothing (a forecast of 0 under a square root): no error is measured by less than this
/// part of the series' typical half width.
constexpr double kMinShareOfTypical = 0.2;

double typical_half_width(const ForecastSeries::Backtest& backtest) {
  std::vector<double> halves;
  for (std::size_t i = 0; i < backtest.actual.size(); ++i) {
    halves.push_back((backtest.bands.high80[i] - backtest.bands.low80[i]) / 2);
  }
  return halves.empty() ? 0 : detail::median_of(std::move(halves));
}

double score_of(const ForecastSeries::Backtest& backtest, std::size_t i, double typical) {
  const double error = backtest.actual[i] - backtest.predicted[i];
  const double side = error >= 0 ? backtest.bands.high80[i] - backtest.predicted[i]
                                 : backtest.predicted[i] - backtest.bands.low80[i];
  const double half = std::max(
      {side, (backtest.bands.high80[i] - backtest.bands.low80[i]) / 4, kMinShareOfTypical * typical});
  return half > 0 ? std::abs(error) * kHalf80 / half : 0;
}

/// Entry `entry` of a series' backtest.
struct Scored {
  std::size_t series, entry;
  double score;
};

/// Worst first; of equal ones the first found.
void keep_worst(std::vector<Scored>& found, std::size_t most) {
  std::stable_sort(found.begin(), found.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  if (found.size() > most) found.resize(most);
}

}  // namespace

std::vector<ForecastAnomaly> find_anomalies(const std::vector<ForecastSeries>& series, std::size_t most) {
  std::vector<Scored> found;
  for (std::size_t s = 0; s < series.size(); ++s) {
    const ForecastSeries::Backtest& backtest = series[s].backtest;
    const double typical = typical_half_width(backtest);
    std::map<std::int64_t, std::size_t> freshest;
    for (std::size_t i = 0; i < backtest.actual.size(); ++i) {
      const auto [at, fresh] = freshest.try_emplace(backtest.row(i), i);
      if (!fresh && backtest.step[i] < backtest.step[at->second]) at->second = i;
    }
    for (const auto& [row, i] : freshest) {
      if (std::isnan(backtest.actual[i])) continue;
      found.push_back({s, i, score_of(backtest, i, typical)});
    }
    keep_worst(found, most);
  }
  std::vector<ForecastAnomaly> out;
  for (const Scored& row : found) {
    const ForecastSeries& one = series[row.series];
    const ForecastSeries::Backtest& backtest = one.backtest;
    out.push_back({one.id, one.target, one.times.text(backtest.row(row.entry)), row.score,
                   backtest.row(row.entry), backtest.actual[row.entry], backtest.predicted[row.entry],
                   backtest.bands.low95[row.entry], backtest.bands.high95[row.entry]});
  }
  return out;
}

}  // namespace rondo::forecasting
