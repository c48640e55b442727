#include "rondo/data/series.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rondo/base/options.h"
#include "rondo/data/calendar.h"
#include "rondo/data/csv.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

using Names = std::vector<std::string>;

std::vector<double> values(const Series& series) {
  std::vector<double> out;
  for (std::int64_t at = 0; at < series.values.size(); ++at) out.push_back(series.values.at(at));
  return out;
}

SeriesOptions with(const std::string& time, const std::string& id = "") {
  SeriesOptions options;
  options.time = time;
  options.id = id;
  return options;
}

TEST(Series, AWideTableIsOneSeriesOfAllItsNumbers) {
  const Table table = parse_csv("t,a,word,b\n2020-01,1,x,3\n2020-02,2,y,4\n");
  const SeriesSet set = make_series(table, with("t"));
  EXPECT_EQ(set.columns, (Names{"a", "b"}));
  ASSERT_EQ(set.count(), 1);
  EXPECT_EQ(values(set.series[0]), (std::vector<double>{1, 3, 2, 4}));
  EXPECT_EQ(set.series[0].times.frequency().name(), "monthly");
}

TEST(Series, ColumnsCanBeSeriesOfTheirOwn) {
  const Table table = parse_csv("t,a,b\n2020-01,,3\n2020-02,2,4\n");
  SeriesOptions options = with("t");
  options.column_is_series = true;
  options.missing = "previous";
  SeriesReport report;
  const SeriesSet set = make_series(table, options, &report);
  ASSERT_EQ(set.count(), 2);
  EXPECT_EQ(set.series[0].id, "a");
  EXPECT_EQ(values(set.series[0]), (std::vector<double>{2}));  // nothing to carry at its start
  EXPECT_EQ(values(set.series[1]), (std::vector<double>{3, 4}));
  EXPECT_EQ(report.rows_trimmed, 1);
}

TEST(Series, AnIdTellsSeriesApartWhateverTheirOrderAndLength) {
  const Table table = parse_csv(
      "shop,day,x\nB,2020-01-01,1\nA,2020-01-01,5\nB,2020-01-02,2\nB,2020-01-03,3\nA,2020-01-02,6\n");
  const SeriesSet set = make_series(table, with("day", "shop"));
  ASSERT_EQ(set.count(), 2);
  EXPECT_EQ(set.series[0].id, "B");
  EXPECT_EQ(values(set.series[0]), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(values(set.series[1]), (std::vector<double>{5, 6}));
  EXPECT_EQ(set.series[1].times.frequency().name(), "daily");
}

TEST(Series, WithoutIdInterleavedSeriesAreAnErrorThatSaysSo) {
  const Table table = parse_csv("shop,day,x\nB,2020-01-01,1\nA,2020-01-01,5\n", {}, "shops.csv");
  expect_error(ErrorKind::data, {"occurs twice", "shops.csv, line 3", "(id)"},
               [&] { make_series(table, with("day")); });
}

TEST(Series, NumbersMayBeIds) {
  const SeriesSet set = make_series(parse_csv("id,x\n7,1\n7,2\n8,3\n"), with("", "id"));
  ASSERT_EQ(set.count(), 2);
  EXPECT_EQ(set.columns, Names{"x"});
  EXPECT_EQ(set.series[0].id, "7");
}

TEST(Series, GapsBecomeRowsWithoutValuesAndAreFilledAsAsked) {
  const Table table = parse_csv("d,x\n2020-01-06,1\n2020-01-07,2\n2020-01-11,6\n", {}, "d.csv");
  expect_error(ErrorKind::data, {"rows are missing", "d.csv", "'2020-01-08'", "daily", "3 missing", "linear"},
               [&] { make_series(table, with("d")); });
  SeriesOptions options = with("d");
  options.missing = "linear";
  SeriesReport report;
  const SeriesSet filled = make_series(table, options, &report);
  EXPECT_EQ(values(filled.series[0]), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(report.rows_inserted, 3);
  EXPECT_EQ(report.cells_filled, 3);
  EXPECT_EQ(report.notes(), (Names{"3 missing rows inserted without values", "3 missing values filled"}));
  options.arrange.gaps = "keep";
  EXPECT_EQ(make_series(table, options).series[0].times.gaps(), 3);
}

TEST(Series, AMissingValueIsNamedByLine) {
  const Table table = parse_csv("d,x,y\n2020-01-01,1,2\n2020-01-02,2,NA\n2020-01-03,,3\n", {}, "d.csv");
  expect_error(ErrorKind::data, {"a value is missing", "d.csv, line 3, column 'y'", "2 missing in all"},
               [&] { make_series(table, with("d")); });
}

TEST(Series, MissingColumnsAndIdsAreNamed) {
  const Table table = parse_csv("day,price\n2020-01-01,1\n2020-01-02,2\n", {}, "p.csv");
  expect_error(ErrorKind::data, {"'dya'", "did you mean 'day'"}, [&] { make_series(table, with("dya")); });
  SeriesOptions options = with("day");
  options.columns = {"prize"};
  expect_error(ErrorKind::data, {"'prize'", "did you mean 'price'"}, [&] { make_series(table, options); });
  options.columns = {"day"};
  expect_error(ErrorKind::data, {"not a number", "line 2, column 'day'"},
               [&] { make_series(table, options); });
  expect_error(ErrorKind::data, {"no column of numbers"},
               [] { make_series(parse_csv("t,w\n2020-01,a\n2020-02,b\n"), {}); });
  expect_error(ErrorKind::data, {"belongs", "line 3"},
               [] { make_series(parse_csv("id,x\na,1\n,2\nb,3\n"), with("", "id")); });
  options.missing = "forward";
  expect_error(ErrorKind::usage, {"'forward'", "previous"}, [&] { make_series(table, options); });
}

TEST(Series, ARowCanBeASeries) {
  const SeriesSet set = series_from_rows(parse_csv("id,V1,V2,V3\nH1,1,2,3\nH2,4,5,\n"), "id");
  ASSERT_EQ(set.count(), 2);
  EXPECT_EQ(set.series[1].id, "H2");
  EXPECT_EQ(values(set.series[1]), (std::vector<double>{4, 5}));
  expect_error(ErrorKind::data, {"no values", "line 3"},
               [] { series_from_rows(parse_csv("id,V1,V2\nH1,1,2\nH2,,\n"), "id"); });
}

TEST(Series, CalendarColumnsCanBeAdded) {
  const SeriesSet plain = make_series(parse_csv("t,a\n2020-01,1\n2020-04,2\n2020-07,3\n"), with("t"));
  const SeriesSet set = with_columns(plain, [](const Series& series) {
    CalendarFeatures features = calendar_features(series.times);
    return NamedColumns{features.names, features.values};
  });
  EXPECT_EQ(set.columns, (Names{"a", "month_sin", "month_cos"}));
  EXPECT_NEAR(set.series[0].values.at(3 + 1), 1, 1e-12);  // April is a quarter round
  EXPECT_DOUBLE_EQ(set.series[0].values.at(6), 3);
  EXPECT_EQ(set.column("month_cos"), 2);
  expect_error(ErrorKind::data, {"'month_co'", "month_cos"}, [&] { set.column("month_co"); });
  expect_error(ErrorKind::usage, {"already"}, [&] {
    with_columns(plain, [](const Series&) { return NamedColumns{{"a"}, Tensor({3, 1}, DType::float64)}; });
  });
  expect_error(ErrorKind::usage, {"do not fit", "(2, 1)", "(3, 1)"}, [&] {
    with_columns(plain, [](const Series&) { return NamedColumns{{"b"}, Tensor({2, 1}, DType::float64)}; });
  });
}

TEST(Series, OptionsReadFromAConfig) {
  SeriesOptions options;
  read_options(options, Json::object({{"time", "day"}, {"zone", "Europe/Berlin"}, {"gaps", "keep"}}), "data");
  EXPECT_EQ(options.time, "day");
  EXPECT_EQ(options.times.zone, "Europe/Berlin");
  EXPECT_EQ(options.arrange.gaps, "keep");
  expect_error(ErrorKind::usage, {"data", "duplicate", "duplicates"}, [&] {
    read_options(options, Json::object({{"doubld", "first"}}), "data");
  });
}

}  // namespace
}  // namespace rondo
