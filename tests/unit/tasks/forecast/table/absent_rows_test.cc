// Rows that a table leaves out because there was nothing to count.

#include <gtest/gtest.h>

#include <string>

#include "rondo/data/csv.h"
#include "tasks/forecast/prepare.h"
#include "unit/tasks/forecast/table/notes.h"

namespace rondo::forecasting {
namespace {

std::string date(int t) {
  char text[96];
  std::snprintf(text, sizeof text, "2021-%02d-%02d", 1 + t / 28 % 12, 1 + t % 28);
  return text;
}

/// Days with 1 to 4 units, one of `every`.
std::string sold(const std::string& id, int begin, int end, int every) {
  std::string text;
  for (int t = begin; t < end; t += every) text += id + date(t) + "," + std::to_string(1 + t % 4) + "\n";
  return text;
}

ForecastOptions counted_options(const std::string& missing) {
  ForecastOptions options;
  options.target = "units";
  options.time = "day";
  options.horizon = 3;
  options.missing = missing;
  return options;
}

TEST(AbsentRows, AreFilledAndMarkedUnlessTheyAreSaidToMeanZero) {
  std::string half;
  for (int t = 0; t < 100; ++t) {
    if (t % 5 < 3) half += date(t) + "," + std::to_string(1 + t % 4) + "\n";
  }
  const Table table = parse_csv("day,units\n" + half);
  const Prepared filled = prepare(table, counted_options("previous"));
  EXPECT_TRUE(is_noted(filled.notes, "--missing zero")) << "counts with most rows left out";
  EXPECT_FALSE(filled.panel.series.front().is_observed(3));
  EXPECT_EQ(filled.panel.series.front().values[3], 3);
  const Prepared zeros = prepare(table, counted_options("zero"));
  EXPECT_EQ(zeros.panel.series.front().values[3], 0);
  EXPECT_EQ(zeros.panel.series.front().values[2], 3);
  EXPECT_TRUE(zeros.panel.series.front().is_observed(3)) << "a zero is a value";
  EXPECT_TRUE(is_noted(zeros.notes, "taken as 0"));
}

TEST(AbsentRows, OfMeasurementsAreNotSuggestedToBeZero) {
  std::string text = "day,units\n";
  for (int t = 0; t < 100; t += t % 5 == 1 ? 2 : 1)
    text += date(t) + "," + std::to_string(20.5 + t % 7) + "\n";
  EXPECT_FALSE(is_noted(prepare(parse_csv(text), counted_options("previous")).notes, "--missing zero"));
}

TEST(AbsentRows, BehindTheLastSaleOfASeriesAreZerosUpToTheEndOfTheTable) {
  ForecastOptions options = counted_options("zero");
  options.id = "shop";
  // The sales of b are 4 days apart, which is no frequency of its own, and end 20 days before those of a.
  const Prepared out =
      prepare(parse_csv("shop,day,units\n" + sold("a,", 0, 110, 1) + sold("b,", 2, 90, 4)), options);
  ASSERT_EQ(out.panel.series.size(), 2u);
  EXPECT_EQ(out.times[1].text(out.times[1].size() - 1), out.times[0].text(out.times[0].size() - 1));
  EXPECT_EQ(out.times[1].frequency().name(), "daily");
  EXPECT_EQ(out.panel.series[1].values.back(), 0);
  EXPECT_EQ(out.panel.series[1].values[0], 3);
  EXPECT_EQ(out.panel.series[1].values[1], 0);
}

}  // namespace
}  // namespace rondo::forecasting
