#include "rondo/tasks/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "rondo/base/error.h"
#include "unit/tasks/report/report_page.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Twenty-four months that rise and swing, twelve of them backtested, three forecast.
ForecastReport small_report() {
  ReportSeries series;
  for (int i = 0; i < 24; ++i) {
    series.times.push_back("19" + std::to_string(49 + i / 12) + "-" + std::to_string(10 + i % 3));
    series.values.push_back(100.25 + 3.1 * i + 7.7 * std::sin(i));
  }
  series.train_rows = 12;
  series.test_rows = 12;
  for (std::size_t i = 12; i < 24; ++i) {
    series.backtest.times.push_back(series.times[i]);
    series.backtest.actual.push_back(series.values[i]);
    series.backtest.predicted.push_back(series.values[i] + (i % 2 == 0 ? 1.5 : -0.5));
  }
  series.backtest.baselines = {{"naive", series.backtest.actual}, {"ridge", series.backtest.predicted}};
  series.forecast = {{"1951-01", "1951-02", "1951-03"},
                     {175.125, 176.5, 1.0 / 3.0},
                     {{170, 171, 0}, {180, 181, 1}, {165, 166, -1}, {185, 186, 2}}};
  ForecastReport report;
  report.target = "Passengers";
  report.dataset = "airline.csv";
  report.cell = "lstm";
  report.horizon = 3;
  report.verdict = ReportVerdict::better;
  report.verdict_sentence = "The error is a tenth lower than that of the ridge.";
  report.skill = 0.1234;
  report.skill_against = "ridge";
  report.scores = {{"model", 1.0, 1.118, 0.35, 0.61}, {"naive", 38.9, 48.04, kMissing, 9.8}};
  report.training = {{0.9, 0.5, 0.25}, {0.8, 0.6, 0.7}, 2, "mean squared error"};
  report.series = {series};
  report.settings = {{"window", "36", "chosen"}};
  report.command = "rondo forecast airline.csv --target Passengers";
  report.version = "0.1.0";
  return report;
}

/// The only <script type="application/json"> of the page, as a browser would cut it out.
std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("rondo-report-test-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Report, EmbedsTheVeryNumbersItWasGiven) {
  const ForecastReport report = small_report();
  const ReportSeries& given = report.series[0];
  const json data = data_of(render_report(report));
  const json& shown = data.at("series").at(0);
  EXPECT_EQ(shown.at("history").at("value").get<std::vector<double>>(), given.values);
  EXPECT_EQ(shown.at("history").at("time").get<std::vector<std::string>>(), given.times);
  EXPECT_EQ(shown.at("forecast").at("mean").get<std::vector<double>>(), given.forecast.mean);
  EXPECT_EQ(shown.at("forecast").at("low95").get<std::vector<double>>(), given.forecast.bands.low95);
  EXPECT_EQ(shown.at("forecast").at("high80").get<std::vector<double>>(), given.forecast.bands.high80);
  EXPECT_EQ(shown.at("backtest").at("actual").get<std::vector<double>>(), given.backtest.actual);
  EXPECT_EQ(shown.at("backtest").at("predicted").get<std::vector<double>>(), given.backtest.predicted);
  EXPECT_EQ(shown.at("backtest").at("baselines").at(1).at("value").get<std::vector<double>>(),
            given.backtest.baselines[1].values);
  EXPECT_EQ(data.at("training").at("loss").get<std::vector<double>>(), report.training.loss);
  EXPECT_EQ(data.at("training").at("validation").get<std::vector<double>>(), report.training.validation);
  EXPECT_FALSE(shown.at("history").at("thinned").get<bool>());
}

TEST(Report, ShowsVerdictScoresSettingsAndCommandWithoutScripts) {
  std::string page = render_report(small_report());
  page = page.substr(0, page.find("<script"));
  for (const char* text :
       {"<h1>Forecast of Passengers</h1>", "The error is a tenth lower than that of the ridge.", "+12.3 %",
        "48.04", "1.118", "chosen", "<span>airline.csv</span> <span>--target</span> <span>Passengers</span>",
        "LSTM"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(Report, SaysEachVerdictInItsOwnWords) {
  ForecastReport report = small_report();
  report.verdict = ReportVerdict::no_better_than_ridge;
  EXPECT_NE(render_report(report).find("class=\"verdict no-better-than-ridge\""), std::string::npos);
  report.verdict = ReportVerdict::no_better_than_naive;
  report.verdict_sentence.clear();
  report.skill = -0.5;
  const std::string page = render_report(report);
  EXPECT_NE(page.find("class=\"verdict no-better-than-naive\""), std::string::npos);
  EXPECT_NE(page.find("do not rely on the network here"), std::string::npos);
  EXPECT_NE(page.find("error above that of ridge"), std::string::npos);
}

TEST(Report, MarksTheLowestErrorOfEachColumnAndIgnoresUnknownOnes) {
  const std::string page = render_report(small_report());
  EXPECT_EQ(occurrences(page, "<td class=\"best\">"), 4U);
  EXPECT_NE(page.find("<td class=\"best\"><strong>0.3500</strong></td>"), std::string::npos);
  EXPECT_NE(page.find("<td>–</td>"), std::string::npos) << "an error that is not defined is a dash";
}

TEST(Report, TurnsMissingAndInfiniteValuesIntoNull) {
  ForecastReport report = small_report();
  report.series[0].values[3] = kMissing;
  report.series[0].values[5] = std::numeric_limits<double>::infinity();
  report.series[0].backtest.actual[2] = kMissing;
  report.training.loss[2] = kMissing;
  const json data = data_of(render_report(report));
  const json& series = data.at("series").at(0);
  EXPECT_TRUE(series.at("history").at("value").at(3).is_null());
  EXPECT_TRUE(series.at("history").at("value").at(5).is_null());
  EXPECT_TRUE(series.at("residuals").at("value").at(2).is_null());
  EXPECT_EQ(series.at("residuals").at("count"), 11);
  EXPECT_EQ(series.at("rows").at("missing"), 1);
  EXPECT_TRUE(data.at("training").at("loss").at(2).is_null());
}

TEST(Report, LetsNoGivenTextBecomeMarkupOrEndAScript) {
  const std::string hostile =
      "</script><script>alert(1)</script><!--\"'><img src=x onerror=alert(2)>&amp;{{data}}";
  const std::string plain = render_report(small_report());
  ForecastReport report = small_report();
  report.title = report.target = report.dataset = report.cell = report.unit = report.command =
      report.version = hostile;
  report.created = report.verdict_sentence = report.skill_against = report.training.loss_name =
      report.training.note = hostile;
  report.warnings = {hostile};
  report.settings = {{hostile, hostile, hostile}};
  report.scores[0].name = hostile;
  report.series[0].name = report.series[0].times[0] = report.series[0].forecast.times[0] = hostile;
  report.series[0].backtest.times[0] = report.series[0].backtest.baselines[0].name = hostile;
  report.notes = {hostile};
  report.horizon_errors = {hostile, true, {{hostile, {1, 2}}}};
  report.importance = {hostile, 1, {{hostile, 1, 0.1}}};
  report.anomalies = {hostile, {{0, 0, 3, 2}}};
  report.folds = {{hostile, hostile, hostile, 1, 1, 1, true, {{hostile, 1, 1, 1, 1}}}};
  report.members = {{hostile, 1, hostile}, {hostile, 2, hostile}};
  LayerGradientFlow layer;
  layer.layer = layer.cell = layer.finding = layer.remedy = hostile;
  layer.norm = layer.norm_from_end = {1, 0.5};
  layer.gates = {{hostile, 0.1, 0.2}};
  layer.blocks = {{hostile, 1, 1}};
  report.gradient_flow.layers = {layer};
  report.series.push_back(report.series[0]);
  report.series[0].target = report.series[0].unit = hostile;
  report.series[0].scores = report.scores;
  const std::string page = render_report(report);
  EXPECT_EQ(occurrences(page, "<script"), occurrences(plain, "<script"));
  EXPECT_EQ(occurrences(page, "</script"), occurrences(plain, "</script"));
  EXPECT_EQ(occurrences(page, "<img"), 0U);
  EXPECT_EQ(occurrences(page, "<!--"), occurrences(plain, "<!--"));
  EXPECT_EQ(occurrences(page, "onerror=alert(2)>"), 0U) << "every '>' of it is written as an entity";
  EXPECT_EQ(data_of(page).at("target"), hostile) << "escaped, yet the same text once read";
  EXPECT_NE(page.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
}

TEST(Report, SurvivesTextThatIsNotUtf8) {
  ForecastReport report = small_report();
  report.target = "caf\xE9 \xF0\x9F \x01";
  report.series[0].times[0] = "\xFF";
  const std::string page = render_report(report);
  EXPECT_NE(page.find("Forecast of caf\xEF\xBF\xBD"), std::string::npos);
  EXPECT_EQ(data_of(page).at("series").at(0).at("history").at("time").at(0), "\xEF\xBF\xBD");
}

TEST(Report, LoadsNothingFromANetwork) {
  const std::string page = render_report(small_report());
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos) << "the page itself forbids it, too";
  for (const char* loader :
       {"src=\"http", "src='http", "href=\"http", "url(http", "@import", "//cdn", "src=\"//", "fetch(",
        "XMLHttpRequest", "importScripts", "WebSocket", "<iframe", "sendBeacon"})
    EXPECT_EQ(page.find(loader), std::string::npos) << loader;
  const std::regex address("https?://[^\"' )\\s]*");
  for (std::sregex_iterator found(page.begin(), page.end(), address), end; found != end; ++found) {
    const std::string text = found->str();
    const bool name_only = text == "http://www.w3.org/2000/svg" || text == "https://www.chartjs.org" ||
                           text == "https://github.com/kurkle/color#readme";
    EXPECT_TRUE(name_only) << text;
  }
}

TEST(Report, LeavesNoPlaceholderUnfilledAndIsTheSameEveryTime) {
  const std::string page = render_report(small_report());
  EXPECT_FALSE(std::regex_search(page, std::regex("\\{\\{[a-z_]+\\}\\}")));
  EXPECT_EQ(page, render_report(small_report()));
  EXPECT_NE(page.find("Permission is hereby granted, free of charge"), std::string::npos);
}

TEST(Report, ThinsALongHistoryButKeepsItsExtremesAndItsEnd) {
  ForecastReport report = small_report();
  ReportSeries& series = report.series[0];
  series.times.clear();
  series.values.clear();
  for (int i = 0; i < 100'000; ++i) {
    series.times.push_back(std::to_string(i));
    series.values.push_back(std::sin(i * 0.37));
  }
  series.values[54'321] = 99;
  series.values[77'777] = -99;
  const std::string page = render_report(report);
  const json data = data_of(page);
  const json& history = data.at("series").at(0).at("history");
  EXPECT_TRUE(history.at("thinned").get<bool>());
  EXPECT_LT(history.at("row").size(), 6'000U);
  EXPECT_EQ(data.at("series").at(0).at("rows").at("total"), 100'000);
  const auto rows = history.at("row").get<std::vector<std::size_t>>();
  for (const std::size_t kept : {0U, 54'321U, 77'777U, 99'999U})
    EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), kept)) << kept;
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(history.at("value").at(i).get<double>(), series.values[rows[i]]);
  EXPECT_EQ(rows[rows.size() - 400], 99'600U) << "the last rows are all there, for the closer look";
  EXPECT_LT(page.size(), 2'000'000U);
  EXPECT_NE(page.find("The picture is thinned"), std::string::npos);
}

TEST(Report, DrawsEverySeriesWhileThereIsRoom) {
  ForecastReport report = small_report();
  report.series.resize(400, report.series[0]);
  for (std::size_t i = 0; i < report.series.size(); ++i) report.series[i].name = "shop " + std::to_string(i);
  const json data = data_of(render_report(report));
  EXPECT_EQ(data.at("series_total"), 400);
  EXPECT_EQ(data.at("series").size(), 400U);
  EXPECT_EQ(data.at("series").at(7).at("name"), "shop 7") << "without errors the order given";
}

TEST(Report, DoesWithoutForecastBacktestTrainingAndScores) {
  ForecastReport report;
  report.series = {{}};
  report.skill = kMissing;
  const json data = data_of(render_report(report));
  EXPECT_FALSE(data.at("series").at(0).contains("backtest"));
  EXPECT_EQ(data.at("series").at(0).at("history").at("value").size(), 0U);
}

TEST(Report, RefusesLengthsThatDoNotFitAndNamesThePart) {
  const auto message = [](auto spoil) -> std::string {
    ForecastReport report = small_report();
    spoil(report);
    try {
      (void)render_report(report);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message([](ForecastReport& r) { r.series[0].values.pop_back(); }).find("history"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.series[0].forecast.mean.pop_back(); }).find("forecast"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.series[0].forecast.bands.low95.clear(); }).find("95 % band"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.series[0].backtest.predicted.pop_back(); }).find("predicted"),
            std::string::npos);
  EXPECT_NE(
      message([](ForecastReport& r) { r.series[0].backtest.baselines[1].values.pop_back(); }).find("ridge"),
      std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.series.clear(); }).find("needs a series"), std::string::npos);
}

TEST(Report, IsWrittenWholeAndReplacesAnOlderOne) {
  const Folder folder;
  const fs::path path = folder / "report.html";
  std::ofstream(path) << "older";
  write_report(path, small_report());
  EXPECT_EQ(read(path), render_report(small_report()));
  EXPECT_EQ(folder.files(), 1U) << "no temporary file stays";
}

TEST(Report, LeavesTheOlderOneAloneWhenItCannotBeRendered) {
  const Folder folder;
  const fs::path path = folder / "report.html";
  std::ofstream(path) << "older";
  ForecastReport report = small_report();
  report.series.clear();
  EXPECT_THROW(write_report(path, report), Error);
  EXPECT_EQ(read(path), "older");
}

TEST(Report, RefusesAFolderThatDoesNotExist) {
  const Folder folder;
  try {
    write_report(folder / "no-such-folder" / "report.html", small_report());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::resources);
    EXPECT_NE(std::string(error.what()).find("no-such-folder"), std::string::npos);
  }
}

}  // namespace
}  // namespace rondo
