// Public holidays by rule, beside another implementation (tests/golden/holidays.tsv).

#include "rondo/data/holidays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "data/time/chinese_calendar.h"
#include "data/time/civil_time.h"
#include "support/source_folder.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

std::string text_of(std::chrono::sys_days date) {
  const std::chrono::year_month_day ymd(date);
  std::ostringstream out;
  out << static_cast<int>(ymd.year());
  for (const unsigned part : {static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day())})
    out << (part < 10 ? "-0" : "-") << part;
  return out.str();
}

std::vector<std::string> dates_of(const std::string& country, int year) {
  std::vector<std::string> dates;
  for (const Holiday& holiday : holidays(country, year)) dates.push_back(text_of(holiday.date));
  return dates;
}

std::string name_on(const std::string& country, const std::string& date) {
  for (const Holiday& holiday : holidays(country, std::stoi(date.substr(0, 4)))) {
    if (text_of(holiday.date) == date) return holiday.name;
  }
  return "";
}

TEST(Holidays, AreThoseOfAnotherImplementationFrom2000To2035) {
  std::ifstream file(source_folder() / "tests/golden/holidays.tsv");
  std::map<std::string, int> lines;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    std::string country;
    int year = 0;
    cells >> country >> year;
    std::vector<std::string> expected;
    for (std::string date; cells >> date;) expected.push_back(std::to_string(year) + "-" + date);
    EXPECT_EQ(dates_of(country, year), expected) << country << " " << year;
    ++lines[country];
  }
  for (const std::string& country : holiday_countries()) EXPECT_GE(lines[country], 28) << country;
}

TEST(Holidays, HaveNames) {
  EXPECT_EQ(name_on("DE", "2024-05-20"), "Whit Monday");
  EXPECT_EQ(name_on("US", "2024-11-28"), "Thanksgiving");
  EXPECT_EQ(name_on("GB", "2022-12-27"), "Christmas Day (observed)");
  EXPECT_EQ(name_on("US", "2021-12-31"), "New Year's Day (observed)");
  EXPECT_EQ(name_on("JP", "2024-02-12"), "Substitute Holiday");
  EXPECT_EQ(name_on("CN", "2024-02-10"), "Chinese New Year");
  EXPECT_EQ(name_on("SE", "2024-06-22"), "Midsummer Day");
  for (const std::string& country : holiday_countries()) {
    for (const Holiday& holiday : holidays(country, 2024)) EXPECT_FALSE(holiday.name.empty());
  }
}

TEST(Holidays, EasterIsThatOfTheTables) {
  // Earliest and latest dates, and some in between.
  for (const char* sunday : {"1913-03-23", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23",
                             "2008-03-23", "2038-04-25", "2049-04-18", "2076-04-19", "2099-04-12"})
    EXPECT_EQ(name_on("BE", sunday), "Easter Sunday") << sunday;
}

TEST(Holidays, TheChineseYearBeginsWhenItsTablesSay) {
  // Leap months, and years in which the new moon is close to midnight.
  const std::map<int, std::string> days = {{1949, "1949-01-29"}, {1966, "1966-01-21"}, {1979, "1979-01-28"},
                                           {1985, "1985-02-20"}, {1993, "1993-01-23"}, {1996, "1996-02-19"},
                                           {2015, "2015-02-19"}, {2030, "2030-02-03"}, {2033, "2033-01-31"},
                                           {2034, "2034-02-19"}, {2038, "2038-02-04"}, {2050, "2050-01-23"}};
  for (const auto& [year, day] : days)
    EXPECT_EQ(text_of(std::chrono::sys_days(std::chrono::days(detail::chinese_date(year, 1, 1)))), day);
  // After a leap month the year has 13 months: 2023 had 384 days.
  EXPECT_EQ(detail::chinese_date(2024, 1, 1) - detail::chinese_date(2023, 1, 1), 384);
}

TEST(Holidays, AreInOrderAndOnceEach) {
  for (const std::string& country : holiday_countries()) {
    for (const int year : {1901, 1950, 1999, 2050, 2099}) {
      const std::vector<std::string> dates = dates_of(country, year);
      EXPECT_TRUE(std::is_sorted(dates.begin(), dates.end()));
      EXPECT_EQ(std::set<std::string>(dates.begin(), dates.end()).size(), dates.size());
      EXPECT_GE(dates.size(), 3u) << country;
    }
  }
}

TEST(Holidays, OtherCountriesAndYearsAreRefused) {
  expect_error(ErrorKind::usage, {"'DR'", "did you mean 'BR'"}, [] { holidays("DR", 2020); });
  expect_error(ErrorKind::usage, {"'de'", "DE"}, [] { holidays("de", 2020); });
  expect_error(ErrorKind::usage, {"''"}, [] { holidays("", 2020); });
  expect_error(ErrorKind::usage, {"1800", "1901"}, [] { holidays("DE", 1800); });
  expect_error(ErrorKind::usage, {"2100"}, [] { holidays("DE", 2100); });
}

}  // namespace
}  // namespace rondo
