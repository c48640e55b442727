#include "tasks/forecast/intervals/backtest_bands.h"

#include <algorithm>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t k80 = 3, k95 = 4;  // places in band_levels

}  // namespace

std::vector<double> band_levels() { return {0.2, 0.4, 0.6, 0.8, 0.95}; }

std::vector<BandOffsets> bands_by_origin(const std::shared_ptr<const CalibrationErrors>& calibration,
                                         const Rows& errors, std::span<const std::int64_t> rows,
                                         std::int64_t stride) {
  AdaptiveOptions options;
  options.levels = band_levels();
  options.stride = stride;
  return walk_bands(AdaptiveBands(calibration, options), errors, rows);
}

void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastBands& bands) {
  for (std::size_t h = 0; h < location.size(); ++h) {
    const auto step = static_cast<std::int64_t>(h);
    const auto end = [&](double offset) {
      return scaled.to_units(origin, step + 1, location[h] + spread[h] * offset);
    };
    bands.low80.push_back(end(offsets.low_at(step, k80)));
    bands.high80.push_back(end(offsets.high_at(step, k80)));
    bands.low95.push_back(end(offsets.low_at(step, k95)));
    bands.high95.push_back(end(offsets.high_at(step, k95)));
  }
}

void step_quantiles(const ScaledPanel& scaled, const Origin& origin, double location, double spread,
                    const BandOffsets& offsets, std::int64_t step, std::vector<double>& levels,
                    std::vector<double>& quantiles) {
  levels.clear();
  quantiles.clear();
  const auto put = [&](double level, double offset) {
    levels.push_back(level);
    quantiles.push_back(scaled.to_units(origin, step + 1, location + spread * offset));
  };
  const auto count = static_cast<std::int64_t>(offsets.levels.size());
  for (std::int64_t k = count; k-- > 0;) {
    put(0.5 - offsets.levels[static_cast<std::size_t>(k)] / 2, offsets.low_at(step, k));
  }
  // Each end goes its own way, so that they may cross.
  const auto [low, high] = std::minmax({offsets.low_at(step, 0), offsets.high_at(step, 0)});
  put(0.5, std::clamp(0.0, low, high));
  for (std::int64_t k = 0; k < count; ++k) {
    put(0.5 + offsets.levels[static_cast<std::size_t>(k)] / 2, offsets.high_at(step, k));
  }
  std::sort(quantiles.begin(), quantiles.end());
}

void append_quantiles(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                      std::span<const double> spread, const BandOffsets& offsets, ForecastQuantiles& out) {
  std::vector<double> values;
  for (std::size_t h = 0; h < location.size(); ++h) {
    step_quantiles(scaled, origin, location[h], spread[h], offsets, static_cast<std::int64_t>(h), out.levels,
                   values);
    out.values.resize(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) out.values[k].push_back(values[k]);
  }
}

}  // namespace rondo::forecasting
