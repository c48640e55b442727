#include "tasks/forecast/pool/pool_forecast.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting::pool {

namespace {

constexpr std::int64_t kLeastRows = 4;  // before a held-out origin

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
      : values_(statistical::from_first_observed(series.values)),
        setting_(series.setting),
        members_(members),
        most_(most) {}

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

SeriesEvidence gather_evidence(const SeriesInput& series, const PoolOptions& options) {
  SeriesEvidence found;
  const std::span<const double> values = statistical::from_first_observed(series.values);
  const std::int64_t unseen = std::ssize(series.values) - std::ssize(values);
  found.members = applicable_members(values, series.setting);
  found.evidence.intermittent = is_intermittent(values);
  for (const Member member : found.members) found.evidence.candidates.push_back(place_of(member));
  for (const Origin& origin : Walk(series, found.members, options.origins).origins()) {
    HeldOut held_out;
    const std::span<const double> truth = values.subspan(origin.rows, origin.steps);
    held_out.actual.assign(truth.begin(), truth.end());
    Setting setting = series.setting;
    setting.horizon = origin.steps;
    setting.known = setting.known.subspan(unseen * setting.known_columns);
    held_out.forecasts = forecast_members(values.first(origin.rows), setting, found.members);
    found.evidence.origins.push_back(std::move(held_out));
    found.origin_rows.push_back(origin.rows + unseen);
  }
  return found;
}

std::vector<SeriesForecast> forecast_pool(std::span<const SeriesInput> series, const PoolOptions& options,
                                          Pool& threads) {
  std::vector<SeriesEvidence> found(series.size());
  std::vector<SeriesForecast> forecasts(series.size());
  threads.run(static_cast<int>(series.size()), [&](int i) {
    found[i] = gather_evidence(series[i], options);
    forecasts[i].members = found[i].members;
    forecasts[i].forecasts = forecast_members(series[i].values, series[i].setting, found[i].members);
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
