#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tasks/forecast.h"

// A forecaster that was trained before goes on with later tables: `rondo forecast NEWER.csv --from
// run/model.rondo`.

namespace rondo {

/// Forecasts past the end of a table by a model that was trained before.
struct ForecastAhead {
  std::string source;  ///< of the table
  std::vector<ForecastSeries>
      series;  ///< with `times`, `values`, `future_times`, `forecast` and `bands`; no backtest
  std::vector<std::string> notes;  ///< what was done to the table, what to be careful about
};

/// What run_forecast has learnt, read from a file.
class ForecastModel {
 public:
  /// Throws Error(model_file) when the file is damaged, no forecaster, or of another version; Error(data)
  /// when it cannot be opened.
  static ForecastModel load(const std::string& path);

  /// The options that it was trained with; `horizon` is that of its forecasts.
  const ForecastOptions& options() const;
  /// Rows of every series, from its first value to its last, that `forecast` needs at least.
  std::int64_t rows_needed() const;

  /// Forecasts the `horizon` rows after the last value of every series of the table. Nothing is learnt:
  /// scales, weights and the widths of the bands are those of the end of training. The table is laid out like
  /// the one of the training and may begin later, go on longer, or lack some series; rows without a time
  /// column have to begin at the same row, since the season is counted from it. `tables.future` holds known
  /// covariates; `tables.test` is not looked at, since nothing is tested. `threads` 0: one for every core; it
  /// does not change results. The same rows as in training give the same bits as ForecastResult.
  ///
  /// Throws Error(data) for missing columns, series that the model does not know, too few rows, another
  /// distance of times, known covariates that end before the horizon; Error(usage) for a `tables.future`
  /// given to a model without known columns; Error(diverged) for a forecast that is not finite.
  ForecastAhead forecast(const ForecastTables& tables, std::int64_t threads = 0);

 private:
  ForecastModel() = default;  // holds nothing until load() has read it

  std::shared_ptr<ForecastResult::Model> model_;
};

/// What `rondo forecast --from --json` prints: target, horizon, series with their last time, warnings, files.
Json forecast_json(const ForecastAhead& ahead, const ForecastOptions& options, const Json& files);

}  // namespace rondo
