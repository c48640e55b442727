#include "tasks/forecast/linear/linear_model.h"

#include <algorithm>
#include <map>
#include <string>

#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

/// With this many rows for each lag, candidates share the rows that the longest of them can use.
constexpr std::int64_t kRowsPerLagToShare = 10;

}  // namespace

std::int64_t LinearLayout::columns() const {
  return lags + waves.count() + covariates * covariate_lags + known * known_steps;
}

LinearLayout LinearLayout::cover(const Panel& panel, std::span<const LinearCandidate> candidates) {
  LinearLayout layout{.waves = {panel.seasons, std::vector<std::int64_t>(panel.seasons.size(), 0)},
                      .covariates = static_cast<std::int64_t>(panel.past.size()),
                      .known = static_cast<std::int64_t>(panel.known.size())};
  for (const LinearCandidate& candidate : candidates) {
    layout.lags = std::max(layout.lags, candidate.lags);
    layout.covariate_lags = std::max(layout.covariate_lags, candidate.covariate_lags);
    layout.known_steps = std::max(layout.known_steps, candidate.known_steps);
    for (std::size_t s = 0; s < candidate.wave_orders.size(); ++s) {
      layout.waves.orders[s] = std::max(layout.waves.orders[s], candidate.wave_orders[s]);
    }
  }
  return layout;
}

std::vector<std::int64_t> LinearLayout::columns_of(const LinearCandidate& candidate) const {
  std::vector<std::int64_t> chosen;
  for (std::int64_t k = 0; k < candidate.lags; ++k) chosen.push_back(k);
  std::int64_t next = lags;
  for (std::size_t s = 0; s < waves.orders.size(); ++s) {
    const std::int64_t used = s < candidate.wave_orders.size() ? candidate.wave_orders[s] : 0;
    for (std::int64_t c = 0; c < 2 * used; ++c) chosen.push_back(next + c);
    next += 2 * waves.orders[s];
  }
  for (std::int64_t c = 0; c < covariates * candidate.covariate_lags; ++c) chosen.push_back(next + c);
  next += covariates * covariate_lags;
  for (std::int64_t c = 0; c < known * candidate.known_steps; ++c) chosen.push_back(next + c);
  return chosen;
}

std::int64_t LinearLayout::first_origin(bool difference) const {
  return std::max<std::int64_t>({difference ? lags : lags - 1, covariate_lags - 1, 0});
}

void LinearLayout::fill(const ScaledPanel& scaled, const Origin& origin, std::span<double> row) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const auto now = static_cast<std::size_t>(origin.row);
  std::size_t next = 0;
  const ClockRows& clock = scaled.panel().series[s].clock;
  const auto back = [&](std::int64_t k) { return static_cast<std::size_t>(clock.back(origin.row, k)); };
  for (std::int64_t k = 0; k < lags; ++k) row[next++] = scaled.movement[s][back(k)];
  next += waves.write(scaled.panel().series[s].position[now], row.subspan(next));
  const auto width = static_cast<std::size_t>(covariates);
  for (std::int64_t k = 0; k < covariate_lags; ++k) {
    const std::size_t at = back(k) * width;
    for (std::size_t c = 0; c < width; ++c) row[next++] = scaled.past[s][at + c];
  }
  const auto known_width = static_cast<std::size_t>(known);
  for (std::int64_t k = 1; k <= known_steps; ++k) {
    const std::size_t at = (now + static_cast<std::size_t>(k)) * known_width;
    for (std::size_t c = 0; c < known_width; ++c) row[next++] = scaled.known[s][at + c];
  }
}

Rows LinearLayout::design(const ScaledPanel& scaled, std::span<const Origin> origins) const {
  Rows out{columns(), std::vector<double>(origins.size() * static_cast<std::size_t>(columns()))};
  for (std::size_t i = 0; i < origins.size(); ++i) {
    fill(scaled, origins[i], out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

Rows LinearModel::predict(const ScaledPanel& scaled, std::span<const Origin> origins) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(layout.columns()));
  for (std::size_t c = 0; c < all.size(); ++c) all[c] = static_cast<std::int64_t>(c);
  if (all.empty()) {  // forecasting the mean: no columns, so rows cannot be counted from the design
    Rows out{static_cast<std::int64_t>(map.intercept.size()), {}};
    for (std::size_t i = 0; i < origins.size(); ++i) {
      out.values.insert(out.values.end(), map.intercept.begin(), map.intercept.end());
    }
    return out;
  }
  Rows out = forecasting::predict(map, layout.design(scaled, origins), all);
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const PanelSeries& series = scaled.panel().series[static_cast<std::size_t>(origins[i].series)];
    series.clock.to_rows(origins[i].row, out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

Forecasts LinearModel::forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool&) {
  Rows location = predict(scaled, origins);
  Rows ones{location.columns, std::vector<double>(location.values.size(), 1.0)};
  return {std::move(location), std::move(ones)};
}

void LinearModel::archive(tasks::Archive& archive) {
  archive.field("lags", layout.lags, std::int64_t{0}, kMaxCount);
  archive.field("waves", layout.waves);
  archive.field("covariates", layout.covariates, std::int64_t{0}, kMaxCount);
  archive.field("covariate_lags", layout.covariate_lags, std::int64_t{0}, kMaxCount);
  archive.field("known", layout.known, std::int64_t{0}, kMaxCount);
  archive.field("known_steps", layout.known_steps, std::int64_t{0}, kMaxCount);
  archive.field("intercept", map.intercept);
  archive.field("weights", map.weights);
  const auto columns = static_cast<std::size_t>(layout.columns());
  if (map.weights.size() != columns * map.intercept.size())
    archive.refuse("weights", "does not fit the columns", std::to_string(map.weights.size()));
}

bool LinearModel::fits(const PanelShape& panel) const {
  return layout.covariates == panel.past && layout.known == panel.known &&
         layout.known_steps <= panel.horizon &&
         static_cast<std::int64_t>(map.intercept.size()) == panel.horizon;
}

std::vector<std::vector<LinearCandidate>> group_by_design(const Panel& panel,
                                                          std::span<const LinearCandidate> candidates) {
  std::int64_t longest = 1;
  for (const LinearCandidate& candidate : candidates) longest = std::max(longest, candidate.lags);
  if (panel.shortest_training() >= kRowsPerLagToShare * longest) {
    return {std::vector<LinearCandidate>(candidates.begin(), candidates.end())};
  }
  std::map<std::int64_t, std::vector<LinearCandidate>> by_lags;
  for (const LinearCandidate& candidate : candidates) by_lags[candidate.lags].push_back(candidate);
  std::vector<std::vector<LinearCandidate>> groups;
  for (auto& [lags, group] : by_lags) groups.push_back(std::move(group));
  return groups;
}

LinearModel fit_linear(const ScaledPanel& scaled, std::span<const LinearCandidate> candidates,
                       std::span<const std::int64_t> row_limits, const OriginFilter& filter) {
  const Panel& panel = scaled.panel();
  const LinearLayout whole = LinearLayout::cover(panel, candidates);
  const auto targets = static_cast<std::size_t>(panel.horizon);
  const std::int64_t stride = origin_stride(panel);
  const TaughtOrigins taught(panel);
  LinearModel model;
  model.layout = whole;
  model.map.weights.assign(static_cast<std::size_t>(whole.columns()) * targets, 0.0);
  model.map.intercept.assign(targets, 0.0);
  const double share = 1.0 / static_cast<double>(candidates.size());

  for (const std::vector<LinearCandidate>& group : group_by_design(panel, candidates)) {
    const LinearLayout layout = LinearLayout::cover(panel, group);
    std::vector<Origin> origins;
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      for (std::int64_t row = layout.first_origin(scaled.difference); row + panel.horizon < row_limits[s];
           ++row) {
        const Origin origin{static_cast<std::int64_t>(s), row};
        if (is_drawn(origin, stride) && taught.teaches(origin) && (!filter || filter(origin)))
          origins.push_back(origin);
      }
    }
    Moments moments(layout.columns(), panel.horizon);
    moments.add(layout.design(scaled, origins), target_rows(scaled, origins));
    if (moments.count == 0) continue;  // nothing to learn from: this share forecasts zero movement
    for (const LinearCandidate& candidate : group) {
      const std::vector<std::int64_t> chosen = layout.columns_of(candidate);
      const std::vector<std::int64_t> place = whole.columns_of(candidate);
      const LinearMap map = solve_ridge(moments, chosen, {&candidate.penalty, 1}).front();
      for (std::size_t c = 0; c < place.size(); ++c) {
        for (std::size_t h = 0; h < targets; ++h) {
          model.map.weights[static_cast<std::size_t>(place[c]) * targets + h] +=
              share * map.weights[c * targets + h];
        }
      }
      for (std::size_t h = 0; h < targets; ++h) model.map.intercept[h] += share * map.intercept[h];
    }
  }
  return model;
}

}  // namespace rondo::forecasting
