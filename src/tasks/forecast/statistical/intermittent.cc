#include "tasks/forecast/statistical/intermittent.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/simple.h"

namespace rondo::forecasting::statistical {

namespace {

constexpr double kLeastSmoothing = 0.1, kMostSmoothing = 0.3;  // of IMAPA

struct Demand {
  std::vector<double> sizes, intervals;
};

Demand demand_of(std::span<const double> known) {
  Demand demand;
  std::int64_t before = -1;
  for (std::int64_t row = 0; row < std::ssize(known); ++row) {
    if (known[row] == 0) continue;
    demand.sizes.push_back(known[row]);
    demand.intervals.push_back(static_cast<double>(row - before));
    before = row;
  }
  return demand;
}

/// The level of simple exponential smoothing that starts with the first value.
double smooth(std::span<const double> values, double smoothing) {
  double level = values.front();
  for (const double value : values.subspan(1)) level += smoothing * (value - level);
  return level;
}

double squared_error(std::span<const double> values, double smoothing) {
  double level = values.front(), sum = 0;
  for (const double value : values.subspan(1)) {
    sum += (value - level) * (value - level);
    level += smoothing * (value - level);
  }
  return sum;
}

/// By golden sections.
double best_smoothing(std::span<const double> values) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = kLeastSmoothing, high = kMostSmoothing;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double left_error = squared_error(values, left), right_error = squared_error(values, right);
  while (high - low > 1e-7) {
    if (left_error < right_error) {
      high = right;
      right = left;
      right_error = left_error;
      left = high - golden * (high - low);
      left_error = squared_error(values, left);
    } else {
      low = left;
      left = right;
      left_error = right_error;
      right = low + golden * (high - low);
      right_error = squared_error(values, right);
    }
  }
  return (low + high) / 2;
}

}  // namespace

std::vector<double> croston(std::span<const double> values, std::int64_t horizon, double smoothing) {
  const Demand demand = demand_of(observed_values(values));
  if (demand.sizes.empty()) return flat(0, horizon);
  return flat(smooth(demand.sizes, smoothing) / smooth(demand.intervals, smoothing), horizon);
}

std::vector<double> croston_sba(std::span<const double> values, std::int64_t horizon, double smoothing) {
  std::vector<double> forecast = croston(values, horizon, smoothing);
  for (double& step : forecast) step *= 1 - smoothing / 2;
  return forecast;
}

std::vector<double> tsb(std::span<const double> values, std::int64_t horizon, double size_smoothing,
                        double probability_smoothing) {
  std::vector<double> known = observed_values(values);
  const Demand demand = demand_of(known);
  if (demand.sizes.empty()) return flat(0, horizon);
  for (double& value : known) value = value != 0;
  return flat(smooth(demand.sizes, size_smoothing) * smooth(known, probability_smoothing), horizon);
}

std::vector<double> imapa(std::span<const double> values, std::int64_t horizon) {
  const std::vector<double> known = observed_values(values);
  const Demand demand = demand_of(known);
  if (demand.sizes.empty()) return flat(0, horizon);
  const double interval = std::accumulate(demand.intervals.begin(), demand.intervals.end(), 0.0) /
                          static_cast<double>(demand.intervals.size());
  const auto levels = static_cast<std::int64_t>(std::nearbyint(interval));
  double sum = 0;
  for (std::int64_t level = 1; level <= levels; ++level) {
    const std::int64_t blocks = std::ssize(known) / level;  // counted from the end
    std::vector<double> sums(static_cast<std::size_t>(blocks), 0.0);
    const std::int64_t first = std::ssize(known) - blocks * level;
    for (std::int64_t row = first; row < std::ssize(known); ++row) sums[(row - first) / level] += known[row];
    sum += smooth(sums, best_smoothing(sums)) / static_cast<double>(level);
  }
  return flat(sum / static_cast<double>(levels), horizon);
}

}  // namespace rondo::forecasting::statistical
