#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "rondo/data/csv.h"
#include "rondo/data/timeline.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

using Rows = std::vector<std::int64_t>;

Table sales() {
  return parse_csv("day,x\n2020-01-06,1\n2020-01-08,3\n2020-01-07,2\n2020-01-07,9\n2020-01-11,6\n", {},
                   "sales.csv");
}

Arrangement arranged(const Table& table, const ArrangeOptions& options) {
  return arrange(read_times(table, "day"), options, &table, "day");
}

TEST(Arrange, RowsOutOfOrderAreAnErrorThatNamesTheLine) {
  expect_error(ErrorKind::data,
               {"sales.csv, line 4, column 'day'", "'2020-01-07' after '2020-01-08'", "sort", "id"},
               [] { arranged(sales(), {}); });
}

TEST(Arrange, DoubledTimesAreAnErrorThatNamesBothLines) {
  expect_error(ErrorKind::data, {"sales.csv, line 5", "line 4 and on line 5", "first or last"},
               [] { arranged(sales(), {.unsorted = "sort"}); });
}

TEST(Arrange, SortsKeepsOneOfTwoAndFillsGaps) {
  const Arrangement first = arranged(sales(), {.unsorted = "sort", .duplicates = "first"});
  EXPECT_EQ(first.source, (Rows{0, 2, 1, -1, -1, 4}));
  EXPECT_EQ(first.inserted, 2);
  EXPECT_EQ(first.dropped, 1);
  EXPECT_TRUE(first.sorted);
  EXPECT_EQ(first.times.text(4), "2020-01-10");
  EXPECT_EQ(first.times.gaps(), 0);
  const Arrangement last = arranged(sales(), {.unsorted = "sort", .duplicates = "last", .gaps = "keep"});
  EXPECT_EQ(last.source, (Rows{0, 3, 1, 4}));
  EXPECT_EQ(last.times.gaps(), 2);
}

TEST(Arrange, GapsCanBeRefused) {
  const Table table = parse_csv("m,x\n2020-01,1\n2020-02,1\n2020-05,2\n", {}, "m.csv");
  expect_error(ErrorKind::data,
               {"m.csv, line 4", "'2020-05' after '2020-02'", "monthly", "2 rows are missing"},
               [&] { arrange(read_times(table, "m"), {.gaps = "error"}, &table, "m"); });
}

TEST(Arrange, InsertedRowsFollowTheCalendar) {
  const Timeline months = parse_times(TextList{"2020-01-31", "2020-02-29", "2020-05-31", "2020-06-30"});
  const Arrangement filled = arrange(months, {});
  EXPECT_EQ(filled.times.text(2), "2020-03-31");
  EXPECT_EQ(filled.times.text(3), "2020-04-30");
  const Timeline week =
      parse_times(TextList{"2024-05-02", "2024-05-03", "2024-05-06", "2024-05-09", "2024-05-10"});
  EXPECT_EQ(arrange(week, {}).source, (Rows{0, 1, 2, -1, -1, 3, 4}));
}

TEST(Arrange, AFewRowsCannotBecomeMillions) {
  const Timeline times =
      parse_times(TextList{"2020-01-01 00:00:00", "2020-01-01 00:00:01", "2024-01-01 00:00:00"});
  expect_error(ErrorKind::data, {"rows are missing", "every second"}, [&] { arrange(times, {}); });
}

TEST(Arrange, TimesInOrderAreLeftAlone) {
  const Timeline times = parse_times(TextList{"2020-01", "2020-02", "2020-03"});
  const Arrangement same = arrange(times, {.gaps = "error"});
  EXPECT_EQ(same.source, (Rows{0, 1, 2}));
  EXPECT_FALSE(same.sorted);
}

TEST(Arrange, WrongOptionsAreNamed) {
  expect_error(ErrorKind::usage, {"gaps", "'insrt'", "did you mean 'insert'"},
               [] { arrange(Timeline::rows(2), {.gaps = "insrt"}); });
}

/// `weeks` of Mondays to Fridays from 6 January 2020 on, and the Saturdays of some of them.
Timeline business_weeks(int weeks, const std::vector<int>& saturdays) {
  TextList texts;
  const Timeline monday = parse_times(TextList{"2020-01-06", "2020-01-07"});
  const Timeline days = monday.joined(monday.next(7 * weeks));
  for (int d = 0; d < 7 * weeks; ++d) {
    const bool extra = std::find(saturdays.begin(), saturdays.end(), d / 7) != saturdays.end();
    if (d % 7 < 5 || (d % 7 == 5 && extra)) texts.push_back(days.text(d));
  }
  return parse_times(texts);
}

TEST(Arrange, AStraySaturdayAmongBusinessDaysIsLeftOut) {
  const Timeline times = business_weeks(30, {7, 20});
  EXPECT_EQ(times.frequency().name(), "business days");
  const Arrangement order = arrange(times, {.gaps = "auto"});
  EXPECT_EQ(order.weekend_rows, 2);
  EXPECT_EQ(order.first_weekend, "2020-02-29");
  EXPECT_EQ(order.times.size(), 150);
  EXPECT_EQ(order.inserted, 0);
  EXPECT_EQ(order.source[40], 41);  // the row behind the first Saturday
  EXPECT_EQ(order.times.frequency().name(), "business days");
}

TEST(Arrange, WeeksOfSixDaysAreDays) {
  std::vector<int> all;
  for (int week = 0; week < 30; ++week) all.push_back(week);
  const Timeline times = business_weeks(30, all);
  EXPECT_EQ(times.frequency().name(), "daily");
  EXPECT_EQ(arrange(times, {.gaps = "auto"}).weekend_rows, 0);
}

}  // namespace
}  // namespace rondo
