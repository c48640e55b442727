#include <gtest/gtest.h>

#include <random>

#include "rondo/data/csv.h"
#include "rondo/data/timeline.h"
#include "support/mutate.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

TEST(TimeErrors, ACellThatIsNoTimeIsNamedByFileLineAndColumn) {
  const Table table = parse_csv("when,x\n2020-01-01,1\nsoon,2\n", {}, "visits.csv");
  expect_error(ErrorKind::data, {"visits.csv, line 3, column 'when'", "'soon'", "2020-01-31"},
               [&] { read_times(table, "when"); });
}

TEST(TimeErrors, AMissingTimeIsNamed) {
  const Table table = parse_csv("when,x\n2020-01-01,1\n,2\n", {}, "visits.csv");
  expect_error(ErrorKind::data, {"a time is missing", "visits.csv, line 3"},
               [&] { read_times(table, "when"); });
  const Table numbers = parse_csv("when,x\n1,1\nNA,2\n", {}, "visits.csv");
  expect_error(ErrorKind::data, {"a time is missing", "visits.csv, line 3"},
               [&] { read_times(numbers, "when"); });
}

TEST(TimeErrors, AMixtureOfStylesIsAnError) {
  expect_error(ErrorKind::data, {"row 2", "'2020/01/02'", "'2020-01-01'"}, [] {
    parse_times(TextList{"2020-01-01", "2020/01/02"});
  });
  expect_error(ErrorKind::data, {"row 2"}, [] { parse_times(TextList{"2020-01", "2020-01-02"}); });
  expect_error(ErrorKind::data, {"row 2"}, [] { parse_times(TextList{"2020-01", "17"}); });
}

TEST(TimeErrors, DaysThatDoNotExistAreErrors) {
  for (const char* text : {"2023-02-29", "2020-13-01", "2020-04-31", "2020-00-10", "1900-02-29"}) {
    expect_error(ErrorKind::data, {"no such day", text}, [&] { parse_times(TextList{"2020-01-01", text}); });
  }
  expect_error(ErrorKind::data, {"no such day", "day, month, year"}, [] {
    parse_times(TextList{"13/01/2020", "01/13/2020"});
  });
}

TEST(TimeErrors, HoursThatDoNotExistAreErrors) {
  for (const char* text :
       {"2020-01-01T24:00", "2020-01-01T10:60", "2020-01-01T10:00:60", "2020-01-01 13:00 PM", "2020-01-01T10",
        "2020-01-01T1:2", "2020-01-01T10:00+25:00", "2020-01-01T10:00+1"}) {
    expect_error(ErrorKind::data, {"no time", text}, [&] { parse_times(TextList{text}); });
  }
}

TEST(TimeErrors, WrongOptionsSuggestTheNearest) {
  expect_error(ErrorKind::usage, {"epoch_second", "did you mean 'epoch_seconds'"},
               [] { parse_times(TextList{"1"}, {.format = "epoch_second"}); });
  expect_error(ErrorKind::usage, {"day_order", "'dayfirst'", "day_first"},
               [] { parse_times(TextList{"1/2/2020"}, {.day_order = "dayfirst"}); });
  expect_error(ErrorKind::data, {"no numbers", "epoch_seconds"},
               [] { parse_times(TextList{"2020-01-01"}, {.format = "epoch_seconds"}); });
}

TEST(TimeErrors, AnyInjuredColumnIsReadOrRefusedButNothingElse) {
  const std::vector<std::string> seeds = {
      "2020-01-31T23:59:59.123+02:00", "1/2/2020 3:04 PM", "1949-01", "2020Q3", "20200131", "1700000000.5",
      "2024-03-31 01:00 Europe/Berlin"};
  std::mt19937_64 random(11);
  int read = 0;
  for (int i = 0; i < 5000; ++i) {
    try {
      const Timeline times = parse_times(TextList{mutate(seeds, random)});
      EXPECT_EQ(times.size(), 1);
      EXPECT_FALSE(times.text(0).empty());
      ++read;
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::data || error.kind() == ErrorKind::usage) << error.what();
    }
  }
  EXPECT_GT(read, 200);
}

}  // namespace
}  // namespace rondo
