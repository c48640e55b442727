#include "tasks/forecast/linear/linear_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxOrigins = 20000;
/// With this many rows for each lag, candidates share the rows that the longest of them can use.
constexpr std::int64_t kRowsPerLagToShare = 10;

}  // namespace

std::int64_t LineLayout::columns() const {
  std::int64_t count = lags + covariates * covariate_lags + known * known_steps;
  for (const std::int64_t order : wave_orders) count += 2 * order;
  return count;
}

LineLayout LineLayout::cover(const Panel& panel, std::span<const LineCandidate> candidates) {
  LineLayout layout;
  layout.seasons = panel.seasons;
  layout.wave_orders.assign(panel.seasons.size(), 0);
  layout.covariates = static_cast<std::int64_t>(panel.past.size());
  layout.known = static_cast<std::int64_t>(panel.known.size());
  for (const LineCandidate& candidate : candidates) {
    layout.lags = std::max(layout.lags, candidate.lags);
    layout.covariate_lags = std::max(layout.covariate_lags, candidate.covariate_lags);
    layout.known_steps = std::max(layout.known_steps, candidate.known_steps);
    for (std::size_t s = 0; s < candidate.wave_orders.size(); ++s) {
      layout.wave_orders[s] = std::max(layout.wave_orders[s], candidate.wave_orders[s]);
    }
  }
  return layout;
}

std::vector<std::int64_t> LineLayout::columns_of(const LineCandidate& candidate) const {
  std::vector<std::int64_t> chosen;
  for (std::int64_t k = 0; k < candidate.lags; ++k) chosen.push_back(k);
  std::int64_t next = lags;
  for (std::size_t s = 0; s < wave_orders.size(); ++s) {
    const std::int64_t used = s < candidate.wave_orders.size() ? candidate.wave_orders[s] : 0;
    for (std::int64_t c = 0; c < 2 * used; ++c) chosen.push_back(next + c);
    next += 2 * wave_orders[s];
  }
  for (std::int64_t c = 0; c < covariates * candidate.covariate_lags; ++c) chosen.push_back(next + c);
  next += covariates * covariate_lags;
  for (std::int64_t c = 0; c < known * candidate.known_steps; ++c) chosen.push_back(next + c);
  return chosen;
}

std::int64_t LineLayout::first_origin(bool difference) const {
  return std::max<std::int64_t>({difference ? lags : lags - 1, covariate_lags - 1, 0});
}

void LineLayout::fill(const Panel& panel, const ScaledPanel& scaled, const Origin& origin,
                      std::span<double> row) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const auto now = static_cast<std::size_t>(origin.row);
  std::size_t next = 0;
  for (std::int64_t k = 0; k < lags; ++k) row[next++] = scaled.movement[s][now - static_cast<std::size_t>(k)];
  for (std::size_t season = 0; season < wave_orders.size(); ++season) {
    const double angle = 2 * std::numbers::pi * panel.series[s].position[now] / seasons[season];
    for (std::int64_t k = 1; k <= wave_orders[season]; ++k) {
      row[next++] = std::sin(static_cast<double>(k) * angle);
      row[next++] = std::cos(static_cast<double>(k) * angle);
    }
  }
  const auto width = static_cast<std::size_t>(covariates);
  for (std::int64_t k = 0; k < covariate_lags; ++k) {
    const std::size_t at = (now - static_cast<std::size_t>(k)) * width;
    for (std::size_t c = 0; c < width; ++c) row[next++] = scaled.past[s][at + c];
  }
  const auto known_width = static_cast<std::size_t>(known);
  for (std::int64_t k = 1; k <= known_steps; ++k) {
    const std::size_t at = (now + static_cast<std::size_t>(k)) * known_width;
    for (std::size_t c = 0; c < known_width; ++c) row[next++] = scaled.known[s][at + c];
  }
}

Rows LineLayout::design(const Panel& panel, const ScaledPanel& scaled,
                        std::span<const Origin> origins) const {
  Rows out{columns(), std::vector<double>(origins.size() * static_cast<std::size_t>(columns()))};
  for (std::size_t i = 0; i < origins.size(); ++i) {
    fill(panel, scaled, origins[i], out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

Rows target_rows(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins) {
  Rows out{panel.horizon, std::vector<double>(origins.size() * static_cast<std::size_t>(panel.horizon))};
  for (std::size_t i = 0; i < origins.size(); ++i) {
    scaled.targets(origins[i], out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

void forget_filled(const Panel& panel, std::span<const Origin> origins, Rows& truths) {
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const PanelSeries& series = panel.series[static_cast<std::size_t>(origins[i].series)];
    const std::span<double> row = truths.row(static_cast<std::int64_t>(i));
    for (std::size_t h = 0; h < row.size(); ++h) {
      if (!series.is_observed(origins[i].row + 1 + static_cast<std::int64_t>(h))) row[h] = std::nan("");
    }
  }
}

Rows LinearPath::predict(const Panel& panel, const ScaledPanel& scaled,
                         std::span<const Origin> origins) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(layout.columns()));
  for (std::size_t c = 0; c < all.size(); ++c) all[c] = static_cast<std::int64_t>(c);
  if (all.empty()) {  // forecasting the mean: no columns, so rows cannot be counted from the design
    Rows out{static_cast<std::int64_t>(map.intercept.size()), {}};
    for (std::size_t i = 0; i < origins.size(); ++i) {
      out.values.insert(out.values.end(), map.intercept.begin(), map.intercept.end());
    }
    return out;
  }
  return forecasting::predict(map, layout.design(panel, scaled, origins), all);
}

std::vector<std::vector<LineCandidate>> group_by_design(const Panel& panel,
                                                        std::span<const LineCandidate> candidates) {
  std::int64_t longest = 1;
  for (const LineCandidate& candidate : candidates) longest = std::max(longest, candidate.lags);
  if (panel.shortest_training() >= kRowsPerLagToShare * longest) {
    return {std::vector<LineCandidate>(candidates.begin(), candidates.end())};
  }
  std::map<std::int64_t, std::vector<LineCandidate>> by_lags;
  for (const LineCandidate& candidate : candidates) by_lags[candidate.lags].push_back(candidate);
  std::vector<std::vector<LineCandidate>> groups;
  for (auto& [lags, group] : by_lags) groups.push_back(std::move(group));
  return groups;
}

std::int64_t origin_stride(const Panel& panel) {
  return std::max<std::int64_t>(1, (panel.total_training_rows() + kMaxOrigins - 1) / kMaxOrigins);
}

bool is_drawn(const Origin& origin, std::int64_t stride) {
  if (stride == 1) return true;
  const auto key = static_cast<std::uint64_t>(origin.series) << 32 | static_cast<std::uint64_t>(origin.row);
  return (key * 0x9E3779B97F4A7C15ULL >> 33) % static_cast<std::uint64_t>(stride) == 0;  // Fibonacci hashing
}

LinearPath fit_line(const Panel& panel, const ScaledPanel& scaled, std::span<const LineCandidate> candidates,
                    std::span<const std::int64_t> row_limits, const OriginFilter& filter) {
  const LineLayout whole = LineLayout::cover(panel, candidates);
  const auto targets = static_cast<std::size_t>(panel.horizon);
  const std::int64_t stride = origin_stride(panel);
  LinearPath path{whole, {}};
  path.map.weights.assign(static_cast<std::size_t>(whole.columns()) * targets, 0.0);
  path.map.intercept.assign(targets, 0.0);
  const double share = 1.0 / static_cast<double>(candidates.size());

  for (const std::vector<LineCandidate>& group : group_by_design(panel, candidates)) {
    const LineLayout layout = LineLayout::cover(panel, group);
    std::vector<Origin> origins;
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      for (std::int64_t row = layout.first_origin(scaled.difference); row + panel.horizon < row_limits[s];
           ++row) {
        const Origin origin{static_cast<std::int64_t>(s), row};
        if (is_drawn(origin, stride) && (!filter || filter(origin))) origins.push_back(origin);
      }
    }
    Moments moments(layout.columns(), panel.horizon);
    moments.add(layout.design(panel, scaled, origins), target_rows(panel, scaled, origins));
    if (moments.count == 0) continue;  // nothing to learn from: this share forecasts zero movement
    for (const LineCandidate& candidate : group) {
      const std::vector<std::int64_t> chosen = layout.columns_of(candidate);
      const std::vector<std::int64_t> place = whole.columns_of(candidate);
      const LinearMap map = solve_ridge(moments, chosen, {&candidate.penalty, 1}).front();
      for (std::size_t c = 0; c < place.size(); ++c) {
        for (std::size_t h = 0; h < targets; ++h) {
          path.map.weights[static_cast<std::size_t>(place[c]) * targets + h] +=
              share * map.weights[c * targets + h];
        }
      }
      for (std::size_t h = 0; h < targets; ++h) path.map.intercept[h] += share * map.intercept[h];
    }
  }
  return path;
}

}  // namespace rondo::forecasting
