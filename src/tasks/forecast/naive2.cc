#include <algorithm>
#include <cmath>
#include <vector>

#include "tasks/forecast/baselines.h"
#include "tasks/forecast/seasonal_indices.h"

// M4's benchmark, from the competitors' guide: the same seasonality test, decomposition and forecast as its R script
// makes with acf(), decompose(type = "multiplicative") and naive().

namespace rondo::forecasting {

namespace {

constexpr double kCritical = 1.645;  // 90 %, two-sided

/// How high each place of the season stands, mean 1; empty where there is no such decomposition. Place 0 is that of
/// the first value.
std::vector<double> seasonal_figure(std::span<const double> values, std::size_t period) {
  std::vector<double> sums(period, 0.0), counts(period, 0.0);
  for (std::size_t t = 0; t < values.size(); ++t) {
    const double share = values[t] / centred_mean(values, t, period);
    if (std::isnan(share)) continue;
    sums[t % period] += share;
    ++counts[t % period];
  }
  double mean = 0;
  for (std::size_t place = 0; place < period; ++place) {
    sums[place] /= counts[place];
    mean += sums[place] / static_cast<double>(period);
  }
  for (double& place : sums) {
    place /= mean;
    if (!(place > 0 && std::isfinite(place))) return {};
  }
  return sums;
}

}  // namespace

bool seasonality_test(std::span<const double> history, std::int64_t period) {
  const auto lag = static_cast<std::size_t>(period);
  if (period < 2 || history.size() < 3 * lag) return false;
  double mean = 0, known = 0;
  for (const double v : history) {
    if (std::isnan(v)) continue;
    mean += v;
    ++known;
  }
  mean /= known;
  const auto product_sum = [&](std::size_t shift) {
    double sum = 0;
    for (std::size_t t = shift; t < history.size(); ++t) {
      const double product = (history[t] - mean) * (history[t - shift] - mean);
      sum += std::isnan(product) ? 0 : product;
    }
    return sum;
  };
  const double variance = product_sum(0);
  if (!(variance > 0)) return false;
  double squares = 1;
  for (std::size_t i = 1; i < lag; ++i) {
    const double r = product_sum(i) / variance;
    squares += 2 * r * r;
  }
  return std::abs(product_sum(lag) / variance) > kCritical * std::sqrt(squares / known);
}

void naive2_forecast(std::span<const double> history, std::int64_t period, std::span<double> out) {
  std::size_t last = history.size() - 1;
  while (last > 0 && std::isnan(history[last])) --last;
  std::fill(out.begin(), out.end(), history[last]);
  const bool negative = std::any_of(history.begin(), history.end(), [](double v) { return v < 0; });
  if (negative || !seasonality_test(history, period)) return;
  const auto season = static_cast<std::size_t>(period);
  const std::vector<double> figure = seasonal_figure(history, season);
  if (figure.empty()) return;
  const double level = history[last] / figure[last % season];
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = level * figure[(history.size() + h) % season];
}

}  // namespace rondo::forecasting
