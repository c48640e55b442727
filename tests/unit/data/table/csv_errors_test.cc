#include <gtest/gtest.h>

#include <random>

#include "rondo/data/csv.h"
#include "support/mutate.h"
#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

TEST(CsvErrors, TextAmongNumbersIsNamedByFileLineColumnAndText) {
  const Scratch scratch;
  const Table table = read_csv(scratch.write("prices.csv", "day,price\n1,10\n2,11\n3,oops\n4,12\n"));
  expect_error(ErrorKind::data, {"prices.csv, line 4, column 'price'", "'oops'", "empty"},
               [&] { table.numbers("price"); });
}

TEST(CsvErrors, TextLateInALongColumnIsFoundToo) {
  std::string text = "a,x\n";
  for (int i = 0; i < 20000; ++i) text += "1," + std::to_string(i) + "\n";
  const Table table = parse_csv(text + "1,late\n");
  expect_error(ErrorKind::data, {"line 20002, column 'x'", "'late'"}, [&] { table.numbers("x"); });
  EXPECT_EQ(table.numbers("a").size(), 20001U);
}

TEST(CsvErrors, InfinityIsNoNumberOfATable) {
  const Table table = parse_csv("x\n1\ninf\n");
  expect_error(ErrorKind::data, {"'inf'", "line 3"}, [&] { table.numbers("x"); });
  expect_error(ErrorKind::data, {"1e999"}, [] { parse_csv("x\n1\n1e999\n").numbers("x"); });
}

TEST(CsvErrors, ARowOfAnotherLengthIsNamedByLine) {
  expect_error(ErrorKind::data, {"CSV text, line 3", "3 cells", "2 cells", "separator"},
               [] { parse_csv("a,b\n1,2\n3,4,5\n6,7\n"); });
  expect_error(ErrorKind::data, {"line 4", "1 cell", "as on line 1"},
               [] { parse_csv("a,b\n1,2\n3,4\n5\n6,7\n"); });
}

TEST(CsvErrors, AMissingColumnSuggestsTheNearestName) {
  const Table table = parse_csv("date,price\n1,2\n");
  expect_error(ErrorKind::data, {"no column 'pric'", "date, price", "did you mean 'price'"},
               [&] { table.column("pric"); });
  expect_error(ErrorKind::data, {"by number"}, [] { parse_csv("1,2\n").column("price"); });
}

TEST(CsvErrors, ANameUsedTwiceIsOnlyAnErrorForThoseWhoAskForIt) {
  const Table table = parse_csv("x,y,x\n1,2,3\n");
  EXPECT_EQ(table.numbers("y").size(), 1U);
  expect_error(ErrorKind::data, {"two columns", "1 and 3"}, [&] { table.column("x"); });
}

TEST(CsvErrors, AMissingFileSaysSo) {
  const Scratch scratch;
  scratch.write("airline.csv", "a\n1\n");
  expect_error(ErrorKind::data, {"arline.csv", "airline.csv"}, [&] { read_csv(scratch.path("arline.csv")); });
  expect_error(ErrorKind::data, {scratch.path("").string()}, [&] { read_csv(scratch.path("")); });
}

TEST(CsvErrors, AnEmptyFileSaysSo) {
  const Scratch scratch;
  for (const char* nothing : {"", "\n\n", "\xEF\xBB\xBF"}) {
    expect_error(ErrorKind::data, {"empty.csv", "empty"},
                 [&] { read_csv(scratch.write("empty.csv", nothing)); });
  }
  expect_error(ErrorKind::data, {"no rows"}, [] { parse_csv("a,b\n"); });
}

TEST(CsvErrors, WhatIsNoTextIsRefusedByName) {
  const Scratch scratch;
  using namespace std::string_view_literals;
  const auto refuse = [&](std::string_view bytes, const std::string& meaning) {
    expect_error(ErrorKind::data, {"file.csv", "not a text file", meaning},
                 [&] { read_csv(scratch.write("file.csv", bytes)); });
  };
  refuse("PK\x03\x04rest"sv, "Excel");
  refuse("\xFF\xFE\x61\x00"sv, "UTF-16");
  refuse("BZh91AY"sv, "bzip2");
  refuse("a,b\n1,\0\n"sv, "byte of value 0");
}

TEST(CsvErrors, ADamagedGzipFileIsNamed) {
  const Scratch scratch;
  std::string rows = "a,b\n";
  for (int i = 0; i < 5000; ++i) rows += std::to_string(i * 7919 % 10007) + ",2\n";
  const auto path = scratch.write_gzip("cut.csv.gz", rows);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  expect_error(ErrorKind::data, {"cut.csv.gz", "too early"}, [&] { read_csv(path); });
  const auto bomb =
      scratch.write_gzip("bomb.csv.gz", "a,b\n1,2\n" + std::string(std::size_t{34} << 20, '\n'));
  expect_error(ErrorKind::data, {"bomb.csv.gz", "unpacks"}, [&] { read_csv(bomb); });
}

TEST(CsvErrors, QuotesInTheWrongPlaceAreNamedByLine) {
  expect_error(ErrorKind::data, {"line 3", "quote"}, [] { parse_csv("a,b\n1,2\n3,4\"5\n"); });
  expect_error(ErrorKind::data, {"line 2", "not closed"}, [] { parse_csv("a,b\n\"1,2\n3,4\n"); });
  expect_error(ErrorKind::data, {"line 5", "quote"}, [] { parse_csv("a,b\n\"x\ny\",2\n1,2\n\"a\"b,1\n"); });
}

TEST(CsvErrors, WrongOptionsAreNamed) {
  expect_error(ErrorKind::usage, {"separator", "'ab'"}, [] { parse_csv("a\n1\n", {.separator = "ab"}); });
  expect_error(ErrorKind::usage, {"header", "'maybe'"}, [] { parse_csv("a\n1\n", {.header = "maybe"}); });
  expect_error(ErrorKind::usage, {"decimal", "'x'"}, [] { parse_csv("a\n1\n", {.decimal = "x"}); });
}

TEST(CsvErrors, ColumnsOfATableHaveOneLength) {
  Table table;
  table.add(Column("a", std::vector<double>{1, 2}));
  expect_error(ErrorKind::usage, {"'b'", "3 rows", "2"}, [&] {
    table.add(Column("b", std::vector<double>{1, 2, 3}));
  });
}

TEST(CsvErrors, AnyInjuredFileIsReadOrRefusedButNothingElse) {
  const std::vector<std::string> seeds = {
      "day,price\n2020-01-01,1.5\n2020-01-02,\"2\"\n", "1;2,5\n3;4,5\n\n5;6\n",
      "\xEF\xBB\xBFx\r\n1\r\nNA\r\n\"a\"\"b\"\r\n", "\x1f\x8b\x08 no gzip"};
  std::mt19937_64 random(7);
  int read = 0, refused = 0;
  for (int i = 0; i < 4000; ++i) {
    try {
      const Table table = parse_csv(mutate(seeds, random));
      for (const Column& column : table.columns()) EXPECT_EQ(column.size(), table.rows());
      ++read;
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::data)) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace rondo
