// Holidays become known columns: of the days, weeks and months they fall into, in the future too.

#include "tasks/forecast/table/holiday_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "data/time/civil_time.h"
#include "rondo/base/random.h"
#include "rondo/data/holidays.h"
#include "rondo/tasks/forecast_model.h"
#include "tasks/forecast/prepare.h"
#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo::forecasting {
namespace {

using Strings = std::vector<std::string>;

std::string text_of(std::int64_t day) {
  const auto date = detail::date_of_days(day);
  char text[96];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::int64_t day_of(int year, int month, int day) {
  return detail::days_of_date(std::chrono::year(year) / month / day);
}

std::set<std::int64_t> german_holidays() {
  std::set<std::int64_t> days;
  for (int year = 2010; year < 2030; ++year) {
    for (const Holiday& holiday : holidays("DE", year)) days.insert(holiday.date.time_since_epoch().count());
  }
  return days;
}

/// Rows `step` days apart whose value falls by 20 for each of Germany's holidays in them.
std::string daily(int rows, int step = 1, std::int64_t first = day_of(2016, 1, 1)) {
  const std::set<std::int64_t> days = german_holidays();
  const RandomStream random(3);
  std::string text = "day,y\n";
  for (int t = 0; t < rows; ++t) {
    double value = 100 + random.normal(static_cast<std::uint64_t>(t));
    for (int k = 0; k < step; ++k) value -= days.contains(first + t * step + k) ? 20 : 0;
    text += text_of(first + t * step) + "," + std::to_string(value) + "\n";
  }
  return text;
}

ForecastOptions options_with(const Strings& holidays, std::int64_t horizon = 7) {
  ForecastOptions options;
  options.target = "y";
  options.time = "day";
  options.horizon = horizon;
  options.holidays = holidays;
  options.ensemble = 1;
  options.epochs = 1;
  options.units = 4;
  options.threads = 1;
  return options;
}

/// A known column by row, the rows of the horizon too.
std::vector<double> column(const Panel& panel, const std::string& name, std::size_t series = 0) {
  const auto at = std::find(panel.known.begin(), panel.known.end(), name);
  EXPECT_NE(at, panel.known.end()) << name;
  std::vector<double> values;
  const std::size_t width = panel.known.size(), c = static_cast<std::size_t>(at - panel.known.begin());
  for (std::size_t i = c; i < panel.series[series].known.size(); i += width)
    values.push_back(panel.series[series].known[i]);
  return values;
}

TEST(HolidayColumns, AreOneOnTheDayAndGoOnPastTheEnd) {
  // From 1 January 2016 to 20 December 2019: Christmas is in the horizon of 10 days.
  const int rows = static_cast<int>(day_of(2019, 12, 21) - day_of(2016, 1, 1));
  const Prepared made = prepare(parse_csv(daily(rows)), options_with({"DE"}, 10));
  EXPECT_EQ(made.panel.known, (Strings{"holiday", "holiday=New Year's Day", "holiday=Good Friday",
                                       "holiday=Easter Monday", "holiday=Labour Day", "holiday=Ascension Day",
                                       "holiday=Whit Monday", "holiday=German Unity Day",
                                       "holiday=Christmas Day", "holiday=Second Day of Christmas"}));
  const std::vector<double> any = column(made.panel, "holiday"),
                            christmas = column(made.panel, "holiday=Christmas Day");
  const std::set<std::int64_t> days = german_holidays();
  ASSERT_EQ(any.size(), static_cast<std::size_t>(rows + 10));
  for (std::size_t t = 0; t < any.size(); ++t) {
    const std::int64_t day = day_of(2016, 1, 1) + static_cast<std::int64_t>(t);
    EXPECT_EQ(any[t], days.contains(day) ? 1 : 0) << text_of(day);
    EXPECT_EQ(christmas[t], text_of(day).ends_with("12-25") ? 1 : 0) << text_of(day);
  }
}

TEST(HolidayColumns, MakeTheForecastOfDaysThatAreHolidays) {
  const std::int64_t first = day_of(2017, 6, 1);
  const int rows = static_cast<int>(day_of(2019, 12, 21) - first);
  const Table table = parse_csv(daily(rows, 1, first));
  const ForecastResult with = run_forecast(table, options_with({"de"}, 7));
  const ForecastResult without = run_forecast(table, options_with({}, 7));
  EXPECT_LT(with.test.rmse, 0.6 * without.test.rmse);
  const std::vector<double>& ahead = with.series.front().forecast;  // 21 to 27 December
  for (std::size_t h = 0; h < 7; ++h) EXPECT_NEAR(ahead[h], h == 4 || h == 5 ? 80 : 100, 5) << "step " << h;

  // A model that was saved needs no more than a later table, without --future.
  const Scratch scratch;
  const std::string path = scratch.path("m.rondo").string();
  with.save_model(path);
  ForecastModel model = ForecastModel::load(path);
  const int more = static_cast<int>(day_of(2021, 4, 1) - first);
  const ForecastAhead later =
      model.forecast(parse_csv(daily(more, 1, first)));  // from 1 April: Good Friday is the 2nd
  for (std::size_t h = 0; h < 7; ++h)
    EXPECT_NEAR(later.series.front().forecast[h], h == 1 || h == 4 ? 80 : 100, 6) << "step " << h;
}

TEST(HolidayColumns, FollowTheClockOfTheZoneInHours) {
  std::string text = "day,y\n";
  for (int t = 0; t < 24 * 800; ++t)  // UTC
    text += text_of(day_of(2018, 1, 10) + t / 24) + "T" + (t % 24 < 10 ? "0" : "") + std::to_string(t % 24) +
            ":00Z," + std::to_string(t % 24 + t % 7) + "\n";
  ForecastOptions options = options_with({"DE"}, 24);
  options.times.zone = "Europe/Berlin";
  const Prepared made = prepare(parse_csv(text), options);
  const std::vector<double> any = column(made.panel, "holiday");
  const std::int64_t christmas = 24 * (day_of(2018, 12, 25) - day_of(2018, 1, 10));
  for (std::int64_t hour = -4; hour < 56; ++hour)
    EXPECT_EQ(any[static_cast<std::size_t>(christmas + hour)], hour >= -1 && hour < 47 ? 1 : 0) << hour;
}

TEST(HolidayColumns, AreCountedInWeeksWhetherTheseAreNamedByFirstOrLastDay) {
  // Weeks from Monday 5 January 2015, and the same weeks named by their Sundays.
  for (const int end : {0, 6}) {
    std::string text = "day,y\n";
    for (int t = 0; t < 220; ++t)
      text += text_of(day_of(2015, 1, 5) + 7 * t + end) + "," + std::to_string(t % 5 + t % 11) + "\n";
    const Prepared made = prepare(parse_csv(text), options_with({"DE"}, 4));
    const std::vector<double> any = column(made.panel, "holiday");
    ASSERT_EQ(any.size(), 224u);
    const std::set<std::int64_t> days = german_holidays();
    for (int t = 0; t < 224; ++t) {
      double count = 0;
      for (int k = 0; k < 7; ++k) count += days.contains(day_of(2015, 1, 5) + 7 * t + k) ? 1 : 0;
      EXPECT_EQ(any[static_cast<std::size_t>(t)], count) << t << ", named by day " << end;
    }
  }
}

TEST(HolidayColumns, OfMonthsAreThoseThatMoveBetweenThem) {
  for (const bool last_day : {false, true}) {
    std::string text = "day,y\n";
    for (int t = 0; t < 180; ++t) {
      const int year = 2003 + t / 12, month = 1 + t % 12;
      const std::int64_t first = day_of(year, month, 1);
      text += text_of(last_day ? detail::day_in_month(12 * year + month - 1, 31) : first) + "," +
              std::to_string(t % 5 + t % 11) + "\n";
    }
    const Prepared made = prepare(parse_csv(text), options_with({"DE"}, 12));
    const Strings& known = made.panel.known;
    const auto has = [&](const char* name) {
      return std::find(known.begin(), known.end(), name) != known.end();
    };
    EXPECT_TRUE(has("holiday"));
    EXPECT_TRUE(has("holiday=Good Friday"));
    EXPECT_TRUE(has("holiday=Whit Monday"));
    EXPECT_FALSE(has("holiday=Christmas Day"));  // every December: the season says as much
    const std::vector<double> friday = column(made.panel, "holiday=Good Friday");
    const std::vector<double> any = column(made.panel, "holiday");
    for (int t = 0; t < 192; ++t) {
      const std::int64_t from = day_of(2003 + t / 12, 1 + t % 12, 1),
                         to = detail::day_in_month(12 * 2003 + t, 31);
      double fridays = 0, all = 0;
      for (const Holiday& holiday : holidays("DE", 2003 + t / 12)) {
        const std::int64_t day = holiday.date.time_since_epoch().count();
        if (day < from || day > to) continue;
        ++all;
        fridays += holiday.name == "Good Friday" ? 1 : 0;
      }
      EXPECT_EQ(friday[static_cast<std::size_t>(t)], fridays) << t;
      EXPECT_EQ(any[static_cast<std::size_t>(t)], all) << t;
    }
  }
}

TEST(HolidayColumns, AHolidayThatWasMetOnceHasNoColumnOfItsOwn) {
  const Prepared made = prepare(parse_csv(daily(600)), options_with({"DE"}));  // trained until April 2017
  const Strings& known = made.panel.known;
  EXPECT_NE(std::find(known.begin(), known.end(), "holiday=New Year's Day"), known.end());
  EXPECT_EQ(std::find(known.begin(), known.end(), "holiday=Whit Monday"), known.end());
  const Prepared none = prepare(parse_csv(daily(60, 1, day_of(2016, 1, 10))), options_with({"DE"}, 2));
  EXPECT_TRUE(none.panel.known.empty());
  EXPECT_TRUE(std::any_of(none.notes.begin(), none.notes.end(), [](const std::string& note) {
    return note.find("--holidays has no effect") != note.npos;
  }));
}

TEST(HolidayColumns, AreNoMoreThanTheLinearModelLooksAt) {
  const Prepared made = prepare(parse_csv(daily(1500)), options_with({"DE"}, 60));
  EXPECT_EQ(made.panel.known.size(), 4u);
  EXPECT_EQ(made.panel.known.front(), "holiday");
  EXPECT_TRUE(std::any_of(made.notes.begin(), made.notes.end(), [](const std::string& note) {
    return note.find("a column of their own") != note.npos;
  }));
  EXPECT_EQ(prepare(parse_csv(daily(1500)), options_with({"DE"}, 300)).panel.known, Strings{"holiday"});
}

TEST(HolidayColumns, OfSeveralCountriesAreTheirUnion) {
  const Prepared made = prepare(parse_csv(daily(1460)), options_with({"DE", "FR", "DE"}));
  const std::vector<double> any = column(made.panel, "holiday");
  const auto at = [&](int year, int month, int day) {
    return any[static_cast<std::size_t>(day_of(year, month, day) - day_of(2016, 1, 1))];
  };
  EXPECT_EQ(at(2017, 7, 14), 1);
  EXPECT_EQ(at(2017, 10, 3), 1);
  EXPECT_EQ(at(2017, 12, 25), 1);
  EXPECT_EQ(at(2017, 7, 4), 0);
}

TEST(HolidayColumns, ComeFromAFileWithOrWithoutNames) {
  const Scratch scratch;
  const std::string named =
      scratch
          .write("shop.csv",
                 "name,date\nstocktaking,2016-02-10\nstocktaking,2017-02-09\nparty,2016-06-01\n"
                 "party,2017-06-02\nstocktaking,2030-02-09\n")
          .string();
  const Prepared made = prepare(parse_csv(daily(1000)), options_with({named}));
  EXPECT_EQ(made.panel.known, (Strings{"holiday", "holiday=stocktaking", "holiday=party"}));
  EXPECT_EQ(column(made.panel, "holiday=stocktaking")[40], 1);
  EXPECT_EQ(column(made.panel, "holiday=party")[40], 0);
  const std::string dates = scratch.write("days.csv", "day\n10.02.2016\n11.02.2017\n").string();
  const Prepared unnamed = prepare(parse_csv(daily(1000)), options_with({dates}));
  EXPECT_EQ(unnamed.panel.known, Strings{"holiday"});
  EXPECT_EQ(column(unnamed.panel, "holiday")[40], 1);
  EXPECT_TRUE(std::any_of(unnamed.notes.begin(), unnamed.notes.end(), [](const std::string& note) {
    return note.find("give those to come") != note.npos;
  }));
  const Prepared both = prepare(parse_csv(daily(1000)), options_with({named, "DE"}));
  EXPECT_EQ(column(both.panel, "holiday")[0], 1);
  EXPECT_EQ(column(both.panel, "holiday")[40], 1);
}

TEST(HolidayColumns, OfYearsThatAreNotKnownThereAreNone) {
  std::string text = "day,y\n";
  for (int t = 0; t < 12 * 130; ++t)  // from 1880 to 2009
    text += std::to_string(1880 + t / 12) + "-" + (t % 12 < 9 ? "0" : "") + std::to_string(1 + t % 12) + "," +
            std::to_string(t % 5 + t % 11) + "\n";
  const Prepared made = prepare(parse_csv(text), options_with({"DE"}, 12));
  const std::vector<double> any = column(made.panel, "holiday");
  EXPECT_EQ(any[12 * 10 + 11], 0);
  EXPECT_EQ(any[12 * 40 + 11], 2);
}

TEST(HolidayColumns, OfManySeriesTakeNoTimeWorthTalkingOf) {
  std::string text = "id,day,y\n";
  for (int s = 0; s < 300; ++s) {
    for (int t = 0; t < 150; ++t)
      text += std::to_string(s) + "," + text_of(day_of(2016, 1, 4) + 7 * t) + "," +
              std::to_string((t * s) % 7 + t % 3) + "\n";
  }
  const Table table = parse_csv(text);
  const auto seconds = [&](const Strings& holidays) {
    ForecastOptions options = options_with(holidays, 4);
    options.id = "id";
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(prepare(table, options).panel.series.size(), 300u);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  EXPECT_LT(seconds({"CN"}), 10 * seconds({}) + 1);
}

TEST(HolidayColumns, AreRefusedWhereTheyCannotBeMade) {
  const Scratch scratch;
  const Table table = parse_csv(daily(400));
  const auto with = [&](const std::string& source) {
    return [&, source] { prepare(table, options_with({source})); };
  };
  expect_error(ErrorKind::usage, {"'DX'", "did you mean 'D", "a file"}, with("DX"));
  expect_error(ErrorKind::usage, {"'Germany'", "DE"}, with("Germany"));
  expect_error(ErrorKind::data, {"cannot read", "none.csv"}, with(scratch.path("none.csv").string()));
  expect_error(ErrorKind::data, {"line 3", "2020-02-30"},
               with(scratch.write("bad.csv", "date\n2020-01-01\n2020-02-30\n").string()));
  expect_error(ErrorKind::data, {"no dates"}, with(scratch.write("n.csv", "date\n1.5\n2.5\n").string()));
  ForecastOptions options = options_with({"DE"});
  options.time.clear();
  expect_error(ErrorKind::data, {"holidays need rows with dates", "--time"},
               [&] { prepare(table, options); });
  options.wide = true;
  options.target.clear();
  expect_error(ErrorKind::usage, {"--holidays"}, [&] { prepare(parse_csv("id,1,2\na,1,2\n"), options); });
}

}  // namespace
}  // namespace rondo::forecasting
