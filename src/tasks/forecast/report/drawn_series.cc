#include "tasks/forecast/report/drawn_series.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/index_range.h"
#include "tasks/forecast/output/rivals.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kMethodsOfASeries = 5;  // that its table lists

const ForecastScore* find(const std::vector<ForecastScore>& baselines,
                          const std::vector<ForecastScore>& methods, const std::string& name) {
  for (const std::vector<ForecastScore>* scores : {&baselines, &methods}) {
    const auto found = std::ranges::find(*scores, name, &ForecastScore::name);
    if (found != scores->end()) return &*found;
  }
  return nullptr;
}

}  // namespace

TimeRows TimeRows::all_of(const Timeline& times) { return {&times, detail::range(0, times.size())}; }

std::vector<double> LatestForecasts::of(const std::vector<double>& values) const {
  std::vector<double> picked;
  picked.reserve(entries.size());
  for (const std::size_t entry : entries) picked.push_back(values[entry]);
  return picked;
}

LatestForecasts latest_forecasts(const ForecastSeries& series) {
  std::map<std::int64_t, std::size_t> latest;  // entries are in order of origins
  for (std::size_t i = 0; i < series.backtest.actual.size(); ++i) latest[series.backtest.row(i)] = i;
  LatestForecasts out{{&series.times}, {}};
  for (const auto& [row, entry] : latest) {
    out.times.rows.push_back(row);
    out.entries.push_back(entry);
  }
  return out;
}

OneStepResiduals one_step_residuals(const ForecastSeries& series) {
  const ForecastSeries::Backtest& from = series.backtest;
  OneStepResiduals out{{&series.times}, {}};
  for (std::size_t i = 0; i < from.actual.size(); ++i) {
    if (from.step[i] != 1) continue;
    if (!out.times.rows.empty() && from.row(i) != out.times.rows.back() + 1) return {{&series.times}, {}};
    out.times.rows.push_back(from.row(i));
    out.values.push_back(from.actual[i] - from.predicted[i]);
  }
  return out.values.size() < 2 ? OneStepResiduals{{&series.times}, {}} : out;
}

std::vector<double> known_values(const ForecastSeries& series) {
  std::vector<double> values = series.values;
  for (std::size_t row = 0; row < series.observed.size(); ++row)
    if (series.observed[row] == 0) values[row] = ForecastScore::kNone;
  return values;
}

std::vector<ForecastScore> all_scores(const ForecastSeries& series) {
  std::vector<ForecastScore> scores;
  if (!series.test.name.empty()) scores.push_back(series.test);
  scores.insert(scores.end(), series.baselines.begin(), series.baselines.end());
  const auto methods = other_methods(series.baselines, series.methods);  // best first
  for (std::size_t i = 0; i < std::min(kMethodsOfASeries, methods.size()); ++i) scores.push_back(*methods[i]);
  return scores;
}

const ForecastScore* find_rival(const ForecastSeries& series, const std::string& name) {
  return find(series.baselines, series.methods, name);
}

const ForecastScore* find_rival(const ForecastResult& result, const std::string& name) {
  return find(result.baselines, result.methods, name);
}

const ForecastScore* best_rival(const ForecastSeries& series) {
  const ForecastScore* best = nullptr;
  for (const std::vector<ForecastScore>* scores : {&series.baselines, &series.methods}) {
    for (const ForecastScore& score : *scores)
      if (std::isfinite(score.rmse) && (best == nullptr || score.rmse < best->rmse)) best = &score;
  }
  return best;
}

std::vector<RivalLine> rival_lines(const ForecastSeries& series, const ForecastResult& result) {
  const ForecastSeries::Backtest& from = series.backtest;
  std::vector<RivalLine> lines;
  for (const ForecastScore& baseline : result.baselines)
    if (const auto* forecasts = baseline_forecasts(from, baseline.name))
      lines.push_back({baseline.name, forecasts});
  const std::string& best = result.skill_against;
  if (std::ranges::count(lines, best, &RivalLine::name) > 0) return lines;
  for (const auto& [name, forecasts] : from.methods)
    if (name == best) lines.push_back({name, &forecasts});
  return lines;
}

std::string series_name(const ForecastSeries& series, const ForecastResult& result) {
  if (result.targets.size() < 2) return series.id;
  return series.id.empty() ? series.target : series.id + ", " + series.target;
}

}  // namespace rondo::forecasting
