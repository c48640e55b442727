#include "tasks/forecast/intervals/backtest_bands.h"

#include <algorithm>
#include <cstddef>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t k80 = 3, k95 = 4;  // places in band_levels

}  // namespace

std::vector<double> band_levels() { return {0.2, 0.4, 0.6, 0.8, 0.95}; }

std::vector<BandOffsets> bands_by_origin(const std::shared_ptr<const CalibrationErrors>& calibration,
                                         const Rows& errors, std::span<const std::int64_t> rows,
                                         std::int64_t stride) {
  AdaptiveOptions options{.levels = band_levels(), .stride = stride};
  return walk_bands(AdaptiveBands(calibration, options), errors, rows);
}

void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastBands& bands) {
  for (std::size_t h = 0; h < location.size(); ++h) {
    const auto step = static_cast<std::int64_t>(h);
    const auto end = [&](double offset) {
      return scaled.to_units(origin, step + 1, location[h] + spread[h] * offset);
    };
    // However one-sided the errors were, a band holds its forecast.
    const auto low = [&](std::int64_t level) { return end(std::min(0.0, offsets.low_at(step, level))); };
    const auto high = [&](std::int64_t level) { return end(std::max(0.0, offsets.high_at(step, level))); };
    bands.low80.push_back(low(k80));
    bands.high80.push_back(high(k80));
    bands.low95.push_back(low(k95));
    bands.high95.push_back(high(k95));
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

namespace {

constexpr std::size_t kMaxPit = 4096;

double probability(double actual, std::span<const double> quantiles, std::span<const double> levels) {
  if (actual < quantiles.front()) return levels.front() / 2;
  for (std::size_t k = 1; k < quantiles.size(); ++k) {
    if (actual > quantiles[k]) continue;
    const double width = quantiles[k] - quantiles[k - 1];
    const double part = width > 0 ? (actual - quantiles[k - 1]) / width : 0.5;
    return levels[k - 1] + part * (levels[k] - levels[k - 1]);
  }
  return (1 + levels.back()) / 2;
}

}  // namespace

void BandCalibration::add(double actual, std::span<const double> quantiles, std::span<const double> levels) {
  const std::size_t pairs = quantiles.size() / 2;
  inside_.resize(pairs, 0);
  nominal_.resize(pairs);
  for (std::size_t k = 0; k < pairs; ++k) {
    nominal_[k] = 1 - 2 * levels[k];
    inside_[k] += actual >= quantiles[k] && actual <= quantiles[quantiles.size() - 1 - k] ? 1 : 0;
  }
  if (count_ % stride_ == 0) {
    pit_.push_back(probability(actual, quantiles, levels));
    if (pit_.size() == kMaxPit) thin();
  }
  ++count_;
}

void BandCalibration::put(ForecastCalibration& out) const {
  for (std::size_t k = nominal_.size(); k-- > 0;) {
    out.nominal.push_back(nominal_[k]);
    out.observed.push_back(inside_[k] / static_cast<double>(count_));
  }
  out.pit = pit_;
  out.rows = count_;
}

void BandCalibration::thin() {
  for (std::size_t i = 0; 2 * i < pit_.size(); ++i) pit_[i] = pit_[2 * i];
  pit_.resize(pit_.size() / 2);
  stride_ *= 2;
}

}  // namespace rondo::forecasting
