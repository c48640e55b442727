#include "tasks/forecast/report/events.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "base/text.h"
#include "tasks/forecast/report/drawn_series.h"
#include "tasks/forecast/report/series_data.h"
#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"

namespace rondo::forecasting {
namespace {

constexpr std::int64_t kNeighbours = 2;  // rows from one to the next of an event

struct Marked {
  const ForecastAnomaly* anomaly;
  std::size_t series;
  std::int64_t tick;
};

/// Rows that are remarkable; the result has them worst first.
std::vector<Marked> marked_rows(const ForecastResult& result) {
  std::vector<Marked> rows;
  for (const ForecastAnomaly& anomaly : result.anomalies) {
    if (!(anomaly.score > ForecastAnomaly::kRemarkable)) break;
    const std::size_t series = series_of(anomaly, result);
    if (series == result.series.size()) continue;
    rows.push_back(
        {&anomaly, series, result.series[series].times.ticks()[static_cast<std::size_t>(anomaly.row)]});
  }
  return rows;
}

std::string lead_of(std::size_t events, std::size_t rows) {
  return std::string(events == 1 ? "One event" : format_count(events) + " events, the most anomalous first") +
         ", of " + detail::count_of(static_cast<std::int64_t>(rows), "row") +
         detail::print(" with a score above %g", ForecastAnomaly::kRemarkable) +
         ": the error of the latest forecast of a row in standard deviations of that forecast. They are "
         "marked (◇) in the chart of the history, too.";
}

}  // namespace

std::vector<AnomalyEvent> anomaly_events(const ForecastResult& result) {
  const std::vector<Marked> rows = marked_rows(result);
  std::vector<std::size_t> group(rows.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::size_t a = 0; a < rows.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const bool neighbours = rows[a].series == rows[b].series &&
                              std::abs(rows[a].anomaly->row - rows[b].anomaly->row) <= kNeighbours;
      if (!neighbours && rows[a].tick != rows[b].tick) continue;
      const std::size_t from = group[a], to = group[b];
      std::ranges::replace(group, std::max(from, to), std::min(from, to));
    }
  }
  std::vector<AnomalyEvent> events;
  for (std::size_t worst = 0; worst < rows.size(); ++worst) {
    if (group[worst] != worst) continue;  // a group has the number of its first, which is its worst
    AnomalyEvent event;
    event.worst = rows[worst].anomaly;
    std::int64_t first = rows[worst].tick, last = first;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (group[i] != worst) continue;
      ++event.rows;
      if (event.first == nullptr || rows[i].tick < first) event.first = rows[i].anomaly, first = rows[i].tick;
      if (event.last == nullptr || rows[i].tick > last) event.last = rows[i].anomaly, last = rows[i].tick;
      if (std::ranges::count(event.series, rows[i].series) == 0) event.series.push_back(rows[i].series);
    }
    events.push_back(std::move(event));
  }
  return events;
}

PagePart anomaly_table(const ForecastResult& result) {
  const std::vector<AnomalyEvent> events = anomaly_events(result);
  if (events.empty()) return {};
  const bool several = result.series.size() > 1;
  double largest = 0;
  std::size_t rows = 0;
  for (const AnomalyEvent& event : events) {
    largest = std::max(largest, std::abs(event.worst->actual));
    rows += event.rows;
  }
  // Series of one table may live on scales of their own.
  const auto shape = [&](double value) {
    return several ? format_number(value) : format_number_beside(value, largest);
  };
  PageTable table{.id = "anomalies",
                  .label = "Anomalies",
                  .lead = lead_of(events.size(), rows),
                  .layout = PageTable::Layout::narrow,
                  .columns = {{"Time"}}};
  using Kind = TableColumn::Kind;
  if (several) table.columns.push_back({"Series", Kind::text});
  for (const char* title : {"Rows", "Score", "Actual", "Expected", "95 % band"})
    table.columns.push_back({title});
  if (rows > events.size()) table.note = "Score and values are those of the worst row of each event.";
  for (const AnomalyEvent& event : events) {
    std::vector<TableCell>& row = table.rows.emplace_back();
    const ForecastAnomaly& worst = *event.worst;
    const std::string until = event.first->time == event.last->time ? "" : " to " + event.last->time;
    row.push_back({event.first->time + until});
    if (several) {
      const std::size_t others = event.series.size() - 1;
      row.push_back({series_name(result.series[event.series.front()], result) +
                     (others == 0 ? "" : " and " + format_count(others) + " more")});
    }
    row.push_back({format_count(event.rows)});
    row.push_back(
        {format_number_beside(worst.score, std::max(100.0, worst.score)), TableCell::Mark::remarkable});
    row.push_back({shape(worst.actual)});
    row.push_back({shape(worst.expected)});
    row.push_back(
        {std::isnan(worst.low95 + worst.high95) ? "–" : shape(worst.low95) + " to " + shape(worst.high95)});
  }
  return table_part(table);
}

}  // namespace rondo::forecasting
