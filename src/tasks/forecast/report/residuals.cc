#include "tasks/forecast/report/residuals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/index_range.h"
#include "base/order_statistics.h"

namespace rondo::forecasting {
namespace {

std::vector<double> finite_only(std::span<const double> values) {
  std::vector<double> kept;
  kept.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [](double v) { return std::isfinite(v); });
  return kept;
}

double mean_of(std::span<const double> values) {
  return values.empty()
             ? 0.0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::size_t bin_count(std::span<const double> sorted) {
  constexpr double kMinCount = 5, kMaxCount = 40;
  const double range = sorted.back() - sorted.front();
  const double quartiles =
      detail::quantile_of_sorted(sorted, 0.75) - detail::quantile_of_sorted(sorted, 0.25);
  const double width = 2 * quartiles / std::cbrt(static_cast<double>(sorted.size()));
  const double wanted = width > 0 ? std::ceil(range / width) : kMaxCount;
  return static_cast<std::size_t>(std::clamp(wanted, kMinCount, kMaxCount));
}

}  // namespace

std::vector<double> residuals(std::span<const double> actual, std::span<const double> predicted) {
  std::vector<double> result(std::min(actual.size(), predicted.size()));
  std::transform(actual.begin(), actual.begin() + static_cast<std::ptrdiff_t>(result.size()),
                 predicted.begin(), result.begin(), [](double a, double p) { return a - p; });
  return result;
}

Histogram histogram_of(std::span<const double> values) {
  Histogram histogram;
  std::vector<double> sorted = finite_only(values);
  if (sorted.empty()) return histogram;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted.front(), range = sorted.back() - sorted.front();
  if (!(range > 0) || !std::isfinite(range)) {
    const double margin = std::max(std::abs(low) * 1e-6, 1e-12);
    histogram.edges = {low - margin, std::max(sorted.back(), low) + margin};
    histogram.counts = {sorted.size()};
    return histogram;
  }
  const std::size_t bins = bin_count(sorted);
  histogram.counts.assign(bins, 0);
  for (std::size_t i = 0; i <= bins; ++i)
    histogram.edges.push_back(low + range * static_cast<double>(i) / static_cast<double>(bins));
  for (const double value : sorted) {
    const auto bin = static_cast<std::size_t>((value - low) / range * static_cast<double>(bins));
    ++histogram.counts[std::min(bin, bins - 1)];
  }
  return histogram;
}

std::vector<double> autocorrelation(std::span<const double> values, std::size_t max_lag) {
  const std::vector<double> present = finite_only(values);
  const double mean = mean_of(present);
  double total = 0;
  for (const double value : present) total += (value - mean) * (value - mean);
  std::vector<double> result(max_lag, 0.0);
  if (!(total > 0)) return result;
  for (std::size_t lag = 1; lag <= max_lag; ++lag) {
    double sum = 0;
    for (std::size_t t = 0; t + lag < values.size(); ++t) {
      const double product = (values[t] - mean) * (values[t + lag] - mean);
      if (std::isfinite(product)) sum += product;
    }
    result[lag - 1] = sum / total;
  }
  return result;
}

ResidualSummary summarise_residuals(std::span<const double> values) {
  constexpr std::size_t kMaxLags = 40;
  const std::vector<double> present = finite_only(values);
  ResidualSummary summary;
  summary.count = present.size();
  if (present.empty()) return summary;
  summary.mean = mean_of(present);
  if (present.size() > 1) {
    double squares = 0;
    for (const double value : present) squares += (value - summary.mean) * (value - summary.mean);
    summary.deviation = std::sqrt(squares / static_cast<double>(present.size() - 1));
  }
  summary.histogram = histogram_of(present);
  summary.autocorrelation = autocorrelation(values, std::min(kMaxLags, present.size() / 2));
  summary.bound = 1.96 / std::sqrt(static_cast<double>(present.size()));
  return summary;
}

double share_inside(std::span<const double> actual, std::span<const double> low,
                    std::span<const double> high) {
  std::size_t seen = 0, inside = 0;
  for (std::size_t i = 0; i < std::min({actual.size(), low.size(), high.size()}); ++i) {
    if (std::isnan(actual[i]) || std::isnan(low[i]) || std::isnan(high[i])) continue;
    ++seen;
    if (low[i] <= actual[i] && actual[i] <= high[i]) ++inside;
  }
  return seen == 0 ? std::numeric_limits<double>::quiet_NaN()
                   : static_cast<double>(inside) / static_cast<double>(seen);
}

std::vector<std::size_t> rows_to_draw(std::span<const double> values, std::size_t limit) {
  if (values.size() <= limit) return detail::range<std::size_t>(0, values.size());
  std::vector<std::size_t> rows;
  constexpr std::size_t kRowsPerBucket = 5;  // first, lowest, highest, last and one gap
  const std::size_t buckets = std::max<std::size_t>(1, limit / kRowsPerBucket);
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t begin = bucket * values.size() / buckets, end = (bucket + 1) * values.size() / buckets;
    std::vector<std::size_t> kept;
    std::size_t lowest = end, highest = end, gap = end;
    for (std::size_t row = begin; row < end; ++row) {
      if (!std::isfinite(values[row])) {
        if (gap == end) gap = row;
        continue;
      }
      if (kept.empty()) kept.assign({row, row});
      kept.back() = row;
      if (lowest == end || values[row] < values[lowest]) lowest = row;
      if (highest == end || values[row] > values[highest]) highest = row;
    }
    for (const std::size_t row : {lowest, highest, gap})
      if (row != end) kept.push_back(row);
    detail::sort_unique(kept);
    rows.insert(rows.end(), kept.begin(), kept.end());
  }
  return rows;
}

PitHistogram pit_histogram(std::span<const double> values) {
  constexpr std::size_t kBins = 10;
  PitHistogram histogram;
  histogram.counts.assign(kBins, 0);
  for (const double value : values) {
    if (!(value >= 0 && value <= 1)) continue;
    ++histogram.rows;
    ++histogram.counts[std::min(static_cast<std::size_t>(value * kBins), kBins - 1)];
  }
  return histogram;
}

}  // namespace rondo::forecasting
