// What columns are for is guessed from names and cells, with the reason, and the guess can be run.

#include "rondo/tasks/forecast_suggestion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include "rondo/base/error.h"
#include "rondo/data/csv.h"

namespace rondo {
namespace {

std::string date(int day) {
  char text[40];
  std::snprintf(text, sizeof text, "2020-%02d-%02d", 1 + day / 28, 1 + day % 28);
  return text;
}

/// A table of so many rows: `row` gives what stands behind the date.
Table days(const std::string& names, int rows, const std::function<std::string(int)>& row) {
  std::string text = "day," + names + "\n";
  for (int t = 0; t < rows; ++t) text += date(t) + "," + row(t) + "\n";
  return parse_csv(text);
}

std::string noisy(int t) { return std::to_string(100 + t * 7919 % 31); }

std::string role_of(const ForecastSuggestion& suggestion, const std::string& column) {
  for (const SuggestedRole& one : suggestion.columns)
    if (one.column == column) return column_role_name(one.role);
  return "no column";
}

TEST(SuggestForecast, GivesEveryColumnARoleAndAReason) {
  const Table table = days("row,sales,wind,shut,city", 100, [](int t) {
    return std::to_string(t + 1) + "," + noisy(t) + "," + std::to_string(t * 104729 % 17) + ",0,Ulm";
  });
  const ForecastSuggestion found = suggest_forecast(table);
  EXPECT_EQ(role_of(found, "day"), "time");
  EXPECT_EQ(role_of(found, "row"), "ignore") << "it counts the rows";
  EXPECT_EQ(role_of(found, "sales"), "target");
  EXPECT_EQ(role_of(found, "wind"), "past");
  EXPECT_EQ(role_of(found, "shut"), "ignore") << "constant";
  EXPECT_EQ(role_of(found, "city"), "ignore");
  ASSERT_EQ(found.columns.size(), 6U);
  for (const SuggestedRole& one : found.columns) EXPECT_FALSE(one.reason.empty()) << one.column;
  EXPECT_EQ(found.options.target, "sales");
  EXPECT_EQ(found.options.time, "day");
  EXPECT_EQ(found.options.past, std::vector<std::string>{"wind"});
  EXPECT_TRUE(found.options.known.empty());
}

TEST(SuggestForecast, KnownColumnsAreThoseThatGoOnBehindTheTarget) {
  const Table table = days("sales,promo,wind", 100, [](int t) {
    return (t < 90 ? noisy(t) : "") + "," + (t % 9 == 4 ? "1" : "0") + "," +
           (t < 90 ? std::to_string(t * 104729 % 17) : "");
  });
  const ForecastSuggestion found = suggest_forecast(table);
  EXPECT_EQ(role_of(found, "promo"), "known");
  EXPECT_EQ(role_of(found, "wind"), "past");
  EXPECT_EQ(found.options.horizon, 10) << "as many rows as are known ahead";
}

TEST(SuggestForecast, FindsWhatTellsSeriesApartAndWhatIsFixedInThem) {
  std::string text = "region,shop,day,units\n";
  for (int shop = 0; shop < 3; ++shop)
    for (int t = 0; t < 60; ++t)
      text += std::string(shop == 2 ? "south" : "north") + ",00" + std::to_string(shop) + "," + date(t) +
              "," + noisy(t + 50 * shop) + "\n";
  const ForecastSuggestion found = suggest_forecast(parse_csv(text));
  EXPECT_EQ(role_of(found, "shop"), "id");
  EXPECT_EQ(role_of(found, "region"), "static");
  EXPECT_EQ(found.options.statics, std::vector<std::string>{"region"});
  EXPECT_EQ(found.options.horizon, 12) << "two weeks would be more than a fifth of the 60 rows";
}

TEST(SuggestForecast, HorizonFollowsTheFrequency) {
  const auto horizon_of = [](const std::string& unit, int rows) {
    std::string text = "t,y\n";
    char time[60];
    for (int i = 0; i < rows; ++i) {
      if (unit == "month")
        std::snprintf(time, sizeof time, "%d-%02d", 1990 + i / 12, 1 + i % 12);
      else if (unit == "quarter")
        std::snprintf(time, sizeof time, "%dQ%d", 1990 + i / 4, 1 + i % 4);
      else if (unit == "hour")
        std::snprintf(time, sizeof time, "2020-01-%02d %02d:00", 1 + i / 24, i % 24);
      else
        std::snprintf(time, sizeof time, "%d", 1900 + i);
      text += std::string(time) + "," + noisy(i) + "\n";
    }
    return suggest_forecast(parse_csv(text)).options.horizon;
  };
  EXPECT_EQ(horizon_of("month", 120), 12);
  EXPECT_EQ(horizon_of("quarter", 60), 4);
  EXPECT_EQ(horizon_of("hour", 600), 24);
  EXPECT_EQ(horizon_of("month", 20), 4) << "a fifth of few rows";
}

TEST(SuggestForecast, LeavesOutWhatKnowsTheTargetsFutureOrWhatTheCalendarSays) {
  const Table table = days("sales,tomorrow,month", 120, [](int t) {
    return noisy(t) + "," + noisy(t + 1) + "," + std::to_string(1 + t / 28);
  });
  ForecastOptions given;
  given.target = "sales";
  const ForecastSuggestion found = suggest_forecast(table, given);
  EXPECT_EQ(role_of(found, "tomorrow"), "ignore");
  EXPECT_EQ(role_of(found, "month"), "ignore");
  EXPECT_TRUE(found.options.past.empty());
}

TEST(SuggestForecast, TakesATableWithASeriesARowForWide) {
  std::string text = "id";
  for (int t = 1; t <= 30; ++t) text += ",V" + std::to_string(t);
  for (int s = 0; s < 4; ++s) {
    text += "\nS" + std::to_string(s);
    for (int t = 0; t < 30; ++t) text += "," + noisy(t + 7 * s);
  }
  const ForecastSuggestion found = suggest_forecast(parse_csv(text + "\n"));
  EXPECT_TRUE(found.options.wide);
  EXPECT_EQ(role_of(found, "id"), "id");
}

TEST(SuggestForecast, TakesWhatIsNamedAndRefusesWhatIsNotThere) {
  const Table table = days("a,b", 60, [](int t) { return noisy(t) + "," + noisy(t + 3); });
  ForecastOptions given;
  given.target = "a";
  given.horizon = 5;
  const ForecastSuggestion found = suggest_forecast(table, given);
  EXPECT_EQ(role_of(found, "a"), "target");
  EXPECT_EQ(found.options.horizon, 5);
  given.target = "c";
  EXPECT_THROW((void)suggest_forecast(table, given), Error);
  EXPECT_THROW((void)suggest_forecast(parse_csv("word\na\nb\n")), Error) << "no number";
}

}  // namespace
}  // namespace rondo
