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
constexpr double kWalk = 10;          // errors' worth of a random walk's growth along the horizon
/// The size of a forecast's errors varies by a third or so, the power below by a half before anything is
/// known: the square of their ratio.
constexpr double kNoGain = 0.36;
/// The variance of the logarithm of a single error (π²/8) over that of a forecast's size.
constexpr double kAlone = 14;
constexpr int kRounds = 4;

constexpr auto kNone = static_cast<std::size_t>(-1);

/// What makes errors of one series differ in size: powers of the step, and of the rows known in comparison
/// with the latest forecast.
struct Effects {
  double growth = 0.5, learning = 0;

  double of(std::size_t step, double rows_ratio) const {
    return std::pow(static_cast<double>(step + 1), growth) * std::pow(rows_ratio, -learning);
  }
};

/// Rows known at each forecast, over those of the latest; 1 where nothing is said of them.
std::vector<double> rows_ratios(const HeldOutErrors& series) {
  std::int64_t most = 1;
  for (const OriginErrors& forecast : series) most = std::max(most, forecast.rows);
  std::vector<double> ratios;
  for (const OriginErrors& forecast : series)
    ratios.push_back(forecast.rows > 0 ? static_cast<double>(forecast.rows) / static_cast<double>(most) : 1);
  return ratios;
}

/// The series in units of the effects.
HeldOutErrors without(const HeldOutErrors& series, const Effects& effects) {
  HeldOutErrors out = series;
  const std::vector<double> ratios = rows_ratios(series);
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t h = 0; h < out[i].errors.size(); ++h) out[i].errors[h] /= effects.of(h, ratios[i]);
  }
  return out;
}

/// But for those of forecast `except`.
double mean_square(const HeldOutErrors& series, std::size_t except) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i == except) continue;
    for (const double error : series[i].errors) {
      if (std::isnan(error)) continue;
      sum += error * error;
      ++count;
    }
  }
  return count > 0 ? sum / count : std::nan("");
}

/// A line through points of some weight.
struct Line {
  double weight = 0, x = 0, y = 0, xx = 0, xy = 0;

  void add(double w, double at, double value) {
    weight += w;
    x += w * at;
    y += w * value;
    xx += w * at * at;
    xy += w * at * value;
  }
  double spread() const { return weight > 0 ? xx - x * x / weight : 0; }
  double slope_times_spread() const { return weight > 0 ? xy - x * y / weight : 0; }
};

/// By least squares over logarithms of root mean squares, in turns, each in units of the other. Along the
/// horizon between errors that do not grow and those that grow as the steps do, as a random walk's where one
/// step is known.
Effects effects_of(std::span<const HeldOutErrors> series, std::int64_t horizon) {
  Effects effects;
  for (int round = 0; round < kRounds; ++round) {
    const auto steps = static_cast<std::size_t>(horizon);
    std::vector<double> squares(steps, 0.0), counts(steps, 0.0);
    double spread = 0, along = 0;  // of all series' lines
    for (const HeldOutErrors& errors : series) {
      const std::vector<double> ratios = rows_ratios(errors);
      const HeldOutErrors even = without(errors, effects);
      const double own = mean_square(even, kNone);
      if (!(own > 0)) continue;
      Line line;
      for (std::size_t i = 0; i < even.size(); ++i) {
        double sum = 0, count = 0;
        for (std::size_t h = 0; h < even[i].errors.size(); ++h) {
          const double error = even[i].errors[h];
          if (std::isnan(error)) continue;
          const double grown = error * std::pow(static_cast<double>(h + 1), effects.growth);
          squares[h] += grown * grown / own;
          ++counts[h];
          sum += error * error / own;
          ++count;
        }
        constexpr double kSmall = 1e-3;  // a forecast without an error is luck
        if (count > 0)
          line.add(count / (count + kAlone), std::log(ratios[i]),
                   0.5 * std::log(sum / count + kSmall) - effects.learning * std::log(ratios[i]));
      }
      spread += line.spread();
      along += line.slope_times_spread();
    }
    Line grows;
    for (std::size_t h = 0; h < steps; ++h) {
      if (squares[h] > 0)
        grows.add(counts[h], std::log(static_cast<double>(h + 1)), 0.5 * std::log(squares[h] / counts[h]));
    }
    effects.growth =
        std::clamp((grows.slope_times_spread() + kWalk * 0.5) / (grows.spread() + kWalk), 0.0, 1.0);
    effects.learning = std::clamp(-along / (spread + kNoGain), 0.0, 1.0);
  }
  return effects;
}

/// Of how many independent errors as much would be known as of these, whose misses of their 80 % band come in
/// runs along the horizon: as of a first-order autoregression.
double independent(const std::vector<std::vector<double>>& forecasts) {
  std::vector<double> all;
  for (const auto& forecast : forecasts) {
    for (const double error : forecast) {
      if (!std::isnan(error)) all.push_back(error);
    }
  }
  if (all.size() < 2) return static_cast<double>(all.size());
  std::vector<double> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 10], high = sorted[sorted.size() - 1 - sorted.size() / 10];
  const auto is_outside = [&](double error) { return error < low || error > high ? 1.0 : 0.0; };
  double share = 0;
  for (const double error : all) share += is_outside(error) / static_cast<double>(all.size());
  double products = 0, squares = 0;
  for (const auto& forecast : forecasts) {
    for (std::size_t h = 1; h < forecast.size(); ++h) {
      if (std::isnan(forecast[h]) || std::isnan(forecast[h - 1])) continue;
      const double before = is_outside(forecast[h - 1]) - share, now = is_outside(forecast[h]) - share;
      products += before * now;
      squares += 0.5 * (before * before + now * now);
    }
  }
  constexpr double kMostAlike = 0.95;
  const double alike = squares > 0 ? std::clamp(products / squares, 0.0, kMostAlike) : 0;
  return static_cast<double>(all.size()) * (1 - alike) / (1 + alike);
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
                                                     const Effects& effects, double worth) {
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
    for (std::size_t h = 0; h < columns.size(); ++h) {
      row[h] =
          i < columns[h].size() ? columns[h][i] * effects.of(h, 1) : std::numeric_limits<double>::quiet_NaN();
    }
  }
  return std::make_shared<const CalibrationErrors>(errors, worth);
}

}  // namespace

PooledCalibration pool_errors(std::span<const HeldOutErrors> series,
                              std::span<const std::vector<double>> steps, std::int64_t horizon) {
  const bool measured =
      std::ranges::any_of(series, [](const auto& errors) { return mean_square(errors, kNone) > 0; });
  std::vector<HeldOutErrors> one_step;  // a last value is as wrong as the series moves
  if (!measured) {
    for (const std::vector<double>& own : steps) {
      one_step.emplace_back();
      for (const double step : own) one_step.back().push_back(OriginErrors{{step}, 0});
    }
    series = one_step;
  }
  const Effects effects = effects_of(series, horizon);
  std::vector<HeldOutErrors> even;
  std::vector<double> squares;
  for (const HeldOutErrors& errors : series) {
    even.push_back(without(errors, effects));
    const double own = mean_square(even.back(), kNone);
    if (own > 0) squares.push_back(own);
  }
  const double usual = squares.empty() ? 0 : detail::median_of(squares);
  const auto spread_of = [&](const HeldOutErrors& errors, std::size_t except) {
    const double own = mean_square(errors, except);
    if (std::isnan(own)) return std::sqrt(usual);
    const auto count = static_cast<double>(errors.size()) - (except == kNone ? 0 : 1);
    return std::sqrt((count * own + kUsual * usual) / (count + kUsual));
  };
  PooledCalibration out;
  out.growth = effects.growth;
  std::vector<std::vector<double>> by_step(static_cast<std::size_t>(horizon)), forecasts;
  for (const HeldOutErrors& errors : even) {
    out.spreads.push_back(spread_of(errors, kNone));
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const double unit = spread_of(errors, i);
      if (!(unit > 0)) continue;
      forecasts.emplace_back();
      for (std::size_t h = 0; h < errors[i].errors.size(); ++h) {
        forecasts.back().push_back(errors[i].errors[h] / unit);
        if (!std::isnan(forecasts.back().back())) by_step[h].push_back(forecasts.back().back());
      }
    }
  }
  out.errors = calibration(by_step, effects, independent(forecasts));
  return out;
}

}  // namespace rondo::forecasting
