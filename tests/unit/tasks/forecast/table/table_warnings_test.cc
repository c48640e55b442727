// What is wrong with a table is said by the forecast, too, with the cure.

#include "tasks/forecast/table/table_warnings.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "rondo/data/csv.h"
#include "tasks/forecast/prepare.h"
#include "unit/tasks/forecast/table/notes.h"

namespace rondo::forecasting {
namespace {

std::string date_of(int t) {
  char text[96];
  std::snprintf(text, sizeof text, "2021-%02d-%02d", 1 + t / 28 % 12, 1 + t % 28);
  return text;
}

double value_of(int t) { return 100 + t + 10 * (t % 7); }

ForecastOptions options_of(const std::string& time) {
  ForecastOptions options;
  options.target = "y";
  options.time = time;
  options.horizon = 3;
  return options;
}

/// 100 days in the order that `row` says.
Table days(const std::function<int(int)>& row) {
  std::string text = "Date,y\n";
  for (int i = 0; i < 100; ++i) text += date_of(row(i)) + "," + std::to_string(value_of(row(i))) + "\n";
  return parse_csv(text);
}

TEST(TableWarnings, RowsFromNewToOldArePutInOrderByTheirColumnOfTimes) {
  const Prepared found = prepare(days([](int i) { return 99 - i; }), options_of(""));
  EXPECT_EQ(found.panel.series.front().values.back(), value_of(99));
  EXPECT_EQ(found.preparation.options.time, "Date") << "later tables are read by it";
  EXPECT_TRUE(is_noted(found.notes, "--time Date"));
}

TEST(TableWarnings, RowsInNoOrderAreTakenAsTheyStandAndTheColumnIsNamed) {
  const Prepared found = prepare(days([](int i) { return (i + 50) % 100; }), options_of(""));
  EXPECT_EQ(found.panel.series.front().values.back(), value_of(49));
  EXPECT_EQ(found.preparation.options.time, "");
  EXPECT_TRUE(is_noted(found.notes, "--time Date puts them in order"));
}

TEST(TableWarnings, RowsInOrderNeedNoWord) {
  const Prepared found = prepare(days([](int i) { return i; }), options_of(""));
  EXPECT_EQ(found.preparation.options.time, "");
  EXPECT_TRUE(found.notes.empty());
}

TEST(TableWarnings, ACodeForMissingIsNamedWithTheOptionThatReadsIt) {
  std::string text = "time,y\n";
  for (int t = 0; t < 100; ++t)
    text += date_of(t) + "," + (t % 20 == 3 ? "-999.0" : std::to_string(value_of(t))) + "\n";
  const Prepared found = prepare(parse_csv(text), options_of("time"));
  EXPECT_TRUE(is_noted(found.notes, "column 'y' is -999 in 5 rows"));
  EXPECT_TRUE(is_noted(found.notes, "--missing-words=-999"));
  const Prepared cured = prepare(parse_csv(text, {.missing = {"-999"}}), options_of("time"));
  EXPECT_FALSE(is_noted(cured.notes, "-999"));
  EXPECT_FALSE(cured.panel.series.front().is_observed(23));
}

}  // namespace
}  // namespace rondo::forecasting
