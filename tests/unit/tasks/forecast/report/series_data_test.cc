#include "tasks/forecast/report/series_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "rondo/tasks/forecast_report.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo::forecasting {
namespace {

using nlohmann::json;

constexpr double kNone = ForecastScore::kNone;

json drawn(const ForecastResult& result) {
  Json data = Json::object();
  add_series_data(result, data);
  return json::parse(to_json(data));
}

ForecastScore score(const char* name, double rmse, double mase) {
  ForecastScore score;
  score.name = name;
  score.mae = 1;
  score.rmse = rmse;
  score.mase = mase;
  score.smape = 1;
  return score;
}

TEST(SeriesData, HoldsTheVeryNumbersOfOneSeries) {
  const ForecastResult result = SampleResult(1, 300, 24).get();
  const ForecastSeries& given = result.series[0];
  const json shown = drawn(result).at("series").at(0);
  EXPECT_EQ(shown.at("history").at("value").get<std::vector<double>>(), given.values);
  EXPECT_EQ(shown.at("history").at("time").at(7), given.times.text(7));
  EXPECT_FALSE(shown.at("history").at("thinned").get<bool>());
  EXPECT_EQ(shown.at("forecast").at("mean").get<std::vector<double>>(), given.forecast);
  EXPECT_EQ(shown.at("forecast").at("low95").get<std::vector<double>>(), given.bands.low95);
  EXPECT_EQ(shown.at("backtest").at("actual").get<std::vector<double>>(), given.backtest.actual);
  EXPECT_EQ(shown.at("backtest").at("predicted").get<std::vector<double>>(), given.backtest.predicted);
  EXPECT_EQ(shown.at("backtest").at("baselines").at(3).at("value").get<std::vector<double>>(),
            given.backtest.ridge);
  for (std::size_t k = 0; k < given.quantiles.levels.size(); ++k)
    EXPECT_EQ(shown.at("forecast").at("quantiles").at("value").at(k).get<std::vector<double>>(),
              given.quantiles.values[k]);
  ASSERT_EQ(shown.at("anomalies").size(), 20U);
  const ForecastAnomaly& worst = result.anomalies[0];
  EXPECT_EQ(shown.at("anomalies").at(0).at("row"), worst.row);
  EXPECT_EQ(shown.at("anomalies").at(0).at("value"), worst.actual);
  EXPECT_EQ(shown.at("anomalies").at(0).at("low95"), worst.low95);
}

TEST(SeriesData, TurnsMissingAndInfiniteValuesIntoNull) {
  ForecastResult result = SampleResult(1, 300, 24).get();
  ForecastSeries& series = result.series[0];
  series.observed.assign(series.values.size(), 1);
  series.observed[3] = 0;
  series.values[5] = std::numeric_limits<double>::infinity();
  series.backtest.actual[2] = kNone;
  const json shown = drawn(result).at("series").at(0);
  EXPECT_TRUE(shown.at("history").at("value").at(3).is_null());
  EXPECT_TRUE(shown.at("history").at("value").at(5).is_null());
  EXPECT_TRUE(shown.at("residuals").at("value").at(2).is_null());
  EXPECT_EQ(shown.at("residuals").at("count"), series.backtest.actual.size() - 1);
  EXPECT_EQ(shown.at("rows").at("missing"), 1);
}

TEST(SeriesData, ResidualsAreOneStepAheadWhereEveryRowHasSuchAForecast) {
  ForecastResult result = SampleResult(1, 300, 24).get();
  EXPECT_FALSE(drawn(result).at("series").at(0).at("residuals").at("one_step").get<bool>());
  ForecastSeries::Backtest& backtest = result.series[0].backtest;
  for (std::size_t i = 0; i < backtest.step.size(); ++i) {
    backtest.origin[i] += backtest.step[i] - 1;
    backtest.step[i] = 1;
  }
  const json residuals = drawn(result).at("series").at(0).at("residuals");
  EXPECT_TRUE(residuals.at("one_step").get<bool>());
  EXPECT_EQ(residuals.at("value").at(5), backtest.actual[5] - backtest.predicted[5]);
}

TEST(SeriesData, ThinsALongHistoryButKeepsItsExtremesAndItsEnd) {
  ForecastResult result = SampleResult(1, 300, 24).get();
  ForecastSeries& series = result.series[0];
  series.times = Timeline::rows(100'000);
  series.values.clear();
  for (int i = 0; i < 100'000; ++i) series.values.push_back(std::sin(i * 0.37));
  series.values[54'321] = 99;
  series.values[77'777] = -99;
  const json shown = drawn(result).at("series").at(0), history = shown.at("history");
  EXPECT_TRUE(history.at("thinned").get<bool>());
  EXPECT_LT(history.at("row").size(), 6'000U);
  EXPECT_EQ(shown.at("rows").at("total"), 100'000);
  const auto rows = history.at("row").get<std::vector<std::size_t>>();
  for (const std::size_t kept : {0U, 54'321U, 77'777U, 99'999U})
    EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), kept)) << kept;
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(history.at("value").at(i).get<double>(), series.values[rows[i]]);
  EXPECT_EQ(rows[rows.size() - 400], 99'600U) << "the last rows are all there, for the closer look";
  const std::string page = render_page(forecast_page(result));
  EXPECT_LT(page.size(), 2'000'000U);
  EXPECT_EQ(run_scripts(page).at("charts").at(0).at("lines").at(4).at("points"), history.at("row").size());
}

TEST(SeriesData, DrawsEverySeriesWhileThereIsRoom) {
  ForecastResult result = SampleResult(1, 300, 24).get();
  result.series.resize(400, result.series[0]);
  for (std::size_t i = 0; i < result.series.size(); ++i) {
    result.series[i].id = "shop " + std::to_string(i);
    result.series[i].test.name.clear();
  }
  result.anomalies.clear();
  const json data = drawn(result);
  EXPECT_EQ(data.at("series_total"), 400);
  EXPECT_EQ(data.at("series").size(), 400U);
  EXPECT_EQ(data.at("series").at(7).at("name"), "shop 7") << "without errors the order given";
}

TEST(SeriesTable, ListsTheWorstFirst) {
  const json data = drawn(SampleResult(60, 200, 24).get());
  const json& rows = data.at("series_table").at("rows");
  ASSERT_EQ(rows.size(), 60U);
  EXPECT_EQ(data.at("series_table").at("by"), "mase");
  for (std::size_t i = 0; i + 1 < rows.size(); ++i)
    EXPECT_GE(rows.at(i).at(5).get<double>(), rows.at(i + 1).at(5).get<double>());
  for (const json& row : rows)
    EXPECT_EQ(data.at("series").at(row.at(1).get<std::size_t>()).at("name"), row.at(0));
  EXPECT_EQ(data.at("series").at(0).at("name"), rows.at(0).at(0)) << "the page opens with the worst";
}

TEST(SeriesTable, ComparesEachSeriesWithItsOwnBestMethod) {
  ForecastResult result = SampleResult(3, 200, 24).get();
  for (int i = 0; i < 3; ++i) result.series[static_cast<std::size_t>(i)].test = score("model", 6, 1 + i);
  result.series[0].baselines = {score("seasonal_naive", 8, 1), score("drift", 12, 1)};
  result.series[1].baselines = {score("seasonal_naive", 8, 1), score("ridge", 4, 1)};
  result.series[2].baselines = {};
  for (ForecastSeries& series : result.series) series.methods.clear();
  const json rows = drawn(result).at("series_table").at("rows");
  const auto compared = [&](std::size_t rank) {
    const json& row = rows.at(rank);
    return json{row.at(7), row.at(8), row.at(9), row.at(10)};
  };
  EXPECT_EQ(compared(2), json({8.0, "seasonal naive", 8.0, 0.25}));
  EXPECT_EQ(compared(1), json({8.0, "ridge", 4.0, -0.5}));
  EXPECT_EQ(compared(0), json({nullptr, nullptr, nullptr, nullptr})) << "nothing to compare with";
  result.series[1].methods = {score("theta", 3, 1)};
  const json again = drawn(result).at("series_table").at("rows").at(1);
  EXPECT_EQ((json{again.at(8), again.at(9), again.at(10)}), json({"theta", 3.0, -1.0}));
  EXPECT_EQ(again.at(11), "networks 61.0 %, linear model 24.0 % …") << "what its forecast is made of";
}

TEST(SeriesTable, RanksByRmseWhereMaseIsNotKnownAndPutsUnknownErrorsLast) {
  std::vector<ForecastSeries> series(4);
  for (std::size_t i = 0; i < 3; ++i) series[i].test = score("model", static_cast<double>(i), kNone);
  SeriesRanking ranking = rank_series(series);
  EXPECT_STREQ(ranking.by, "rmse");
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{2, 1, 0, 3}));
  series[2].test.rmse = kNone;
  EXPECT_EQ(rank_series(series).order, (std::vector<std::size_t>{1, 0, 2, 3}));
  for (ForecastSeries& one : series) one.test.name.clear();
  ranking = rank_series(series);
  EXPECT_STREQ(ranking.by, "");
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(SeriesDataSize, StaysBelowThreeMegabytesForPanelsOfAnySize) {
  constexpr std::size_t kMaxCount = 3'000'000;
  for (const std::size_t count : {1U, 15U, 60U, 400U})
    EXPECT_LT(render_page(forecast_page(SampleResult(count, 900, 48).get())).size(), kMaxCount) << count;
  ForecastResult result = SampleResult(400, 300, 24).get();
  result.series.resize(30'000, result.series[7]);
  for (std::size_t i = 400; i < result.series.size(); ++i)
    result.series[i].id =
        "a rather long name of a series, such as shops like to have them, number " + std::to_string(i);
  const std::string page = render_page(forecast_page(result));
  EXPECT_LT(page.size(), kMaxCount);
  const json data = data_of(page);
  EXPECT_EQ(data.at("series_total"), 30'000);
  EXPECT_GT(data.at("series").size(), 100U);
  EXPECT_GT(data.at("series_table").at("rows").size(), 2'000U);
  EXPECT_FALSE(data.at("events").empty());
  for (const json& drawing : data.at("events"))
    EXPECT_GE(drawing.get<int>(), 0) << "anomalous series are drawn";
}

TEST(SeriesDataSize, OneLongSeriesWithManyLinesFits) {
  const ForecastResult result = SampleResult(1, 60'000, 720, 64).get();
  const std::string page = render_page(forecast_page(result));
  EXPECT_LT(page.size(), 3'000'000U);
  const json data = data_of(page);
  EXPECT_EQ(data.at("series").at(0).at("backtest").at("total"), 64 * 720);
  const auto rows = data.at("series").at(0).at("history").at("row").get<std::vector<std::int64_t>>();
  for (const ForecastAnomaly& anomaly : result.anomalies)
    EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), anomaly.row)) << "marks stand on drawn rows";
}

TEST(SeriesDataSize, SeriesOfAPanelShareTheirTimesAndKeepTheirLastRows) {
  const ForecastResult result = SampleResult(60, 900, 24).get();
  const json data = drawn(result);
  EXPECT_LE(data.at("times").size(), 3U);
  const json& shown = data.at("series").at(5);
  const auto given =
      std::ranges::find(result.series, shown.at("name").get<std::string>(), &ForecastSeries::id);
  ASSERT_NE(given, result.series.end());
  const json& history = shown.at("history");
  const json& times = data.at("times").at(history.at("time").at("list").get<std::size_t>());
  ASSERT_EQ(times.size(), given->values.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_EQ(times.at(i), given->times.text(static_cast<std::int64_t>(i)));
  ASSERT_TRUE(history.at("row").is_object()) << "the last rows, without a hole";
  const auto from = history.at("row").at("from").get<std::size_t>();
  EXPECT_EQ(from + history.at("row").at("count").get<std::size_t>(), given->values.size());
  for (std::size_t i = 0; i < history.at("value").size(); ++i)
    EXPECT_NEAR(history.at("value").at(i).get<double>(), given->values[from + i],
                5e-6 * given->values[from + i]);
  EXPECT_EQ(data.at("digits"), 6);
}

TEST(SeriesDataSize, CountedRowsNeedNoListOfTimes) {
  ForecastResult result = SampleResult(60, 300, 24).get();
  for (ForecastSeries& series : result.series) series.times = Timeline::rows(300, 1);
  result.anomalies.clear();
  const json data = drawn(result);
  EXPECT_EQ(data.at("series").at(5).at("history").at("time"), json({{"from", 1}}));
  EXPECT_EQ(data.at("series").at(5).at("backtest").at("time"), json({{"from", 205}}));
}

}  // namespace
}  // namespace rondo::forecasting
