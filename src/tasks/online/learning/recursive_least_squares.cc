#include "tasks/online/learning/recursive_least_squares.h"

#include <algorithm>
#include <cmath>

namespace rondo::online {
namespace {

/// The inverse covariance at the start: a ridge of a hundred rows of features of variance 1, which keeps the
/// first rows from being fitted exactly. It fades like all rows; where it has faded, this is the largest it
/// may become.
constexpr double kStart = 0.01, kMaxCount = 0.3;

double dot(const double* a, const double* b, std::size_t count) {
  // Four sums, so that additions need not wait for each other.
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

RecursiveLeastSquares::RecursiveLeastSquares(std::int64_t features, std::int64_t targets, double forgetting)
    : features_(features), forgetting_(forgetting) {
  weights_.assign(static_cast<std::size_t>(features * targets), 0);
  covariance_.assign(static_cast<std::size_t>(features * features), 0);
  gain_.assign(static_cast<std::size_t>(features), 0);
  restart();
}

void RecursiveLeastSquares::restart() {
  const auto n = static_cast<std::size_t>(features_);
  std::fill(covariance_.begin(), covariance_.end(), 0);
  for (std::size_t i = 0; i < n; ++i) covariance_[i * n + i] = kStart;
}

void RecursiveLeastSquares::restart(std::size_t target) {
  const auto first = weights_.begin() + static_cast<std::int64_t>(target) * features_;
  std::fill(first, first + features_, 0);
  restart();
}

void RecursiveLeastSquares::forget(double share) {
  const auto n = static_cast<std::size_t>(features_);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, covariance_[i * n + i]);
  const double factor = std::max(1.0, std::min(1 / share, kMaxCount / largest));
  for (double& value : covariance_) value *= factor;
}

double RecursiveLeastSquares::predict(std::size_t target, std::span<const double> features) const {
  const auto n = static_cast<std::size_t>(features_);
  return dot(weights_.data() + target * n, features.data(), n);
}

void RecursiveLeastSquares::learn(std::span<const double> features, std::span<const double> values,
                                  std::span<const double> largest_error) {
  if (std::all_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) return;
  const auto n = static_cast<std::size_t>(features_);
  for (std::size_t i = 0; i < n; ++i) gain_[i] = dot(covariance_.data() + i * n, features.data(), n);
  const double spread = dot(gain_.data(), features.data(), n);
  if (!(spread >= 0) || !std::isfinite(spread)) return restart();  // rounding has eaten the covariance
  const double scale = 1 / (forgetting_ + spread);
  for (std::size_t d = 0; d < values.size(); ++d) {
    if (std::isnan(values[d])) continue;
    double error = values[d] - predict(d, features);
    error = std::clamp(error, -largest_error[d], largest_error[d]) * scale;
    double* weights = weights_.data() + d * n;
    for (std::size_t i = 0; i < n; ++i) weights[i] += error * gain_[i];
  }
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i)
    largest = std::max(largest, covariance_[i * n + i] - scale * gain_[i] * gain_[i]);
  const double grow = largest < forgetting_ * kMaxCount ? 1 / forgetting_ : 1;
  for (std::size_t i = 0; i < n; ++i) {
    // (g_i · g_j) · scale rounds the same for (i, j) and (j, i), so the matrix stays symmetric to the bit.
    // What breaks symmetry would grow by 1 / forgetting a row.
    const double gain = gain_[i];
    double* row = covariance_.data() + i * n;
    for (std::size_t j = 0; j < n; ++j) row[j] = grow * (row[j] - (gain * gain_[j]) * scale);
  }
}

void RecursiveLeastSquares::archive(tasks::Archive& archive) {
  archive.array("weights", weights_);
  archive.array("covariance", covariance_);
}

}  // namespace rondo::online
