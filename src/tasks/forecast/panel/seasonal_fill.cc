#include "tasks/forecast/panel/seasonal_fill.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/forecast/panel/calendar_waves.h"
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

/// What the seasons say of every row; empty where too few values are observed to say it.
std::vector<double> curve_of(const PanelSeries& series, const CalendarWaves& waves, std::int64_t rows) {
  constexpr double kValuesPerColumn = 3;
  const auto columns = static_cast<std::size_t>(1 + waves.count());
  statistical::NormalEquations equations(columns);
  std::vector<double> row(columns, 1.0);
  const auto fill = [&](std::size_t r) {
    waves.write(series.position[r], std::span<double>(row).subspan(1));
  };
  for (std::int64_t r = 0; r < rows; ++r) {
    if (!series.is_observed(r)) continue;
    fill(static_cast<std::size_t>(r));
    equations.add(row, series.values[static_cast<std::size_t>(r)]);
  }
  if (equations.rows() < kValuesPerColumn * static_cast<double>(columns)) return {};
  std::vector<std::size_t> all(columns);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<double> weights;
  equations.solve(all, weights);
  std::vector<double> out;
  for (std::size_t r = 0; r < series.values.size(); ++r) {
    fill(r);
    out.push_back(std::inner_product(row.begin(), row.end(), weights.begin(), 0.0));
  }
  return out;
}

/// Two observed values with none between them.
struct Pair {
  std::size_t before, after;
};

}  // namespace

std::vector<double> fill_by_seasons(const PanelSeries& series, std::span<const double> seasons,
                                    std::int64_t rows) {
  if (series.observed.empty()) return {};
  const CalendarWaves waves = waves_for(seasons, rows);
  if (waves.count() == 0) return {};
  const std::vector<double> curve = curve_of(series, waves, rows);
  if (curve.empty()) return {};
  std::vector<Pair> pairs;
  std::size_t last = 0;  // the first row is observed
  for (std::size_t r = 1; r < static_cast<std::size_t>(rows); ++r) {
    if (series.observed[r] == 0) continue;
    pairs.push_back({last, r});
    last = r;
  }
  const std::vector<double>& y = series.values;
  double best = 0, memory = 1;
  for (const Pair& pair : pairs) best += (y[pair.after] - y[pair.before]) * (y[pair.after] - y[pair.before]);
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
    memory = candidate;
    better = true;
  }
  if (!better) return {};
  const bool positive = *std::min_element(y.begin(), y.begin() + rows) >= 0;
  std::vector<double> out = y;
  last = 0;
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
