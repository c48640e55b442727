#include "tasks/forecast/evaluation/baselines.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/panel/seasonal_indices.h"

namespace rondo::forecasting {

void naive_forecast(std::span<const double> history, std::span<double> out) {
  std::fill(out.begin(), out.end(), history.back());
}

void seasonal_naive_forecast(std::span<const double> history, std::int64_t period, std::span<double> out) {
  const auto season = static_cast<std::size_t>(period);
  if (history.size() < season) return naive_forecast(history, out);
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = history[history.size() - season + h % season];
}

void drift_forecast(std::span<const double> history, std::span<double> out) {
  if (history.size() < 2) return naive_forecast(history, out);
  const double slope = (history.back() - history.front()) / static_cast<double>(history.size() - 1);
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = history.back() + slope * static_cast<double>(h + 1);
}

// M4's benchmark, from the competitors' guide: the same seasonality test, decomposition and forecast as its R
// script makes with acf(), decompose(type = "multiplicative") and naive().

namespace {

constexpr double kCritical = 1.645;  // 90 %, two-sided

}  // namespace

Naive2Walk::Naive2Walk(std::span<const double> values, std::int64_t period)
    : values_(values),
      period_(static_cast<std::size_t>(std::max<std::int64_t>(1, period))),
      pairs_(period_ + 1),
      ratios_(period_, 0.0),
      ratio_counts_(period_, 0.0),
      ratio_rows_(period_ / 2) {}

void Naive2Walk::advance(std::size_t rows) {
  for (; rows_ < rows; ++rows_) {
    const double value = values_[rows_];
    if (std::isnan(value)) continue;
    if (!any_known_) origin_ = value;
    any_known_ = true;
    any_negative_ = any_negative_ || value < 0;
    const double now = value - origin_;
    for (std::size_t lag = 0; lag <= std::min(period_, rows_); ++lag) {
      const double before = values_[rows_ - lag] - origin_;
      if (std::isnan(before)) continue;
      pairs_[lag].products += now * before;
      pairs_[lag].sums += now + before;
      ++pairs_[lag].count;
    }
  }
  for (; ratio_rows_ + period_ / 2 < rows_; ++ratio_rows_) {
    const double ratio = values_[ratio_rows_] / centred_mean(values_, ratio_rows_, period_);
    if (std::isnan(ratio)) continue;
    ratios_[ratio_rows_ % period_] += ratio;
    ++ratio_counts_[ratio_rows_ % period_];
  }
}

/// How high each place of the season stands, mean 1; empty where there is no such decomposition. Place 0 is
/// that of the first value.
std::vector<double> Naive2Walk::seasonal_figure() const {
  std::vector<double> figure = ratios_;
  double mean = 0;
  for (std::size_t place = 0; place < period_; ++place) {
    figure[place] /= ratio_counts_[place];
    mean += figure[place] / static_cast<double>(period_);
  }
  for (double& place : figure) {
    place /= mean;
    if (!(place > 0 && std::isfinite(place))) return {};
  }
  return figure;
}

bool Naive2Walk::is_seasonal() const {
  if (period_ < 2 || rows_ < 3 * period_) return false;
  const double known = pairs_[0].count, mean = 0.5 * pairs_[0].sums / known;
  const auto covariance = [&](std::size_t lag) {
    const Pairs& pairs = pairs_[lag];
    return pairs.products - mean * pairs.sums + pairs.count * mean * mean;
  };
  const double variance = covariance(0);
  if (!(variance > 0)) return false;
  double squares = 1;
  for (std::size_t lag = 1; lag < period_; ++lag) {
    const double r = covariance(lag) / variance;
    squares += 2 * r * r;
  }
  return std::abs(covariance(period_) / variance) > kCritical * std::sqrt(squares / known);
}

void Naive2Walk::forecast(std::span<double> out) const {
  std::size_t last = rows_ - 1;
  while (last > 0 && std::isnan(values_[last])) --last;
  std::fill(out.begin(), out.end(), values_[last]);
  if (any_negative_ || !is_seasonal()) return;
  const std::vector<double> figure = seasonal_figure();
  if (figure.empty()) return;
  const double level = values_[last] / figure[last % period_];
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = level * figure[(rows_ + h) % period_];
}

}  // namespace rondo::forecasting
