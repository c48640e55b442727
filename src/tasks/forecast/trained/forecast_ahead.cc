#include "tasks/forecast/trained/model.h"

#include <cmath>

#include "rondo/base/error.h"
#include "tasks/forecast/intervals/backtest_bands.h"

namespace rondo::forecasting {

ForecastSeries series_of(const PanelSeries& from, Timeline times) {
  ForecastSeries series;
  series.id = from.id;
  series.target = from.target;
  series.values = from.values;
  series.observed = from.observed;
  series.times = std::move(times);
  return series;
}

void forecast_ahead(const ScaledPanel& scaled, ForecastResult::Model& model, std::span<const Origin> ends,
                    const std::string& source, Pool& pool, std::span<ForecastSeries> series) {
  const Forecasts ahead = model.forecaster.forecast(scaled, ends, pool);
  const std::vector<double> asked = asked_quantiles(model.preparation.options);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto location = ahead.location.row(static_cast<std::int64_t>(i));
    for (std::size_t h = 0; h < location.size(); ++h) {
      series[i].forecast.push_back(scaled.to_units(ends[i], static_cast<std::int64_t>(h) + 1, location[h]));
      if (!std::isfinite(series[i].forecast.back())) {
        throw Error(ErrorKind::diverged, "the forecast is not finite")
            .where(series[i].id.empty() ? source : source + ", series '" + series[i].id + "'")
            .fix("look for outliers in the column, or try --transform none");
      }
    }
    const auto spread = ahead.spread.row(static_cast<std::int64_t>(i));
    const BandOffsets& bands = model.bands[static_cast<std::size_t>(ends[i].series)];
    append_bands(scaled, ends[i], location, spread, bands, series[i].bands);
    series[i].asked.levels = asked;
    append_asked(scaled, ends[i], location, spread, bands, series[i].asked);
    if (model.forecaster.has_distribution())
      append_quantiles(scaled, ends[i], location, spread, bands, series[i].quantiles);
  }
}

}  // namespace rondo::forecasting
