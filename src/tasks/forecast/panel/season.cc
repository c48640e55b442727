#include "tasks/forecast/panel/season.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/statistics/accuracy.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kShortest = 4;
constexpr std::size_t kLongest = 400;
constexpr double kClearPeak = 0.25;
constexpr double kHigher = 0.02;
constexpr double kFirstOfHighest = 0.6;

/// Autocorrelations of the differences at lags 0 … longest.
std::vector<double> autocorrelations(std::span<const double> values, std::size_t longest) {
  std::vector<double> steps;
  double mean = 0;
  for (std::size_t t = 1; t < values.size(); ++t) steps.push_back(values[t] - values[t - 1]);
  for (const double s : steps) mean += s;
  mean /= static_cast<double>(steps.size());
  for (double& s : steps) s -= mean;
  std::vector<double> out;
  for (std::size_t lag = 0; lag <= longest; ++lag) {
    double sum = 0;
    for (std::size_t t = lag; t < steps.size(); ++t) sum += steps[t] * steps[t - lag];
    out.push_back(sum / static_cast<double>(steps.size() -
                                            lag));  // a mean, so that long lags are not at a disadvantage
  }
  const double variance = out[0];
  for (double& r : out) r = variance > 0 ? r / variance : 0;
  return out;
}

}  // namespace

std::vector<double> detect_seasons(std::span<const std::span<const double>> series) {
  std::size_t shortest = series.empty() ? 0 : series.front().size();
  for (const auto& values : series) shortest = std::min(shortest, values.size());
  const std::size_t longest = std::min(kLongest, shortest / 3);
  if (longest <= kShortest) return {};
  std::vector<double> r(longest + 1, 0.0);
  for (const auto& values : series) {
    const std::vector<double> own = autocorrelations(values, longest);
    for (std::size_t lag = 0; lag <= longest; ++lag) r[lag] += own[lag] / static_cast<double>(series.size());
  }
  const double needed = std::max(kClearPeak, 3 / std::sqrt(static_cast<double>(shortest)));
  std::vector<std::size_t> peaks;
  double highest = 0;
  for (std::size_t lag = kShortest; lag + 1 < r.size(); ++lag) {
    if (r[lag] > needed && r[lag] >= r[lag - 1] && r[lag] > r[lag + 1]) {
      peaks.push_back(lag);
      highest = std::max(highest, r[lag]);
    }
  }
  if (peaks.empty()) return {};
  const auto first = std::find_if(peaks.begin(), peaks.end(),
                                  [&](std::size_t lag) { return r[lag] >= kFirstOfHighest * highest; });
  std::vector<double> seasons{static_cast<double>(*first)};
  std::size_t longer = 0;
  for (auto peak = first; peak != peaks.end(); ++peak) {
    if (*peak > *first && *peak % *first == 0 && r[*peak] > r[*first] + kHigher &&
        (longer == 0 || r[*peak] > r[longer])) {
      longer = *peak;
    }
  }
  if (longer != 0) seasons.push_back(static_cast<double>(longer));
  return seasons;
}

std::int64_t choose_period(const Panel& panel) {
  std::int64_t best = 1;
  double best_error = 0;
  for (const double season : panel.seasons) {
    const auto period = static_cast<std::int64_t>(std::llround(season));
    if (period < 2 || 2 * period > panel.shortest_training()) continue;
    double error = 0;
    for (const PanelSeries& s : panel.series) {
      const double step = naive_error(s.training(), 1);
      error += naive_error(s.training(), period) / (step > 0 ? step : 1);
    }
    if (best == 1 || error < best_error) {
      best = period;
      best_error = error;
    }
  }
  return best;
}

}  // namespace rondo::forecasting
