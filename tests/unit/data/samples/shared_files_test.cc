#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rondo/data/calendar.h"
#include "rondo/data/csv.h"
#include "rondo/data/events.h"
#include "rondo/data/series.h"
#include "rondo/data/windows.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

/// Files that everybody knows, read with nothing but the names of their columns.
class SharedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (shared_data().empty())
      GTEST_SKIP() << "no shared data: set RONDO_SHARED_DATA to the folder of data sets";
  }
  static Table read(const std::string& name) { return read_csv(shared_data() / "timeseries" / name); }
  static SeriesSet series(const std::string& name, const std::string& time,
                          const std::vector<std::string>& columns, const std::string& missing = "error") {
    SeriesOptions options;
    options.time = time;
    options.columns = columns;
    options.missing = missing;
    return make_series(read(name), options);
  }
};

TEST_F(SharedFiles, TheClassicsAreReadAndContinued) {
  struct Case {
    std::string file, time, target, frequency, next;
    std::int64_t rows;
  };
  const Case cases[] = {
      {"airline-passengers.csv", "Month", "Passengers", "monthly", "1961-01", 144},
      {"shampoo.csv", "Month", "Sales", "monthly", "4-01", 36},
      {"daily-min-temperatures.csv", "Date", "Temp", "daily", "1991-01-01", 3652},
      {"monthly-sunspots.csv", "Month", "Sunspots", "monthly", "1984-01", 2820},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const Table table = read("classic/" + c.file);
    EXPECT_TRUE(table.has_header());
    SeriesOptions options;
    options.time = c.time;
    options.missing = "linear";
    const SeriesSet set = make_series(table, options);
    EXPECT_EQ(set.columns, std::vector<std::string>{c.target});
    const Series& one = set.series.at(0);
    EXPECT_GE(one.length(), c.rows - 2);
    EXPECT_LE(one.length(), c.rows);
    EXPECT_EQ(one.times.frequency().name(), c.frequency);
    EXPECT_EQ(one.times.next(1).text(0), c.next);
    for (std::int64_t row = 0; row < table.rows(); row += 7) {
      EXPECT_EQ(read_times(table, c.time).text(row), table.column(c.time).text(row));
    }
  }
}

TEST_F(SharedFiles, Etth1IsHourlyWithSevenColumns) {
  const SeriesSet set = series("etth1/ETTh1.csv.gz", "date", {});
  EXPECT_EQ(set.columns.size(), 7U);
  EXPECT_EQ(set.series[0].length(), 17420);
  EXPECT_EQ(set.series[0].times.frequency().name(), "hourly");
  EXPECT_EQ(set.series[0].times.gaps(), 0);
  EXPECT_EQ(set.series[0].times.next(1).text(0), "2018-06-26 20:00:00");
  const auto shared = std::make_shared<SeriesSet>(set);
  EXPECT_EQ(Windows(shared, {.length = 336, .horizon = 96}).size(), 17420 - 432 + 1);
}

TEST_F(SharedFiles, M4HourlyHasOneSeriesARowOfUnequalLengths) {
  const SeriesSet train = series_from_rows(read("m4-hourly/Hourly-train.csv.gz"), "V1");
  const SeriesSet test = series_from_rows(read("m4-hourly/Hourly-test.csv.gz"), "V1");
  ASSERT_EQ(train.count(), 414);
  ASSERT_EQ(test.count(), 414);
  std::int64_t shortest = 1000, longest = 0;
  for (const Series& one : train.series) {
    shortest = std::min(shortest, one.length());
    longest = std::max(longest, one.length());
  }
  EXPECT_EQ(shortest, 700);
  EXPECT_EQ(longest, 960);
  for (const Series& one : test.series) EXPECT_EQ(one.length(), 48);
  EXPECT_DOUBLE_EQ(train.series[0].values.at(0), 605);
}

TEST_F(SharedFiles, ExchangeRatesHaveNoHeader) {
  const Table table = read("exchange/exchange_rate.txt.gz");
  EXPECT_FALSE(table.has_header());
  EXPECT_EQ(table.rows(), 7588);
  EXPECT_DOUBLE_EQ(table.numbers("8")[0], 0.525486);
}

TEST_F(SharedFiles, BeijingHasMissingValues) {
  const Table table = read("beijing-pm25/pollution.csv.gz");
  EXPECT_EQ(table.rows(), 43824);
  EXPECT_EQ(table.column("pm2.5").missing(), 2067);
  EXPECT_FALSE(table.column("cbwd").is_number());
}

TEST_F(SharedFiles, StocksTradeOnBusinessDays) {
  const SeriesSet set = series("stock-aapl/finance-charts-apple.csv.gz", "Date", {"AAPL.Close"}, "previous");
  EXPECT_EQ(set.series[0].times.frequency().name(), "business days");
  EXPECT_EQ(set.series[0].times.next(1).text(0), "2017-02-17");
  EXPECT_GT(set.series[0].length(), 506);  // holidays are filled
}

TEST_F(SharedFiles, AColumnAloneIsASeriesOfNumberedRows) {
  const SeriesSet set = series("taylor-power/taylor.csv.gz", "", {});
  EXPECT_EQ(set.series[0].length(), 4032);
  EXPECT_DOUBLE_EQ(set.series[0].values.at(0), 22262);
}

TEST_F(SharedFiles, IntensiveCareHas37ParametersOverTimeAndFourDescriptors) {
  const auto folder = shared_data() / "medical" / "physionet2012-set-b";
  const Events events = read_events(folder / "events.csv.gz", {.time = "minute"});
  EXPECT_EQ(events.size(), 4000);
  EXPECT_EQ(events.total(), 1'610'816);
  const EventLabels died =
      read_event_labels(read_csv(folder / "Outcomes-b.txt.gz"), events, "RecordID", "In-hospital_death");
  EXPECT_EQ(std::ranges::count(died.values, 1), 568);
  EXPECT_EQ(died.unused, 0);
  std::vector<std::int64_t> training;
  for (std::int64_t i = 0; i < events.size(); i += 3) training.push_back(i);
  const EventGrid grid(events, training, {.step = 60, .until = 2880, .unknown_at_start = {-1}});
  EXPECT_EQ(grid.parameter_count(), 37);
  EXPECT_EQ(grid.static_columns(),
            (std::vector<std::string>{"Age", "Gender=0", "Gender=1", "Height", "Height known", "ICUType=1",
                                      "ICUType=2", "ICUType=3", "ICUType=4"}));
  const EventArrays arrays = grid.arrays(events, training);
  EXPECT_EQ(arrays.sequences.values().shape(),
            (Shape{48 * static_cast<std::int64_t>(training.size()), 3 * 37}));
  for (std::int64_t i = 0; i < arrays.sequences.values().size(); i += 97) {
    ASSERT_TRUE(std::isfinite(arrays.sequences.values().at(i)));
    ASSERT_LT(std::abs(arrays.sequences.values().at(i)), 100);
  }
}

}  // namespace
}  // namespace rondo
