// Anomalous rows are told as events: what follows each other, or happens to several series at once, is one.

#include "tasks/forecast/report/events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tasks/forecast/report/tables.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo::forecasting {
namespace {

struct Row {
  std::size_t series;
  std::int64_t row;
  double score;
};

ForecastResult with_anomalies(std::size_t series, const std::vector<Row>& rows) {
  ForecastResult result = SampleResult(series, 200, 24).get();
  result.anomalies.clear();
  for (const Row& at : rows) {
    const ForecastSeries& own = result.series[at.series];
    result.anomalies.push_back(
        {own.id, own.target, own.times.text(at.row), at.score, at.row, 1, 2, 1.5, 2.5});
  }
  std::ranges::stable_sort(result.anomalies, std::greater<>(), &ForecastAnomaly::score);
  return result;
}

TEST(AnomalyEvents, AreNeighbouringRowsOfASeries) {
  const ForecastResult result =
      with_anomalies(1, {{0, 150, 4}, {0, 151, 6}, {0, 153, 3.5}, {0, 170, 9}, {0, 172, 2.9}});
  const std::vector<AnomalyEvent> events = anomaly_events(result);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].worst->row, 170);
  EXPECT_EQ(events[0].rows, 1U) << "its neighbour is not remarkable";
  EXPECT_EQ(events[1].rows, 3U) << "one row in between is no end";
  EXPECT_EQ(events[1].first->row, 150);
  EXPECT_EQ(events[1].last->row, 153);
  EXPECT_EQ(events[1].worst->row, 151);
}

TEST(AnomalyEvents, JoinWhatHappensToSeveralSeriesAtOnce) {
  const ForecastResult result =
      with_anomalies(3, {{0, 150, 4}, {1, 150, 8}, {1, 151, 5}, {2, 151, 3.2}, {2, 120, 7}});
  const std::vector<AnomalyEvent> events = anomaly_events(result);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].series, (std::vector<std::size_t>{1, 0, 2})) << "the worst first";
  EXPECT_EQ(events[0].rows, 4U);
  EXPECT_EQ(events[1].series, (std::vector<std::size_t>{2}));
  const std::string table = anomaly_table(result).html;
  EXPECT_NE(table.find(result.series[1].id + " and 2 more"), table.npos);
  EXPECT_EQ(occurrences(table, "class=\"remarkable\""), 2U) << "a row for each event";
}

TEST(AnomalyEvents, AreNoneWhereNoRowIsRemarkable) {
  const ForecastResult result = with_anomalies(1, {{0, 150, 3}, {0, 151, 2}});
  EXPECT_TRUE(anomaly_events(result).empty());
  EXPECT_EQ(anomaly_table(result).html, "") << "no list where there is nothing";
}

TEST(AnomalyEvents, HoldEveryRemarkableRowOnce) {
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i)
    rows.push_back({static_cast<std::size_t>(i * 7 % 5), 110 + i * 13 % 40, 2 + 0.2 * i});
  const ForecastResult result = with_anomalies(5, rows);
  std::size_t in_events = 0;
  double before = 1e9;
  for (const AnomalyEvent& event : anomaly_events(result)) {
    in_events += event.rows;
    EXPECT_LE(event.worst->score, before) << "worst first";
    before = event.worst->score;
  }
  EXPECT_EQ(in_events, static_cast<std::size_t>(std::ranges::count_if(
                           result.anomalies, [](const ForecastAnomaly& row) { return row.score > 3; })));
}

}  // namespace
}  // namespace rondo::forecasting
