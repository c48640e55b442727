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
constexpr double kDip = 0.2;
constexpr std::size_t kAround = 6;  // a peak is the highest lag within a sixth of it
constexpr double kNearlyAsHigh = 0.8;
constexpr double kNearMultiple = 0.02;

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

/// Whether a lag is a multiple of a season, or of its half, third or quarter where these are seasons, too.
bool belongs_to(std::size_t lag, double season) {
  constexpr int kSmallestPart = 4;
  for (int part = 1; part <= kSmallestPart; ++part) {
    const double length = season / part, times = std::round(static_cast<double>(lag) / length);
    if (part > 1 && length < kShortest) break;
    // Noise moves the broad peak of a long lag.
    const double near = std::max(1.0, kNearMultiple * static_cast<double>(lag));
    if (times >= 1 && std::abs(static_cast<double>(lag) - length * times) < near) return true;
  }
  return false;
}

}  // namespace

std::vector<double> detect_seasons(std::span<const std::span<const double>> series,
                                   std::span<const double> calendar) {
  std::size_t shortest = series.empty() ? 0 : series.front().size();
  for (const auto& values : series) shortest = std::min(shortest, values.size());
  const std::size_t longest = std::min(kLongest, shortest / 3);
  if (longest <= kShortest) return {};
  std::vector<double> r(longest + 1, 0.0);
  for (const auto& values : series) {
    const std::vector<double> own = autocorrelations(values, longest);
    for (std::size_t lag = 0; lag <= longest; ++lag) r[lag] += own[lag] / static_cast<double>(series.size());
  }
  double needed = std::max(kClearPeak, 3 / std::sqrt(static_cast<double>(shortest)));
  for (const double season : calendar) {
    const auto lag = static_cast<std::size_t>(std::llround(season));
    if (lag < r.size()) needed = std::max(needed, kNearlyAsHigh * r[lag]);
  }
  std::vector<std::size_t> peaks;
  double highest = 0;
  for (std::size_t lag = kShortest; lag + 1 < r.size(); ++lag) {
    const bool of_calendar =
        std::any_of(calendar.begin(), calendar.end(), [&](double season) { return belongs_to(lag, season); });
    // Slow waves stay high at first and on the way up, and noise makes peaks of that.
    const double before = *std::min_element(r.begin() + 2, r.begin() + static_cast<std::ptrdiff_t>(lag));
    const auto from = r.begin() + static_cast<std::ptrdiff_t>(lag - std::max<std::size_t>(1, lag / kAround)),
               to = r.begin() + static_cast<std::ptrdiff_t>(std::min(r.size(), lag + lag / kAround + 2));
    const bool is_peak =
        r[lag] == *std::max_element(from, to) && r[lag] > r[lag + 1] && r[lag] > before + kDip;
    if (!of_calendar && r[lag] > needed && is_peak) {
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
