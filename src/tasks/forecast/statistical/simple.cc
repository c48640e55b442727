#include "tasks/forecast/statistical/simple.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting::statistical {

namespace {

double last_value(std::span<const double> values) {
  const std::int64_t row = last_observed(values);
  return row < 0 ? 0 : values[row];
}

}  // namespace

std::vector<double> flat(double value, std::int64_t horizon) {
  return std::vector<double>(static_cast<std::size_t>(horizon), value);
}

std::vector<double> naive(std::span<const double> values, std::int64_t horizon) {
  return flat(last_value(values), horizon);
}

std::vector<double> drift(std::span<const double> values, std::int64_t horizon) {
  const std::span<const double> known = from_first_observed(values);
  const std::int64_t last = last_observed(known);
  std::vector<double> forecast = flat(last_value(known), horizon);
  if (last < 1) return forecast;
  const double slope = (known[last] - known[0]) / static_cast<double>(last);
  const auto gap = static_cast<std::int64_t>(known.size()) - last;
  for (std::int64_t step = 0; step < horizon; ++step) {
    forecast[step] += slope * static_cast<double>(step + gap);
  }
  return forecast;
}

std::vector<double> mean(std::span<const double> values, std::int64_t horizon) {
  return window_mean(values, static_cast<std::int64_t>(values.size()), horizon);
}

std::vector<double> window_mean(std::span<const double> values, std::int64_t rows, std::int64_t horizon) {
  const std::vector<double> known = observed_values(values);
  if (known.empty()) return zero(horizon);
  const auto taken = std::min<std::ptrdiff_t>(std::ssize(known), std::max<std::ptrdiff_t>(1, rows));
  return flat(std::accumulate(known.end() - taken, known.end(), 0.0) / static_cast<double>(taken), horizon);
}

std::vector<double> seasonal_naive(std::span<const double> values, std::int64_t period,
                                   std::int64_t horizon) {
  const auto rows = static_cast<std::int64_t>(values.size());
  std::vector<double> forecast = flat(last_value(values), horizon);
  if (period <= 1) return forecast;
  for (std::int64_t step = 0; step < horizon; ++step) {
    std::int64_t row = rows + step;
    do row -= period;
    while (row >= rows || (row >= 0 && std::isnan(values[row])));
    if (row >= 0) forecast[step] = values[row];
  }
  return forecast;
}

std::vector<double> seasonal_drift(std::span<const double> values, std::int64_t period,
                                   std::int64_t horizon) {
  std::vector<double> forecast = seasonal_naive(values, period, horizon);
  const auto rows = static_cast<std::int64_t>(values.size());
  double change = 0;
  std::int64_t pairs = 0;
  for (std::int64_t row = period; row < rows; ++row) {
    const double step = values[row] - values[row - period];
    if (std::isnan(step)) continue;
    change += step;
    ++pairs;
  }
  if (pairs == 0) return forecast;
  for (std::int64_t step = 0; step < horizon; ++step) {
    const std::int64_t seasons = step / period + 1;
    forecast[step] += change / static_cast<double>(pairs) * static_cast<double>(seasons);
  }
  return forecast;
}

std::vector<double> zero(std::int64_t horizon) { return flat(0, horizon); }

}  // namespace rondo::forecasting::statistical
