#include "tasks/forecast/forecaster/forecaster.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxOrigins = 20000;

}  // namespace

Rows target_rows(const ScaledPanel& scaled, std::span<const Origin> origins) {
  const std::int64_t horizon = scaled.panel().horizon;
  Rows out{horizon, std::vector<double>(origins.size() * static_cast<std::size_t>(horizon))};
  for (std::size_t i = 0; i < origins.size(); ++i) {
    scaled.targets(origins[i], out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

Rows observed_targets(const ScaledPanel& scaled, std::span<const Origin> origins) {
  Rows out = target_rows(scaled, origins);
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const PanelSeries& series = scaled.panel().series[static_cast<std::size_t>(origins[i].series)];
    const std::span<double> row = out.row(static_cast<std::int64_t>(i));
    for (std::size_t h = 0; h < row.size(); ++h) {
      if (!series.is_observed(origins[i].row + 1 + static_cast<std::int64_t>(h))) row[h] = std::nan("");
    }
  }
  return out;
}

TaughtOrigins::TaughtOrigins(const Panel& panel) : horizon_(panel.horizon) {
  for (const PanelSeries& from : panel.series) {
    Counts& counts = series_.emplace_back();
    if (from.observed.empty()) continue;
    counts.before.push_back(0);
    for (const std::uint8_t seen : from.observed)
      counts.before.push_back(counts.before.back() + (seen != 0 ? 1 : 0));
    const auto rows = std::max<std::int64_t>(1, from.train_rows);
    const double share = static_cast<double>(counts.before[static_cast<std::size_t>(from.train_rows)]) /
                         static_cast<double>(rows);
    counts.needed = std::max(1.0, 0.5 * share * static_cast<double>(horizon_));
  }
}

bool TaughtOrigins::teaches(const Origin& origin) const {
  const Counts& counts = series_[static_cast<std::size_t>(origin.series)];
  if (counts.before.empty()) return true;
  const auto first = static_cast<std::size_t>(origin.row + 1),
             end = first + static_cast<std::size_t>(horizon_);
  if (end >= counts.before.size()) return true;
  return static_cast<double>(counts.before[end] - counts.before[first]) >= counts.needed;
}

std::int64_t origin_stride(const Panel& panel) {
  return std::max<std::int64_t>(1, (panel.total_learnt_rows() + kMaxOrigins - 1) / kMaxOrigins);
}

bool is_drawn(const Origin& origin, std::int64_t stride) {
  if (stride == 1) return true;
  const auto key = static_cast<std::uint64_t>(origin.series) << 32 | static_cast<std::uint64_t>(origin.row);
  return (key * 0x9E3779B97F4A7C15ULL >> 33) % static_cast<std::uint64_t>(stride) == 0;  // Fibonacci hashing
}

}  // namespace rondo::forecasting
