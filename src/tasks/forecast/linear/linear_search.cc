#include "tasks/forecast/linear/linear_search.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <set>

#include "base/order_statistics.h"

namespace rondo::forecasting {

namespace {

constexpr double kTransformMargin = 0.01;
constexpr double kMemberTolerance = 0.02;
constexpr std::size_t kMaxMembers = 30;
constexpr std::int64_t kLongestLag = 700;
/// Longer seasons are left to calendar waves.
constexpr double kLongestLaggedSeason = 340;
/// Known covariates times steps of the horizon that the linear model may see.
constexpr std::int64_t kMaxKnownColumns = 200;
constexpr double kLongGridCost = 2e10;

/// A setting of the whole model apart from its columns.
struct Scale {
  Transform transform;
  bool difference;
};

struct Grid {
  std::vector<LinearCandidate> shapes;  ///< penalties left open
  std::vector<double> penalties;
  int blocks = 6;
  std::int64_t scored_origins = 600;
};

struct Scored {
  double error;  ///< mean square, relative to a naive step
  LinearCandidate candidate;
};

std::vector<std::int64_t> covariate_lag_candidates(const Panel& panel) {
  if (panel.past.empty()) return {0};
  return {0, 1, 4};
}

/// Without the known covariates, and with all of them at every step of the horizon where these are not too
/// many.
std::vector<std::int64_t> known_step_candidates(const Panel& panel) {
  const std::int64_t columns = static_cast<std::int64_t>(panel.known.size()) * panel.horizon;
  if (columns == 0 || columns > kMaxKnownColumns) return {0};
  return {0, panel.horizon};
}

std::vector<LinearCandidate> all_shapes(const std::vector<std::int64_t>& lags,
                                        const std::vector<std::vector<std::int64_t>>& waves,
                                        const std::vector<std::int64_t>& covariate_lags,
                                        const std::vector<std::int64_t>& known_steps) {
  std::vector<LinearCandidate> shapes;
  for (const std::int64_t lag : lags) {
    for (const auto& orders : waves) {
      for (const std::int64_t covariate : covariate_lags) {
        for (const std::int64_t known : known_steps) shapes.push_back({lag, orders, covariate, known, 0});
      }
    }
  }
  return shapes;
}

double cost(const Panel& panel, const Grid& grid) {
  double sum = 0;
  const auto targets = static_cast<double>(panel.horizon);
  for (const LinearCandidate& shape : grid.shapes) {
    const double k = static_cast<double>(shape.lags + shape.known_steps) + 6;
    sum += k * k * k / 3 + 2 * k * targets * (k + static_cast<double>(grid.scored_origins) / grid.blocks);
  }
  return sum * grid.blocks * static_cast<double>(grid.penalties.size());
}

/// The first row of every block of a series, and the end.
std::vector<std::int64_t> block_edges(std::int64_t rows, std::int64_t horizon, int blocks) {
  const std::int64_t first = std::min(rows, std::max(rows / 2, 2 * horizon + 4));
  std::vector<std::int64_t> edges;
  for (int b = 0; b <= blocks; ++b) edges.push_back(first + (rows - first) * b / blocks);
  return edges;
}

/// Mean square of the steps of a series: what errors are measured in when several series are pooled.
double naive_square(std::span<const double> values) {
  double sum = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    sum += (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
  return sum > 0 ? sum / static_cast<double>(values.size() - 1) : 1;
}

/// Scores one group of candidates that share a design.
class GroupScorer {
 public:
  GroupScorer(const ScaledPanel& scaled, const Grid& grid, std::vector<LinearCandidate> shapes)
      : panel_(scaled.panel()),
        scaled_(scaled),
        grid_(grid),
        shapes_(std::move(shapes)),
        taught_(scaled.panel()) {
    layout_ = LinearLayout::cover(panel_, shapes_);
    for (const PanelSeries& s : panel_.series) {
      edges_.push_back(block_edges(s.learnt_rows(), panel_.horizon, grid.blocks));
      unit_.push_back(1 / naive_square(s.training()));
    }
    std::int64_t scored = 0;
    for (const auto& edges : edges_) scored += edges.back() - edges.front();
    score_stride_ = std::max<std::int64_t>(1, scored / grid.scored_origins);
  }

  void append_scores(std::vector<Scored>& out, const auto& advance) {
    std::vector<double> error(shapes_.size() * grid_.penalties.size(), 0.0);
    double count = 0;
    Moments moments(layout_.columns(), panel_.horizon);
    for (int block = 0; block < grid_.blocks; ++block, advance()) {
      const std::vector<Origin> fresh = training_origins(block);
      moments.add(layout_.design(scaled_, fresh), target_rows(scaled_, fresh));
      const std::vector<Origin> origins = scored_origins(block);
      if (moments.count < 4 || origins.empty()) continue;
      score_block(moments, origins, error);
      count += observed_targets(origins);
    }
    if (count == 0) return;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      for (std::size_t p = 0; p < grid_.penalties.size(); ++p) {
        LinearCandidate candidate = shapes_[i];
        candidate.penalty = grid_.penalties[p];
        const double mean = error[i * grid_.penalties.size() + p] / count;
        if (std::isfinite(mean)) out.push_back({mean, std::move(candidate)});
      }
    }
  }

 private:
  /// Origins that may be learnt from before this block but not before the one before it.
  std::vector<Origin> training_origins(int block) const {
    std::vector<Origin> origins;
    const std::int64_t stride = origin_stride(panel_);
    for (std::size_t s = 0; s < edges_.size(); ++s) {
      const auto b = static_cast<std::size_t>(block);
      std::int64_t begin = layout_.first_origin(scaled_.difference);
      if (block > 0) begin = std::max(begin, edges_[s][b - 1] - panel_.horizon);
      for (std::int64_t row = begin; row < edges_[s][b] - panel_.horizon; ++row) {
        const Origin origin{static_cast<std::int64_t>(s), row};
        if (is_drawn(origin, stride) && taught_.teaches(origin)) origins.push_back(origin);
      }
    }
    return origins;
  }

  std::vector<Origin> scored_origins(int block) const {
    std::vector<Origin> origins;
    const auto b = static_cast<std::size_t>(block);
    for (std::size_t s = 0; s < edges_.size(); ++s) {
      const std::int64_t begin = std::max(edges_[s][b] - 1, layout_.first_origin(scaled_.difference));
      const std::int64_t end =
          std::min(edges_[s][b + 1] - 1, panel_.series[s].learnt_rows() - panel_.horizon);
      for (std::int64_t row = begin; row < end; row += score_stride_) {
        origins.push_back({static_cast<std::int64_t>(s), row});
      }
    }
    return origins;
  }

  double observed_targets(const std::vector<Origin>& origins) const {
    std::int64_t count = 0;
    for (const Origin& origin : origins) {
      const PanelSeries& series = panel_.series[static_cast<std::size_t>(origin.series)];
      for (std::int64_t h = 1; h <= panel_.horizon; ++h) count += series.is_observed(origin.row + h) ? 1 : 0;
    }
    return static_cast<double>(count);
  }

  /// Adds the squared errors of every candidate. A value that was missing is no truth.
  void score_block(const Moments& moments, const std::vector<Origin>& origins,
                   std::vector<double>& error) const {
    const Rows design = layout_.design(scaled_, origins);
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      const std::vector<std::int64_t> chosen = layout_.columns_of(shapes_[i]);
      const std::vector<LinearMap> maps = solve_ridge(moments, chosen, grid_.penalties);
      for (std::size_t p = 0; p < maps.size(); ++p) {
        const Rows forecast = predict(maps[p], design, chosen);
        double sum = 0;
        for (std::size_t o = 0; o < origins.size(); ++o) {
          const auto s = static_cast<std::size_t>(origins[o].series);
          const std::span<const double> row = forecast.row(static_cast<std::int64_t>(o));
          for (std::size_t h = 0; h < row.size(); ++h) {
            const auto ahead = static_cast<std::int64_t>(h) + 1;
            if (!panel_.series[s].is_observed(origins[o].row + ahead)) continue;
            const double actual = panel_.series[s].values[static_cast<std::size_t>(origins[o].row + ahead)];
            const double miss = scaled_.to_units(origins[o], ahead, row[h]) - actual;
            sum += miss * miss * unit_[s];
          }
        }
        error[i * maps.size() + p] += sum;
      }
    }
  }

  const Panel& panel_;
  const ScaledPanel& scaled_;
  const Grid& grid_;
  std::vector<LinearCandidate> shapes_;
  TaughtOrigins taught_;
  LinearLayout layout_;
  std::vector<std::vector<std::int64_t>> edges_;
  std::vector<double> unit_;
  std::int64_t score_stride_ = 1;
};

std::vector<Scored> score(const Panel& panel, Scale scale, const Grid& grid, const auto& advance) {
  const ScaledPanel scaled(panel, scale.transform, scale.difference);
  std::vector<Scored> scores;
  for (auto& group : group_by_design(panel, grid.shapes)) {
    GroupScorer(scaled, grid, std::move(group)).append_scores(scores, advance);
  }
  std::stable_sort(scores.begin(), scores.end(),
                   [](const Scored& a, const Scored& b) { return a.error < b.error; });
  return scores;
}

/// Scales in order of preference: a later one has to earn its place.
std::vector<Scale> possible_scales(const Panel& panel, const LinearLimits& limits) {
  std::vector<Scale> scales;
  for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
    if (limits.transform && *limits.transform != transform) continue;
    const bool applicable = std::all_of(panel.series.begin(), panel.series.end(), [&](const PanelSeries& s) {
      return is_applicable(transform, s.training());
    });
    if (!applicable) continue;
    for (const bool difference : {false, true}) {
      if (!limits.difference || *limits.difference == difference) scales.push_back({transform, difference});
    }
  }
  return scales;
}

/// How much the steps of a series grow or shrink within the training part: |ln| of the last third's mean step
/// over the first third's, the median over series. Bands of one width fit steady steps only.
double unsteadiness(const Panel& panel, Transform transform) {
  std::vector<double> changes;
  for (const PanelSeries& series : panel.series) {
    const std::span<const double> values = series.training();
    const std::size_t third = (values.size() - 1) / 3;
    const auto mean_step = [&](std::size_t begin) {
      double sum = 0;
      for (std::size_t t = begin; t < begin + third; ++t)
        sum += std::abs(apply(transform, values[t + 1]) - apply(transform, values[t]));
      return sum;
    };
    const double first = mean_step(0), last = mean_step(values.size() - 1 - third);
    if (first > 0 && last > 0) changes.push_back(std::abs(std::log(last / first)));
  }
  return changes.empty() ? 0 : detail::median_of(std::move(changes));
}

/// Whether `to` makes steps steady that grow or shrink to double or half under `from`.
bool steadies(const Panel& panel, Transform from, Transform to) {
  const double before = unsteadiness(panel, from);
  return before > std::numbers::ln2 && unsteadiness(panel, to) < 0.5 * before;
}

/// Index of the scale to take, from the best error of each.
std::size_t preferred(const Panel& panel, const std::vector<Scale>& scales,
                      const std::vector<std::vector<Scored>>& scores) {
  std::size_t best = scales.size();
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (scores[i].empty()) continue;
    if (best == scales.size()) {
      best = i;
      continue;
    }
    const Transform before = scales[best].transform, after = scales[i].transform;
    const double margin = before == after                  ? 1
                          : steadies(panel, before, after) ? 1 + kTransformMargin
                                                           : 1 - kTransformMargin;
    const double needed = margin * margin;  // errors are squares
    if (scores[i].front().error < scores[best].front().error * needed) best = i;
  }
  return best;
}

std::vector<std::vector<Scored>> score_all(const Panel& panel, const std::vector<Scale>& scales,
                                           const Grid& grid, Pool& pool, const tasks::Advanced& advanced,
                                           double from = 0, double to = 1) {
  std::vector<std::vector<Scored>> scores(scales.size());
  const auto groups = std::ssize(group_by_design(panel, grid.shapes));
  tasks::StageProgress progress(advanced, std::ssize(scales) * groups * grid.blocks, from, to);
  pool.run(static_cast<int>(scales.size()), [&](int i) {
    const auto at = static_cast<std::size_t>(i);
    scores[at] = score(panel, scales[at], grid, [&] { progress.done_one(); });
  });
  return scores;
}

}  // namespace

std::int64_t LinearChoice::longest_lag() const {
  std::int64_t longest = 1;
  for (const LinearCandidate& member : members) longest = std::max(longest, member.lags);
  return longest;
}

std::vector<std::int64_t> lag_candidates(const Panel& panel, const LinearLimits& limits) {
  const std::int64_t rows = panel.shortest_training();
  std::int64_t most = std::min({kLongestLag, rows * 3 / 10, rows - panel.horizon - 10});
  if (limits.longest_lag > 0) most = limits.longest_lag;
  most = std::max<std::int64_t>(most, 1);
  std::set<std::int64_t> lags{1, 2, 3, 4, 6, 8, 12, 18, 24, 36};
  if (limits.longest_lag > 0) lags.insert(limits.longest_lag);
  for (const double season : panel.seasons) {
    if (season > kLongestLaggedSeason) continue;
    const auto period = static_cast<std::int64_t>(std::llround(season));
    for (const std::int64_t lag : {period, period + 1, 2 * period, 2 * period + 1}) lags.insert(lag);
  }
  std::erase_if(lags, [&](std::int64_t lag) { return lag > most; });
  return {lags.begin(), lags.end()};
}

std::vector<std::vector<std::int64_t>> wave_candidates(const Panel& panel) {
  const auto rows = static_cast<double>(panel.shortest_training());
  std::vector<std::int64_t> most;
  for (const double season : panel.seasons) {
    std::int64_t order = rows >= 5 * season ? 3 : rows >= 3 * season ? 1 : 0;
    while (order > 0 && 2 * static_cast<double>(order) >= season)
      --order;  // at half a season a sine vanishes
    most.push_back(order);
  }
  std::set<std::vector<std::int64_t>> sets{std::vector<std::int64_t>(most.size(), 0), most};
  for (std::size_t s = 0; s < most.size(); ++s) {
    for (const std::int64_t order : {std::int64_t{1}, most[s]}) {
      std::vector<std::int64_t> orders(most.size(), 0);
      orders[s] = std::min(order, most[s]);
      sets.insert(orders);
    }
  }
  return {sets.begin(), sets.end()};
}

namespace {

/// What is tried: where everything would be long, first few settings of all scales, then more of the best.
struct SearchPlan {
  std::vector<Scale> scales;
  std::optional<Grid> coarse;
  Grid grid;
};

SearchPlan plan_search(const Panel& panel, const LinearLimits& limits) {
  SearchPlan plan{possible_scales(panel, limits), {}, {}};
  const std::vector<std::int64_t> lags = lag_candidates(panel, limits);
  const auto waves = wave_candidates(panel);
  Grid& grid = plan.grid;
  grid.shapes = all_shapes(lags, waves, covariate_lag_candidates(panel), known_step_candidates(panel));
  grid.penalties = {1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1};
  if (cost(panel, grid) * static_cast<double>(plan.scales.size()) <= kLongGridCost) return plan;
  Grid& coarse = plan.coarse.emplace(grid);
  std::vector<std::int64_t> few{lags[lags.size() / 2], lags.back()};
  if (few[0] == few[1]) few.pop_back();
  coarse.shapes = all_shapes(few, {waves.front(), waves.back()}, {0}, known_step_candidates(panel));
  coarse.penalties = {1e-3, 1e-1};
  coarse.blocks = 3;
  coarse.scored_origins = 300;
  grid.penalties = {1e-3, 1e-2, 1e-1, 1};
  grid.blocks = 4;
  grid.scored_origins = 300;
  if (cost(panel, grid) > kLongGridCost) {
    grid.shapes = all_shapes(lags, {waves.front(), waves.back()}, covariate_lag_candidates(panel),
                             known_step_candidates(panel));
  }
  return plan;
}

}  // namespace

LinearChoice search_linear(const Panel& panel, const LinearLimits& limits, Pool& pool,
                           const tasks::Advanced& advanced) {
  constexpr double kCoarseShare = 0.5;
  double begun = 0;
  SearchPlan plan = plan_search(panel, limits);
  std::vector<Scale>& scales = plan.scales;
  const Grid& grid = plan.grid;
  LinearChoice choice;
  if (plan.coarse) {
    const auto scores = score_all(panel, scales, *plan.coarse, pool, advanced, 0, kCoarseShare);
    begun = kCoarseShare;
    for (const auto& s : scores) choice.tried += static_cast<std::int64_t>(s.size());
    const std::size_t best = preferred(panel, scales, scores);
    if (best < scales.size()) scales = {scales[best]};
  }

  const auto scores = score_all(panel, scales, grid, pool, advanced, begun);
  for (const auto& s : scores) choice.tried += static_cast<std::int64_t>(s.size());
  const std::size_t best = preferred(panel, scales, scores);
  if (best == scales.size()) {  // too few rows to score anything: the plainest model
    choice.transform = scales.front().transform;
    choice.difference = limits.difference.value_or(true);
    choice.members = {{1, std::vector<std::int64_t>(panel.seasons.size(), 0), 0, 0, 1.0}};
    choice.score = 1;
    return choice;
  }
  choice.transform = scales[best].transform;
  choice.difference = scales[best].difference;
  choice.score = std::sqrt(scores[best].front().error);
  const double worst = scores[best].front().error * (1 + kMemberTolerance) * (1 + kMemberTolerance);
  for (const Scored& scored : scores[best]) {
    if (scored.error > worst || choice.members.size() == kMaxMembers) break;
    choice.members.push_back(scored.candidate);
  }
  return choice;
}

}  // namespace rondo::forecasting
