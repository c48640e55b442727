#include "tasks/forecast/report/drawn_series.h"

#include <map>

#include "base/index_range.h"

namespace rondo::forecasting {

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
  return scores;
}

std::string series_name(const ForecastSeries& series, const ForecastResult& result) {
  if (result.targets.size() < 2) return series.id;
  return series.id.empty() ? series.target : series.id + ", " + series.target;
}

std::string display_name(const std::string& forecaster) {
  return forecaster == "seasonal_naive" ? "seasonal naive" : forecaster;
}

}  // namespace rondo::forecasting
