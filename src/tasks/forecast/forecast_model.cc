#include "rondo/forecast_model.h"

#include <optional>
#include <utility>

#include "rondo/data/csv.h"
#include "rondo/pool.h"
#include "tasks/forecast/forecast_ahead.h"
#include "tasks/forecast/later_panel.h"
#include "tasks/forecast/likelihood_head.h"
#include "tasks/forecast/model_file.h"

namespace rondo {

ForecastModel ForecastModel::load(const std::string& path) {
  ForecastModel out;
  out.model_ =
      std::make_shared<ForecastResult::Model>(forecasting::take_forecaster(read_tensor_file(path), path));
  return out;
}

const ForecastOptions& ForecastModel::options() const { return model_->preparation.options; }

std::int64_t ForecastModel::rows_needed() const { return model_->rows_needed(); }

ForecastAhead ForecastModel::forecast(const ForecastTables& tables, int threads) {
  forecasting::LaterPanel later =
      forecasting::read_later_panel(model_->preparation, tables, model_->rows_needed());
  forecasting::ScaledPanel scaled(later.panel, model_->scaling);
  if (forecasting::names_counts(options().likelihood)) scaled.lowest = 0;
  ForecastAhead out;
  out.source = tables.table.source();
  out.notes = std::move(later.notes);
  for (std::size_t i = 0; i < later.ends.size(); ++i) {
    const forecasting::PanelSeries& from = later.panel.series[static_cast<std::size_t>(later.ends[i].series)];
    ForecastSeries series;
    series.id = from.id;
    series.target = from.target;
    series.values = from.values;
    series.observed = from.observed;
    series.future_times = later.times[i].next(options().horizon);
    series.times = std::move(later.times[i]);
    out.series.push_back(std::move(series));
  }
  Pool pool(threads);
  forecasting::forecast_ahead(later.panel, scaled, *model_, later.ends, out.source, pool, out.series);
  return out;
}

Config forecast_json(const ForecastAhead& ahead, const ForecastOptions& options, const Config& files) {
  Config series = Config::array();
  for (const ForecastSeries& one : ahead.series) {
    series.push_back(Config::object({{"id", one.id},
                                     {"target", one.target},
                                     {"rows", one.times.size()},
                                     {"last_time", one.times.text(one.times.size() - 1)}}));
  }
  return Config::object({{"target", options.target},
                         {"horizon", options.horizon},
                         {"series", std::move(series)},
                         {"warnings", Config::list(ahead.notes)},
                         {"files", files}});
}

}  // namespace rondo
