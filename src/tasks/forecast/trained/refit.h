#pragma once

#include "tasks/forecast/ensemble/chosen_forecaster.h"
#include "tasks/forecast/evaluation/backtest.h"

namespace rondo::forecasting {

/// Walk-forward with retraining: the test part of every series is cut into `options.refit` equal parts;
/// forecasts of the origins in parts 2, 3 … come from a linear model and networks that learnt from all rows
/// before that part (with the transform, the lags and the weights `choices` of the first training). Replaces
/// these rows of `forecasts`, which hold those of the first training, by `tested`.
void refit_forecasts(const TrainingTask& task, const std::vector<Origin>& origins,
                     const ChosenForecaster& tested, std::span<const SeriesChoice> choices, Pool& pool,
                     ScaledForecasts& forecasts);

/// The test part of one series in parts of equal time, as far as rows are whole.
struct TestParts {
  std::int64_t train_rows = 0, rows = 0;  ///< of the series: before the test part, and all
  std::int64_t count = 1;

  /// The first row of a part, from 0; the end of the series for part `count`.
  std::int64_t begin(std::int64_t part) const { return train_rows + (rows - train_rows) * part / count; }
  /// The part that the forecasts of an origin belong to: their first row decides.
  std::int64_t of(std::int64_t origin_row) const;
};

}  // namespace rondo::forecasting
