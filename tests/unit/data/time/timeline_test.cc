#include "rondo/data/timeline.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "unit/data/expect_error.h"

namespace rondo {
namespace {

std::vector<std::string> texts(const Timeline& times) {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < times.size(); ++row) out.push_back(times.text(row));
  return out;
}

using Texts = std::vector<std::string>;

/// The times are read, understood as `name` and written back as they were; the next ones are `next`.
void expect_series(const Texts& written, const std::string& name, const Texts& next,
                   const TimeOptions& options = {}) {
  const Timeline times = parse_times(TextList(std::span<const std::string>(written)), options);
  EXPECT_EQ(times.frequency().name(), name);
  EXPECT_EQ(texts(times), written);
  EXPECT_EQ(texts(times.next(static_cast<std::int64_t>(next.size()))), next);
}

TEST(Timeline, MonthsGoOnOverTheYear) {
  expect_series({"1960-10", "1960-11", "1960-12"}, "monthly", {"1961-01", "1961-02"});
  expect_series({"1-11", "1-12", "2-01"}, "monthly",
                {"2-02", "2-03"});  // years of one digit, as in the shampoo file
  expect_series({"9-11", "9-12"}, "monthly", {"10-01"});
  expect_series({"11/2019", "12/2019"}, "monthly", {"01/2020"});
  expect_series({"2019-01", "2019-04", "2019-07"}, "quarterly", {"2019-10", "2020-01"});
  expect_series({"2019Q3", "2019Q4"}, "quarterly", {"2020Q1"});
  expect_series({"2019-Q3", "2019-Q4"}, "quarterly", {"2020-Q1"});
}

TEST(Timeline, DatesWithinMonthsKeepTheirDay) {
  expect_series({"2020-01-15", "2020-02-15", "2020-03-15"}, "monthly", {"2020-04-15"});
  expect_series({"2020-11-30", "2020-12-31", "2021-01-31"}, "monthly", {"2021-02-28", "2021-03-31"});
  expect_series({"2020-01-30", "2020-02-29", "2020-03-30"}, "monthly", {"2020-04-30", "2020-05-30"});
  expect_series({"2019-06-01", "2020-06-01", "2021-06-01"}, "yearly", {"2022-06-01"});
}

TEST(Timeline, DaysKnowLeapYears) {
  expect_series({"2024-02-27", "2024-02-28"}, "daily", {"2024-02-29", "2024-03-01"});
  expect_series({"2023-02-27", "2023-02-28"}, "daily", {"2023-03-01"});
  expect_series({"1900-02-27", "1900-02-28"}, "daily", {"1900-03-01"});
  expect_series({"2000-02-27", "2000-02-28"}, "daily", {"2000-02-29"});
  expect_series({"2023-12-18", "2023-12-25"}, "weekly", {"2024-01-01"});
}

TEST(Timeline, BusinessDaysSkipWeekends) {
  // Thursday, Friday, Monday
  expect_series({"2024-05-02", "2024-05-03", "2024-05-06"}, "business days", {"2024-05-07"});
  expect_series({"2024-05-03", "2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09", "2024-05-10"},
                "business days", {"2024-05-13", "2024-05-14"});
  // Five days of one week say nothing about weekends.
  expect_series({"2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09", "2024-05-10"}, "daily",
                {"2024-05-11"});
}

TEST(Timeline, TimesOfDayInEverySpelling) {
  expect_series({"2016-07-01 22:00:00", "2016-07-01 23:00:00"}, "hourly", {"2016-07-02 00:00:00"});
  expect_series({"2016-07-01T23:30", "2016-07-02T00:00"}, "half-hourly", {"2016-07-02T00:30"});
  expect_series({"2016-07-01T23:45Z", "2016-07-02T00:00Z"}, "every 15 minutes", {"2016-07-02T00:15Z"});
  expect_series({"1/2/2020 9:00", "1/2/2020 10:00"}, "hourly", {"1/2/2020 11:00"});
  expect_series({"1/13/2020 9:00 AM", "1/13/2020 12:00 PM"}, "every 3 hours", {"1/13/2020 3:00 PM"});
  expect_series({"2020-01-01T00:00:00.25", "2020-01-01T00:00:00.50"}, "every 250 milliseconds",
                {"2020-01-01T00:00:00.75"});
}

TEST(Timeline, SlashedDatesAreResolvedOverTheColumn) {
  expect_series({"30/01/2020", "31/01/2020"}, "daily", {"01/02/2020"});
  expect_series({"1/30/2020", "1/31/2020"}, "daily", {"2/1/2020"});
  expect_series({"30.1.2020", "31.1.2020"}, "daily", {"1.2.2020"});
  expect_series({"30/12/99", "31/12/99"}, "daily", {"01/01/00"});
  expect_series({"2020/01/30", "2020/01/31"}, "daily", {"2020/02/01"});
}

TEST(Timeline, DatesThatTellNothingAreReadInOrderOrByHabitAndItIsSaid) {
  const auto read = [](const TextList& column, const std::string& order = "auto") {
    return parse_times(column, {.day_order = order});
  };
  const Timeline months = read({"01/02/2020", "01/03/2020", "02/01/2020"});
  EXPECT_EQ(months.fields(0).month, 1);  // only so is it in order
  EXPECT_FALSE(months.format().day_order_guessed);
  EXPECT_TRUE(read({"01/02/2020", "01/03/2020"}).format().day_order_guessed);
  EXPECT_EQ(read({"01/02/2020", "02/03/2020"}).fields(0).month, 1);
  EXPECT_EQ(read({"01.02.2020", "02.03.2020"}).fields(0).month, 2);
  EXPECT_EQ(read({"01/02/2020", "02/03/2020"}, "day_first").fields(0).month, 2);
  EXPECT_FALSE(read({"01/02/2020", "02/03/2020"}, "day_first").format().day_order_guessed);
}

TEST(Timeline, TheReadingWithoutMissingRowsDecidesAboutDayAndMonth) {
  Texts months, days;
  for (int year = 2010; year < 2012; ++year) {
    for (int month = 1; month <= 12; ++month) {
      months.push_back("01/" + std::string(month < 10 ? "0" : "") + std::to_string(month) + "/" +
                       std::to_string(year));
    }
  }
  const Timeline times = parse_times(TextList(std::span<const std::string>(months)));
  EXPECT_EQ(times.frequency().name(), "monthly");
  EXPECT_EQ(times.format().order, TimeFormat::Order::day_first);
  EXPECT_FALSE(times.format().day_order_guessed);
}

TEST(Timeline, LastBusinessDaysOfMonthsAreMonthly) {
  const Texts ends = {"2010-01-29", "2010-02-26", "2010-03-31", "2010-04-30", "2010-05-28"};
  expect_series(ends, "monthly", {"2010-06-30", "2010-07-30", "2010-08-31"});
  Texts early = ends;
  early[3] = "2010-04-29";  // a holiday
  expect_series(early, "monthly", {"2010-06-30", "2010-07-30"});
}

TEST(Timeline, DaysOfTimesInUtcFollowTheZoneThatIsGiven) {
  const Texts midnights = {"2019-03-29T23:00:00Z", "2019-03-30T23:00:00Z", "2019-03-31T22:00:00Z"};
  expect_series(midnights, "daily", {"2019-04-01T22:00:00Z"}, {.zone = "Europe/Berlin"});
}

TEST(Timeline, NumbersAreEpochsDatesYearsOrJustNumbers) {
  const auto style = [](std::vector<double> numbers) { return parse_times(numbers).format().style; };
  EXPECT_EQ(style({1700000000, 1700003600}), TimeFormat::Style::epoch_seconds);
  EXPECT_EQ(style({1700000000000, 1700000060000}), TimeFormat::Style::epoch_milliseconds);
  EXPECT_EQ(style({1700000000000000, 1700000060000000}), TimeFormat::Style::epoch_microseconds);
  EXPECT_EQ(style({20240131, 20240201}), TimeFormat::Style::date);
  EXPECT_EQ(style({20240131, 20240132}), TimeFormat::Style::number);
  EXPECT_EQ(style({202401, 202402}), TimeFormat::Style::year_month);
  EXPECT_EQ(style({1949, 1950}), TimeFormat::Style::year);
  EXPECT_EQ(style({0, 1, 2}), TimeFormat::Style::number);
  EXPECT_EQ(parse_times(std::vector<double>{20240131, 20240201}).next(1).text(0), "20240202");
  EXPECT_EQ(parse_times(std::vector<double>{1700000000, 1700003600}).next(1).text(0), "1700007200");
  EXPECT_EQ(parse_times(std::vector<double>{1949, 1950}).next(1).text(0), "1951");
  EXPECT_EQ(parse_times(std::vector<double>{0.1, 0.2, 0.3}).next(2).text(1), "0.5");
  EXPECT_EQ(parse_times(std::vector<double>{-3, -1, 1}).next(1).text(0), "3");
  EXPECT_EQ(parse_times(std::vector<double>{1749.042, 1749.125, 1749.208, 1749.292}).frequency().name(),
            "numbered");
}

TEST(Timeline, OneTimeSaysNothingAboutTheNext) {
  expect_error(ErrorKind::data, {"too few times"}, [] { parse_times(TextList{"2020-01-01"}).next(1); });
  EXPECT_EQ(Timeline::rows(1).next(2).text(1), "2");
  EXPECT_TRUE(parse_times(TextList{}).empty());
}

TEST(Timeline, IrregularTimesGoOnByTheirMedianDistance) {
  const Timeline times = parse_times(TextList{"2020-01-01T00:00", "2020-01-01T00:07", "2020-01-01T00:17",
                                              "2020-01-01T00:27", "2020-01-01T00:40"});
  EXPECT_FALSE(times.frequency().regular());
  EXPECT_EQ(times.next(1).text(0), "2020-01-01T00:50");
  EXPECT_EQ(times.gaps(), 0);
}

TEST(Timeline, GapsAreCounted) {
  const Timeline times =
      parse_times(TextList{"2020-01-01", "2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"}, {});
  EXPECT_EQ(times.frequency().name(), "business days");
  EXPECT_EQ(times.gaps(), 0);
  const Timeline months = parse_times(TextList{"2020-01", "2020-02", "2020-05", "2020-06"});
  EXPECT_EQ(months.frequency().name(), "monthly");
  EXPECT_EQ(months.gaps(), 2);
  EXPECT_EQ(months.steps(), (std::vector<std::int64_t>{0, 1, 4, 5}));
}

TEST(Timeline, ASliceKeepsTheFrequencyAndAGatherFindsItAnew) {
  const Timeline times = parse_times(TextList{"2020-01", "2020-02", "2020-03", "2020-04"});
  EXPECT_EQ(times.slice(3, 4).next(1).text(0), "2020-05");
  const std::vector<std::int64_t> rows = {0, 2};
  EXPECT_EQ(times.gather(rows).frequency().step, 2);
  EXPECT_EQ(texts(times.slice(0, 2).joined(times.slice(2, 4))), texts(times));
  expect_error(ErrorKind::usage, {"outside", "0 to 4"}, [&] { times.slice(2, 5); });
  expect_error(ErrorKind::usage, {"no such row"}, [&] { times.text(4); });
}

// The calendar as a sum: days since 1970-01-01, counted year by year.
std::int64_t slow_days(int year, int month, int day) {
  const auto leap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  std::int64_t days = 0;
  for (int y = 1970; y < year; ++y) days += leap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= leap(y) ? 366 : 365;
  const int lengths[] = {31, leap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int m = 1; m < month; ++m) days += lengths[m - 1];
  return days + day - 1;
}

RC_GTEST_PROP(TimelineProperty, DatesAreCountedAsTheCalendarDoes, ()) {
  const int year = *rc::gen::inRange(1, 3000), month = *rc::gen::inRange(1, 13),
            day = *rc::gen::inRange(1, 29);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  const Timeline times = parse_times(TextList{text});
  RC_ASSERT(times.ticks()[0] == slow_days(year, month, day) * 86'400'000'000);
  RC_ASSERT(times.text(0) == text);
  const auto fields = times.fields(0);
  RC_ASSERT(fields.day_of_year == slow_days(year, month, day) - slow_days(year, 1, 1));
  RC_ASSERT(fields.weekday == ((slow_days(year, month, day) + 3) % 7 + 7) % 7);
}

RC_GTEST_PROP(TimelineProperty, WhatIsWrittenReadsBackTheSame, ()) {
  const auto start = *rc::gen::inRange<std::int64_t>(-60'000'000'000, 100'000'000'000);
  const auto step = *rc::gen::element<std::int64_t>(1, 60, 1800, 3600, 86400, 7 * 86400, 4567);
  const auto zone =
      *rc::gen::element<std::string>("", "Z", "+02:00", "-0330", " Europe/Berlin", " America/New_York");
  const auto shape = *rc::gen::element(0, 1);
  TextList column;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t second = start + i * step;
    const Timeline utc =
        parse_times(std::vector<double>{static_cast<double>(second)}, {.format = "epoch_seconds"});
    const auto f = utc.fields(0);
    if (f.year < 1) return;
    char text[64];
    std::snprintf(text, sizeof text,
                  shape == 0 ? "%04d-%02d-%02dT%02d:%02d:%02d" : "%04d/%02d/%02d %02d:%02d:%02d", f.year,
                  f.month, f.day, f.hour, f.minute, f.second);
    column.push_back(text + zone);
  }
  Timeline times;
  try {
    times = parse_times(column);
  } catch (const Error&) {
    return;  // an hour that the zone leaves out
  }
  for (std::int64_t row = 0; row < times.size(); ++row)
    RC_ASSERT(times.text(row) == std::string(column[row]));
}

RC_GTEST_PROP(TimelineProperty, NextTimesReadBackAsWhatTheyAre, ()) {
  const auto start = *rc::gen::inRange(0, 40000);
  const auto step = *rc::gen::element(1, 2, 7, 31, 365);
  TextList column;
  for (int i = 0; i < 4; ++i) {
    const Timeline day =
        parse_times(std::vector<double>{(start + i * step) * 86400.0}, {.format = "epoch_seconds"});
    const auto f = day.fields(0);
    column.push_back(std::to_string(f.year) + "-" + std::to_string(f.month) + "-" + std::to_string(f.day));
  }
  const Timeline times = parse_times(column);
  const Timeline next = times.next(6);
  const std::vector<std::string> written = texts(next);
  const Timeline back = parse_times(TextList(std::span<const std::string>(written)));
  RC_ASSERT(std::vector<std::int64_t>(back.ticks().begin(), back.ticks().end()) ==
            std::vector<std::int64_t>(next.ticks().begin(), next.ticks().end()));
  RC_ASSERT(times.joined(next).is_sorted());
  RC_ASSERT(times.joined(next).gaps() == 0);
}

}  // namespace
}  // namespace rondo
