#include "tasks/forecast/statistical/observed.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rondo::forecasting::statistical {

namespace {

bool is_missing(double value) { return std::isnan(value); }

std::vector<double> interpolate_linearly(std::span<const double> values) {
  std::vector<double> filled(values.begin(), values.end());
  const auto rows = static_cast<std::int64_t>(values.size());
  std::int64_t left = -1;
  for (std::int64_t row = 0; row <= rows; ++row) {
    if (row < rows && is_missing(values[row])) continue;
    for (std::int64_t gap = left + 1; gap < row; ++gap) {
      if (left < 0 && row == rows) continue;  // nothing is observed
      const double share = static_cast<double>(gap - left) / static_cast<double>(row - left);
      filled[gap] = left < 0      ? values[row]
                    : row == rows ? values[left]
                                  : values[left] + share * (values[row] - values[left]);
    }
    left = row;
  }
  return filled;
}

}  // namespace

std::int64_t count_observed(std::span<const double> values) {
  return std::count_if(values.begin(), values.end(), [](double value) { return !is_missing(value); });
}

std::span<const double> from_first_observed(std::span<const double> values) {
  const auto first = std::find_if_not(values.begin(), values.end(), is_missing);
  return {first, values.end()};
}

std::vector<double> observed_values(std::span<const double> values) {
  std::vector<double> kept;
  kept.reserve(values.size());
  std::remove_copy_if(values.begin(), values.end(), std::back_inserter(kept), is_missing);
  return kept;
}

std::int64_t last_observed(std::span<const double> values) {
  auto row = static_cast<std::int64_t>(values.size()) - 1;
  while (row >= 0 && is_missing(values[row])) --row;
  return row;
}

std::vector<double> interpolate(std::span<const double> values, std::int64_t period) {
  std::vector<double> filled = interpolate_linearly(values);
  const auto rows = static_cast<std::int64_t>(values.size());
  if (period <= 1 || count_observed(values) == rows) return filled;
  const std::vector<double> line = filled;
  // How far the same place of the season stood above the line, one season before and after.
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!is_missing(values[row])) continue;
    double above = 0;
    int found = 0;
    for (const std::int64_t other : {row - period, row + period}) {
      if (other < 0 || other >= rows || is_missing(values[other])) continue;
      double around = 0;  // the level about there: the mean of the season that is centred on it
      const std::int64_t begin = std::max<std::int64_t>(0, other - period / 2);
      const std::int64_t end = std::min(rows, begin + period);
      for (std::int64_t near = begin; near < end; ++near) around += line[near];
      above += values[other] - around / static_cast<double>(end - begin);
      ++found;
    }
    if (found == 0) continue;
    double level = 0;
    int kept = 0;
    const std::int64_t begin = std::max<std::int64_t>(0, row - period / 2);
    const std::int64_t end = std::min(rows, begin + period);
    for (std::int64_t near = begin; near < end; ++near) {
      if (is_missing(values[near])) continue;
      level += values[near];
      ++kept;
    }
    if (2 * kept > end - begin) filled[row] = level / kept + above / found;
  }
  return filled;
}

}  // namespace rondo::forecasting::statistical
