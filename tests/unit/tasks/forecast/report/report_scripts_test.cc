// The page's scripts draw every chart and save every table.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

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
