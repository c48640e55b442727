// The tables of forecast.csv and backtest.csv.

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tasks/forecast/output/rivals.h"
#include "tasks/forecast/output/value_columns.h"

namespace rondo {

namespace {

namespace fc = forecasting;

constexpr std::size_t kRowsWithMethods = 200'000;  // of more, backtest.csv has the baselines alone

/// Columns that grow series by series.
class Columns {
 public:
  explicit Columns(const ForecastOptions& options, std::span<const ForecastSeries> all) : options_(options) {
    for (const ForecastSeries& series : all) {
      several_ = several_ || !series.id.empty();
      targeted_ = targeted_ || series.target != all.front().target;
    }
  }

  void add_row(const ForecastSeries& series, const std::string& time) {
    ids_.push_back(series.id);
    targets_.push_back(series.target);
    times_.push_back(time);
  }
  void add_cutoff(const std::string& time) { cutoffs_.push_back(time); }
  void append(const std::string& name, std::span<const double> values) {
    const auto [found, fresh] = places_.try_emplace(name, values_.size());
    if (fresh) values_.emplace_back().name = name;
    std::vector<double>& column = values_[found->second].values;
    column.insert(column.end(), values.begin(), values.end());
  }
  /// Columns that the series before did not have are NaN there, as those that this one does not have.
  void fill_up() {
    for (fc::ValueColumn& column : values_)
      column.values.resize(static_cast<std::size_t>(times_.size()), ForecastScore::kNone);
  }
  void begin_column(const std::string& name, std::size_t rows) {
    if (places_.try_emplace(name, values_.size()).second)
      values_.push_back({name, std::vector<double>(rows, ForecastScore::kNone)});
  }
  std::size_t rows() const { return static_cast<std::size_t>(times_.size()); }

  Table table(const char* name) {
    Table table(name);
    if (several_) table.add(Column(options_.id.empty() ? "id" : options_.id, std::move(ids_)));
    if (targeted_) table.add(Column("target", std::move(targets_)));
    table.add(Column(options_.time.empty() ? "row" : options_.time, std::move(times_)));
    if (!cutoffs_.empty()) table.add(Column("cutoff", std::move(cutoffs_)));
    for (fc::ValueColumn& column : values_) table.add(Column(column.name, std::move(column.values)));
    return table;
  }

 private:
  const ForecastOptions& options_;
  bool several_ = false, targeted_ = false;
  TextList ids_, targets_, times_, cutoffs_;
  std::vector<fc::ValueColumn> values_;
  std::map<std::string, std::size_t> places_;
};

std::vector<double> numbers(const std::vector<std::int64_t>& integers) {
  return {integers.begin(), integers.end()};
}

void append_rival(const std::string& name, std::span<const double> forecasts, const ForecastBands& bands,
                  Columns& out) {
  std::vector<double> values(forecasts.begin(), forecasts.end());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = fc::rounded_beside(values[i], bands.high80[i] - bands.low80[i]);
  out.append(name, values);
}

/// "dynamic theta" → "dynamic_theta".
std::string column_of(std::string method) {
  std::ranges::replace(method, ' ', '_');
  return method;
}

}  // namespace

Table forecast_table(const ForecastResult& result) { return forecast_table(result.options, result.series); }

Table forecast_table(const ForecastOptions& options, std::span<const ForecastSeries> all) {
  Columns out(options, all);
  for (const ForecastSeries& series : all) {
    for (std::int64_t row = 0; row < series.future_times.size(); ++row)
      out.add_row(series, series.future_times.text(row));
    for (const auto& [name, values] :
         fc::forecast_columns(options, series.forecast, series.bands, series.asked))
      out.append(name, values);
  }
  return out.table("forecast");
}

Table backtest_table(const ForecastResult& result) {
  Columns out(result.options, result.series);
  std::size_t rows = 0;
  for (const ForecastSeries& series : result.series) rows += series.backtest.actual.size();
  for (const ForecastSeries& series : result.series) {
    const ForecastSeries::Backtest& from = series.backtest;
    const std::size_t before = out.rows();
    for (std::size_t i = 0; i < from.actual.size(); ++i) {
      out.add_row(series, series.times.text(from.row(i)));
      out.add_cutoff(series.times.text(from.origin[i]));
    }
    out.append("step", numbers(from.step));
    out.append("actual", from.actual);
    for (const auto& [name, values] :
         fc::forecast_columns(result.options, from.predicted, from.bands, from.asked))
      out.append(name, values);
    for (const ForecastScore& baseline : result.baselines) {
      if (const auto* forecasts = fc::baseline_forecasts(from, baseline.name))
        append_rival(baseline.name, *forecasts, from.bands, out);
    }
    for (const auto& [name, forecasts] : from.methods) {
      const std::string column = column_of(name);
      if (rows > kRowsWithMethods || fc::baseline_forecasts(from, column) != nullptr) continue;
      out.begin_column(column, before);
      append_rival(column, forecasts, from.bands, out);
    }
    out.fill_up();
  }
  return out.table("backtest");
}

}  // namespace rondo
