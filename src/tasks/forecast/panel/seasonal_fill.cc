#include "tasks/forecast/panel/seasonal_fill.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/forecast/statistical/fitting/least_squares.h"

namespace rondo::forecasting {

namespace {

constexpr double kBetter = 0.8;  ///< of the squared errors of the value before

CalendarWaves waves_for(std::span<const double> seasons, std::int64_t rows) {
  constexpr std::int64_t kMaxOrder = 3;
  CalendarWaves out;
  for (const double season : seasons) {
    if (2 * season > static_cast<double>(rows)) continue;
    const auto order = static_cast<std::int64_t>(std::ceil(season / 2)) - 1;
    if (order < 1) continue;
    out.seasons.push_back(season);
    out.orders.push_back(std::min(order, kMaxOrder));
  }
  return out;
}

/// Empty where too few values are observed to say it.
std::vector<double> weights_of(const PanelSeries& series, const CalendarWaves& waves, std::int64_t rows) {
  constexpr double kValuesPerColumn = 3;
  const auto columns = static_cast<std::size_t>(1 + waves.count());
  statistical::NormalEquations equations(columns);
  std::vector<double> row(columns, 1.0);
  for (std::int64_t r = 0; r < rows; ++r) {
    if (!series.is_observed(r)) continue;
    waves.write(series.position[static_cast<std::size_t>(r)], std::span<double>(row).subspan(1));
    equations.add(row, series.values[static_cast<std::size_t>(r)]);
  }
  std::vector<double> weights;
  if (equations.rows() < kValuesPerColumn * static_cast<double>(columns)) return weights;
  std::vector<std::size_t> all(columns);
  std::iota(all.begin(), all.end(), std::size_t{0});
  equations.solve(all, weights);
  return weights;
}

/// Two observed values with none between them.
struct Pair {
  std::size_t before, after;
};

}  // namespace

std::vector<double> SeasonalFill::curve(const PanelSeries& series) const {
  std::vector<double> row(weights.size(), 1.0), out;
  for (std::size_t r = 0; r < series.values.size(); ++r) {
    waves.write(series.position[r], std::span<double>(row).subspan(1));
    out.push_back(std::inner_product(row.begin(), row.end(), weights.begin(), 0.0));
  }
  return out;
}

SeasonalFill SeasonalFill::fit(const PanelSeries& series, std::span<const double> seasons,
                               std::int64_t rows) {
  SeasonalFill out;
  if (series.observed.empty()) return {};
  out.waves = waves_for(seasons, rows);
  if (out.waves.count() == 0) return {};
  out.weights = weights_of(series, out.waves, rows);
  if (out.weights.empty()) return {};
  const std::vector<double> curve = out.curve(series);
  const std::vector<double>& y = series.values;
  std::vector<Pair> pairs;
  std::size_t last = 0;  // the first row is observed
  for (std::size_t r = 1; r < static_cast<std::size_t>(rows); ++r) {
    if (series.observed[r] == 0) continue;
    pairs.push_back({last, r});
    last = r;
  }
  double best = 0;
  for (const auto& [a, b] : pairs) best += (y[b] - y[a]) * (y[b] - y[a]);
  best *= kBetter;
  bool better = false;
  for (const double candidate : {0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 1.0}) {
    double sum = 0;
    for (const auto& [a, b] : pairs) {
      const double guess = curve[b] + std::pow(candidate, static_cast<double>(b - a)) * (y[a] - curve[a]);
      sum += (y[b] - guess) * (y[b] - guess);
    }
    if (sum >= best) continue;
    best = sum;
    out.memory = candidate;
    better = true;
  }
  out.positive = *std::min_element(y.begin(), y.begin() + rows) >= 0;
  return better ? out : SeasonalFill{};
}

std::vector<double> SeasonalFill::fill(const PanelSeries& series) const {
  if (weights.empty() || series.observed.empty()) return {};
  const std::vector<double> curve = this->curve(series);
  const std::vector<double>& y = series.values;
  std::vector<double> out = y;
  std::size_t last = 0;
  for (std::size_t r = 1; r < y.size(); ++r) {
    if (series.observed[r] != 0) {
      last = r;
      continue;
    }
    out[r] = curve[r] + std::pow(memory, static_cast<double>(r - last)) * (y[last] - curve[last]);
    if (positive) out[r] = std::max(out[r], 0.0);
  }
  return out;
}

}  // namespace rondo::forecasting
