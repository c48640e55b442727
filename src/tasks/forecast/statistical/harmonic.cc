#include "tasks/forecast/statistical/harmonic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "tasks/forecast/statistical/ets.h"
#include "tasks/forecast/statistical/fitting/least_squares.h"
#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/stl.h"

namespace rondo::forecasting::statistical {

namespace {

constexpr std::int64_t kMostWaves = 12;
constexpr std::int64_t kLeastTrendWindow = 13;

/// Values without their smooth trend.
std::vector<double> without_trend(std::vector<double> values, const Loess& how) {
  const std::vector<double> trend = loess(values, how, {});
  for (std::size_t row = 0; row < values.size(); ++row) values[row] -= trend[row];
  return values;
}

}  // namespace

HarmonicRegression::HarmonicRegression(std::span<const double> values, std::span<const double> seasons,
                                       const KnownColumns& known)
    : known_(known), adjusted_(values.begin(), values.end()) {
  const auto rows = static_cast<std::int64_t>(values.size());
  double longest = 1;
  std::size_t width = static_cast<std::size_t>(known.columns);
  for (const double season : seasons) {
    if (1.5 * season > static_cast<double>(rows)) continue;
    seasons_.push_back(season);
    waves_.push_back(std::min<std::int64_t>(kMostWaves, static_cast<std::int64_t>(season / 2)));
    width += 2 * static_cast<std::size_t>(waves_.back());
    longest = std::max(longest, season);
  }
  if (width == 0 || rows < 8) return;
  Loess trend{.window = std::max(kLeastTrendWindow, 2 * static_cast<std::int64_t>(longest) + 1)};
  trend.jump = std::max<std::int64_t>(1, trend.window / 10);
  const std::vector<double> target = without_trend(interpolate(values, std::llround(longest)), trend);
  std::vector<std::vector<double>> columns(width, std::vector<double>(values.size()));
  std::vector<double> row_values(width);
  for (std::int64_t row = 0; row < rows; ++row) {
    fill(row, row_values);
    for (std::size_t i = 0; i < width; ++i) columns[i][row] = row_values[i];
  }
  for (std::vector<double>& column : columns) column = without_trend(std::move(column), trend);
  NormalEquations equations(width);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (std::isnan(values[row])) continue;
    for (std::size_t i = 0; i < width; ++i) row_values[i] = columns[i][row];
    equations.add(row_values, target[row]);
  }
  std::vector<std::int64_t> best(seasons_.size(), 0);
  const auto places = [&](std::span<const std::int64_t> waves) {
    std::vector<std::size_t> chosen;
    std::size_t next = 0;
    for (; next < static_cast<std::size_t>(known.columns); ++next) chosen.push_back(next);
    for (std::size_t i = 0; i < waves.size(); ++i) {
      for (std::size_t k = 0; k < 2 * static_cast<std::size_t>(waves[i]); ++k) chosen.push_back(next + k);
      next += 2 * static_cast<std::size_t>(waves_[i]);
    }
    return chosen;
  };
  const auto criterion = [&](std::span<const std::int64_t> waves) {
    const std::vector<std::size_t> chosen = places(waves);
    if (3 * static_cast<double>(chosen.size()) > equations.rows())
      return std::numeric_limits<double>::infinity();
    std::vector<double> solution;
    return equations.rows() * std::log(equations.solve(chosen, solution) / equations.rows()) +
           static_cast<double>(chosen.size()) * std::log(equations.rows());
  };
  double least = criterion(best);
  for (std::size_t i = 0; i < best.size(); ++i) {
    for (const std::int64_t waves : {1, 2, 3, 4, 5, 6, 8, 10, 12}) {
      std::vector<std::int64_t> other = best;
      other[i] = std::min<std::int64_t>(waves, waves_[i]);
      const double value = criterion(other);
      if (value < least) {
        least = value;
        best = other;
      }
    }
  }
  if (!std::isfinite(least)) return;
  columns_ = places(best);
  equations.solve(columns_, coefficients_);
  for (std::int64_t row = 0; row < rows; ++row) adjusted_[row] -= effect(row);
}

void HarmonicRegression::fill(std::int64_t row, std::vector<double>& to) const {
  std::size_t next = 0;
  for (std::int64_t column = 0; column < known_.columns; ++column) to[next++] = known_.at(row, column);
  for (std::size_t i = 0; i < seasons_.size(); ++i) {
    const double angle =
        2 * std::numbers::pi * std::fmod(static_cast<double>(row), seasons_[i]) / seasons_[i];
    for (std::int64_t wave = 1; wave <= waves_[i]; ++wave) {
      to[next++] = std::cos(static_cast<double>(wave) * angle);
      to[next++] = std::sin(static_cast<double>(wave) * angle);
    }
  }
}

double HarmonicRegression::effect(std::int64_t row) const {
  if (columns_.empty()) return 0;
  std::size_t width = static_cast<std::size_t>(known_.columns);
  for (const std::int64_t waves : waves_) width += 2 * static_cast<std::size_t>(waves);
  std::vector<double> columns(width);
  fill(row, columns);
  double sum = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) sum += coefficients_[i] * columns[columns_[i]];
  return sum;
}

double HarmonicRegression::known_effect(std::int64_t row, std::int64_t column) const {
  if (columns_.empty()) return 0;
  return coefficients_[static_cast<std::size_t>(column)] * known_.at(row, column);  // known columns are first
}

std::vector<double> forecast_harmonic(std::span<const double> values, std::span<const double> seasons,
                                      std::int64_t horizon, const KnownColumns& known) {
  const std::span<const double> seen = from_first_observed(values);
  const auto rows = std::ssize(seen);
  if (rows == 0) return std::vector<double>(static_cast<std::size_t>(horizon), 0.0);
  const HarmonicRegression regression(seen, seasons, known.from(std::ssize(values) - rows));
  std::vector<double> forecast =
      forecast_ets(choose_ets(regression.adjusted(), 1), regression.adjusted(), horizon);
  for (std::int64_t step = 0; step < horizon; ++step) forecast[step] += regression.effect(rows + step);
  return forecast;
}

}  // namespace rondo::forecasting::statistical
