// The page's scripts draw every chart and save every table.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "rondo/base/error.h"
#include "rondo/data/csv.h"
#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/report_samples.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

using nlohmann::json;

TEST(ForecastReport, ItsScriptsDrawEveryChart) {
  const ForecastResult result = SampleResult(3, 240, 24).get();
  const json drawn = run_scripts(render_page(forecast_page(result)));
  std::map<std::string, json> charts;
  for (const json& chart : drawn.at("charts")) charts[chart.at("id")] = chart;
  std::set<std::string> ids;
  for (const auto& [id, chart] : charts) {
    ids.insert(id);
    EXPECT_GT(chart.at("drawn"), 5) << id;
    EXPECT_FALSE(chart.at("label").get<std::string>().empty()) << id;
  }
  EXPECT_EQ(ids, (std::set<std::string>{"forecast-chart", "backtest-chart", "steps-chart", "coverage-chart",
                                        "pit-chart", "residual-line", "residual-histogram", "residual-lags",
                                        "training-chart", "gradient-chart", "origins-chart", "component-0",
                                        "component-1", "component-2"}));
  const auto points = [&](const char* chart, const std::string& label) {
    for (const json& line : charts[chart].at("lines"))
      if (line.at("label") == label) return line.at("points").get<int>();
    return -1;
  };
  EXPECT_EQ(points("forecast-chart", "Forecast"), 25) << "the last value, then the horizon";
  EXPECT_EQ(points("forecast-chart", "History"), 240);
  EXPECT_EQ(points("backtest-chart", "Actual"), 96);
  EXPECT_EQ(points("backtest-chart", "Seasonal naive"), 96);
  EXPECT_EQ(points("backtest-chart", "Theta"), 96) << "the best single method";
  EXPECT_EQ(points("steps-chart", "Ridge"), 24);
  EXPECT_EQ(points("training-chart", "Validation loss"), 34);
  EXPECT_EQ(points("residual-lags", "Autocorrelation"), 40);
  EXPECT_EQ(points("pit-chart", "Rows"), 10);
  EXPECT_EQ(points("coverage-chart", "Observed"), 2);
  EXPECT_FALSE(charts["forecast-chart"].at("x").empty());
  EXPECT_GT(drawn.at("clicks"), 30) << "keys, ranges, pages and names of series";
  EXPECT_NE(drawn.at("texts").at("series-list-lead").get<std::string>().find("3 series, worst first"),
            std::string::npos);
  EXPECT_NE(drawn.at("texts")
                .at("calibration-lead")
                .get<std::string>()
                .find("the 80\u00a0% band contains 78.9\u00a0% (well calibrated)"),
            std::string::npos);
}

TEST(ForecastReport, ItsTablesCanBeSavedAsCsvWithEveryDigit) {
  ForecastResult result = SampleResult(1, 240, 24).get();
  result.series[0].forecast[0] = 1234567.25;
  const json csv = run_scripts(render_page(forecast_page(result, "", "", {.unit = "MW"}))).at("csv");
  const Table rows = parse_csv(csv.at("Forecast rows").get<std::string>());
  ASSERT_EQ(rows.rows(), 24) << "all, also those that are folded";
  EXPECT_EQ(rows.names()[1], "load (MW)");
  for (std::size_t step = 0; step < 24; ++step) {
    EXPECT_EQ(rows.numbers("load (MW)")[step], result.series[0].forecast[step]);
    EXPECT_EQ(rows.numbers("80 % band, high")[step], result.series[0].quantiles.values[3][step]);
    EXPECT_EQ(rows.column("Time").text(static_cast<std::int64_t>(step)),
              result.series[0].future_times.text(static_cast<std::int64_t>(step)));
  }
  const std::string leaders = csv.at("Leaderboard");
  EXPECT_EQ(leaders.substr(0, leaders.find('\r')), "Forecaster,\"RMSE, MW\",Against the forecast,p-value");
  EXPECT_NE(leaders.find("Naive,132.7,+210.0 %,< 0.001"), leaders.npos) << leaders;
  for (const char* table : {"Settings", "Anomalies", "Components", "Backtest"})
    EXPECT_TRUE(csv.contains(table)) << table;
}

TEST(ForecastReport, ItsQuantilesWithoutAMirrorAreLines) {
  ForecastResult result = SampleResult(1, 240, 24).get();
  ForecastSeries& series = result.series[0];
  series.asked = {{0.1, 0.5, 0.9, 0.99},
                  {series.bands.low80, series.forecast, series.bands.high80, series.bands.high95}};
  series.backtest.asked = {{0.1, 0.5, 0.9, 0.99},
                           {series.backtest.bands.low80, series.backtest.predicted,
                            series.backtest.bands.high80, series.backtest.bands.high95}};
  const json drawn = run_scripts(render_page(forecast_page(result)));
  for (const json& chart : drawn.at("charts")) {
    const std::string id = chart.at("id");
    if (id != "forecast-chart" && id != "backtest-chart" && id != "origins-chart") continue;
    std::set<std::string> labels;
    for (const json& line : chart.at("lines")) labels.insert(line.at("label"));
    EXPECT_TRUE(labels.contains("0.99 quantile")) << id;
    EXPECT_TRUE(labels.contains("80 % band")) << id;
    EXPECT_FALSE(labels.contains("95 % band")) << id << ": not asked for";
  }
  EXPECT_NE(drawn.at("csv").at("Forecast rows").get<std::string>().find("0.99 quantile"), std::string::npos);
}

TEST(ForecastReport, HasATitleAUnitAndNamesOfOnesOwn) {
  ForecastResult result = SampleResult(2, 240, 24).get();
  result.known = {{"temp", 1, false}};
  for (ForecastSeries& series : result.series) {
    for (std::size_t row = 0; row < 264; ++row) series.known.push_back(static_cast<double>(row * 37 % 11));
  }
  result.importance[0].name = "load (its own past)";
  const std::string page = render_page(forecast_page(
      result, "", "",
      {.title = "Demand & supply", .unit = "MW", .names = {"load=Consumption", "temp=Temperature"}}));
  EXPECT_NE(page.find("<h1>Demand &amp; supply</h1>"), page.npos);
  EXPECT_NE(page.find("Consumption (its own past)"), page.npos);
  EXPECT_NE(page.find(">RMSE, MW<"), page.npos);
  const json data = data_of(page);
  EXPECT_EQ(data.at("target"), "Consumption");
  EXPECT_EQ(data.at("unit"), "MW");
  EXPECT_EQ(data.at("series").at(0).at("components").at("parts").at(1).at("name"), "Temperature");
  for (const char* wrong : {"load", "=Consumption", "load="})
    EXPECT_THROW((void)forecast_page(result, "", "", {.names = {wrong}}), Error) << wrong;
}

TEST(ForecastReport, ShowsForecastsByTheirOrigins) {
  const ForecastResult result = SampleResult(1, 240, 24).get();
  const ForecastSeries& given = result.series[0];
  const json origins = data_of(render_page(forecast_page(result))).at("series").at(0).at("origins");
  EXPECT_EQ(origins.at("total"), 4);
  ASSERT_EQ(origins.at("list").size(), 4U);
  for (std::size_t k = 0; k < 4; ++k) {
    const json& one = origins.at("list").at(k);
    EXPECT_EQ(one.at("row"), given.backtest.origin[24 * k]);
    EXPECT_EQ(one.at("time"), given.times.text(given.backtest.origin[24 * k]));
    EXPECT_EQ(one.at("first_step"), 1);
    for (std::size_t h = 0; h < 24; ++h) {
      EXPECT_EQ(one.at("mean").at(h), given.backtest.predicted[24 * k + h]);
      EXPECT_EQ(one.at("low80").at(h), given.backtest.bands.low80[24 * k + h]);
    }
  }
}

TEST(ForecastReport, FoldsWhatIsForThoseWhoBuildNetworks) {
  ForecastResult result = SampleResult(1).get();
  std::string page = render_page(forecast_page(result));
  for (const char* id : {"training", "gradients"})
    EXPECT_NE(section_of(page, id).find("<details class=\"fold\"><summary>"), std::string::npos) << id;
  EXPECT_EQ(section_of(page, "forecast").find("class=\"fold\""), std::string::npos);
  result.shares = {{"theta", 1.0}};
  page = render_page(forecast_page(result));
  EXPECT_EQ(section_of(page, "training"), "") << "no network has a share";
  EXPECT_EQ(section_of(page, "gradients"), "");
}

TEST(ForecastReport, ItsScriptsCopeWithWhatIsMissing) {
  ForecastResult result = SampleResult(25, 200, 8).get();
  result.series[0].backtest = {};
  result.series[1].forecast.clear();
  result.series[1].future_times = {};
  result.series[1].bands = {};
  result.series[1].quantiles = {};
  result.series[2].quantiles = {};
  for (double& value : result.series[3].backtest.actual) value = ForecastScore::kNone;
  result.series[4].test.name.clear();
  std::erase_if(result.anomalies, [](const ForecastAnomaly& a) { return a.id == "station 101"; });
  run_scripts(render_page(forecast_page(result)));
}

}  // namespace
}  // namespace rondo
