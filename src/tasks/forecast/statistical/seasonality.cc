#include "tasks/forecast/statistical/seasonality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting::statistical {

namespace {

constexpr double kCritical = 1.6448536269514722;  // 90 %, two-sided
constexpr double kMinFactor = 0.01;

/// The mean of a whole season around a row, ends at half weight where it is even; NaN near the ends.
double centred_mean(std::span<const double> values, std::int64_t row, std::int64_t period) {
  const std::int64_t half = period / 2;
  if (row < half || row + half >= std::ssize(values)) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (std::int64_t near = row - half; near <= row + half; ++near) sum += values[near];
  if (period % 2 == 0) sum -= (values[row - half] + values[row + half]) / 2;
  return sum / static_cast<double>(period);
}

std::vector<double> means_by_place(std::span<const double> values, std::span<const double> filled,
                                   std::int64_t period, SeasonKind kind) {
  std::vector<double> places(static_cast<std::size_t>(period), 0.0), counts(places.size(), 0.0);
  for (std::int64_t row = 0; row < std::ssize(values); ++row) {
    const double level = centred_mean(filled, row, period);
    const double above = kind == SeasonKind::additive ? values[row] - level : values[row] / level;
    if (std::isnan(above)) continue;
    places[row % period] += above;
    ++counts[row % period];
  }
  const double neutral = kind == SeasonKind::additive ? 0 : 1;
  for (std::size_t place = 0; place < places.size(); ++place) {
    places[place] = counts[place] > 0 ? places[place] / counts[place] : neutral;
  }
  const double middle = std::accumulate(places.begin(), places.end(), 0.0) / static_cast<double>(period);
  for (double& place : places) place = kind == SeasonKind::additive ? place - middle : place / middle;
  return places;
}

}  // namespace

bool is_seasonal(std::span<const double> values, std::int64_t period) {
  const auto rows = static_cast<std::int64_t>(values.size());
  if (period < 2 || rows < 2 * period) return false;
  const std::vector<double> known = observed_values(values);
  const double middle = std::accumulate(known.begin(), known.end(), 0.0) / static_cast<double>(known.size());
  double variance = 0;
  for (const double value : known) variance += (value - middle) * (value - middle);
  if (!(variance > 0)) return false;
  double squares = 0, correlation = 0;
  for (std::int64_t lag = 1; lag <= period; ++lag) {
    double sum = 0;
    for (std::int64_t row = lag; row < rows; ++row) {
      const double product = (values[row] - middle) * (values[row - lag] - middle);
      if (!std::isnan(product)) sum += product;
    }
    correlation = sum / variance;
    if (lag < period) squares += correlation * correlation;
  }
  return std::abs(correlation) > kCritical * std::sqrt((1 + 2 * squares) / static_cast<double>(known.size()));
}

SeasonalFigure seasonal_figure(std::span<const double> values, std::int64_t period, SeasonKind kind) {
  const std::vector<double> filled = interpolate(values, period);
  const bool positive = std::all_of(filled.begin(), filled.end(), [](double value) { return value > 0; });
  if (kind == SeasonKind::multiplicative && positive) {
    SeasonalFigure figure{kind, means_by_place(values, filled, period, kind)};
    if (*std::min_element(figure.places.begin(), figure.places.end()) >= kMinFactor) return figure;
  }
  return {SeasonKind::additive, means_by_place(values, filled, period, SeasonKind::additive)};
}

}  // namespace rondo::forecasting::statistical
