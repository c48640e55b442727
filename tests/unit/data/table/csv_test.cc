#include "rondo/data/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>

#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

std::vector<std::string> texts(const Column& column) {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < column.size(); ++row) out.push_back(column.text(row));
  return out;
}

TEST(Csv, ReadsNamesNumbersAndTexts) {
  const Table table = parse_csv("day,price,mood\n2020-01-01,1.5,good\n2020-01-02,-2e3,bad\n");
  EXPECT_EQ(table.names(), (std::vector<std::string>{"day", "price", "mood"}));
  EXPECT_EQ(table.rows(), 2);
  EXPECT_FALSE(table.column("day").is_number());
  EXPECT_DOUBLE_EQ(table.numbers("price")[0], 1.5);
  EXPECT_DOUBLE_EQ(table.numbers("price")[1], -2000);
  EXPECT_EQ(texts(table.column("mood")), (std::vector<std::string>{"good", "bad"}));
}

TEST(Csv, QuotedCellsMayHoldSeparatorsQuotesAndLineEnds) {
  const Table table = parse_csv("name,x\n\"a, \"\"b\"\"\",1\n\"two\nlines\",2\nc,3\n");
  EXPECT_EQ(texts(table.column("name")), (std::vector<std::string>{"a, \"b\"", "two\nlines", "c"}));
  EXPECT_EQ(table.line_of(0), 2);
  EXPECT_EQ(table.line_of(1), 3);
  EXPECT_EQ(table.line_of(2), 5);  // the row before took two lines
}

TEST(Csv, TheFirstRowIsAHeaderOnlyIfItNamesColumnsOfNumbers) {
  EXPECT_TRUE(parse_csv("a,b\n1,2\n").has_header());
  EXPECT_FALSE(parse_csv("3,4\n1,2\n").has_header());
  EXPECT_FALSE(parse_csv("1949-01,112\n1949-02,118\n").has_header());
  EXPECT_TRUE(parse_csv("Month,Passengers\n1949-01,112\n").has_header());
  EXPECT_TRUE(parse_csv(",value\n2020,1\n2021,2\n").has_header());  // a blank corner, as row names leave it
  EXPECT_TRUE(parse_csv("label,text\nspam,win\nham,hello\n").has_header());
  EXPECT_FALSE(parse_csv("1,2,3\n").has_header());
  EXPECT_TRUE(parse_csv("x\nNA\n1\n").has_header());
}

TEST(Csv, AHeaderCanBeForcedOrDenied) {
  const Table years = parse_csv("1990,1991\n1,2\n", {.header = "yes"});
  EXPECT_EQ(years.names(), (std::vector<std::string>{"1990", "1991"}));
  const Table words = parse_csv("a,b\nc,d\n", {.header = "no"});
  EXPECT_EQ(words.rows(), 2);
  EXPECT_EQ(words.names(), (std::vector<std::string>{"column_1", "column_2"}));
}

TEST(Csv, ColumnsWithoutHeaderGoByNumber) {
  const Table table = parse_csv("1,2\n3,4\n");
  EXPECT_DOUBLE_EQ(table.numbers("2")[1], 4);
  EXPECT_DOUBLE_EQ(table.numbers("column_2")[1], 4);
  EXPECT_TRUE(table.has("1"));
  EXPECT_FALSE(table.has("3"));
}

TEST(Csv, FindsTheSeparator) {
  for (const char separator : {',', ';', '\t', '|'}) {
    std::string text = "a?b\n1?2\n3?4\n";
    for (char& c : text) c = c == '?' ? separator : c;
    const Table table = parse_csv(text);
    EXPECT_EQ(table.separator(), separator);
    EXPECT_DOUBLE_EQ(table.numbers("b")[1], 4);
  }
  EXPECT_EQ(parse_csv("Y\n1\n2\n").columns().size(), 1U);
  EXPECT_EQ(parse_csv("a:b\n1:2\n", {.separator = ":"}).columns().size(), 2U);
  EXPECT_EQ(parse_csv("a\tb\n1\t2\n", {.separator = "tab"}).columns().size(), 2U);
}

TEST(Csv, ADecimalCommaIsUnderstoodWhereTheSeparatorIsAnother) {
  const Table table = parse_csv("month;x\n1949-01;112,5\n1949-02;118\n");
  EXPECT_DOUBLE_EQ(table.numbers("x")[0], 112.5);
  EXPECT_DOUBLE_EQ(table.numbers("x")[1], 118);
  EXPECT_DOUBLE_EQ(parse_csv("a;b\n1,5;2\n", {.decimal = ","}).numbers("a")[0], 1.5);
  EXPECT_DOUBLE_EQ(parse_csv("a;b\n1.5;2,5\n2;3\n").numbers("a")[0], 1.5);  // a point anywhere settles it
}

TEST(Csv, MissingValuesBecomeNaNAndAreCounted) {
  const Table table = parse_csv("x,y\n1,a\n,b\nNA,c\nNaN,d\nnull,e\nNone,f\n?,g\n-,h\nn/a,i\n2,j\n");
  const Column& x = table.column("x");
  ASSERT_TRUE(x.is_number());
  EXPECT_EQ(x.missing(), 8);
  for (std::size_t row = 1; row < 9; ++row) EXPECT_TRUE(std::isnan(x.numbers()[row]));
  EXPECT_DOUBLE_EQ(x.numbers()[9], 2);
  const Table own = parse_csv("x\n1\n-999\nabsent\n", {.missing = {"-999", "absent"}});
  EXPECT_EQ(own.column("x").missing(), 2);
  const Table written = parse_csv("x\n1\n-999.0\n-9.99e2\n-998\n", {.missing = {"-999"}});
  EXPECT_EQ(written.column("x").missing(), 2) << "a number is missing however it is written";
}

TEST(Csv, InAFileOfOneColumnABlankLineIsAMissingValue) {
  const Table table = parse_csv("y\n1\n\n3\n\n\n");
  ASSERT_EQ(table.rows(), 3);
  EXPECT_TRUE(std::isnan(table.numbers("y")[1]));
  EXPECT_EQ(table.line_of(2), 4);
  EXPECT_EQ(parse_csv("a,b\n\n1,2\n\n3,4\n").rows(), 2);
}

TEST(Csv, EveryKindOfLineEndDoes) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Table table = parse_csv("a,b" + end + "1,2" + end + "3,4");
    EXPECT_EQ(table.rows(), 2);
    EXPECT_DOUBLE_EQ(table.numbers("b")[1], 4);
    EXPECT_EQ(table.line_of(1), 3);
  }
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_EQ(parse_csv("\xEF\xBB\xBFmonth,x\n1,2\n").names()[0], "month");
}

TEST(Csv, NumbersInEveryUsualSpelling) {
  const Table table = parse_csv("x\n+1.5\n .5 \n1e3\n-0\n1E-400\n5.\n007\n");
  const auto x = table.numbers("x");
  EXPECT_DOUBLE_EQ(x[0], 1.5);
  EXPECT_DOUBLE_EQ(x[1], 0.5);
  EXPECT_DOUBLE_EQ(x[2], 1000);
  EXPECT_TRUE(std::signbit(x[3]));
  EXPECT_DOUBLE_EQ(x[4], 0);
  EXPECT_DOUBLE_EQ(x[5], 5);
  EXPECT_DOUBLE_EQ(x[6], 7);
}

TEST(Csv, AColumnKeptAsTextKeepsItsZeros) {
  const Table table = parse_csv("id,x\n007,1\n008,2\n", {.text_columns = {"id"}});
  EXPECT_EQ(table.column("id").text(0), "007");
  expect_error(ErrorKind::usage, {"'id'", "text_columns"}, [&] { table.numbers("id"); });
}

TEST(Csv, AWordAfterThousandsOfNumbersMakesTextAsInAShortTable) {
  std::string text = "id,y\n";
  for (int row = 0; row < 6000; ++row) text += (row == 5900 ? "X1" : "0" + std::to_string(row)) + ",1\n";
  const Table table = parse_csv(text);
  EXPECT_FALSE(table.column("id").is_number());
  EXPECT_EQ(table.column("id").text(7), "07");
  EXPECT_EQ(table.column("id").text(5900), "X1");
  expect_error(ErrorKind::data, {"line 5902", "'X1'"}, [&] { (void)table.numbers("id"); });
}

TEST(Csv, ThousandsAreReadWhenAskedFor) {
  const CsvOptions grouped{.thousands = ","};
  const Table table = parse_csv("day\tunits\n1\t958\n2\t1,298\n3\t-1,234,567.5\n", grouped);
  EXPECT_EQ(table.numbers("units")[1], 1298);
  EXPECT_EQ(table.numbers("units")[2], -1234567.5);
  EXPECT_EQ(parse_csv("a,b\n1,\"1,298\"\n", grouped).numbers("b")[0], 1298);
  EXPECT_EQ(parse_csv("a;b\n1;1.298,5\n", {.thousands = "."}).numbers("b")[0], 1298.5);
  EXPECT_FALSE(parse_csv("a,b\n1,\"12,98\"\n", grouped).column("b").is_number()) << "no group of three";
}

TEST(Csv, ACommaThatMayBeEitherSignIsRefused) {
  const char* const text = "day\tunits\n1\t958\n2\t1,298\n3\t1,422\n";
  expect_error(ErrorKind::data, {"line 3", "'1,298'", "--thousands ,", "--decimal ,"},
               [&] { parse_csv(text); });
  EXPECT_DOUBLE_EQ(parse_csv(text, {.decimal = ","}).numbers("units")[1], 1.298);
  EXPECT_DOUBLE_EQ(parse_csv("a\tb\n1\t0,298\n2\t1,422\n").numbers("b")[1], 1.422) << "0,298 is no thousand";
  expect_error(ErrorKind::data, {"'1,298'", "--thousands ,"},
               [] { (void)parse_csv("a,b\n1,\"1,298\"\n").numbers("b"); });
}

TEST(Csv, TheLineThatNamesTheSeparatorIsNoRow) {
  const Table table = parse_csv("sep=;\na;b\n1;2\n");
  EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.line_of(0), 3);
  EXPECT_EQ(parse_csv("sep=|\r\na|b,c\r\n1|2\r\n").names()[1], "b,c");
}

TEST(Csv, ATitleAboveTheTableIsLeftOut) {
  const Table table =
      parse_csv("Sales report\nCreated 2024-01-05 by export\n\na;b\n1;2\n3;4\n5;6\n7;8\n9;9\n");
  EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.rows(), 5);
  EXPECT_EQ(table.line_of(0), 5);
}

TEST(Csv, YearsThatCountOnOverTheColumnsAreNames) {
  EXPECT_EQ(parse_csv("region,1950,1951,1952\nT1,3,1,2\nT2,5,5,5\n").names()[1], "1950");
  EXPECT_EQ(parse_csv("T0,1,2,3\nT1,4,5,6\n").names()[1], "column_2") << "the second row counts on, too";
}

TEST(Csv, OnlyTheColumnsAskedForAreKept) {
  const Table table = parse_csv("a,b,c\n1,2,3\n", {.columns = {"c", "a"}});
  EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "c"}));
  expect_error(ErrorKind::data, {"'prise'", "'price'"},
               [] { parse_csv("price,b\n1,2\n", {.columns = {"prise"}}); });
}

TEST(Csv, GzipIsToldByContentNotByName) {
  const Scratch scratch;
  EXPECT_EQ(read_csv(scratch.write_gzip("plain_name.csv", "a,b\n1,2\n")).rows(), 1);
  EXPECT_EQ(read_csv(scratch.write("odd_name.gz", "a,b\n1,2\n")).rows(), 1);
}

TEST(Csv, PiecesHoldTheSameRowsAsTheWhole) {
  const Scratch scratch;
  std::string text = "t,x,word\n";
  for (int i = 0; i < 60000; ++i)
    text += std::to_string(i) + "," + std::to_string(i) + ".25,w" + std::to_string(i) + "\n";
  const auto path = scratch.write_gzip("long.csv", text);
  const Table all = read_csv(path);
  ASSERT_EQ(all.rows(), 60000);
  CsvReader reader(path);
  std::int64_t rows = 0, pieces = 0;
  for (Table piece = reader.read(10000); piece.rows() > 0; piece = reader.read(10000), ++pieces) {
    for (std::int64_t row = 0; row < piece.rows(); row += 997) {
      EXPECT_EQ(piece.numbers("x")[static_cast<std::size_t>(row)],
                all.numbers("x")[static_cast<std::size_t>(rows + row)]);
      EXPECT_EQ(piece.column("word").text(row), all.column("word").text(rows + row));
      EXPECT_EQ(piece.line_of(row), rows + row + 2);
    }
    rows += piece.rows();
  }
  EXPECT_EQ(rows, 60000);
  EXPECT_GT(pieces, 3);
}

TEST(Csv, WritingPutsQuotesOnlyWhereNeeded) {
  Table table;
  table.add(Column("a,b", TextList{"plain", "say \"hi\"", "two\nlines", ""}));
  table.add(Column("x", std::vector<double>{1, std::nan(""), 0.1, -1e300}));
  EXPECT_EQ(to_csv(table), "\"a,b\",x\nplain,1\n\"say \"\"hi\"\"\",\n\"two\nlines\",0.1\n,-1e+300\n");
}

TEST(Csv, AFileIsWrittenWholeOrNotAtAll) {
  const Scratch scratch;
  Table table;
  table.add(Column("x", std::vector<double>{1, 2}));
  write_csv(scratch.path("out.csv"), table);
  EXPECT_EQ(read_csv(scratch.path("out.csv")).rows(), 2);
  expect_error(ErrorKind::resources, {"out.csv"}, [&] { write_csv(scratch.path("nowhere/out.csv"), table); });
}

RC_GTEST_PROP(CsvProperty, NumbersReadBackToTheSameBits, (std::vector<std::uint64_t> words)) {
  std::vector<double> numbers = {0.0};
  for (const std::uint64_t word : words) {
    const double v = std::bit_cast<double>(word);
    numbers.push_back(std::isfinite(v) ? v : std::nan(""));
  }
  Table table;
  table.add(Column("x", numbers));
  table.add(Column("y", numbers));
  const Table back = parse_csv(to_csv(table), {.header = "yes"});
  const auto read = back.numbers("y");
  RC_ASSERT(read.size() == numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool both_missing = std::isnan(numbers[i]) && std::isnan(read[i]);
    const auto written = std::bit_cast<std::uint64_t>(numbers[i]),
               seen = std::bit_cast<std::uint64_t>(read[i]);
    RC_ASSERT((both_missing || seen == written));
  }
}

RC_GTEST_PROP(CsvProperty, TextsReadBackUnchanged, ()) {
  const auto cell =
      rc::gen::container<std::string>(rc::gen::element('a', ',', '"', '\n', ';', ' ', 'z', '1', '\t', '|'));
  const auto cells = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(cell));
  Table table;
  table.add(Column("first", TextList(cells)));
  table.add(Column("second", TextList(cells)));
  const Table back =
      parse_csv(to_csv(table), {.separator = ",", .header = "yes", .text_columns = {"first", "second"}});
  RC_ASSERT(back.rows() == static_cast<std::int64_t>(cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    RC_ASSERT(back.column("second").text(static_cast<std::int64_t>(i)) == cells[i]);
  }
}

}  // namespace
}  // namespace rondo
