#include "tasks/forecast/panel/spike_guard.h"

#include <algorithm>
#include <cmath>

#include "base/order_statistics.h"

namespace rondo::forecasting {

namespace {

constexpr double kReach = 20;
constexpr double kDeviationOfMedian = 1.4826;  // of a normal distribution
constexpr int kMaxInARow = 2;
constexpr std::size_t kMinValues = 30;
constexpr std::size_t kMaxSpikes = 3, kValuesASpike = 200;

/// The distance that is too far.
double reach_of(const std::vector<double>& values, double median) {
  std::vector<double> distances;
  for (const double v : values) distances.push_back(std::abs(v - median));
  return kReach * kDeviationOfMedian * detail::median_of(std::move(distances));
}

double transformed(double value, Transform transform, double smallest) {
  return apply(transform, is_applicable(transform, {&value, 1}) ? value : smallest);
}

}  // namespace

SpikeGuard SpikeGuard::fit(std::span<const double> training, Transform transform, double smallest) {
  SpikeGuard out;
  if (training.size() < kMinValues) return out;
  std::vector<double> values, steps;
  for (const double v : training) values.push_back(transformed(v, transform, smallest));
  for (std::size_t t = 1; t < values.size(); ++t) steps.push_back(values[t] - values[t - 1]);
  out.median = detail::median_of(values);
  out.reach = reach_of(values, out.median);
  out.step = reach_of(steps, detail::median_of(steps));
  if (!(out.reach > 0 && out.step > 0)) return {};
  out.active = true;
  SpikeGuard nearer = out;
  nearer.reach /= 2;
  nearer.step /= 2;
  const std::size_t found = out.spikes(training, transform, smallest).size();
  out.active = found > 0 && found <= std::max(kMaxSpikes, training.size() / kValuesASpike) &&
               nearer.spikes(training, transform, smallest).size() == found;
  return out.active ? out : SpikeGuard{};
}

std::vector<std::int64_t> SpikeGuard::spikes(std::span<const double> values, Transform transform,
                                             double smallest) const {
  std::vector<std::int64_t> rows;
  if (!active || values.empty()) return rows;
  double last = transformed(values.front(), transform, smallest);
  int in_a_row = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double value = transformed(values[row], transform, smallest);
    const bool far = std::abs(value - median) > reach && std::abs(value - last) > step;
    if (far && in_a_row < kMaxInARow) {
      rows.push_back(static_cast<std::int64_t>(row));
      ++in_a_row;
    } else {
      last = value;
      in_a_row = 0;
    }
  }
  return rows;
}

std::vector<double> SpikeGuard::accepted(std::span<const double> values, Transform transform,
                                         double smallest) const {
  std::vector<double> out(values.begin(), values.end());
  for (const std::int64_t row : spikes(values, transform, smallest)) {
    const auto at = static_cast<std::size_t>(row);
    if (at > 0) out[at] = out[at - 1];
  }
  return out;
}

}  // namespace rondo::forecasting
