#include "tasks/online/learning/running_scale.h"

#include <algorithm>
#include <cmath>

namespace rondo::online {
namespace {

constexpr double kLastRows = 50;
/// How far the last rows may be from all, in deviations, and how many times their variance may differ.
constexpr double kShift = 1.5, kSpread = 6;

/// One step of a mean and variance that fade.
void follow(double value, double weight, double& mean, double& variance) {
  const double difference = value - mean;
  mean += weight * difference;
  variance = (1 - weight) * (variance + weight * difference * difference);
}

}  // namespace

RunningScale::RunningScale(std::int64_t columns, std::int64_t memory) : memory_(static_cast<double>(memory)) {
  const auto size = static_cast<std::size_t>(columns);
  count_.assign(size, 0);
  mean_.assign(size, 0);
  variance_.assign(size, 0);
  last_mean_.assign(size, 0);
  last_variance_.assign(size, 0);
}

void RunningScale::add(std::span<const double> row) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (!std::isnan(row[c])) add(c, row[c]);
  }
}

void RunningScale::add(std::size_t c, double value) {
  count_[c] = std::min(count_[c] + 1, memory_);
  follow(value, 1 / count_[c], mean_[c], variance_[c]);
  follow(value, 1 / std::min(count_[c], kLastRows), last_mean_[c], last_variance_[c]);
}

void RunningScale::shift(std::size_t column, double by) {
  mean_[column] += by;
  last_mean_[column] += by;
}

void RunningScale::restart(std::size_t column) {
  for (auto* values : {&count_, &mean_, &variance_, &last_mean_, &last_variance_}) (*values)[column] = 0;
}

double RunningScale::deviation(std::size_t column) const {
  const double deviation = std::sqrt(variance_[column]);
  // Below this a column does not vary but for rounding.
  return deviation > 1e-9 * std::abs(mean_[column]) && deviation > 1e-150 ? deviation : 1;
}

bool RunningScale::shifted(std::size_t column) const {
  const double before = variance_[column], last = last_variance_[column];
  return std::abs(last_mean_[column] - mean_[column]) > kShift * std::sqrt(before) ||
         last > kSpread * before || before > kSpread * last;
}

void RunningScale::forget_shifted(double rows) {
  for (std::size_t c = 0; c < count_.size(); ++c) {
    if (shifted(c)) count_[c] = std::min(count_[c], rows);
  }
}

void RunningScale::archive(tasks::Archive& archive) {
  archive.array("count", count_);
  archive.array("mean", mean_);
  archive.array("variance", variance_);
  archive.array("last_mean", last_mean_);
  archive.array("last_variance", last_variance_);
}

}  // namespace rondo::online
