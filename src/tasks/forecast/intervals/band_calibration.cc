#include "tasks/forecast/intervals/band_calibration.h"

#include <cstddef>

namespace rondo::forecasting {

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
