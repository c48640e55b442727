#include "tasks/forecast/pool/pool_forecast.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting::pool {

namespace {

constexpr std::int64_t kLeastRows = 4;    // before a held-out origin
constexpr std::int64_t kMostRows = 3000;  // that members look at, or so many of the longest seasons:
constexpr double kMostSeasons = 4;

std::size_t place_of(Member member) {
  const std::span<const Member> all = all_members();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), member) - all.begin());
}

/// Rows before each held-out origin and the steps that are compared there.
struct Origin {
  std::int64_t rows, steps;
};

class Walk {
 public:
  Walk(const SeriesInput& series, std::span<const Member> members, int most)
      : values_(series.values), setting_(series.setting), members_(members), most_(most) {}

  std::vector<Origin> origins() const {
    std::vector<Origin> found = origins(true);
    // Few rows: members that know no season there, say, still tell something of those that will.
    return found.size() < kFewOrigins ? origins(false) : found;
  }

 private:
  static constexpr std::size_t kFewOrigins = 2;

  /// `all_apply`: those at which every member does.
  std::vector<Origin> origins(bool all_apply) const {
    const auto rows = std::ssize(values_);
    const std::int64_t horizon = setting_.horizon;
    std::vector<Origin> found;
    for (std::int64_t at = rows - horizon; std::ssize(found) < most_ && serves(at, all_apply); at -= stride())
      found.push_back({at, horizon});
    // A part of the horizon tells something, too.
    for (std::int64_t steps = horizon / 2; steps >= 1 && found.size() < kFewOrigins; steps /= 2) {
      if (serves(rows - steps, all_apply)) found.push_back({rows - steps, steps});
    }
    return found;
  }

  /// A horizon, or more where that many origins would see less than the longest season.
  std::int64_t stride() const {
    const auto rows = std::ssize(values_);
    const double longest = setting_.seasons.empty() ? 1 : setting_.seasons.back();
    const auto wide = static_cast<std::int64_t>(std::ceil(longest / most_));
    const std::int64_t room = rows / 2 / most_;
    return std::max(setting_.horizon, std::min(wide, room));
  }

  bool serves(std::int64_t at, bool all_apply) const {
    const auto rows = std::ssize(values_);
    if (at < kLeastRows || 2 * at < rows) return false;
    if (!all_apply) return true;
    const std::vector<Member> there = applicable_members(values_.first(at), setting_);
    return std::all_of(members_.begin(), members_.end(), [&](Member member) {
      return std::find(there.begin(), there.end(), member) != there.end();
    });
  }

  std::span<const double> values_;
  const Setting& setting_;
  std::span<const Member> members_;
  std::int64_t most_;
};

std::vector<double> errors_of_blend(const HeldOut& origin, std::span<const double> weights) {
  std::vector<double> errors = blend(origin.forecasts, weights);
  for (std::size_t step = 0; step < errors.size(); ++step) errors[step] = origin.actual[step] - errors[step];
  return errors;
}

}  // namespace

namespace {

/// The rows that members look at: older ones say little of the future and cost time.
SeriesInput recent(const SeriesInput& series) {
  const double longest = series.setting.seasons.empty() ? 1 : series.setting.seasons.back();
  const std::int64_t most = std::max(kMostRows, static_cast<std::int64_t>(kMostSeasons * longest));
  const std::int64_t dropped = std::max<std::int64_t>(0, std::ssize(series.values) - most);
  SeriesInput kept = series;
  kept.values = series.values.subspan(dropped);
  kept.setting.known = series.setting.known.subspan(dropped * series.setting.known_columns);
  return kept;
}

/// From its first observed row on, if that is not too long ago.
SeriesInput trimmed(const SeriesInput& given) {
  SeriesInput series = recent(given);
  const std::int64_t unseen =
      std::ssize(series.values) - std::ssize(statistical::from_first_observed(series.values));
  series.values = series.values.subspan(unseen);
  series.setting.known = series.setting.known.subspan(unseen * series.setting.known_columns);
  return series;
}

/// Everything about one series but what the members say.
struct Plan {
  SeriesInput series;
  std::int64_t dropped = 0;
  std::vector<Member> members;
  std::vector<Origin> origins;

  Plan(const SeriesInput& given, int most) : series(trimmed(given)) {
    dropped = std::ssize(given.values) - std::ssize(series.values);
    members = applicable_members(series.values, series.setting);
    origins = Walk(series, members, most).origins();
  }

  HeldOut hold_out(const Origin& origin) const {
    Setting setting = series.setting;
    setting.horizon = origin.steps;
    const std::span<const double> truth = series.values.subspan(origin.rows, origin.steps);
    return {{truth.begin(), truth.end()},
            forecast_members(series.values.first(origin.rows), setting, members)};
  }

  /// With room for what is to be run.
  SeriesRun prepare() const {
    SeriesRun run;
    run.evidence.intermittent = is_intermittent(series.values);
    for (const Member member : members) run.evidence.candidates.push_back(place_of(member));
    for (const Origin& origin : origins) run.origin_rows.push_back(origin.rows + dropped);
    run.evidence.origins.resize(origins.size());
    return run;
  }
};

}  // namespace

std::size_t PoolRun::add(Candidate candidate) {
  candidates.push_back(std::move(candidate));
  return candidates.size() - 1;
}

void PoolRun::join(std::size_t candidate, std::size_t place, const std::vector<std::vector<double>>& held_out,
                   std::vector<double> forecast) {
  SeriesRun& run = series[place];
  run.evidence.candidates.push_back(candidate);
  run.forecasts.push_back(std::move(forecast));
  for (std::size_t i = 0; i < held_out.size(); ++i) run.evidence.origins[i].forecasts.push_back(held_out[i]);
}

PoolRun run_members(std::span<const SeriesInput> series, const PoolOptions& options, Pool& threads) {
  PoolRun run;
  for (const Member member : all_members()) run.add({member_name(member), member_prior(member)});
  std::vector<Plan> plans;
  std::vector<std::pair<std::size_t, std::size_t>> jobs;  // of a series: its end, then its origins
  for (std::size_t s = 0; s < series.size(); ++s) {
    plans.emplace_back(series[s], options.origins);
    run.series.push_back(plans.back().prepare());
    for (std::size_t job = 0; job <= plans.back().origins.size(); ++job) jobs.emplace_back(s, job);
  }
  tasks::StageProgress progress(options.advanced, std::ssize(jobs));
  threads.run(static_cast<int>(jobs.size()), [&](int i) {
    const auto [s, job] = jobs[i];
    const Plan& plan = plans[s];
    if (job == 0) {
      run.series[s].forecasts = forecast_members(plan.series.values, plan.series.setting, plan.members);
    } else {
      run.series[s].evidence.origins[job - 1] = plan.hold_out(plan.origins[job - 1]);
    }
    progress.done_one();
  });
  return run;
}

MemberForecasts forecast_end(const SeriesInput& given, std::span<const Member> members) {
  const SeriesInput series = trimmed(given);
  const std::vector<Member> applicable = applicable_members(series.values, series.setting);
  MemberForecasts out;
  for (const Member member : members) {
    if (std::find(applicable.begin(), applicable.end(), member) != applicable.end())
      out.members.push_back(member);
  }
  out.forecasts = forecast_members(series.values, series.setting, out.members);
  return out;
}

std::vector<SeriesForecast> choose_forecasts(const PoolRun& run, const PoolOptions& options, Pool& threads) {
  std::vector<Evidence> evidence;
  for (const SeriesRun& one : run.series) evidence.push_back(one.evidence);
  Weights weights = choose_weights(run.candidates, evidence, options.weights, threads);
  std::vector<SeriesForecast> forecasts(run.series.size());
  for (std::size_t s = 0; s < forecasts.size(); ++s) {
    SeriesForecast& one = forecasts[s];
    one.members = evidence[s].candidates;
    one.weights = std::move(weights.series[s]);
    one.scores = std::move(weights.scores[s]);
    one.forecast = blend(run.series[s].forecasts, one.weights);
    for (const HeldOut& origin : evidence[s].origins) {
      one.held_out_errors.push_back(errors_of_blend(origin, one.weights));
    }
  }
  return forecasts;
}

}  // namespace rondo::forecasting::pool
