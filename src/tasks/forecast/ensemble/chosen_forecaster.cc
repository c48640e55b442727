#include "tasks/forecast/ensemble/chosen_forecaster.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

std::vector<Origin> at_places(std::span<const Origin> origins, std::span<const std::size_t> places) {
  std::vector<Origin> out;
  for (const std::size_t place : places) out.push_back(origins[place]);
  return out;
}

void put(const Rows& from, std::span<const std::size_t> places, Rows& to) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::ranges::copy(from.row(static_cast<std::int64_t>(i)),
                      to.row(static_cast<std::int64_t>(places[i])).begin());
  }
}

Rows pick(const Rows& from, std::span<const std::size_t> places) {
  Rows out{from.columns, {}};
  for (const std::size_t place : places)
    std::ranges::copy(from.row(static_cast<std::int64_t>(place)), out.append().begin());
  return out;
}

/// Adds what the members say to `sum`, in units of the series. A method that does not apply at this origin (a
/// logarithm, after a first zero) leaves its weight to the others.
void add_members(const SeriesChoice& choice, const MemberForecasts& said, std::vector<double>& sum) {
  double chosen = 0, there = 0;
  std::vector<double> weights(said.members.size(), 0.0);
  for (std::size_t i = 0; i < choice.members.size(); ++i) {
    chosen += choice.weights[i];
    const auto found = std::ranges::find(said.members, choice.members[i]);
    if (found == said.members.end()) continue;
    there += choice.weights[i];
    weights[static_cast<std::size_t>(found - said.members.begin())] = choice.weights[i];
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // Where none is left, all that apply share alike.
    const double weight =
        there > 0 ? weights[i] * chosen / there : chosen / static_cast<double>(weights.size());
    if (weight == 0) continue;
    for (std::size_t h = 0; h < sum.size(); ++h) sum[h] += weight * said.forecasts[i][h];
  }
}

}  // namespace

void scale_by_age(const ScaledPanel& scaled, const Origin& origin, double growth, std::span<double> spread) {
  const PanelSeries& series = scaled.panel().series[static_cast<std::size_t>(origin.series)];
  const auto age = static_cast<double>(series.age_at(origin.row));
  for (std::size_t h = 0; age > 0 && h < spread.size(); ++h)
    spread[h] *= std::pow(1 + age / static_cast<double>(h + 1), growth);
}

std::int64_t ChosenForecaster::rows_needed(bool difference) const {
  return learnt ? learnt->rows_needed(difference) : 1;
}

std::vector<std::size_t> ChosenForecaster::learnt_places(const ScaledPanel& scaled,
                                                         std::span<const Origin> origins,
                                                         std::int64_t rows_needed) const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; learnt && i < origins.size(); ++i) {
    const bool is_short = scaled.panel().series[static_cast<std::size_t>(origins[i].series)].is_short;
    if (!is_short && origins[i].row + 1 >= rows_needed) places.push_back(i);
  }
  return places;
}

Rows ChosenForecaster::predict_linear(const ScaledPanel& scaled, std::span<const Origin> origins) const {
  const std::int64_t horizon = scaled.panel().horizon;
  const std::int64_t needed = learnt ? learnt->linear.rows_needed(scaled.difference) : 0;
  const std::vector<std::size_t> places = learnt_places(scaled, origins, needed);
  if (places.size() == origins.size() && learnt) return learnt->linear.predict(scaled, origins);
  Rows out{horizon, {}};
  for (const Origin& origin : origins) {
    const auto& level = scaled.level[static_cast<std::size_t>(origin.series)];
    std::ranges::fill(out.append(), level[static_cast<std::size_t>(origin.row)] - scaled.base(origin));
  }
  if (!places.empty()) put(learnt->linear.predict(scaled, at_places(origins, places)), places, out);
  return out;
}

Forecasts ChosenForecaster::forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) {
  std::vector<std::vector<pool::Member>> members;
  for (const SeriesChoice& choice : choices) members.push_back(choice.members);
  Forecasts out = forecast_learnt(scaled, origins, predict_linear(scaled, origins), pool);
  std::vector<std::size_t> all(origins.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  blend(scaled, origins, all, PanelPool(scaled).forecast(origins, members, pool), out);
  return out;
}

Forecasts ChosenForecaster::forecast_learnt(const ScaledPanel& scaled, std::span<const Origin> origins,
                                            Rows of_linear, Pool& pool) {
  Forecasts out{std::move(of_linear), {}};
  out.spread = {out.location.columns, std::vector<double>(out.location.values.size(), 1.0)};
  if (has_networks()) {
    const auto places = learnt_places(scaled, origins, learnt->rows_needed(scaled.difference));
    const std::vector<Origin> own = at_places(origins, places);
    const Forecasts learnt_ones = learnt->forecast(scaled, own, pick(out.location, places), pool);
    put(learnt_ones.location, places, out.location);
    put(learnt_ones.spread, places, out.spread);
  }
  return out;
}

void ChosenForecaster::blend(const ScaledPanel& scaled, std::span<const Origin> origins,
                             std::span<const std::size_t> places, std::span<const MemberForecasts> of_members,
                             Forecasts& learnt_ones) const {
  Forecasts& out = learnt_ones;
  for (const std::size_t i : places) {
    const Origin& origin = origins[i];
    const SeriesChoice& choice = choices[static_cast<std::size_t>(origin.series)];
    const auto at = static_cast<std::int64_t>(i);
    const std::span<double> location = out.location.row(at);
    if (choice.spread > 0) std::ranges::fill(out.spread.row(at), choice.spread);
    if (choice.spread > 0 || !has_distribution()) scale_by_age(scaled, origin, growth, out.spread.row(at));
    if (choice.members.empty()) continue;
    std::vector<double> sum(location.size(), 0.0);
    for (std::size_t h = 0; choice.learnt > 0 && h < sum.size(); ++h)
      sum[h] = choice.learnt * scaled.to_units(origin, static_cast<std::int64_t>(h) + 1, location[h]);
    add_members(choice, of_members[i], sum);
    for (std::size_t h = 0; h < sum.size(); ++h)
      location[h] = scaled.from_units(origin, static_cast<std::int64_t>(h) + 1, sum[h]);
  }
}

void ChosenForecaster::take(Selection& selection, Pool& pool) {
  selection.choose_again(pool);
  for (std::size_t s = 0; s < choices.size(); ++s) {
    const double spread = choices[s].spread;
    choices[s] = selection.choices()[s];
    choices[s].spread = spread;
  }
}

void ChosenForecaster::archive(tasks::Archive& archive) {
  archive.field("series", choices);
  archive.field("growth", growth, 0.0, 1.0);
  bool learns = learnt.has_value(), trained = has_networks();
  archive.field("learns", learns);
  archive.field("trained", trained);
  if (archive.reading()) learnt = learns ? std::optional<Blend>(Blend()) : std::nullopt;
  if (learnt) archive.group("learnt", [&] { learnt->archive(archive, trained); });
}

bool ChosenForecaster::fits(const PanelShape& panel) const {
  return static_cast<std::int64_t>(choices.size()) == panel.series && (!learnt || learnt->fits(panel));
}

}  // namespace rondo::forecasting
