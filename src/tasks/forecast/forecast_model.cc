#include "rondo/tasks/forecast_model.h"

#include <utility>

#include "rondo/base/pool.h"
#include "tasks/common/model_file.h"
#include "tasks/forecast/table/later_panel.h"
#include "tasks/forecast/trained/model.h"

namespace rondo {

ForecastModel ForecastModel::load(const std::string& path) {
  ForecastModel out;
  out.model_ = std::make_shared<ForecastResult::Model>();
  tasks::load_model_file(path,
                         [&](tasks::Archive& archive) { forecasting::archive_model(archive, *out.model_); });
  return out;
}

const ForecastOptions& ForecastModel::options() const { return model_->preparation.options; }

std::int64_t ForecastModel::rows_needed() const { return model_->rows_needed(); }

ForecastAhead ForecastModel::forecast(const ForecastTables& tables, std::int64_t threads) {
  forecasting::LaterPanel later =
      forecasting::read_later_panel(model_->preparation, tables, model_->rows_needed());
  forecasting::ScaledPanel scaled(later.panel, model_->scaling);
  ForecastAhead out;
  out.source = tables.table.source();
  out.notes = std::move(later.notes);
  for (std::size_t i = 0; i < later.ends.size(); ++i) {
    const auto index = static_cast<std::size_t>(later.ends[i].series);
    ForecastSeries series = forecasting::series_of(later.panel.series[index], std::move(later.times[i]));
    series.future_times = series.times.next(options().horizon);
    out.series.push_back(std::move(series));
  }
  Pool pool(threads);
  forecasting::forecast_ahead(scaled, *model_, later.ends, out.source, pool, out.series);
  return out;
}

Json forecast_json(const ForecastAhead& ahead, const ForecastOptions& options, const Json& files) {
  Json series = Json::array();
  for (const ForecastSeries& one : ahead.series) {
    series.push_back(Json::object({{"id", one.id},
                                   {"target", one.target},
                                   {"rows", one.times.size()},
                                   {"last_time", one.times.text(one.times.size() - 1)}}));
  }
  return Json::object({{"target", options.target},
                       {"horizon", options.horizon},
                       {"series", std::move(series)},
                       {"warnings", Json::list(ahead.notes)},
                       {"files", files}});
}

}  // namespace rondo
