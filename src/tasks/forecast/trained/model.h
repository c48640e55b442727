#pragma once

#include <span>
#include <string>
#include <vector>

#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"
#include "tasks/common/archive.h"
#include "tasks/forecast/ensemble/chosen_forecaster.h"
#include "tasks/forecast/intervals/bands.h"
#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/panel/panel_scaling.h"
#include "tasks/forecast/table/preparation.h"

namespace rondo {

/// Everything that a forecast follows from, besides the history itself.
struct ForecastResult::Model {
  forecasting::Preparation preparation;
  forecasting::PanelScaling scaling;
  forecasting::ChosenForecaster forecaster;     ///< its linear model is fitted on all rows
  std::vector<forecasting::BandOffsets> bands;  ///< by series, of a forecast past its end

  std::int64_t horizon() const { return preparation.options.horizon; }
  /// Rows of history that a forecast needs.
  std::int64_t rows_needed() const { return forecaster.rows_needed(scaling.difference); }
};

}  // namespace rondo

namespace rondo::forecasting {

/// A series of the result with what its panel says of it.
ForecastSeries series_of(const PanelSeries& from, Timeline times);

/// Error(diverged) when an end of a band is infinite: such a forecast is not written.
void check_finite(const ForecastSeries& series, const ForecastBands& bands, const std::string& source);

/// Forecasts and bands past each of the origins `ends`, in units of the series: series[i] gets those of
/// ends[i]. `source` names the table in messages. Error(diverged) when one is not finite.
void forecast_ahead(const ScaledPanel& scaled, ForecastResult::Model& model, std::span<const Origin> ends,
                    const std::string& source, Pool& pool, std::span<ForecastSeries> series);

/// The content of a forecaster's model file (tasks/common/model_file.h), in both directions. What comes from
/// a file is checked so far that no table makes it reach outside of its arrays.
void archive_model(tasks::Archive& archive, ForecastResult::Model& model);

}  // namespace rondo::forecasting
