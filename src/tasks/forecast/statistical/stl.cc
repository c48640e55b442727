#include "tasks/forecast/statistical/stl.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rondo::forecasting::statistical {

namespace {

std::int64_t next_odd(double from) {
  const auto whole = static_cast<std::int64_t>(std::ceil(from));
  return whole % 2 == 0 ? whole + 1 : whole;
}

std::int64_t tenth(std::int64_t window) { return (window + 9) / 10; }

/// The fit at `at` from rows first … last; NaN where every weight is zero.
double fit_at(std::span<const double> values, std::span<const double> weights, const Loess& how, double at,
              std::int64_t first, std::int64_t last, std::vector<double>& near) {
  const auto rows = static_cast<std::int64_t>(values.size());
  double reach = std::max(at - static_cast<double>(first), static_cast<double>(last) - at);
  const std::int64_t beyond =
      how.window > rows ? (how.window - rows) / 2 : 0;  // whole rows, as its authors have it
  reach += static_cast<double>(beyond);
  const double inside = 0.001 * reach, outside = 0.999 * reach;
  near.assign(static_cast<std::size_t>(last - first + 1), 0.0);
  double sum = 0;
  for (std::int64_t row = first; row <= last; ++row) {
    const double far = std::abs(static_cast<double>(row) - at);
    if (far > outside) continue;
    double weight = 1;
    if (far > inside) {
      const double ratio = far / reach, cube = 1 - ratio * ratio * ratio;
      weight = cube * cube * cube;
    }
    if (!weights.empty()) weight *= weights[row];
    near[row - first] = weight;
    sum += weight;
  }
  if (!(sum > 0)) return std::nan("");
  double centre = 0;
  for (std::int64_t row = first; row <= last; ++row)
    centre += near[row - first] / sum * static_cast<double>(row);
  double fit = 0, tilt = 0, spread = 0;
  for (std::int64_t row = first; row <= last; ++row) {
    const double weight = near[row - first] / sum, from = static_cast<double>(row) - centre;
    fit += weight * values[row];
    tilt += weight * from * values[row];
    spread += weight * from * from;
  }
  if (how.degree == 0 || std::sqrt(spread) <= 0.001 * static_cast<double>(rows - 1)) return fit;
  return fit + (at - centre) * tilt / spread;
}

std::vector<double> moving_average(std::span<const double> values, std::int64_t length) {
  const auto count = static_cast<std::int64_t>(values.size()) - length + 1;
  std::vector<double> means(static_cast<std::size_t>(count));
  double sum = std::accumulate(values.begin(), values.begin() + length, 0.0);
  for (std::int64_t i = 0; i < count; ++i) {
    means[i] = sum / static_cast<double>(length);
    if (i + 1 < count) sum += values[i + length] - values[i];
  }
  return means;
}

/// Every place of the season smoothed by itself, one season beyond both ends: [period + rows + period].
std::vector<double> smooth_places(std::span<const double> detrended, std::span<const double> weights,
                                  std::int64_t period, const Loess& how) {
  const auto rows = static_cast<std::int64_t>(detrended.size());
  std::vector<double> smooth(static_cast<std::size_t>(rows + 2 * period)), place, place_weights;
  for (std::int64_t first = 0; first < period; ++first) {
    place.clear();
    place_weights.clear();
    for (std::int64_t row = first; row < rows; row += period) {
      place.push_back(detrended[row]);
      if (!weights.empty()) place_weights.push_back(weights[row]);
    }
    const std::vector<double> fits = loess(place, how, place_weights, 1, 1);
    for (std::int64_t i = 0; i < std::ssize(fits); ++i) smooth[first + i * period] = fits[i];
  }
  return smooth;
}

/// Bisquare weights of what lies within six median absolute rests.
std::vector<double> robust_weights(std::span<const double> values, const Stl& parts) {
  std::vector<double> rest(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    rest[row] = std::abs(values[row] - parts.season[row] - parts.trend[row]);
  }
  std::vector<double> sorted = rest;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  const double bound = 3 * (sorted[half] + sorted[sorted.size() - half - 1]);
  for (double& far : rest) {
    if (far <= 0.001 * bound) {
      far = 1;
    } else if (far > 0.999 * bound) {
      far = 0;
    } else {
      const double ratio = far / bound;
      far = (1 - ratio * ratio) * (1 - ratio * ratio);
    }
  }
  return rest;
}

/// One round of the inner loop.
void refine(std::span<const double> values, std::span<const double> weights, std::int64_t period,
            const StlOptions& options, Stl& parts) {
  const auto rows = static_cast<std::int64_t>(values.size());
  std::vector<double> left(values.begin(), values.end());
  for (std::int64_t row = 0; row < rows; ++row) left[row] -= parts.trend[row];
  const std::vector<double> places = smooth_places(left, weights, period, options.season);
  const std::vector<double> low =
      loess(moving_average(moving_average(moving_average(places, period), period), 3), options.low_pass, {});
  for (std::int64_t row = 0; row < rows; ++row) {
    parts.season[row] = places[row + period] - low[row];
    left[row] = values[row] - parts.season[row];
  }
  parts.trend = loess(left, options.trend, weights);
}

}  // namespace

std::vector<double> loess(std::span<const double> values, const Loess& how, std::span<const double> weights,
                          std::int64_t before, std::int64_t after) {
  const auto rows = static_cast<std::int64_t>(values.size());
  const std::int64_t count = rows + before + after;
  std::vector<double> fits(static_cast<std::size_t>(count)), near;
  const std::int64_t taken = std::min(how.window, rows);
  const auto fit = [&](std::int64_t i) {
    const std::int64_t at = i - before;
    const std::int64_t first =
        std::clamp<std::int64_t>(at - (how.window - 1) / 2, 0, std::max<std::int64_t>(0, rows - taken));
    const double value =
        fit_at(values, weights, how, static_cast<double>(at), first, first + taken - 1, near);
    fits[i] = std::isnan(value) ? values[std::clamp<std::int64_t>(at, 0, rows - 1)] : value;
  };
  const auto line = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from + 1; i < to; ++i) {
      fits[i] = fits[from] +
                (fits[to] - fits[from]) * static_cast<double>(i - from) / static_cast<double>(to - from);
    }
  };
  // What lies beyond the ends is always fitted; between them every `jump` rows, and the last one.
  for (std::int64_t i = 0; i < before; ++i) fit(i);
  const std::int64_t jump = std::max<std::int64_t>(1, std::min(how.jump, rows - 1)), last = before + rows - 1;
  std::int64_t done = before;
  fit(done);
  while (done < last) {
    const std::int64_t next = std::min(done + jump, last);
    fit(next);
    line(done, next);
    done = next;
  }
  for (std::int64_t i = last + 1; i < count; ++i) fit(i);
  return fits;
}

StlOptions StlOptions::fast(std::int64_t period, std::int64_t season_window) {
  StlOptions options;
  options.season = {.window = season_window, .degree = 0, .jump = tenth(season_window)};
  options.trend.window =
      next_odd(1.5 * static_cast<double>(period) / (1 - 1.5 / static_cast<double>(season_window)));
  options.trend.jump = tenth(options.trend.window);
  options.low_pass.window = next_odd(static_cast<double>(period) + 1e-9);
  options.low_pass.jump = tenth(options.low_pass.window);
  return options;
}

Stl stl(std::span<const double> values, std::int64_t period, const StlOptions& given) {
  StlOptions options = given;
  const StlOptions usual = StlOptions::fast(period, options.season.window);
  if (options.trend.window == 0) options.trend.window = usual.trend.window;
  if (options.low_pass.window == 0) options.low_pass.window = usual.low_pass.window;
  Stl parts{std::vector<double>(values.size(), 0.0), std::vector<double>(values.size(), 0.0)};
  std::vector<double> weights;
  for (int round = 0; round <= options.outer; ++round) {
    for (int i = 0; i < options.inner; ++i) refine(values, weights, period, options, parts);
    if (round < options.outer) weights = robust_weights(values, parts);
  }
  return parts;
}

}  // namespace rondo::forecasting::statistical
