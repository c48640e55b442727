#include "tasks/forecast/evaluation/rolling_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/forecast/ensemble/chosen_forecaster.h"
#include "tasks/forecast/evaluation/rounds.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kFewestOrigins = 8;   // that bands remember
constexpr std::size_t kFewestErrors = 200;  // of a series: as many as the bands of a step need

class Roller {
 public:
  Roller(const ScaledPanel& scaled, const std::vector<Origin>& origins, const CalibrationStart& start,
         double growth, ScaledForecasts& forecasts)
      : scaled_(scaled), origins_(origins), start_(start), growth_(growth), forecasts_(forecasts) {
    places_.resize(scaled.panel().series.size());
    for (std::size_t i = 0; i < origins.size(); ++i)
      places_[static_cast<std::size_t>(origins[i].series)].push_back(i);
    out_.of_series.resize(places_.size());
  }

  RolledCalibrations roll(std::int64_t stride) {
    const Rounds rounds(origins_, scaled_.panel().horizon, stride);
    for (std::size_t round = 0; round <= rounds.count(); ++round) {
      if (round == 0 || rounds.is_due(round)) renew(round);
      for (std::size_t s = 0; s < places_.size(); ++s) {
        if (round >= places_[s].size() && round < rounds.count()) continue;
        const bool learnt = start_.learnt[s] != nullptr;
        out_.of_series[s].push_back(learnt ? start_.learnt[s] : pooled_.errors);
        if (learnt || round >= places_[s].size()) continue;
        const std::size_t i = places_[s][round];
        const std::span<double> spread = forecasts_.spread.row(static_cast<std::int64_t>(i));
        std::ranges::fill(spread, spread_of(s));
        scale_by_age(scaled_, origins_[i], growth_, spread);
      }
    }
    for (std::size_t s = 0; s < places_.size(); ++s)
      out_.spreads.push_back(start_.learnt[s] ? 0 : spread_of(s));
    return std::move(out_);
  }

 private:
  /// What has never moved has no band; a spread of 0 would ask the learnt part.
  double spread_of(std::size_t s) const {
    const PanelSeries& series = scaled_.panel().series[s];
    const double own = series.is_constant() && series.train_rows > 1 ? 0 : pooled_.spreads[s];
    return std::max(own, std::numeric_limits<double>::min());
  }

  void renew(std::size_t round) {
    if (std::ranges::all_of(start_.learnt, [](const auto& learnt) { return learnt != nullptr; })) return;
    std::vector<HeldOutErrors> errors;
    for (std::size_t s = 0; s < places_.size(); ++s) errors.push_back(known_at(s, round));
    pooled_ = pool_errors(errors, start_.steps, scaled_.panel().horizon);
  }

  /// The latest first.
  HeldOutErrors known_at(std::size_t s, std::size_t round) const {
    const std::vector<std::size_t>& own = places_[s];
    const std::int64_t now =
        round < own.size() ? origins_[own[round]].row : scaled_.panel().history_rows(s) - 1;
    HeldOutErrors out;
    for (std::size_t k = std::min(round, own.size()); k-- > 0;) {
      OriginErrors known = errors_at(own[k], now);
      const bool any = std::ranges::any_of(known.errors, [](double error) { return !std::isnan(error); });
      if (any) out.push_back(std::move(known));
    }
    out.insert(out.end(), start_.held_out[s].begin(), start_.held_out[s].end());
    const auto horizon = static_cast<std::size_t>(scaled_.panel().horizon);
    const std::size_t most =
        std::max({start_.held_out[s].size(), kFewestOrigins, (kFewestErrors + horizon - 1) / horizon});
    if (out.size() > most) out.resize(most);
    return out;
  }

  OriginErrors errors_at(std::size_t i, std::int64_t now) const {
    const Origin& origin = origins_[i];
    const PanelSeries& series = scaled_.panel().series[static_cast<std::size_t>(origin.series)];
    const std::span<const double> forecast = forecasts_.model.row(static_cast<std::int64_t>(i));
    OriginErrors out{std::vector<double>(forecast.size()), origin.row + 1};
    scaled_.targets(origin, out.errors);
    for (std::size_t h = 0; h < forecast.size(); ++h) {
      const std::int64_t row = origin.row + 1 + static_cast<std::int64_t>(h);
      const bool known = row <= now && series.is_observed(row);
      out.errors[h] = known ? out.errors[h] - forecast[h] : std::nan("");
    }
    return out;
  }

  const ScaledPanel& scaled_;
  const std::vector<Origin>& origins_;
  const CalibrationStart& start_;
  double growth_;
  ScaledForecasts& forecasts_;
  std::vector<std::vector<std::size_t>> places_;  ///< by series: of its origins
  PooledCalibration pooled_;
  RolledCalibrations out_;
};

}  // namespace

RolledCalibrations roll_calibrations(const ScaledPanel& scaled, const std::vector<Origin>& origins,
                                     std::int64_t stride, const CalibrationStart& start, double growth,
                                     ScaledForecasts& forecasts) {
  return Roller(scaled, origins, start, growth, forecasts).roll(stride);
}

}  // namespace rondo::forecasting
