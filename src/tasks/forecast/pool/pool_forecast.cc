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
    const auto rows = std::ssize(values_);
    const std::int64_t horizon = setting_.horizon;
    std::vector<Origin> found;
    for (std::int64_t at = rows - horizon; std::ssize(found) < most_ && serves(at); at -= stride()) {
      found.push_back({at, horizon});
    }
    // Few rows: a part of the horizon tells something, too.
    for (std::int64_t steps = horizon / 2; steps >= 1 && std::ssize(found) < 2; steps /= 2) {
      if (serves(rows - steps)) found.push_back({rows - steps, steps});
    }
    return found;
  }

 private:
  /// A horizon, or more where that many origins would see less than the longest season.
  std::int64_t stride() const {
    const auto rows = std::ssize(values_);
    const double longest = setting_.seasons.empty() ? 1 : setting_.seasons.back();
    const auto wide = static_cast<std::int64_t>(std::ceil(longest / most_));
    const std::int64_t room = rows / 2 / most_;
    return std::max(setting_.horizon, std::min(wide, room));
  }

  bool serves(std::int64_t at) const {
    const auto rows = std::ssize(values_);
    if (at < kLeastRows || 2 * at < rows) return false;
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

std::vector<Candidate> pool_candidates() {
  std::vector<Candidate> candidates;
  for (const Member member : all_members()) candidates.push_back({member_name(member), member_prior(member)});
  return candidates;
}

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

/// Everything about one series but what the members say.
struct Plan {
  SeriesInput series;  ///< from its first observed row on
  std::int64_t dropped = 0;
  std::vector<Member> members;
  std::vector<Origin> origins;

  Plan(const SeriesInput& given, int most) : series(recent(given)) {
    const std::int64_t unseen =
        std::ssize(series.values) - std::ssize(statistical::from_first_observed(series.values));
    series.values = series.values.subspan(unseen);
    series.setting.known = series.setting.known.subspan(unseen * series.setting.known_columns);
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

  /// Without origins.
  SeriesEvidence evidence() const {
    SeriesEvidence found;
    found.members = members;
    found.evidence.intermittent = is_intermittent(series.values);
    for (const Member member : members) found.evidence.candidates.push_back(place_of(member));
    for (const Origin& origin : origins) found.origin_rows.push_back(origin.rows + dropped);
    found.evidence.origins.resize(origins.size());
    return found;
  }
};

}  // namespace

SeriesEvidence gather_evidence(const SeriesInput& series, const PoolOptions& options) {
  const Plan plan(series, options.origins);
  SeriesEvidence found = plan.evidence();
  for (std::size_t i = 0; i < plan.origins.size(); ++i) {
    found.evidence.origins[i] = plan.hold_out(plan.origins[i]);
  }
  return found;
}

std::vector<SeriesForecast> forecast_pool(std::span<const SeriesInput> series, const PoolOptions& options,
                                          Pool& threads) {
  std::vector<Plan> plans;
  std::vector<SeriesEvidence> found;
  std::vector<std::pair<std::size_t, std::size_t>> jobs;  // of a series: its end, then its origins
  for (std::size_t s = 0; s < series.size(); ++s) {
    plans.emplace_back(series[s], options.origins);
    found.push_back(plans.back().evidence());
    for (std::size_t origin = 0; origin <= plans.back().origins.size(); ++origin)
      jobs.emplace_back(s, origin);
  }
  std::vector<SeriesForecast> forecasts(series.size());
  threads.run(static_cast<int>(jobs.size()), [&](int i) {
    const auto [s, origin] = jobs[i];
    const Plan& plan = plans[s];
    if (origin == 0) {
      forecasts[s].members = plan.members;
      forecasts[s].forecasts = forecast_members(plan.series.values, plan.series.setting, plan.members);
    } else {
      found[s].evidence.origins[origin - 1] = plan.hold_out(plan.origins[origin - 1]);
    }
  });
  std::vector<Evidence> evidence;
  for (SeriesEvidence& one : found) evidence.push_back(std::move(one.evidence));
  const Weights weights = choose_weights(pool_candidates(), evidence, options.weights, threads);
  for (std::size_t s = 0; s < series.size(); ++s) {
    SeriesForecast& one = forecasts[s];
    one.weights = weights.series[s];
    one.scores = weights.scores[s];
    one.forecast = blend(one.forecasts, one.weights);
    for (const HeldOut& origin : evidence[s].origins) {
      one.held_out_errors.push_back(errors_of_blend(origin, one.weights));
    }
  }
  return forecasts;
}

}  // namespace rondo::forecasting::pool
