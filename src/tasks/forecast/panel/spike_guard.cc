#include "tasks/forecast/panel/spike_guard.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

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

/// The longest stretch of a column's highest (or lowest) values, beyond its median, of which at least half
/// come with far values of the series.
std::optional<ExplainedPeaks> explained_by(const KnownColumns& known, std::size_t column, bool above,
                                           const std::vector<std::uint8_t>& far) {
  std::vector<std::pair<double, std::uint8_t>> rows;
  std::vector<double> values;
  for (std::size_t row = 0; row < far.size(); ++row) {
    values.push_back(known.at(row, column) * (above ? 1 : -1));
    rows.emplace_back(values.back(), far[row]);
  }
  const double median = detail::median_of(std::move(values));
  std::sort(rows.begin(), rows.end(), std::greater<>());
  std::optional<ExplainedPeaks> out;
  std::size_t found = 0;
  for (std::size_t i = 0; i < rows.size() && rows[i].first > median; ++i) {
    found += rows[i].second;
    const bool last_of_equals = i + 1 == rows.size() || rows[i + 1].first != rows[i].first;
    if (last_of_equals && 2 * found >= i + 1) out = {column, above, rows[i].first * (above ? 1 : -1)};
  }
  return out;
}

}  // namespace

SpikeGuard SpikeGuard::fit(std::span<const double> training, Transform transform, double smallest,
                           const KnownColumns& known) {
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
  if (known.columns > 0 && !out.spikes(training, transform, smallest).empty()) {
    std::vector<std::uint8_t> far;
    for (const double v : values) far.push_back(std::abs(v - out.median) > out.reach ? 1 : 0);
    for (std::size_t column = 0; column < known.columns; ++column) {
      for (const bool above : {true, false}) {
        if (const auto peaks = explained_by(known, column, above, far)) out.explained.push_back(*peaks);
      }
    }
  }
  SpikeGuard nearer = out;
  nearer.reach /= 2;
  nearer.step /= 2;
  const std::size_t found = out.spikes(training, transform, smallest, known).size();
  out.active = found > 0 && found <= std::max(kMaxSpikes, training.size() / kValuesASpike) &&
               nearer.spikes(training, transform, smallest, known).size() == found;
  return out.active ? out : SpikeGuard{};
}

bool SpikeGuard::explains(const KnownColumns& known, std::size_t row) const {
  return std::any_of(explained.begin(), explained.end(), [&](const ExplainedPeaks& peaks) {
    const double value = known.at(row, peaks.column);
    return peaks.above ? value >= peaks.threshold : value <= peaks.threshold;
  });
}

std::vector<std::int64_t> SpikeGuard::spikes(std::span<const double> values, Transform transform,
                                             double smallest, const KnownColumns& known) const {
  std::vector<std::int64_t> rows;
  if (!active || values.empty()) return rows;
  double last = transformed(values.front(), transform, smallest);
  int in_a_row = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double value = transformed(values[row], transform, smallest);
    const bool far = std::abs(value - median) > reach && std::abs(value - last) > step;
    if (far && known.columns > 0 && explains(known, row)) continue;
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

std::vector<double> SpikeGuard::accepted(std::span<const double> values, Transform transform, double smallest,
                                         const KnownColumns& known) const {
  std::vector<double> out(values.begin(), values.end());
  for (const std::int64_t row : spikes(values, transform, smallest, known)) {
    const auto at = static_cast<std::size_t>(row);
    if (at > 0) out[at] = out[at - 1];
  }
  return out;
}

}  // namespace rondo::forecasting
