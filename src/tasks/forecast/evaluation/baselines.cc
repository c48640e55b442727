#include "tasks/forecast/evaluation/baselines.h"

#include <algorithm>

namespace rondo::forecasting {

void naive_forecast(std::span<const double> history, std::span<double> out) {
  std::fill(out.begin(), out.end(), history.back());
}

void seasonal_naive_forecast(std::span<const double> history, std::int64_t period, std::span<double> out) {
  const auto season = static_cast<std::size_t>(period);
  if (history.size() < season) return naive_forecast(history, out);
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = history[history.size() - season + h % season];
}

void drift_forecast(std::span<const double> history, std::span<double> out) {
  if (history.size() < 2) return naive_forecast(history, out);
  const double slope = (history.back() - history.front()) / static_cast<double>(history.size() - 1);
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = history.back() + slope * static_cast<double>(h + 1);
}

}  // namespace rondo::forecasting
