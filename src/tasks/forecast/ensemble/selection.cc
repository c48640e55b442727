#include "tasks/forecast/ensemble/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kFewestOrigins = 8, kMostOrigins = 48, kSteps = 48;  // held out in a series
constexpr std::int64_t kRowsOfAll = 5'000'000;  // that are read at all held-out origins
/// Steps that are judged together: with fewer, single errors would decide.
constexpr std::size_t kStepsAVote = 8;
/// A held-out part of the training rows so small that one linear model serves all its origins.
constexpr double kSmallPart = 0.1;
constexpr double kNegligible = 1e-3;  // weight of a member
constexpr auto kNone = static_cast<std::size_t>(-1);
/// Of the learnt part, beside the pool's members (see pool::member_prior). It learns each step by itself: the
/// best there is for the next row, while over long horizons those that carry on a level and a season go less
/// astray, unless rows abound.
double learnt_prior(const Panel& panel) {
  const auto steps = static_cast<double>(panel.horizon);
  return (abounds_in_rows(panel) ? 1.5 : 0.3) + 2.7 / (steps * steps);
}

int origins_for(std::int64_t horizon, std::int64_t rows) {
  const std::int64_t wanted = std::clamp((kSteps + horizon - 1) / horizon, kFewestOrigins, kMostOrigins);
  const std::int64_t affordable = kRowsOfAll / std::max<std::int64_t>(rows, 1);
  return static_cast<int>(std::clamp<std::int64_t>(affordable, 2, wanted));
}

/// Rows that are not all one step of the clock apart: methods that count rows would lose the hour of the day.
bool changes_clock(const PanelSeries& series) {
  for (std::size_t row = 1; row < series.position.size(); ++row) {
    if (std::abs(series.position[row] - series.position[row - 1] - 1) > 1e-9) return true;
  }
  return false;
}

/// Why members are not run on all series, see Selection::left_out.
std::string reason_to_leave_out(const Panel& panel, std::span<const std::int64_t> backtest_origins) {
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    const std::int64_t origins = backtest_origins[s] + origins_for(panel.horizon, series.train_rows);
    if (series.is_short) continue;
    if (changes_clock(series)) {
      return "Statistical methods were left out: they count rows, and where the zone's clock is put forward "
             "or "
             "back they would lose the hour of the day.";
    }
    if (!pool_is_affordable(series.train_rows, origins)) {
      return "Statistical methods were left out: fitted again at " + std::to_string(origins) +
             " origins, they would take minutes. A smaller --backtest or a larger --stride brings them back.";
    }
  }
  return "";
}

/// Neighbouring origins of short horizons are judged as one: by origin, the group that it belongs to.
std::vector<std::size_t> groups_of(const pool::Evidence& evidence) {
  std::vector<std::size_t> groups;
  std::size_t group = 0, steps = 0;  // of the group so far
  for (const pool::HeldOut& origin : evidence.origins) {
    const bool next = steps >= kStepsAVote || origin.actual.size() >= kStepsAVote;
    if (next && !groups.empty()) {
      ++group;
      steps = 0;
    }
    steps += origin.actual.size();
    groups.push_back(group);
  }
  return groups;
}

/// The groups as one origin each, but for group `without`.
pool::Evidence grouped(const pool::Evidence& evidence, std::size_t without) {
  pool::Evidence out{evidence.candidates, {}, evidence.intermittent};
  const std::vector<std::size_t> groups = groups_of(evidence);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const pool::HeldOut& origin = evidence.origins[i];
    if (groups[i] == without) continue;
    if (i == 0 || groups[i] != groups[i - 1]) {
      out.origins.push_back(origin);
      continue;
    }
    pool::HeldOut& last = out.origins.back();
    last.origins += origin.origins;
    last.actual.insert(last.actual.end(), origin.actual.begin(), origin.actual.end());
    for (std::size_t c = 0; c < last.forecasts.size(); ++c) {
      last.forecasts[c].insert(last.forecasts[c].end(), origin.forecasts[c].begin(),
                               origin.forecasts[c].end());
    }
  }
  return out;
}

pool::Weights weights_without(const pool::PoolRun& run, std::size_t group, Pool& pool) {
  std::vector<pool::Evidence> evidence;
  for (const pool::SeriesRun& series : run.series) evidence.push_back(grouped(series.evidence, group));
  return pool::choose_weights(run.candidates, evidence, {}, pool);
}

/// Origins at which a candidate says nothing are left out.
void drop_unknown(pool::SeriesRun& run) {
  std::vector<pool::HeldOut>& origins = run.evidence.origins;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < origins.size(); ++k) {
    if (!origins[k].forecasts.empty() && std::isnan(origins[k].forecasts.back().front())) continue;
    run.origin_rows[kept] = run.origin_rows[k];
    if (kept != k) origins[kept] = std::move(origins[k]);
    ++kept;
  }
  origins.resize(kept);
  run.origin_rows.resize(kept);
}

}  // namespace

void SeriesChoice::archive(tasks::Archive& archive) {
  std::vector<std::string> names;
  for (const pool::Member member : members) names.emplace_back(pool::member_name(member));
  archive.field("members", names);
  archive.field("weights", weights);
  archive.field("learnt", learnt, 0.0, 1.0);
  archive.field("spread", spread, 0.0, std::numeric_limits<double>::max());
  if (!archive.reading()) return;
  if (weights.size() != names.size()) archive.refuse("weights", "does not fit the members");
  members.clear();
  for (const std::string& name : names) {
    const auto all = pool::all_members();
    const auto found =
        std::ranges::find_if(all, [&](pool::Member member) { return pool::member_name(member) == name; });
    if (found == all.end()) archive.refuse("members", "has an unknown method", "'" + name + "'");
    members.push_back(*found);
  }
  const bool positive = std::ranges::all_of(weights, [](double weight) { return weight >= 0; });
  if (!positive) archive.refuse("weights", "has a negative weight");
}

Selection::Selection(const ScaledPanel& scaled, const PanelPool& panel_pool,
                     std::span<const std::int64_t> backtest_origins, bool only_short, Pool& pool,
                     const tasks::Advanced& advanced)
    : scaled_(scaled) {
  const Panel& panel = scaled.panel();
  if (!only_short) left_out_ = reason_to_leave_out(panel, backtest_origins);
  const bool runs = !only_short && left_out_.empty();
  std::int64_t rows_read = 0;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const std::int64_t rows = panel.series[s].train_rows;
    const bool tried = runs || panel.series[s].is_short;
    place_.push_back(tried ? std::ssize(series_) : -1);
    if (!tried) continue;
    series_.push_back(s);
    rows_read += std::min(rows, kMostRowsRead);
  }
  std::vector<pool::SeriesInput> inputs;
  for (const std::size_t s : series_)
    inputs.push_back(panel_pool.before(static_cast<std::int64_t>(s), panel.series[s].train_rows));
  const pool::PoolOptions options{.origins = origins_for(panel.horizon, rows_read), .advanced = advanced};
  run_ = pool::run_members(inputs, options, pool);

  first_learnt_.assign(panel.series.size(), -1);
  for (std::size_t place = 0; place < series_.size(); ++place) {
    const std::size_t s = series_[place];
    if (panel.series[s].is_short) continue;
    first_learnt_[s] = std::ssize(learnt_origins_);
    for (const std::int64_t rows : run_.series[place].origin_rows)
      learnt_origins_.push_back({static_cast<std::int64_t>(s), rows - 1});
  }
  choices_.resize(panel.series.size());
}

Rows Selection::linear_forecasts(const TrainingTask& task, Pool& pool) const {
  const Panel& panel = scaled_.panel();
  std::size_t fits = 0;
  bool small = true;  // what is held out
  for (const std::size_t s : series_) {
    if (first_learnt_[s] < 0) continue;
    const std::vector<std::int64_t>& rows = run_.series[static_cast<std::size_t>(place_[s])].origin_rows;
    fits = std::max(fits, rows.size());
    if (rows.empty()) continue;
    small = small && static_cast<double>(rows.back()) >=
                         (1 - kSmallPart) * static_cast<double>(panel.series[s].train_rows);
  }
  if (small) fits = std::min<std::size_t>(fits, 1);
  // Fit k knows the rows before the k-th latest origin of each series; a single one those before the
  // earliest.
  std::vector<LinearModel> models(fits);
  pool.run(static_cast<int>(fits), [&](int k) {
    std::vector<std::int64_t> limits = panel.learnt_rows();
    for (const std::size_t s : series_) {
      const std::vector<std::int64_t>& rows = run_.series[static_cast<std::size_t>(place_[s])].origin_rows;
      if (!rows.empty())
        limits[s] = small ? rows.back() : rows[std::min(static_cast<std::size_t>(k), rows.size() - 1)];
    }
    models[static_cast<std::size_t>(k)] = fit_linear(scaled_, task.linear.members, limits);
  });
  Rows out{panel.horizon,
           std::vector<double>(learnt_origins_.size() * static_cast<std::size_t>(panel.horizon))};
  for (std::size_t i = 0; i < learnt_origins_.size(); ++i) {
    const Origin& origin = learnt_origins_[i];
    const auto k = i - static_cast<std::size_t>(first_learnt_[static_cast<std::size_t>(origin.series)]);
    const LinearModel& model = models[small ? 0 : k];
    const std::span<double> row = out.row(static_cast<std::int64_t>(i));
    if (origin.row + 1 >= model.rows_needed(scaled_.difference)) {
      const Rows forecast = model.predict(scaled_, {&origin, 1});
      std::ranges::copy(forecast.row(0), row.begin());
    } else {  // no better than the last value, where it cannot look back far enough
      const auto& level = scaled_.level[static_cast<std::size_t>(origin.series)];
      std::ranges::fill(row, level[static_cast<std::size_t>(origin.row)] - scaled_.base(origin));
    }
  }
  return out;
}

std::vector<std::vector<double>> Selection::learnt_in_units(std::size_t series, const Rows& learnt) const {
  std::vector<std::vector<double>> out;
  const pool::SeriesRun& run = run_.series[static_cast<std::size_t>(place_[series])];
  for (std::size_t k = 0; k < run.origin_rows.size(); ++k) {
    const std::int64_t at = first_learnt_[series] + static_cast<std::int64_t>(k);
    const Origin& origin = learnt_origins_[static_cast<std::size_t>(at)];
    std::vector<double> steps;
    for (std::size_t h = 0; h < run.evidence.origins[k].actual.size(); ++h) {
      const double said = learnt.row(at)[h];
      steps.push_back(std::isnan(said) ? said
                                       : scaled_.to_units(origin, static_cast<std::int64_t>(h) + 1, said));
    }
    out.push_back(std::move(steps));
  }
  return out;
}

void Selection::choose(const Rows& learnt, Pool& pool) {
  const bool known = std::ranges::any_of(learnt.values, [](double value) { return !std::isnan(value); });
  if (!known && !learnt.values.empty()) return;
  joined_ = run_;
  const std::size_t candidate = joined_.add({"learnt", learnt_prior(scaled_.panel())});
  for (std::size_t place = 0; place < series_.size(); ++place) {
    if (first_learnt_[series_[place]] >= 0)
      joined_.join(candidate, place, learnt_in_units(series_[place], learnt), {});
    drop_unknown(joined_.series[place]);
  }
  choose_again(pool);
}

void Selection::observe(const Origin& origin, const MemberForecasts& said, std::span<const double> learnt) {
  const auto s = static_cast<std::size_t>(origin.series);
  if (!uses_pool(s)) return;
  const PanelSeries& series = scaled_.panel().series[s];
  pool::Evidence& evidence = joined_.series[static_cast<std::size_t>(place_[s])].evidence;
  pool::HeldOut known;
  std::vector<double> in_units;
  for (std::size_t h = 0; h < learnt.size(); ++h) {
    const auto ahead = static_cast<std::int64_t>(h) + 1;
    const auto row = static_cast<std::size_t>(origin.row + ahead);
    known.actual.push_back(series.is_observed(origin.row + ahead) ? series.values[row] : std::nan(""));
    in_units.push_back(scaled_.to_units(origin, ahead, learnt[h]));
  }
  for (const std::size_t candidate : evidence.candidates) {
    if (candidate >= pool::all_members().size()) {
      known.forecasts.push_back(in_units);
      continue;
    }
    auto found = std::ranges::find(said.members, pool::all_members()[candidate]);
    if (found == said.members.end()) found = std::ranges::find(said.members, pool::Member::naive);
    known.forecasts.push_back(said.forecasts[static_cast<std::size_t>(found - said.members.begin())]);
  }
  // The latest first; as many as were held out to begin with, so that weights follow a series that changes.
  // But for what known columns say: events are rare.
  const auto most = std::max<std::size_t>(run_.series[static_cast<std::size_t>(place_[s])].origin_rows.size(),
                                          static_cast<std::size_t>(kFewestOrigins));
  const bool forgets = scaled_.panel().known.empty();
  evidence.origins.insert(evidence.origins.begin(), std::move(known));
  if (forgets && evidence.origins.size() > most) evidence.origins.pop_back();
}

void Selection::choose_again(Pool& pool) {
  const pool::PoolRun& run = joined_;
  const pool::Weights weights = weights_without(run, kNone, pool);
  for (std::size_t place = 0; place < series_.size(); ++place) {
    const std::span<const double> own = weights.series[place];
    SeriesChoice& choice = choices_[series_[place]];
    choice = SeriesChoice();
    choice.learnt = 0;
    if (scaled_.panel().series[series_[place]].is_constant()) {
      choice.members = {pool::Member::naive};  // about which all agree; others would round it
      choice.weights = {1};
      continue;
    }
    double sum = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      const std::size_t candidate = run.series[place].evidence.candidates[i];
      if (own[i] < kNegligible) continue;
      sum += own[i];
      if (candidate < pool::all_members().size()) {
        choice.members.push_back(pool::all_members()[candidate]);
        choice.weights.push_back(own[i]);
      } else {
        choice.learnt = own[i];
      }
    }
    choice.learnt /= sum;
    for (double& weight : choice.weights) weight /= sum;
  }
}

double Selection::learnt_share() const {
  double sum = 0, count = 0;
  for (std::size_t s = 0; s < choices_.size(); ++s) {
    if (scaled_.panel().series[s].is_short) continue;
    sum += choices_[s].learnt;
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

std::vector<std::vector<OriginErrors>> Selection::errors(Pool& pool) const {
  std::vector<std::vector<OriginErrors>> out(place_.size());
  std::vector<std::vector<std::size_t>> groups;  // by place
  std::size_t count = 0;
  for (const pool::SeriesRun& run : joined_.series) {
    groups.push_back(groups_of(run.evidence));
    if (!groups.back().empty()) count = std::max(count, groups.back().back() + 1);
  }
  for (std::size_t group = 0; group < count; ++group) {
    const pool::Weights weights = weights_without(joined_, group, pool);
    for (std::size_t place = 0; place < groups.size(); ++place) {
      const pool::SeriesRun& run = joined_.series[place];
      for (std::size_t k = 0; k < groups[place].size(); ++k) {
        if (groups[place][k] != group) continue;
        const pool::HeldOut& origin = run.evidence.origins[k];
        out[series_[place]].push_back(
            errors_at({static_cast<std::int64_t>(series_[place]), run.origin_rows[k] - 1}, origin.actual,
                      pool::blend(origin.forecasts, weights.series[place])));
      }
    }
  }
  return out;
}

OriginErrors Selection::errors_at(const Origin& origin, std::span<const double> actual,
                                  std::span<const double> forecast) const {
  OriginErrors out{{}, origin.row + 1};
  for (std::size_t h = 0; h < forecast.size(); ++h) {
    const auto ahead = static_cast<std::int64_t>(h) + 1;
    const double truth = std::isnan(actual[h]) ? actual[h] : scaled_.from_units(origin, ahead, actual[h]);
    out.errors.push_back(truth - scaled_.from_units(origin, ahead, forecast[h]));
  }
  return out;
}

std::vector<pool::Member> Selection::members(std::size_t series) const {
  std::vector<pool::Member> out;
  if (!uses_pool(series)) return out;
  for (const std::size_t candidate :
       run_.series[static_cast<std::size_t>(place_[series])].evidence.candidates)
    out.push_back(pool::all_members()[candidate]);
  return out;
}

}  // namespace rondo::forecasting
