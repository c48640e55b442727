#include "tasks/check/forecast_leaks.h"

#include <algorithm>

#include "base/order_statistics.h"
#include "rondo/base/error.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::checking {

namespace {

using forecasting::Panel;
using forecasting::PanelSeries;
using forecasting::Prepared;
using forecasting::ScaledPanel;
using forecasting::SeriesScale;
using forecasting::Transform;

/// The clock that all series share: the different ticks of the table, in order.
std::vector<std::int64_t> all_ticks(const Table& table, const ForecastOptions& options,
                                    const Prepared& prepared) {
  const Timeline times =
      options.time.empty() ? prepared.times.front() : read_times(table, options.time, options.times);
  std::vector<std::int64_t> ticks(times.ticks().begin(), times.ticks().end());
  detail::sort_unique(ticks);
  return ticks;
}

class Tracer {
 public:
  Tracer(const Table& table, const ForecastOptions& options, const Prepared& prepared)
      : options_(options), ticks_(all_ticks(table, options, prepared)) {
    for (std::size_t s = 0; s < prepared.panel.series.size(); ++s) {
      const std::int64_t train = prepared.panel.series[s].train_rows;
      train_rows_.push_back(train);
      all_rows_.push_back(prepared.panel.series[s].rows());
      observed_ = prepared.panel.series[s].observed;
      training_ =
          std::max(training_, moment(prepared.times[s].ticks()[static_cast<std::size_t>(train) - 1]) + 1);
    }
  }

  std::int64_t training() const { return training_; }
  std::int64_t moments() const { return static_cast<std::int64_t>(ticks_.size()); }

  LeakTrace operator()(const Table& table) const {
    Prepared prepared = forecasting::prepare(table, options_);
    if (prepared.panel.series.size() != all_rows_.size()) {
      throw Error(ErrorKind::data, "a series has no values left");
    }
    if (all_rows_.size() == 1 && prepared.panel.series[0].rows() != all_rows_[0]) {
      // Rows went, or those at the end have no target left and are no history any more. The training part
      // stays what it was; what is left of the test part may be short.
      const std::int64_t test = prepared.panel.series[0].rows() - train_rows_[0];
      const auto next = static_cast<std::size_t>(prepared.panel.series[0].rows());
      if (next < observed_.size() && observed_[next] == 0) {
        throw Error(ErrorKind::data, "rows without a target stand at the new end");
      }
      if (test < options_.horizon) throw Error(ErrorKind::data, "too few rows are left for a test part");
      ForecastOptions options = options_;
      options.split.clear();
      options.backtest = "last=" + std::to_string(test);
      prepared = forecasting::prepare(table, options);
    }
    for (std::size_t s = 0; s < all_rows_.size(); ++s) {
      if (prepared.panel.series[s].train_rows == train_rows_[s]) continue;
      throw Error(ErrorKind::data, "the parts are shares of the rows that there are");
    }
    LeakTrace trace;
    trace.columns = {"target", "scaled target", "differenced target"};
    for (const std::string& name : prepared.panel.past) trace.columns.push_back("scaled " + name);
    const ScaledPanel levels(prepared.panel, Transform::none, false),
        changes(prepared.panel, Transform::none, true);
    for (std::size_t s = 0; s < prepared.panel.series.size(); ++s)
      add_rows(prepared, levels, changes, s, trace);
    trace.fitted = {{"scales of the series", scales_of(levels)},
                    {"seasons and period", prepared.panel.seasons},
                    {"training values", training_values(prepared.panel)},
                    {"seasonal indices", indices_of(levels)}};
    trace.fitted[1].values.push_back(static_cast<double>(prepared.period));
    return trace;
  }

 private:
  std::int64_t moment(std::int64_t tick) const {
    return std::lower_bound(ticks_.begin(), ticks_.end(), tick) - ticks_.begin();
  }

  void add_rows(const Prepared& prepared, const ScaledPanel& levels, const ScaledPanel& changes,
                std::size_t s, LeakTrace& trace) const {
    const PanelSeries& series = prepared.panel.series[s];
    const std::size_t width = prepared.panel.past.size();
    for (std::size_t row = 0; row < series.values.size(); ++row) {
      trace.last_known.push_back(moment(prepared.times[s].ticks()[row]));
      trace.values.push_back(series.values[row]);
      trace.values.push_back(levels.level[s][row]);
      trace.values.push_back(changes.movement[s][row]);
      const auto past = levels.past[s].begin() + static_cast<std::ptrdiff_t>(row * width);
      trace.values.insert(trace.values.end(), past, past + static_cast<std::ptrdiff_t>(width));
    }
  }

  static std::vector<double> scales_of(const ScaledPanel& scaled) {
    std::vector<double> out;
    for (const SeriesScale& scale : scaled.scales) out.insert(out.end(), {scale.center, scale.scale});
    return out;
  }

  static std::vector<double> indices_of(const ScaledPanel& scaled) {
    std::vector<double> out;
    for (const auto& series : scaled.scaling.series) {
      const std::vector<double>& places = series.seasonal.by_place;
      out.insert(out.end(), places.begin(), places.end());
    }
    return out;
  }

  static std::vector<double> training_values(const Panel& panel) {
    std::vector<double> out;
    for (const PanelSeries& series : panel.series) {
      out.insert(out.end(), series.training().begin(), series.training().end());
    }
    return out;
  }

  const ForecastOptions& options_;
  std::vector<std::int64_t> ticks_, train_rows_, all_rows_;
  std::vector<std::uint8_t> observed_;  ///< of the only series
  std::int64_t training_ = 0;
};

}  // namespace

LeakReport find_forecast_leaks(const Table& table, const ForecastOptions& options, const Prepared& prepared) {
  if (options.time.empty() && prepared.panel.series.size() > 1) {
    LeakReport report;
    report.not_tried.emplace_back("series without times have no common clock");
    return report;
  }
  const Tracer tracer(table, options, prepared);
  LeakOptions how;
  how.training = tracer.training();
  constexpr std::int64_t kManyRows = 100'000;
  if (table.rows() > kManyRows) how.count = 1;
  how.time = options.time;
  how.times = options.times;
  if (!options.id.empty()) how.keep = {table.column(options.id).name()};
  for (const std::string& name : options.known) how.keep.push_back(table.column(name).name());
  if (how.training >= tracer.moments()) return {};
  return find_leaks(
      table, [&](const Table& changed) { return tracer(changed); }, how);
}

}  // namespace rondo::checking
