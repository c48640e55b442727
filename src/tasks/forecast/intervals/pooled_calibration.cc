#include "tasks/forecast/intervals/pooled_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/order_statistics.h"

namespace rondo::forecasting {

namespace {

constexpr double kUsual = 2;          // forecasts that what is usual among the series counts as
constexpr double kEnough = 200;       // errors of a step that need no neighbours
constexpr std::int64_t kMost = 4000;  // errors of a step

constexpr auto kNone = static_cast<std::size_t>(-1);

/// Of errors in units of their step's growth (empty: 1), but for those of forecast `without`.
double mean_square(const HeldOutErrors& errors, std::span<const double> growth, std::size_t without) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (i == without) continue;
    for (std::size_t h = 0; h < errors[i].size(); ++h) {
      if (std::isnan(errors[i][h])) continue;
      const double error = growth.empty() ? errors[i][h] : errors[i][h] / growth[h];
      sum += error * error;
      ++count;
    }
  }
  return count > 0 ? sum / count : std::nan("");
}

/// A power of the step, by least squares over the logarithms of root mean squares, weighted by their counts:
/// between errors that do not grow and those that grow as the steps do. As a random walk's where one step is
/// known.
std::vector<double> growth_of(std::span<const HeldOutErrors> series, std::int64_t horizon) {
  const auto steps = static_cast<std::size_t>(horizon);
  std::vector<double> squares(steps, 0.0), counts(steps, 0.0);
  for (const HeldOutErrors& errors : series) {
    const double own = mean_square(errors, {}, kNone);
    if (!(own > 0)) continue;
    for (const std::vector<double>& forecast : errors) {
      for (std::size_t h = 0; h < forecast.size(); ++h) {
        if (std::isnan(forecast[h])) continue;
        squares[h] += forecast[h] * forecast[h] / own;
        ++counts[h];
      }
    }
  }
  double weight = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t h = 0; h < steps; ++h) {
    if (!(squares[h] > 0)) continue;
    const double at = std::log(static_cast<double>(h + 1)), size = 0.5 * std::log(squares[h] / counts[h]);
    weight += counts[h];
    x += counts[h] * at;
    y += counts[h] * size;
    xx += counts[h] * at * at;
    xy += counts[h] * at * size;
  }
  const double spread = weight > 0 ? xx - x * x / weight : 0;
  // Ten errors' worth of a random walk's growth.
  const double prior = 10,
               power = std::clamp((xy - (weight > 0 ? x * y / weight : 0) + prior * 0.5) / (spread + prior),
                                  0.0, 1.0);
  std::vector<double> growth;
  for (std::size_t h = 0; h < steps; ++h) growth.push_back(std::pow(static_cast<double>(h + 1), power));
  return growth;
}

/// Of step h: those of the nearest steps, as many as it takes.
std::vector<double> borrowed(const std::vector<std::vector<double>>& by_step, std::size_t h) {
  std::vector<double> out = by_step[h];
  for (std::size_t away = 1; static_cast<double>(out.size()) < kEnough && away < by_step.size(); ++away) {
    if (h >= away) out.insert(out.end(), by_step[h - away].begin(), by_step[h - away].end());
    if (h + away < by_step.size()) out.insert(out.end(), by_step[h + away].begin(), by_step[h + away].end());
  }
  return out;
}

std::shared_ptr<const CalibrationErrors> calibration(const std::vector<std::vector<double>>& by_step,
                                                     std::span<const double> growth) {
  std::vector<std::vector<double>> columns;
  std::size_t rows = 0;
  for (std::size_t h = 0; h < by_step.size(); ++h) {
    columns.push_back(borrowed(by_step, h));
    rows = std::max(rows, columns.back().size());
  }
  Rows errors{static_cast<std::int64_t>(by_step.size()), {}};
  const std::size_t stride = (rows + kMost - 1) / static_cast<std::size_t>(kMost);
  for (std::size_t i = 0; i < rows; i += stride) {
    const std::span<double> row = errors.append();
    for (std::size_t h = 0; h < columns.size(); ++h)
      row[h] = i < columns[h].size() ? columns[h][i] * growth[h] : std::numeric_limits<double>::quiet_NaN();
  }
  return std::make_shared<const CalibrationErrors>(errors);
}

}  // namespace

PooledCalibration pool_errors(std::span<const HeldOutErrors> series,
                              std::span<const std::vector<double>> steps, std::int64_t horizon) {
  const bool measured =
      std::ranges::any_of(series, [](const auto& errors) { return mean_square(errors, {}, kNone) > 0; });
  std::vector<HeldOutErrors> one_step;  // a last value is as wrong as the series moves
  if (!measured) {
    for (const std::vector<double>& own : steps) {
      one_step.emplace_back();
      for (const double step : own) one_step.back().push_back({step});
    }
    series = one_step;
  }
  const std::vector<double> growth = growth_of(series, horizon);
  std::vector<double> squares;
  for (const HeldOutErrors& errors : series) {
    const double own = mean_square(errors, growth, kNone);
    if (own > 0) squares.push_back(own);
  }
  const double usual = squares.empty() ? 0 : detail::median_of(squares);
  const auto spread_of = [&](const HeldOutErrors& errors, std::size_t without) {
    const double own = mean_square(errors, growth, without);
    if (std::isnan(own)) return std::sqrt(usual);
    const auto count = static_cast<double>(errors.size()) - (without == kNone ? 0 : 1);
    return std::sqrt((count * own + kUsual * usual) / (count + kUsual));
  };
  PooledCalibration out;
  std::vector<std::vector<double>> by_step(static_cast<std::size_t>(horizon));
  for (const HeldOutErrors& errors : series) {
    out.spreads.push_back(spread_of(errors, kNone));
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const double unit = spread_of(errors, i);
      for (std::size_t h = 0; h < errors[i].size(); ++h) {
        if (!std::isnan(errors[i][h]) && unit > 0) by_step[h].push_back(errors[i][h] / (unit * growth[h]));
      }
    }
  }
  out.errors = calibration(by_step, growth);
  return out;
}

}  // namespace rondo::forecasting
