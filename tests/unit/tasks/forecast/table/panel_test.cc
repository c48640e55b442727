// From tables to the panel that forecasters learn from.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "tasks/forecast/prepare.h"

namespace rondo::forecasting {
namespace {

using Strings = std::vector<std::string>;

std::string day(int t) {
  char text[96];
  std::snprintf(text, sizeof text, "2021-%02d-%02d", 1 + t / 28 % 12, 1 + t % 28);
  return text;
}

std::string hour(int t) {
  char text[96];
  std::snprintf(text, sizeof text, "2021-01-%02d %02d:00", 1 + t / 24, t % 24);
  return text;
}

/// Rows "hour,value" with a value that tells its row: 100 + t, and a bend so that it is no straight line.
double value_at(int t) { return 100 + t + 10 * (t % 7); }

std::string hourly(int rows, const std::function<std::string(int)>& line = {}) {
  std::string text = "time,y\n";
  for (int t = 0; t < rows; ++t) {
    text += line ? line(t) : hour(t) + "," + std::to_string(value_at(t)) + "\n";
  }
  return text;
}

ForecastOptions hourly_options() {
  ForecastOptions options;
  options.target = "y";
  options.time = "time";
  return options;
}

Prepared prepared(const std::string& csv, const ForecastOptions& options) {
  return prepare(parse_csv(csv), options);
}

bool says(const Prepared& prepared, const std::string& words) {
  for (const std::string& note : prepared.notes) {
    if (note.find(words) != std::string::npos) return true;
  }
  return false;
}

void expect_refused(ErrorKind kind, const Strings& words, const std::function<void()>& act) {
  try {
    act();
    ADD_FAILURE() << "no error that says " << words.front();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    for (const std::string& word : words) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << word << " in " << error.what();
    }
  }
}

TEST(ForecastPanel, OfAShuffledTableIsThatOfTheSortedOne) {
  const Prepared sorted = prepared(hourly(120), hourly_options());
  std::string text = "time,y\n";
  for (int t = 0; t < 120; ++t) {
    const int at = (t * 37) % 120;
    text += hour(at) + "," + std::to_string(value_at(at)) + "\n";
  }
  const Prepared shuffled = prepared(text, hourly_options());
  EXPECT_EQ(shuffled.panel.series[0].values, sorted.panel.series[0].values);
  EXPECT_TRUE(says(shuffled, "put in order of time: "));
  EXPECT_TRUE(sorted.notes.empty());
}

TEST(ForecastPanel, KeepsTheLastOfDoubledTimesAndCountsThem) {
  const std::string text = hourly(100) + hour(40) + ",7\n" + hour(41) + ",8\n";
  const Prepared out = prepared(text, hourly_options());
  ASSERT_EQ(out.panel.series[0].rows(), 100);
  EXPECT_EQ(out.panel.series[0].values[40], 7);
  EXPECT_EQ(out.panel.series[0].values[41], 8);
  EXPECT_TRUE(says(out, "2 rows of duplicate timestamps"));
  ForecastOptions strict = hourly_options();
  strict.strict = true;
  expect_refused(ErrorKind::data, {"order"}, [&] { prepared(text, strict); });
}

TEST(ForecastPanel, TakesManyDoubledTimesWithOtherValuesForSeriesWithoutId) {
  std::string text = "time,y\n";
  for (int t = 0; t < 100; ++t) {
    for (int shop = 0; shop < 2; ++shop) {
      text += hour(t) + "," + std::to_string(value_at(t) + 1000 * shop) + "\n";
    }
  }
  expect_refused(ErrorKind::data, {"twice", "--id"}, [&] { prepared(text, hourly_options()); });
  // The same table twice is only a table twice.
  EXPECT_EQ(prepared(hourly(100) + hourly(100).substr(7), hourly_options()).panel.series[0].rows(), 100);
}

TEST(ForecastPanel, FillsGapsAndHolesFromThePastAndMarksThem) {
  const std::string text = hourly(120, [](int t) {
    if (t == 50 || t == 51) return std::string();
    return hour(t) + "," + (t == 70 || t < 3 ? "" : std::to_string(value_at(t))) + "\n";
  });
  const Prepared out = prepared(text, hourly_options());
  const PanelSeries& series = out.panel.series[0];
  ASSERT_EQ(series.rows(), 117);
  EXPECT_EQ(out.times[0].text(0), hour(3));
  ASSERT_EQ(series.observed.size(), 117u);
  for (const int t : {50, 51, 70}) {
    EXPECT_FALSE(series.is_observed(t - 3)) << t;
    EXPECT_EQ(series.values[static_cast<std::size_t>(t - 3)], value_at(t < 60 ? 49 : 69)) << t;
  }
  EXPECT_TRUE(series.is_observed(49));
  EXPECT_TRUE(says(out, "2 missing rows"));
  EXPECT_TRUE(says(out, "3 missing values of 'y' filled from"));
  EXPECT_TRUE(says(out, "3 rows at the start"));
  ForecastOptions strict = hourly_options();
  strict.missing = "error";
  expect_refused(ErrorKind::data, {"missing", "line 2"}, [&] { prepared(text, strict); });
}

TEST(ForecastPanel, LeavesHolidaysOfBusinessDaysOut) {
  std::string text = "time,y\n";
  for (int date = 4; date <= 28; ++date) {  // from Monday, January 4th 2021
    if ((date - 4) % 7 > 4 || date == 20) continue;
    text += day(date - 1) + "," + std::to_string(value_at(date)) + "\n";
  }
  ForecastOptions options = hourly_options();
  options.backtest = "last=1";
  const Prepared out = prepared(text, options);
  EXPECT_EQ(out.times[0].frequency().name(), "business days");
  EXPECT_EQ(out.panel.series[0].rows(), 18);
  EXPECT_TRUE(out.panel.series[0].observed.empty());
  options.arrange.gaps = "insert";
  EXPECT_EQ(prepared(text, options).panel.series[0].rows(), 19);
}

TEST(ForecastPanel, HasASeriesForEveryIdAndTarget) {
  std::string text = "shop,time,a,b,note\n";
  for (int t = 0; t < 100; ++t) {
    for (const char* shop : {"n", "s"}) {
      if (std::string(shop) == "s" && t < 30) continue;
      text += std::string(shop) + "," + hour(t) + "," + std::to_string(value_at(t)) + "," +
              std::to_string(-value_at(t)) + ",x\n";
    }
  }
  ForecastOptions options = hourly_options();
  options.id = "shop";
  for (const char* target : {"a,b", "all", "a, b"}) {
    options.target = target;
    const Prepared out = prepared(text, options);
    ASSERT_EQ(out.panel.series.size(), 4u) << target;
    EXPECT_EQ(out.panel.series[1].target, "b");
    EXPECT_EQ(out.panel.series[1].values[5], -value_at(5));
    EXPECT_EQ(out.panel.series[2].id, "s");
    EXPECT_EQ(out.panel.series[2].rows(), 70);
    EXPECT_EQ(out.panel.series[2].position[0], 30) << "calendars count from the earliest row";
    EXPECT_TRUE(out.panel.past.empty());
  }
}

TEST(ForecastPanel, KeepsWhatCannotBeLearntFromForMethodsOfOneSeriesAndCountsIt) {
  std::string text = "shop,time,y\n";
  for (int t = 0; t < 100; ++t) {
    text += "good," + hour(t) + "," + std::to_string(value_at(t)) + "\n";
    text += "still," + hour(t) + ",5\n";
    text += "empty," + hour(t) + ",\n";
    if (t < 8) text += "short," + hour(t) + "," + std::to_string(value_at(t)) + "\n";
    if (t == 0) text += "single," + hour(t) + ",4\n";
  }
  ForecastOptions options = hourly_options();
  options.id = "shop";
  const Prepared out = prepared(text, options);
  ASSERT_EQ(out.panel.series.size(), 4u);
  for (const PanelSeries& series : out.panel.series)
    EXPECT_EQ(series.is_short, series.id != "good") << series.id;
  EXPECT_EQ(out.panel.series.back().train_rows, 1) << "one row: no test part";
  EXPECT_TRUE(says(out, "1 series without any value"));
  EXPECT_TRUE(says(out, "2 series too short to learn a model of all series from (the first: 'short')"));
  EXPECT_TRUE(says(out, "1 series too short for a test part (the first: 'single')"));
  EXPECT_TRUE(says(out, "1 series constant"));
}

std::string wide(int series, int longest) {
  std::string text = "id,region";
  for (int t = 0; t < longest; ++t) text += ",V" + std::to_string(t + 1);
  text += "\n";
  for (int s = 0; s < series; ++s) {
    text += "H" + std::to_string(s) + "," + (s % 2 == 0 ? "north" : "south");
    for (int t = 0; t < longest; ++t) {
      text += "," + (t < longest - 10 * s ? std::to_string(value_at(t) + 1000 * s) : std::string());
    }
    text += "\n";
  }
  return text;
}

ForecastOptions wide_options() {
  ForecastOptions options;
  options.wide = true;
  options.statics = {"region"};
  options.horizon = 4;
  return options;
}

TEST(ForecastPanel, ReadsOneSeriesARowWithItsStatics) {
  const Prepared out = prepared(wide(4, 100), wide_options());
  ASSERT_EQ(out.panel.series.size(), 4u);
  for (std::size_t s = 0; s < 4; ++s) {
    const PanelSeries& series = out.panel.series[s];
    EXPECT_EQ(series.id, "H" + std::to_string(s));
    EXPECT_EQ(series.rows(), 100 - 10 * static_cast<std::int64_t>(s));
    EXPECT_EQ(series.values.back(),
              value_at(static_cast<int>(series.rows()) - 1) + 1000.0 * static_cast<double>(s));
    EXPECT_EQ(series.statics, std::vector<double>{s % 2 == 0 ? 1.0 : 0.0});
    EXPECT_EQ(series.position.size(), series.values.size() + 4);
  }
  EXPECT_EQ(out.panel.statics, Strings{"region=north"});
}

TEST(ForecastPanel, IsTestedOnTheTruthOfAnotherFile) {
  const Table table = parse_csv(wide(4, 100));
  const Table truth = parse_csv("id,V1,V2,V3,V4,V5\nH2,1,2,3,4,5\nH0,6,7,8,9,10\nH1,1,2,,4,5\n");
  ForecastTables tables(table);
  tables.test = &truth;
  const Prepared out = prepare(tables, wide_options());
  EXPECT_TRUE(out.panel.truth_after_end);
  EXPECT_EQ(out.panel.series[0].train_rows, 100);
  EXPECT_EQ(out.panel.series[0].rows(), 104);
  EXPECT_EQ(out.panel.history_rows(0), 100);
  EXPECT_EQ(out.panel.series[0].values[100], 6);
  EXPECT_EQ(out.panel.series[2].values[83], 4);
  EXPECT_FALSE(out.panel.series[1].is_observed(92));
  EXPECT_EQ(out.panel.series[3].rows(), 70);
  EXPECT_TRUE(says(out, "1 series not in the test file"));

  const Table layout = parse_csv("id,region,V1,V2,V3,V4\nH0,north,6,7,8,9\n");
  tables.test = &layout;
  EXPECT_EQ(prepare(tables, wide_options()).panel.series[0].values[103], 9)
      << "static columns may stand there too";

  const auto refused = [&](const std::string& text, const Strings& words) {
    const Table bad = parse_csv(text);
    ForecastTables with(table);
    with.test = &bad;
    expect_refused(ErrorKind::data, words, [&] { prepare(with, wide_options()); });
  };
  refused("id,V1,V2,V3,V4\nH0,1,2,3,4\nH7,1,2,3,4\n", {"series that the table does not have", "'H7'"});
  refused("id,V1,V2,V3\nH0,1,2,3\n", {"horizon is longer than the test part", "3 rows"});
}

TEST(ForecastPanel, MatchesTheTruthOfALongFileByTime) {
  const Table table = parse_csv(hourly(100));
  ForecastOptions options = hourly_options();
  options.horizon = 3;
  const auto with = [&](int first, int last) {
    std::string text = "time,y\n";
    for (int t = last; t >= first; --t) text += hour(t) + "," + std::to_string(1000 + t) + "\n";
    const Table truth = parse_csv(text);
    ForecastTables tables(table);
    tables.test = &truth;
    return prepare(tables, options);
  };
  for (const int first : {90, 100}) {
    const Prepared out = with(first, 110);
    ASSERT_EQ(out.panel.series[0].rows(), 103);
    for (int h = 0; h < 3; ++h)
      EXPECT_EQ(out.panel.series[0].values[static_cast<std::size_t>(100 + h)], 1100 + h);
  }
  expect_refused(ErrorKind::data, {"does not go on"}, [&] { with(20, 40); });
  expect_refused(ErrorKind::data, {"horizon is longer"}, [&] { with(100, 101); });
}

TEST(ForecastPanel, CutsThePartsThatTheSplitNames) {
  ForecastOptions options = hourly_options();
  options.split = "train=60,validation=20,test=10";
  const Prepared rows = prepared(hourly(100), options);
  EXPECT_EQ(rows.panel.series[0].rows(), 90);
  EXPECT_EQ(rows.panel.series[0].train_rows, 80);
  EXPECT_EQ(rows.panel.series[0].validation_rows, 20);
  EXPECT_TRUE(says(rows, "10 rows after the parts"));
  options.split = "train=60%,validation=20%,test=20%";
  const Prepared shares = prepared(hourly(101), options);
  EXPECT_EQ(shares.panel.series[0].rows(), 101) << "per cents of 100 leave nothing over";
  EXPECT_EQ(split_rows("test=10", 50).train, 40);
  EXPECT_EQ(split_rows("train=10,validation=5", 50).test, 35);
  for (const char* bad :
       {"train=1", "train", "tran=60,test=3", "train=60,train=3", "train=-1,test=4", "train=x,test=3",
        "validation=10", "train=0,test=10", "train=101%,test=3", "train=1.5,test=3", ","}) {
    if (std::string(bad) == "train=1") continue;
    expect_refused(ErrorKind::usage, {"--split"}, [&] { check_split_text(bad); });
  }
  for (const char* fine :
       {"train=1", "train=1200000", "train=1200000,test=300000", "test=999999999999", "train=99.5%"}) {
    EXPECT_NO_THROW(check_split_text(fine)) << fine;
  }
  expect_refused(ErrorKind::usage, {"did you mean 'train'"}, [&] { split_rows("tran=60,test=3", 100); });
}

TEST(ForecastPanel, DoesNotTestASeriesThatTheSplitLeavesNothingOf) {
  std::string text = "shop,time,y\n";
  for (int t = 0; t < 100; ++t) {
    text += "good," + hour(t) + "," + std::to_string(value_at(t)) + "\n";
    if (t < 4) text += "tiny," + hour(t) + "," + std::to_string(value_at(t)) + "\n";
    if (t < 40) text += "short," + hour(t) + "," + std::to_string(value_at(t)) + "\n";
  }
  ForecastOptions options = hourly_options();
  options.id = "shop";
  options.horizon = 5;
  // Of four rows no test row is left, of forty fewer than the horizon, or than the parts.
  for (const char* split :
       {"train=70%,validation=20%,test=10%", "train=90%", "train=60,test=20", "test=60"}) {
    options.split = split;
    const Prepared out = prepared(text, options);
    ASSERT_EQ(out.panel.series.size(), 3u) << split;
    for (const PanelSeries& series : out.panel.series)
      EXPECT_EQ(series.rows() > series.train_rows, series.id == "good") << series.id << " " << split;
    EXPECT_TRUE(says(out, "2 series too short")) << split;
  }
  options.horizon = 12;
  options.split = "train=90%";
  expect_refused(ErrorKind::data, {"horizon is longer than the test part", "good"},
                 [&] { prepared(text, options); });
}

std::string with_covariates(int rows, int future) {
  std::string text = "time,y,wind,price,plan\n";
  for (int t = 0; t < rows + future; ++t) {
    const char* wind = t % 3 == 0 ? "NW" : t % 3 == 1 ? "SE" : "cv";
    text += hour(t) + "," + (t < rows ? std::to_string(value_at(t)) : "") + "," +
            (t == rows - 1 ? "storm"
             : t < rows    ? wind
                           : "") +
            "," + (t < rows && t != 40 ? std::to_string(t) : "") + "," + std::to_string(10 * t) + "\n";
  }
  return text;
}

ForecastOptions covariate_options() {
  ForecastOptions options = hourly_options();
  options.past = {"wind", "price"};
  options.known = {"plan"};
  options.horizon = 5;
  return options;
}

TEST(ForecastPanel, EncodesTextsByTheTrainingPartAndKnowsTheFutureItIsGiven) {
  const Prepared out = prepared(with_covariates(100, 5), covariate_options());
  EXPECT_EQ(out.panel.past, (Strings{"wind=NW", "wind=SE", "wind=cv", "price"}));
  EXPECT_EQ(out.panel.known, Strings{"plan"});
  const PanelSeries& series = out.panel.series[0];
  ASSERT_EQ(series.rows(), 100);
  ASSERT_EQ(series.past.size(), 400u);
  ASSERT_EQ(series.known.size(), 105u);
  ASSERT_EQ(series.position.size(), 105u);
  EXPECT_EQ(series.known.back(), 1040);
  EXPECT_EQ(std::vector<double>(series.past.begin() + 4, series.past.begin() + 8),
            (std::vector<double>{0, 1, 0, 1}));
  EXPECT_EQ(series.past[40 * 4 + 3], 39) << "a hole takes the value before";
  const std::vector<double> unseen(series.past.end() - 4, series.past.end() - 1);
  EXPECT_NEAR(unseen[0] + unseen[1] + unseen[2], 1, 1e-12) << "the shares that the others have";
  EXPECT_NEAR(unseen[0], 1.0 / 3, 0.05);
  EXPECT_TRUE(says(out, "column 'wind' says"));
}

TEST(ForecastPanel, NeedsKnownCovariatesForTheWholeHorizon) {
  expect_refused(ErrorKind::data, {"plan", "3 of 5", "--future"},
                 [&] { prepared(with_covariates(100, 3), covariate_options()); });
  const Table table = parse_csv(with_covariates(100, 3));
  const Table more = parse_csv("time,plan\n" + hour(103) + ",1\n" + hour(104) + ",2\n");
  ForecastTables tables(table);
  tables.future = &more;
  const Prepared out = prepare(tables, covariate_options());
  EXPECT_EQ(out.panel.series[0].known[102], 1020);
  EXPECT_EQ(out.panel.series[0].known[103], 1);
  EXPECT_EQ(out.panel.series[0].known[104], 2);
}

TEST(ForecastPanel, MovesNothingBeforeAChange) {
  const Prepared whole = prepared(with_covariates(100, 5), covariate_options());
  for (const int cut : {85, 95}) {
    std::string changed = with_covariates(100, 5);
    std::string text = changed.substr(0, changed.find(hour(cut)));
    for (int t = cut; t < 105; ++t) {
      text += hour(t) + "," + (t < 100 ? std::to_string(9999 + t) : "") + ",XX,-5000,7\n";
    }
    const Prepared other = prepared(text, covariate_options());
    const PanelSeries &a = whole.panel.series[0], &b = other.panel.series[0];
    for (int t = 0; t < cut; ++t) {
      EXPECT_EQ(a.values[static_cast<std::size_t>(t)], b.values[static_cast<std::size_t>(t)]);
      EXPECT_EQ(a.known[static_cast<std::size_t>(t)], b.known[static_cast<std::size_t>(t)]);
    }
    EXPECT_TRUE(std::equal(a.past.begin(), a.past.begin() + 4 * cut, b.past.begin()));
    EXPECT_EQ(whole.panel.past, other.panel.past);
    EXPECT_EQ(whole.panel.seasons, other.panel.seasons);
  }
}

TEST(ForecastPanel, ReadsATableWithoutNamesAndTimes) {
  std::string text;
  for (int t = 0; t < 60; ++t)
    text += std::to_string(value_at(t)) + "," + std::to_string(2 * value_at(t)) + "\n";
  ForecastOptions options;
  options.target = "all";
  const Prepared out = prepared(text, options);
  ASSERT_EQ(out.panel.series.size(), 2u);
  EXPECT_EQ(out.panel.series[1].target, "column_2");
  options.target = "2";
  EXPECT_EQ(prepared(text, options).panel.series[0].values[3], 2 * value_at(3));
}

struct Refused {
  const char* name;
  std::string csv;
  void (*change)(ForecastOptions&);
  ErrorKind kind;
  Strings words;
};

class PanelRefuses : public testing::TestWithParam<Refused> {};

TEST_P(PanelRefuses, WithAClearError) {
  ForecastOptions options = hourly_options();
  GetParam().change(options);
  expect_refused(GetParam().kind, GetParam().words, [&] { prepared(GetParam().csv, options); });
}

void keep(ForecastOptions&) {}

std::string irregular() {
  return hourly(60, [](int t) {
    return day(t) + " 0" + std::to_string(t * t % 7) + ":1" + std::to_string(t % 9) + "," +
           std::to_string(value_at(t)) + "\n";
  });
}

INSTANTIATE_TEST_SUITE_P(
    Forecast, PanelRefuses,
    testing::Values(
        Refused{
            "irregular times", irregular(), keep, ErrorKind::data, {"no regular distance", "--gaps keep"}},
        Refused{"only missing values",
                hourly(60, [](int t) { return hour(t) + ",\n"; }),
                keep,
                ErrorKind::data,
                {"no values"}},
        Refused{"a negative count",
                hourly(60, [](int t) { return hour(t) + "," + (t == 9 ? "-1" : "3") + "\n"; }),
                [](ForecastOptions& o) { o.likelihood = "poisson"; },
                ErrorKind::data,
                {"negative", "line 11"}},
        Refused{
            "the logarithm of a series with a zero",
            hourly(60, [](int t) { return hour(t) + "," + (t == 9 ? "0" : std::to_string(3 + t)) + "\n"; }),
            [](ForecastOptions& o) { o.transform = "log"; },
            ErrorKind::data,
            {"--transform log", "line 11", "leave --transform out"}},
        Refused{"the root of a negative value",
                hourly(60, [](int t) { return hour(t) + "," + std::to_string(t - 5) + "\n"; }),
                [](ForecastOptions& o) { o.transform = "sqrt"; },
                ErrorKind::data,
                {"--transform sqrt", "line 2", ">= 0"}},
        Refused{"a horizon longer than the test part",
                hourly(100),
                [](ForecastOptions& o) { o.horizon = 12, o.backtest = "last=10"; },
                ErrorKind::data,
                {"horizon is longer than the test part"}},
        Refused{"a split shorter than the horizon",
                hourly(100),
                [](ForecastOptions& o) { o.horizon = 12, o.split = "train=80,test=10"; },
                ErrorKind::data,
                {"horizon is longer than the test part"}},
        Refused{"a validation part shorter than the horizon",
                hourly(100),
                [](ForecastOptions& o) { o.horizon = 6, o.split = "train=70,validation=5,test=20"; },
                ErrorKind::data,
                {"horizon is longer than the validation part"}},
        Refused{"a split longer than the table",
                hourly(100),
                [](ForecastOptions& o) { o.split = "train=900,test=10"; },
                ErrorKind::data,
                {"too few rows for the test part"}},
        Refused{"two test parts",
                hourly(100),
                [](ForecastOptions& o) { o.split = "train=80,test=10", o.backtest = "last=5"; },
                ErrorKind::usage,
                {"twice"}},
        Refused{"numbers with a stray text as covariate",
                "time,y,x\n" + hourly(60,
                                      [](int t) {
                                        return hour(t) + "," + std::to_string(value_at(t)) +
                                               (t == 5 ? ",oops\n" : ",1\n");
                                      })
                                   .substr(7),
                [](ForecastOptions& o) { o.past = {"x"}; },
                ErrorKind::data,
                {"oops", "line 7"}},
        Refused{"few numbers with a stray text as covariate",
                "time,y,x\n" + hourly(60,
                                      [](int t) {
                                        return hour(t) + "," + std::to_string(value_at(t)) +
                                               (t == 5        ? ",oops\n"
                                                : t % 10 == 0 ? ",1\n"
                                                : t % 2 == 0  ? ",NA\n"
                                                              : ",\n");
                                      })
                                   .substr(7),
                [](ForecastOptions& o) { o.past = {"x"}; },
                ErrorKind::data,
                {"oops", "line 7"}},
        Refused{"a static column that changes",
                with_covariates(60, 0),
                [](ForecastOptions& o) { o.statics = {"price"}; },
                ErrorKind::data,
                {"static", "line 3"}},
        Refused{"a column with two roles",
                with_covariates(60, 0),
                [](ForecastOptions& o) { o.past = {"price"}, o.known = {"price"}; },
                ErrorKind::usage,
                {"twice"}},
        Refused{"the time as target",
                hourly(60),
                [](ForecastOptions& o) { o.target = "time"; },
                ErrorKind::usage,
                {"'time'"}},
        Refused{"a misspelt covariate",
                with_covariates(60, 0),
                [](ForecastOptions& o) { o.past = {"prise"}; },
                ErrorKind::data,
                {"did you mean 'price'"}},
        Refused{"one misspelt target of two",
                with_covariates(60, 0),
                [](ForecastOptions& o) { o.target = "y,prise"; },
                ErrorKind::data,
                {"did you mean 'price'"}},
        Refused{"an unknown likelihood",
                hourly(60),
                [](ForecastOptions& o) { o.likelihood = "gausian"; },
                ErrorKind::usage,
                {"did you mean 'gaussian'"}},
        Refused{"an unknown model",
                hourly(60),
                [](ForecastOptions& o) { o.model = "recursiv"; },
                ErrorKind::usage,
                {"did you mean 'recursive'"}},
        Refused{"no time to tune",
                hourly(60),
                [](ForecastOptions& o) { o.tune = -1; },
                ErrorKind::usage,
                {"--tune"}},
        Refused{"a future of nothing",
                hourly(60),
                [](ForecastOptions& o) { o.future = "f.csv"; },
                ErrorKind::usage,
                {"--known"}},
        Refused{"a wide table with times",
                wide(3, 90),
                [](ForecastOptions& o) { o.wide = true; },
                ErrorKind::usage,
                {"--time"}}),
    [](const auto& info) {
      std::string name = info.param.name;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace rondo::forecasting
