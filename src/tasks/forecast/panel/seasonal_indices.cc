#include "tasks/forecast/panel/seasonal_indices.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

namespace {

/// Positions and whole seasons are whole numbers, so that all of this is exact for them.
std::size_t place_of(double position, double season, std::size_t places) {
  double within = std::fmod(position, season);
  if (within < 0) within += season;
  const auto place = static_cast<std::size_t>(within * static_cast<double>(places) / season);
  return std::min(place, places - 1);
}

}  // namespace

double centred_mean(std::span<const double> values, std::size_t t, std::size_t period) {
  const std::size_t half = period / 2;
  if (t < half || t + half >= values.size()) return std::nan("");
  double sum = 0;
  for (std::size_t i = t - half; i <= t + half; ++i) sum += values[i];
  if (period % 2 == 0) sum -= 0.5 * (values[t - half] + values[t + half]);
  return sum / static_cast<double>(period);
}

double SeasonalIndices::at(double position) const {
  return by_place.empty() ? 0 : by_place[place_of(position, season, by_place.size())];
}

SeasonalIndices fit_seasonal_indices(std::span<const double> transformed, std::span<const double> positions,
                                     std::span<const std::uint8_t> observed, double season) {
  const auto places = static_cast<std::size_t>(std::llround(season));
  SeasonalIndices out{season, std::vector<double>(places, 0.0)};
  std::vector<double> counts(places, 0.0);
  for (std::size_t row = 0; row < transformed.size(); ++row) {
    if (!observed.empty() && observed[row] == 0) continue;
    const double above = transformed[row] - centred_mean(transformed, row, places);
    if (!std::isfinite(above)) continue;
    const std::size_t place = place_of(positions[row], season, places);
    out.by_place[place] += above;
    ++counts[place];
  }
  double sum = 0, seen = 0;
  for (std::size_t place = 0; place < places; ++place) {
    if (counts[place] == 0) continue;
    out.by_place[place] /= counts[place];
    sum += out.by_place[place];
    ++seen;
  }
  for (std::size_t place = 0; place < places; ++place) {
    if (counts[place] > 0) out.by_place[place] -= sum / seen;
  }
  return out;
}

}  // namespace rondo::forecasting
