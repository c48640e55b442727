#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"

// A series of the result as the report draws it.
namespace rondo::forecasting {

/// Some rows of a time axis.
struct TimeRows {
  const Timeline* times = nullptr;
  std::vector<std::int64_t> rows = {};

  static TimeRows all_of(const Timeline& times);
  std::size_t size() const { return rows.size(); }
  std::string text(std::size_t i) const { return times->text(rows[i]); }
  std::int64_t tick(std::size_t i) const { return times->ticks()[static_cast<std::size_t>(rows[i])]; }
};

/// The backtest in order of time, one forecast a row: where several overlap, the one from the latest origin.
struct LatestForecasts {
  TimeRows times;
  std::vector<std::size_t> entries;  ///< of ForecastSeries::Backtest, one for each time

  std::vector<double> of(const std::vector<double>& values) const;
};
LatestForecasts latest_forecasts(const ForecastSeries& series);

/// Residuals one step ahead (actual − forecast made one row before). Empty unless the backtest has forecasts
/// of the next row from every row. They show better what is left to learn than those of a whole horizon,
/// whose errors are correlated by their common origin.
struct OneStepResiduals {
  TimeRows times;
  std::vector<double> values;
};
OneStepResiduals one_step_residuals(const ForecastSeries& series);

/// The values, NaN where they were missing.
std::vector<double> known_values(const ForecastSeries& series);

/// Errors of the model, where the series has a test part, then of the baselines and of its best methods.
std::vector<ForecastScore> all_scores(const ForecastSeries& series);

/// A baseline or, where none has that name, a method; nullptr where neither has.
const ForecastScore* find_rival(const ForecastSeries& series, const std::string& name);
const ForecastScore* find_rival(const ForecastResult& result, const std::string& name);

/// The rival of this series with the lowest RMSE; nullptr where none is known.
const ForecastScore* best_rival(const ForecastSeries& series);

/// The lines of the backtest that are drawn beside the model's: the baselines, and the best method where it
/// is none of them.
struct RivalLine {
  std::string name;
  const std::vector<double>* forecasts;
};
std::vector<RivalLine> rival_lines(const ForecastSeries& series, const ForecastResult& result);

/// The id, the target or both, whichever there are several of.
std::string series_name(const ForecastSeries& series, const ForecastResult& result);

}  // namespace rondo::forecasting
