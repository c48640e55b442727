#include "tasks/forecast/statistical/mstl.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/statistical/ets.h"
#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting::statistical {

double Mstl::season_ahead(std::int64_t step) const {
  double sum = 0;
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const std::vector<double>& season = seasons[i];
    sum += season[season.size() - static_cast<std::size_t>(periods[i] - step % periods[i])];
  }
  return sum;
}

Mstl mstl(std::span<const double> values, std::span<const std::int64_t> periods, const MstlOptions& options) {
  Mstl parts;
  const auto rows = static_cast<std::int64_t>(values.size());
  for (const std::int64_t period : periods) {
    if (period >= 2 && 2 * period <= rows) parts.periods.push_back(period);
  }
  std::sort(parts.periods.begin(), parts.periods.end());
  parts.periods.erase(std::unique(parts.periods.begin(), parts.periods.end()), parts.periods.end());
  parts.adjusted = interpolate(values, parts.periods.empty() ? 1 : parts.periods.front());
  parts.seasons.assign(parts.periods.size(), std::vector<double>(values.size(), 0.0));
  const int rounds = parts.periods.size() > 1 ? options.rounds : 1;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < parts.periods.size(); ++i) {
      std::vector<double>& season = parts.seasons[i];
      for (std::size_t row = 0; row < season.size(); ++row) parts.adjusted[row] += season[row];
      const std::int64_t window = options.first_window + options.window_growth * static_cast<std::int64_t>(i);
      StlOptions how = StlOptions::fast(parts.periods[i], window);
      how.inner = options.inner;
      if (!options.fast) how.season.jump = how.trend.jump = how.low_pass.jump = 1;
      season = stl(parts.adjusted, parts.periods[i], how).season;
      for (std::size_t row = 0; row < season.size(); ++row) parts.adjusted[row] -= season[row];
    }
  }
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) parts.adjusted[row] = values[row];
  }
  return parts;
}

std::vector<double> forecast_mstl(std::span<const double> values, std::span<const std::int64_t> periods,
                                  std::int64_t horizon, const MstlOptions& options) {
  const std::span<const double> known = from_first_observed(values);
  if (known.empty()) return std::vector<double>(static_cast<std::size_t>(horizon), 0.0);
  const Mstl parts = mstl(known, periods, options);
  std::vector<double> forecast = forecast_ets(choose_ets(parts.adjusted, 1), parts.adjusted, horizon);
  for (std::int64_t step = 0; step < horizon; ++step) forecast[step] += parts.season_ahead(step);
  return forecast;
}

}  // namespace rondo::forecasting::statistical
