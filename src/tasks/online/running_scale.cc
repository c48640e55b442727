#include "tasks/online/running_scale.h"

#include <algorithm>
#include <cmath>

namespace rondo::online {

RunningScale::RunningScale(std::int64_t columns, std::int64_t memory) : memory_(static_cast<double>(memory)) {
  const auto size = static_cast<std::size_t>(columns);
  count_.assign(size, 0);
  mean_.assign(size, 0);
  variance_.assign(size, 0);
}

void RunningScale::add(std::span<const double> row) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (std::isnan(row[c])) continue;
    count_[c] = std::min(count_[c] + 1, memory_);
    const double weight = 1 / count_[c], difference = row[c] - mean_[c];
    mean_[c] += weight * difference;
    variance_[c] = (1 - weight) * (variance_[c] + weight * difference * difference);
  }
}

double RunningScale::deviation(std::size_t column) const {
  const double deviation = std::sqrt(variance_[column]);
  // Below this a column does not vary but for rounding.
  return deviation > 1e-9 * std::abs(mean_[column]) && deviation > 1e-150 ? deviation : 1;
}

void RunningScale::forget(double rows) {
  for (double& count : count_) count = std::min(count, rows);
}

void RunningScale::archive(StateArchive& archive) {
  archive.field("count", count_);
  archive.field("mean", mean_);
  archive.field("variance", variance_);
}

}  // namespace rondo::online
