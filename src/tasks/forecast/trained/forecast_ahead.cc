#include "tasks/forecast/trained/forecast_ahead.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"
#include "tasks/forecast/intervals/backtest_bands.h"

namespace rondo {

std::int64_t ForecastResult::Model::rows_needed() const {
  const std::int64_t line_rows = line.layout.first_origin(scaling.difference) + 1;
  const std::int64_t more = network.residual && scaling.difference ? 1 : 0;
  return std::max(line_rows, network.window_rows() + more);
}

namespace forecasting {

void forecast_ahead(const Panel& panel, const ScaledPanel& scaled, ForecastResult::Model& model,
                    std::span<const Origin> ends, const std::string& source, Pool& pool,
                    std::span<ForecastSeries> series) {
  const NetworkForecast ahead =
      model.network.forecast(panel, scaled, ends, model.line.predict(panel, scaled, ends), pool);
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
    append_bands(scaled, ends[i], location, ahead.spread.row(static_cast<std::int64_t>(i)),
                 model.bands[static_cast<std::size_t>(ends[i].series)], series[i].bands);
    if (model.network.says_distribution()) {
      append_quantiles(scaled, ends[i], location, ahead.spread.row(static_cast<std::int64_t>(i)),
                       model.bands[static_cast<std::size_t>(ends[i].series)], series[i].quantiles);
    }
  }
}

}  // namespace forecasting
}  // namespace rondo
