#include "tasks/forecast/output/rivals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace rondo::forecasting {

std::vector<const ForecastScore*> other_methods(const std::vector<ForecastScore>& baselines,
                                                const std::vector<ForecastScore>& methods) {
  std::vector<const ForecastScore*> out;
  for (const ForecastScore& method : methods) {
    const bool listed = std::ranges::any_of(
        baselines, [&](const ForecastScore& b) { return forecaster_name(b.name) == method.name; });
    if (!listed) out.push_back(&method);
  }
  return out;
}

const std::vector<double>* baseline_forecasts(const ForecastSeries::Backtest& backtest,
                                              const std::string& name) {
  using Backtest = ForecastSeries::Backtest;
  constexpr std::array<std::pair<const char*, std::vector<double> Backtest::*>, 4> kBaselines{
      {{"naive", &Backtest::naive},
       {"seasonal_naive", &Backtest::seasonal_naive},
       {"drift", &Backtest::drift},
       {"ridge", &Backtest::ridge}}};
  for (const auto& [own, forecasts] : kBaselines)
    if (name == own) return &(backtest.*forecasts);
  return nullptr;
}

}  // namespace rondo::forecasting

namespace rondo {

std::string forecaster_name(const std::string& name) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kNames{{{"seasonal_naive", "seasonal naive"},
                                                                       {"model", "forecast"},
                                                                       {"linear", "linear model"},
                                                                       {"network", "networks"}}};
  for (const auto& [own, shown] : kNames)
    if (name == own) return shown;
  return name;
}

std::vector<ForecastScore> forecast_leaderboard(const ForecastResult& result) {
  if (result.measure.empty()) return {};
  std::vector<ForecastScore> all{result.test};
  all.insert(all.end(), result.baselines.begin(), result.baselines.end());
  for (const ForecastScore* method : forecasting::other_methods(result.baselines, result.methods))
    all.push_back(*method);
  // What has no error comes last.
  std::ranges::stable_sort(all, {}, [](const ForecastScore& score) {
    return std::isnan(score.compared) ? INFINITY : score.compared;
  });
  return all;
}

}  // namespace rondo
