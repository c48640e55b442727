#include "tasks/forecast/trained/model.h"

#include <algorithm>
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

namespace {

/// How many ways there are to read what nobody has learnt, at most so many.
std::size_t readings_of(const Panel& panel) {
  constexpr std::size_t kMost = 5;
  std::size_t count = 0;
  for (const PanelSeries& series : panel.series) {
    for (const KnownDoubt& doubt : series.doubts) count = std::max(count, doubt.columns + 1);
  }
  return std::min(count, kMost);
}

/// The panel with one of them: a number at one end of what was learnt, a text that was.
Panel read_as(const Panel& panel, std::size_t reading) {
  Panel out = panel;
  for (PanelSeries& series : out.series) {
    for (const KnownDoubt& doubt : series.doubts) {
      const std::size_t at = static_cast<std::size_t>(doubt.row) * panel.known.size() + doubt.column;
      for (std::size_t c = 0; c < doubt.columns; ++c)
        series.known[at + c] = c + 1 == reading ? doubt.high : doubt.low;
    }
  }
  return out;
}

/// Bands hold what the forecast would be, were that which nobody has learnt like anything that was: as far as
/// that lies from the forecast, so much wider they are.
void widen_for_doubts(const ScaledPanel& scaled, ForecastResult::Model& model, std::span<const Origin> ends,
                      Pool& pool, std::span<ForecastSeries> series) {
  for (std::size_t reading = 0; reading < readings_of(scaled.panel()); ++reading) {
    const Panel panel = read_as(scaled.panel(), reading);
    ScaledPanel other(panel, scaled.scaling);
    const Forecasts ahead = model.forecaster.forecast(other, ends, pool);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const auto location = ahead.location.row(static_cast<std::int64_t>(i));
      ForecastBands& bands = series[i].bands;
      const double lowest = scaled.lowest(ends[i].series);
      for (std::size_t h = 0; h < location.size(); ++h) {
        const double shift =
            other.to_units(ends[i], static_cast<std::int64_t>(h) + 1, location[h]) - series[i].forecast[h];
        const auto lower = [&](double& end) { end = std::min(end, std::max(lowest, end + shift)); };
        const auto raise = [&](double& end) { end = std::max(end, end + shift); };
        for (auto* low : {&bands.low80, &bands.low95}) lower((*low)[h]);
        for (auto* high : {&bands.high80, &bands.high95}) raise((*high)[h]);
        ForecastQuantiles& asked = series[i].asked;
        for (std::size_t k = 0; k < asked.levels.size(); ++k) {
          if (asked.levels[k] < 0.5) lower(asked.values[k][h]);
          if (asked.levels[k] > 0.5) raise(asked.values[k][h]);
        }
      }
    }
  }
}

}  // namespace

void check_finite(const ForecastSeries& series, const ForecastBands& bands, const std::string& source) {
  for (const auto& [name, end] : ForecastBands::kEnds) {
    if (std::ranges::none_of(bands.*end, [](double value) { return std::isinf(value); })) continue;
    throw Error(ErrorKind::diverged, "a band of the forecast is not finite")
        .where(series.id.empty() ? source : source + ", series '" + series.id + "'")
        .seen(name)
        .fix("look for outliers in the column, give it in a larger unit, or try --transform none");
  }
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
  widen_for_doubts(scaled, model, ends, pool, series);
  for (const ForecastSeries& one : series) check_finite(one, one.bands, source);
}

}  // namespace rondo::forecasting
