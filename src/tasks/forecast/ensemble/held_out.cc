#include "tasks/forecast/ensemble/held_out.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tasks/common/verdict.h"

namespace rondo::forecasting {

BlendWeight fit_blend_weight(const Rows& residuals, const Rows& shifts, std::int64_t overlap) {
  BlendWeight out;
  double product = 0, power = 0, before = 0;
  for (std::size_t i = 0; i < residuals.values.size(); ++i) {
    if (std::isnan(residuals.values[i])) continue;
    product += residuals.values[i] * shifts.values[i];
    power += shifts.values[i] * shifts.values[i];
    before += residuals.values[i] * residuals.values[i];
  }
  if (!(power > 0) || !(before > 0)) return out;
  out.gain = (2 * product - power) / before;
  const double factor = std::clamp(product / power, 0.0, 1.0);
  std::vector<double> gains;  // by origin, of the forecast that takes so much
  for (std::int64_t i = 0; i < residuals.count(); ++i) {
    double gain = 0;
    bool any_known = false;
    for (std::size_t h = 0; h < static_cast<std::size_t>(residuals.columns); ++h) {
      const double truth = residuals.row(i)[h], rest = truth - factor * shifts.row(i)[h];
      if (std::isnan(truth)) continue;
      any_known = true;
      gain += truth * truth - rest * rest;
    }
    if (any_known) gains.push_back(gain);
  }
  out.statistic = tasks::loss_gain_statistic(gains, overlap);
  if (out.statistic <= 1) return out;
  out.weight = factor * (1 - 1 / (out.statistic * out.statistic));
  return out;
}

namespace {

constexpr std::int64_t kMaxOrigins = 4000;
/// Of forecasts that are drawn path by path.
constexpr std::int64_t kMaxSampledOrigins = 600;
constexpr std::size_t kMaxOriginsOfATrial = 1000;

/// Without what this member holds out.
LinearModel linear_of_member(const TrainingTask& task, const Folds& folds, int member) {
  return fit_linear(task.scaled, task.linear.members, task.panel().learnt_rows(),
                    [&](const Origin& origin) { return folds.role(member, origin) == Role::train; });
}

std::int64_t max_origins(const Forecaster& networks) {
  return networks.is_sampled() ? kMaxSampledOrigins : kMaxOrigins;
}

/// Members that hold out the same part.
std::vector<std::vector<int>> groups_of(const Folds& folds) {
  const int parts = folds.holds_out_the_same() ? 1 : std::min(folds.members(), kHeldOutParts);
  std::vector<std::vector<int>> groups(static_cast<std::size_t>(parts));
  for (int k = 0; k < folds.members(); ++k) groups[static_cast<std::size_t>(k % parts)].push_back(k);
  return groups;
}

/// The linear model's forecasts of these origins, predicted together with those of all origins of the
/// training part from row `first` on, as the residuals were that a correction has learnt: the last bits of a
/// product of matrices depend on the number of its rows.
Rows predict_among_all(const LinearModel& linear, const ScaledPanel& scaled, std::int64_t first,
                       std::span<const Origin> origins) {
  const Panel& panel = scaled.panel();
  std::vector<Origin> all;
  std::vector<std::int64_t> offsets;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    offsets.push_back(static_cast<std::int64_t>(all.size()));
    for (std::int64_t row = first; row + panel.horizon < panel.series[s].learnt_rows(); ++row)
      all.push_back({static_cast<std::int64_t>(s), row});
  }
  const Rows every = linear.predict(scaled, all);
  Rows out{every.columns, {}};
  for (const Origin& origin : origins) {
    const auto row = every.row(offsets[static_cast<std::size_t>(origin.series)] + origin.row - first);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  return out;
}

std::int64_t fewest_learnt(const TrainingTask& task, const Folds& folds, std::int64_t first) {
  const std::vector<Origin> all = origins_with(Role::train, task.panel(), folds, first);
  auto fewest = static_cast<std::int64_t>(all.size());
  for (int k = 0; k < folds.members(); ++k) {
    const auto own = std::ranges::count_if(
        all, [&](const Origin& origin) { return folds.role(k, origin) == Role::train; });
    fewest = std::min<std::int64_t>(fewest, own);
  }
  return fewest;
}

}  // namespace

namespace {

/// Forecasts of each origin by the first group of members that has held it out, beside the linear model that
/// was fitted without what these hold out. [origins, horizon].
struct GroupForecasts {
  Rows linear, location, spread;
};

GroupForecasts forecast_by_groups(const TrainingTask& task, const Folds& folds, std::int64_t first,
                                  std::span<const Origin> origins, NetworkForecaster& networks, Pool& pool) {
  const std::vector<std::vector<int>> groups = groups_of(folds);
  const std::vector<Forecasts> forecasts = networks.forecasts_of(groups, task.scaled, origins, pool);
  std::vector<Rows> linear(groups.size());
  pool.run(static_cast<int>(groups.size()), [&](int k) {
    const LinearModel own = linear_of_member(task, folds, k);
    linear[static_cast<std::size_t>(k)] = networks.is_correction()
                                              ? predict_among_all(own, task.scaled, first, origins)
                                              : own.predict(task.scaled, origins);
  });
  const std::int64_t horizon = task.panel().horizon;
  GroupForecasts out{{horizon, {}}, {horizon, {}}, {horizon, {}}};
  for (std::size_t i = 0; i < origins.size(); ++i) {
    std::size_t group = 0;
    while (groups.size() > 1 && folds.role(static_cast<int>(group), origins[i]) != Role::held_out) ++group;
    const auto at = static_cast<std::int64_t>(i);
    std::ranges::copy(linear[group].row(at), out.linear.append().begin());
    std::ranges::copy(forecasts[group].location.row(at), out.location.append().begin());
    std::ranges::copy(forecasts[group].spread.row(at), out.spread.append().begin());
  }
  return out;
}

}  // namespace

HeldOutForecasts forecast_held_out(const TrainingTask& task, const Folds& folds, std::int64_t first,
                                   NetworkForecaster& networks, Pool& pool) {
  const std::vector<Origin> all = origins_with(Role::held_out, task.panel(), folds, first);
  const std::size_t stride =
      std::max<std::size_t>(1, all.size() / static_cast<std::size_t>(max_origins(networks)));
  std::vector<Origin> origins;
  for (std::size_t i = 0; i < all.size(); i += stride) origins.push_back(all[i]);

  const GroupForecasts said = forecast_by_groups(task, folds, first, origins, networks, pool);
  const Rows truth = observed_targets(task.scaled, origins);
  HeldOutForecasts out{{truth.columns, {}}, {truth.columns, {}}};
  for (std::size_t at = 0; at < truth.values.size(); ++at) {
    const double base = said.linear.values[at], spread = said.spread.values[at];
    const double location = said.location.values[at];
    out.residuals.values.push_back((truth.values[at] - base) / spread);
    out.shifts.values.push_back((networks.is_correction() ? location : location - base) / spread);
  }
  return out;
}

Rows held_out_corrections(const TrainingTask& task, const Folds& folds, std::int64_t first,
                          std::span<const Origin> origins, NetworkForecaster& networks, Pool& pool) {
  const std::int64_t horizon = task.panel().horizon;
  Rows out{horizon, std::vector<double>(origins.size() * static_cast<std::size_t>(horizon), std::nan(""))};
  std::vector<Origin> held_out;
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const PanelSeries& series = task.panel().series[static_cast<std::size_t>(origins[i].series)];
    const bool is_whole = origins[i].row >= first && origins[i].row + horizon < series.learnt_rows();
    if (!is_whole || !folds.any_has(Role::held_out, origins[i])) continue;
    held_out.push_back(origins[i]);
    places.push_back(static_cast<std::int64_t>(i));
  }
  if (held_out.empty()) return out;
  const GroupForecasts said = forecast_by_groups(task, folds, first, held_out, networks, pool);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::span<double> row = out.row(places[i]);
    for (std::size_t h = 0; h < row.size(); ++h)
      row[h] = said.location.row(at)[h] - (networks.is_correction() ? 0 : said.linear.row(at)[h]);
  }
  return out;
}

Evaluation evaluate_held_out(const TrainingTask& task, const Folds& folds, std::int64_t first,
                             std::int64_t min_learnt, NetworkForecaster& networks, Pool& pool) {
  const HeldOutForecasts held_out = forecast_held_out(task, folds, first, networks, pool);
  const std::int64_t apart =
      std::max<std::int64_t>(1, task.panel().total_learnt_rows() / max_origins(networks));
  Evaluation out;
  if (min_learnt == 0 || fewest_learnt(task, folds, first) >= min_learnt) {
    out.weight = fit_blend_weight(held_out.residuals, held_out.shifts, (task.panel().horizon - 1) / apart);
  }
  out.errors.columns = held_out.residuals.columns;
  for (std::size_t i = 0; i < held_out.residuals.values.size(); ++i) {
    out.errors.values.push_back(held_out.residuals.values[i] - out.weight.weight * held_out.shifts.values[i]);
  }
  return out;
}

double held_out_error(const TrainingTask& task, const Folds& folds, std::int64_t first,
                      NetworkForecaster& network, Pool& pool) {
  const std::vector<Origin> all = origins_with(Role::held_out, task.panel(), folds, first);
  std::vector<Origin> origins;
  const std::size_t stride = (all.size() + kMaxOriginsOfATrial - 1) / kMaxOriginsOfATrial;
  for (std::size_t i = 0; i < all.size(); i += stride) origins.push_back(all[i]);
  Rows truth = observed_targets(task.scaled, origins);
  if (network.is_correction()) {
    const Rows linear = linear_of_member(task, folds, 0).predict(task.scaled, origins);
    for (std::size_t i = 0; i < truth.values.size(); ++i) truth.values[i] -= linear.values[i];
  }
  const Rows forecast = network.forecast(task.scaled, origins, pool).location;
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < truth.values.size(); ++i) {
    if (std::isnan(truth.values[i])) continue;
    sum += std::abs(truth.values[i] - forecast.values[i]);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace rondo::forecasting
