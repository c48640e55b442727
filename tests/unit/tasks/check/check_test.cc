// rondo check: what is said of tables and jobs.

#include "rondo/tasks/check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rondo/base/random.h"
#include "tasks/check/forecast_leaks.h"
#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

constexpr int kSheetRows = 120;

struct Sheet {
  std::vector<std::string> times;
  std::vector<std::vector<std::string>> cells;  ///< by row
  std::string header = "day,x,y";

  std::string text() const {
    std::string out = header + "\n";
    for (std::size_t i = 0; i < times.size(); ++i) {
      out += times[i];
      for (const std::string& cell : cells[i]) out += "," + cell;
      out += "\n";
    }
    return out;
  }
};

std::string day(int number) {
  char text[32];
  const int month = number / 28 % 12 + 1, year = 2020 + number / 28 / 12;
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, number % 28 + 1);
  return text;
}

std::string hour(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "2021-%02d-%02d %02d:00", number / 24 / 28 + 1, number / 24 % 28 + 1,
                number % 24);
  return text;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

/// A sound table; the tests each break one thing.
Sheet sound(int rows = kSheetRows) {
  const RandomStream stream(2);
  Sheet sheet;
  double y = 20;
  for (int t = 0; t < rows; ++t) {
    const auto i = static_cast<std::uint64_t>(t);
    y += stream.normal(i);
    sheet.times.push_back(hour(t));
    sheet.cells.push_back({number(stream.normal(i + 1000)), number(y)});
  }
  return sheet;
}

CheckReport check(const Sheet& sheet, ForecastOptions options = {}, const CheckOptions& how = {}) {
  return check_forecast(parse_csv(sheet.text(), {}, "sheet.csv"), options, how);
}

/// The finding that says `words`, or a test failure.
CheckFinding expect_finding(const CheckReport& report, CheckLevel level, const std::string& words) {
  std::string all;
  for (const CheckFinding& finding : report.findings) {
    if (finding.what.find(words) != std::string::npos) {
      EXPECT_EQ(finding.level, level) << finding.what;
      return finding;
    }
    all += std::string(check_level_name(finding.level)) + ": " + finding.what + "\n";
  }
  ADD_FAILURE() << "'" << words << "' is not said in\n" << all;
  return {};
}

TEST(Check, ASoundTablePasses) {
  const CheckReport report = check(sound());
  EXPECT_EQ(report.count(CheckLevel::error), 0);
  EXPECT_EQ(report.count(CheckLevel::warning), 0);
  EXPECT_EQ(report.time, "day");
  EXPECT_EQ(report.targets, std::vector<std::string>{"y"});
  EXPECT_EQ(report.frequency, "hourly");
  EXPECT_EQ(report.rows, kSheetRows);
  EXPECT_GT(report.seconds, 0);
  EXPECT_GT(report.bytes, 0);
  expect_finding(report, CheckLevel::ok, "knows nothing of the future");
}

TEST(Check, TimesOutOfOrderDoubledAndMissingAreFoundWithTheirPlaces) {
  Sheet sheet = sound();
  std::swap(sheet.times[30], sheet.times[31]);
  sheet.times[50] = sheet.times[49];
  sheet.times.erase(sheet.times.begin() + 70, sheet.times.begin() + 75);
  sheet.cells.resize(sheet.times.size());
  ForecastOptions strict;
  strict.strict = true;
  const CheckReport report = check(sheet, strict);
  EXPECT_NE(expect_finding(report, CheckLevel::error, "out of order").where.find("line 33"),
            std::string::npos);
  EXPECT_NE(expect_finding(report, CheckLevel::error, "more than once").where.find("line 52"),
            std::string::npos);
  const CheckFinding gaps = expect_finding(report, CheckLevel::warning, "6 steps of time missing, in 2 gaps");
  EXPECT_NE(gaps.seen.find("5 steps"), std::string::npos) << gaps.seen;
  EXPECT_NE(gaps.seen.find(hour(69)), std::string::npos) << gaps.seen;

  const CheckReport allowed = check(sheet);
  expect_finding(allowed, CheckLevel::warning, "out of order");
  expect_finding(allowed, CheckLevel::warning, "more than once");
}

TEST(Check, AColumnThatTellsSeriesApartIsSuggested) {
  Sheet sheet;
  sheet.header = "day,shop,y";
  const RandomStream stream(6);
  for (int t = 0; t < 60; ++t) {
    for (const char* shop : {"north", "south"}) {
      sheet.times.push_back(day(t));
      sheet.cells.push_back({shop, number(stream.normal(sheet.times.size()))});
    }
  }
  const CheckFinding doubled = expect_finding(check(sheet), CheckLevel::warning, "more than once");
  EXPECT_NE(doubled.fix.find("--id shop"), std::string::npos) << doubled.fix;
  ForecastOptions options;
  options.id = "shop";
  const CheckReport report = check(sheet, options);
  EXPECT_EQ(report.series, 2);
  EXPECT_FALSE(report.has_errors());
  expect_finding(report, CheckLevel::ok, "2 series");
  expect_finding(report, CheckLevel::ok, "knows nothing of the future");
}

TEST(Check, ShortSeriesAreNamed) {
  Sheet sheet;
  sheet.header = "day,shop,y";
  const RandomStream stream(6);
  for (int t = 0; t < 60; ++t) {
    for (const char* shop : {"north", "south"}) {
      if (t >= 5 && shop[0] == 's') continue;
      sheet.times.push_back(hour(t));
      sheet.cells.push_back({shop, number(stream.normal(sheet.times.size()))});
    }
  }
  ForecastOptions options;
  options.id = "shop";
  bool said = false;
  for (const CheckFinding& finding : check(sheet, options).findings) {
    said = said || (finding.topic == "series" && finding.level != CheckLevel::ok &&
                    finding.seen.find("'south' has 5 rows") != std::string::npos);
  }
  EXPECT_TRUE(said);
}

TEST(Check, SummerTimeOfANaiveClockIsGuessed) {
  // Europe/Berlin 2021: 28 March 02:00 does not exist, 31 October 02:00 occurs twice.
  Sheet sheet;
  const RandomStream stream(6);
  const auto add = [&](int month, int date, int at) {
    char text[32];
    std::snprintf(text, sizeof text, "2021-%02d-%02d %02d:00", month, date, at);
    sheet.times.push_back(text);
    sheet.cells.push_back(
        {number(stream.normal(sheet.times.size())), number(stream.normal(9000 + sheet.times.size()))});
  };
  const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int month = 3; month <= 11; ++month) {
    for (int date = 1; date <= lengths[month - 1]; ++date) {
      for (int at = 0; at < 24; ++at) {
        if (month == 3 && date == 28 && at == 2) continue;
        add(month, date, at);
        if (month == 10 && date == 31 && at == 2) add(month, date, at);
      }
    }
  }
  const CheckFinding found = expect_finding(check(sheet), CheckLevel::warning, "summer time");
  EXPECT_NE(found.fix.find("--zone"), std::string::npos);
  ForecastOptions zoned;
  zoned.times.zone = "Europe/Berlin";
  const CheckReport report = check(sheet, zoned);
  expect_finding(report, CheckLevel::ok, "no step of time is missing");
  expect_finding(report, CheckLevel::ok, "no time occurs twice");
}

TEST(Check, WhatIsWrongInsideColumnsIsFound) {
  struct Case {
    std::function<void(std::vector<std::string>&, int)> change;  ///< of the cells of a row
    CheckLevel level;
    std::string words, fix;
  };
  const std::vector<Case> cases{
      {[](auto& row, int t) {
         if (t == 40) row[1] = "oops";
       },
       CheckLevel::error, "'y' has text among its numbers", "--missing-words"},
      {[](auto& row, int t) {
         if (t == 40) row[0] = "oops";
       },
       CheckLevel::warning, "'x' has text among its numbers", "--missing-words"},
      {[](auto& row, int t) {
         if (t % 10 == 3) row[1] = "";
       },
       CheckLevel::warning, "10 % of 'y' is missing", "past"},
      {[](auto& row, int t) {
         if (t % 2 == 0) row[0] = "NA";
       },
       CheckLevel::warning, "50 % of 'x' is missing, which is a lot", ""},
      {[](auto& row, int) { row[0] = ""; }, CheckLevel::warning, "'x' has no values at all", "leave"},
      {[](auto& row, int) { row[0] = "7"; }, CheckLevel::warning, "'x' is constant", "leave"},
      {[](auto& row, int) { row[1] = "7"; }, CheckLevel::warning, "'y' is constant", "another target"},
      {[](auto& row, int t) {
         if (t % 20 == 5) row[0] = "-999";
       },
       CheckLevel::warning, "'x' has 6 outliers", "--missing-words -999"},
      {[](auto& row, int t) {
         if (t == 100) row[1] = "4000";
       },
       CheckLevel::warning, "'y' has 1 outlier", "mistakes"},
  };
  for (const Case& one : cases) {
    Sheet sheet = sound();
    for (int t = 0; t < kSheetRows; ++t) one.change(sheet.cells[static_cast<std::size_t>(t)], t);
    ForecastOptions options;
    options.target = "y";
    const CheckReport report = check(sheet, options);
    const CheckFinding found = expect_finding(report, one.level, one.words);
    EXPECT_NE(found.fix.find(one.fix), std::string::npos) << found.fix;
    EXPECT_FALSE(found.where.empty()) << one.words;
  }
}

TEST(Check, NearlyConstantColumnsAreFound) {
  Sheet sheet = sound(400);
  for (std::size_t t = 0; t < 400; ++t) sheet.cells[t][0] = t == 200 ? "1" : "0";
  expect_finding(check(sheet), CheckLevel::warning, "'x' is nearly constant");
}

TEST(Check, ManyBadColumnsAreSummedUp) {
  Sheet sheet = sound();
  sheet.header = "day";
  for (int c = 0; c < 60; ++c) sheet.header += ",c" + std::to_string(c);
  sheet.header += ",y";
  for (auto& row : sheet.cells) {
    const std::string y = row.back();
    row.assign(60, "1");
    row.push_back(y);
  }
  const CheckReport report = check(sheet);
  expect_finding(report, CheckLevel::warning, "52 more columns (nearly) constant");
  EXPECT_EQ(report.count(CheckLevel::warning), 9);
}

/// `sound` with a column made of the target.
Sheet with_column(const std::function<double(const std::vector<double>&, int)>& make) {
  Sheet sheet = sound();
  std::vector<double> y;
  for (const auto& row : sheet.cells) y.push_back(std::stod(row[1]));
  for (int t = 0; t < kSheetRows; ++t) sheet.cells[static_cast<std::size_t>(t)][0] = number(make(y, t));
  return sheet;
}

double at(const std::vector<double>& y, int t) {
  return y[static_cast<std::size_t>(std::clamp(t, 0, kSheetRows - 1))];
}

TEST(Check, ACentredMovingAverageInTheFileIsAnErrorUnlessAllowedOrUnused) {
  const Sheet sheet =
      with_column([](const auto& y, int t) { return (at(y, t - 1) + at(y, t) + at(y, t + 1)) / 3; });
  const CheckReport report = check(sheet);
  expect_finding(report, CheckLevel::error, "'x' is a centred moving average of 'y'");
  CheckOptions allowed;
  allowed.allow = {"x"};
  expect_finding(check(sheet, {}, allowed), CheckLevel::ok, "which is allowed");
  CheckOptions unused;
  unused.named_only = true;
  expect_finding(check(sheet, {}, unused), CheckLevel::warning, "centred moving average");
  ForecastOptions used;
  used.past = {"x"};
  expect_finding(check(sheet, used, unused), CheckLevel::error, "centred moving average");
}

TEST(Check, TheTargetOfTomorrowIsAnError) {
  expect_finding(check(with_column([](const auto& y, int t) { return at(y, t + 1); })), CheckLevel::error,
                 "'x' is the value of 'y' 1 row later");
}

TEST(Check, FillingFromThePastIsNoLeak) {
  Sheet sheet = sound();
  for (const std::size_t t : {20, 60, 100, 101, 110}) sheet.cells[t][1] = "";
  ForecastOptions options;
  options.target = "y";
  const CheckReport report = check(sheet, options);
  EXPECT_FALSE(report.has_errors());
  expect_finding(report, CheckLevel::ok, "knows nothing of the future");
}

TEST(Check, AWideTableIsLookedOverSeriesBySeries) {
  const RandomStream stream(4);
  std::string text = "id";
  for (int t = 1; t <= 60; ++t) text += ",V" + std::to_string(t);
  for (int s = 0; s < 4; ++s) {
    text += "\nH" + std::to_string(s);
    for (int t = 0; t < 60; ++t) {
      const double v = std::pow(1000.0, s) * (5 + stream.normal(static_cast<std::uint64_t>(100 * s + t)));
      text += t < (s == 3 ? 5 : 60) ? "," + number(v) : ",";
    }
  }
  ForecastOptions options;
  options.wide = true;
  const CheckReport report = check_forecast(parse_csv(text + "\n", {}, "wide.csv"), options);
  EXPECT_EQ(report.series, 4);
  expect_finding(report, CheckLevel::ok, "4 series of 5 to 60 rows");
  expect_finding(report, CheckLevel::ok, "no outliers");
  expect_finding(report, CheckLevel::warning, "shorter than");
  EXPECT_FALSE(report.has_errors());
}

TEST(Check, SplitsThatAreTooSmallAreFound) {
  ForecastOptions options;
  options.horizon = 8;
  options.backtest = "last=10";
  expect_finding(check(sound(40), options), CheckLevel::warning, "the backtest has only 1 forecast");
  options.horizon = 30;
  options.backtest = "20%";
  const CheckFinding found =
      expect_finding(check(sound(40), options), CheckLevel::warning, "too short, or constant");
  EXPECT_EQ(found.topic, "split");
  EXPECT_FALSE(found.fix.empty());
}

TEST(Check, NamesThatAreNotInTheTableAndOptionsOutOfRangeThrow) {
  ForecastOptions options;
  options.target = "yy";
  expect_error(ErrorKind::data, {"yy"}, [&] { check(sound(), options); });
  options = {};
  options.horizon = 0;
  expect_error(ErrorKind::usage, {"horizon"}, [&] { check(sound(), options); });
  CheckOptions how;
  how.allow = {"z"};
  expect_error(ErrorKind::data, {"z"}, [&] { check(sound(), {}, how); });
}

TEST(Check, OddTablesGetFindingsNotCrashes) {
  for (const int rows : {1, 2, 3, 13}) {
    const CheckReport report = check(sound(rows));
    EXPECT_GT(report.count(CheckLevel::warning), 0) << rows;
  }
  Table empty("empty");
  EXPECT_TRUE(check_forecast(empty, {}).has_errors());
  Table twins("twins");
  twins.add(Column("y", std::vector<double>(50, 1.0)));
  twins.add(Column("y", std::vector<double>(50, 2.0)));
  expect_finding(check_forecast(twins, {}), CheckLevel::error, "2 columns are named 'y'");
  Sheet bad = sound();
  bad.times[60] = "soon";
  bool said = false;
  for (const CheckFinding& finding : check(bad).findings) {
    said = said || (finding.topic == "times" && finding.level == CheckLevel::error &&
                    finding.where.find("line 62") != std::string::npos);
  }
  EXPECT_TRUE(said);
}

TEST(Check, TheJsonHoldsEverything) {
  Sheet sheet = sound();
  sheet.cells[3][1] = "";
  ForecastOptions options;
  options.missing = "error";
  const CheckReport report = check(sheet, options);
  const Json json = parse_json(to_json(report.to_config()));
  EXPECT_EQ(json.at("errors").as_integer(), report.count(CheckLevel::error));
  EXPECT_EQ(json.at("warnings").as_integer(), report.count(CheckLevel::warning));
  EXPECT_EQ(json.at("passed").as_integer(), report.count(CheckLevel::ok));
  EXPECT_EQ(json.at("findings").as_array().size(), report.findings.size());
  EXPECT_EQ(json.at("rows").as_integer(), kSheetRows);
  EXPECT_TRUE(json.at("estimate").at("seconds").is_null());
}

class CheckJob : public ::testing::Test {
 protected:
  CsvTraining job(const Sheet& sheet) {
    CsvTraining job = suggest_csv_training(folder_.write("sheet.csv", sheet.text()).string(), "y", "day");
    job.samples.length = 6;
    return job;
  }
  Scratch folder_;
};

TEST_F(CheckJob, ASoundJobPasses) {
  const CheckReport report = check_csv_training(job(sound(400)));
  EXPECT_EQ(report.count(CheckLevel::error), 0);
  EXPECT_EQ(report.count(CheckLevel::warning), 0);
  EXPECT_GT(report.parameters, 0);
  expect_finding(report, CheckLevel::ok, "lstm > dense: the shapes fit");
  expect_finding(report, CheckLevel::ok, "no target row belongs to two parts");
  expect_finding(report, CheckLevel::ok, "knows nothing of the future");
}

TEST_F(CheckJob, LayersThatDoNotFitAreFound) {
  CsvTraining wrong = job(sound());
  wrong.samples.horizon = 3;
  const CheckReport report = check_csv_training(wrong);
  EXPECT_EQ(report.parameters, 0);
  const CheckFinding found = expect_finding(report, CheckLevel::error, "last layer's size");
  EXPECT_NE(found.fix.find("units = 3"), std::string::npos);
  EXPECT_EQ(found.topic, "model");
}

TEST_F(CheckJob, LeaksThatTheConfigMakesAreFound) {
  Sheet holes = sound();
  for (const std::size_t t : {20, 60, 110}) holes.cells[t][0] = "";
  CsvTraining linear = job(holes);
  linear.data.missing = "linear";
  expect_finding(check_csv_training(linear), CheckLevel::error, "filled from the future");

  CsvTraining rows = job(sound());
  rows.samples.kind = "rows";
  rows.data.inputs = {"x", "y"};
  expect_finding(check_csv_training(rows), CheckLevel::error, "the target 'y' is an input too");
  rows.data.inputs = {"x"};
  rows.split.shuffle = true;
  expect_finding(check_csv_training(rows), CheckLevel::error, "at random");

  CsvTraining same = job(with_column([](const auto& y, int t) { return at(y, t); }));
  same.samples.kind = "rows";
  same.data.inputs = {"x"};
  expect_finding(check_csv_training(same), CheckLevel::error, "the input 'x' is the target 'y' itself");
}

TEST_F(CheckJob, PartsThatAreTooSmallAreFound) {
  CsvTraining small = job(sound(40));
  small.split.validation = 2;
  small.split.test = 0;
  const CheckReport report = check_csv_training(small);
  expect_finding(report, CheckLevel::warning, "few samples to train on");
  expect_finding(report, CheckLevel::warning, "the validation part is small");
  expect_finding(report, CheckLevel::warning, "there is no test part");
  small.split.test = 39;
  EXPECT_TRUE(check_csv_training(small).has_errors());
}

TEST(Check, ATableTooShortForTheNetworkThatIsAskedForIsRefused) {
  ForecastOptions options;
  options.likelihood = "gaussian";
  EXPECT_FALSE(check(sound(), options).has_errors());
  expect_finding(check(sound(40), options), CheckLevel::error, "too few rows to learn from");
}

TEST(Check, DistributionsOfCountsAreSuggestedForCounts) {
  const RandomStream stream(5);
  const auto found = [&](const std::function<int(std::uint64_t)>& value,
                         const ForecastOptions& options = {}) {
    Sheet sheet = sound();
    for (std::size_t t = 0; t < sheet.cells.size(); ++t) sheet.cells[t][1] = std::to_string(value(t));
    std::string all;
    for (const CheckFinding& finding : check(sheet, options).findings) all += finding.what + "\n";
    return all;
  };
  // Sums of many rare events, and bursts.
  const auto rare = [&](std::uint64_t t) {
    int count = 0;
    for (std::uint64_t i = 0; i < 50; ++i) count += stream.uniform(100 * t + i) < 0.08 ? 1 : 0;
    return count;
  };
  EXPECT_NE(found(rare).find("'y' holds counts"), std::string::npos);
  EXPECT_NE(found(rare).find("--likelihood poisson"), std::string::npos);
  const auto bursts = [&](std::uint64_t t) {
    return stream.uniform(t) < 0.7 ? 0 : static_cast<int>(t * 7 % 20);
  };
  EXPECT_NE(found(bursts).find("--likelihood negative_binomial"), std::string::npos);
  EXPECT_EQ(found([](std::uint64_t t) { return 500 + static_cast<int>(t * 37 % 90); }).find("holds counts"),
            std::string::npos)
      << "large numbers are as good as real ones";
  EXPECT_EQ(found([](std::uint64_t t) { return static_cast<int>(t % 5) - 2; }).find("holds counts"),
            std::string::npos);
}

TEST(ForecastRemarks, SayInALineWhatCheckFindsInTheColumnsInUse) {
  Sheet sheet = sound();
  sheet.header = "day,x,flat,later,y";
  for (std::size_t t = 0; t < sheet.cells.size(); ++t) {
    const std::string y = sheet.cells[t][1];
    const std::string later = sheet.cells[std::min(t + 1, sheet.cells.size() - 1)].back();
    sheet.cells[t] = {sheet.cells[t][0], "7", later, y};
  }
  const Table table = parse_csv(sheet.text());
  ForecastOptions options;
  options.target = "y";
  options.time = "day";
  EXPECT_TRUE(forecast_remarks(table, options).empty())
      << "columns that are not in use are nobody's business";
  options.past = {"x", "flat", "later"};
  const std::vector<std::string> remarks = forecast_remarks(table, options);
  ASSERT_EQ(remarks.size(), 2U);
  EXPECT_NE(remarks[0].find("'flat' is constant"), std::string::npos);
  EXPECT_NE(remarks[1].find("'later'"), std::string::npos) << remarks[1];
  for (const std::string& remark : remarks) EXPECT_EQ(remark.find('\n'), std::string::npos);
}

TEST(CheckCost, GrowsWithWhatMakesTrainingDear) {
  ForecastOptions small, wide, long_run;
  wide.units = 256;
  long_run.epochs = 1000;
  small.target = wide.target = long_run.target = "y";
  const auto forecast = [](std::size_t rows, const ForecastOptions& options) {
    std::vector<double> values(rows);
    for (std::size_t i = 0; i < rows; ++i) values[i] = std::sin(static_cast<double>(i)) + 2;
    Table table("wave");
    table.add(Column("y", std::move(values)));
    return checking::forecast_cost(forecasting::prepare(table, options), options);
  };
  const checking::Cost base = forecast(2000, small);
  EXPECT_GT(forecast(2000, wide).seconds, 5 * base.seconds);
  EXPECT_GT(forecast(2000, long_run).seconds, 5 * base.seconds);
  EXPECT_GT(forecast(20000, small).bytes, base.bytes);
  // However long the table is, the networks' updates and the linear model's origins have an end.
  EXPECT_LT(forecast(600'000, small).seconds, 1.1 * forecast(300'000, small).seconds);
  const checking::Cost job = checking::training_cost(5000, 24, 4000, 32, 10, 10'000, 1);
  EXPECT_NEAR(checking::training_cost(5000, 48, 4000, 32, 10, 10'000, 1).seconds / job.seconds, 2, 0.2);
  EXPECT_GT(checking::training_cost(5000, 24, 4000, 32, 10, 10'000'000, 1).bytes, 10 * job.bytes);
}

}  // namespace
}  // namespace rondo
