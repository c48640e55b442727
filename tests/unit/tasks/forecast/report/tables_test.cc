#include "tasks/forecast/report/tables.h"

#include <gtest/gtest.h>

#include <string>

#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo::forecasting {
namespace {

constexpr double kNoValue = ForecastScore::kNone;

bool contains(const PagePart& part, const std::string& text) {
  return part.html.find(text) != std::string::npos;
}

TEST(ForecastTables, ScoreColumnsAreThoseThatAreKnown) {
  ForecastResult result = SampleResult(1).get();
  PagePart table = score_table(result);
  for (const char* title : {">MAE<", ">RMSE<", ">MASE<", ">sMAPE %<", ">RMSSE<", ">CRPS<", ">Quantile loss<",
                            ">p-value<", "Diebold–Mariano", "&lt; 0.001"})
    EXPECT_TRUE(contains(table, title)) << title;
  EXPECT_FALSE(contains(table, "OWA"));
  result.test.crps = result.test.quantile_loss = kNoValue;
  for (ForecastScore& score : result.baselines) score.p_value = kNoValue;
  for (ForecastScore& score : result.methods) score.p_value = kNoValue;
  result.test.owa = 0.473;
  table = score_table(result);
  for (const char* title : {">CRPS<", ">Quantile loss<", ">p-value<", "Diebold"})
    EXPECT_FALSE(contains(table, title)) << title;
  EXPECT_TRUE(contains(table, "0.4730"));
}

TEST(ForecastTables, MarkTheLowestErrorOfEachColumnAndIgnoreUnknownOnes) {
  ForecastResult result = SampleResult(1).get();
  result.test.mase = kNoValue;
  const PagePart table = score_table(result);
  EXPECT_TRUE(contains(table, "<td class=\"best\"><strong>42.8</strong></td>"));
  EXPECT_TRUE(contains(table, "<td class=\"best\"><strong>0.859</strong></td>"))
      << "theta's, where the forecast's MASE is not known";
  EXPECT_TRUE(contains(table, "<td>–</td>")) << "an error that is not defined is a dash";
}

TEST(ForecastTables, ErrorsStandBestFirstByWhatTheVerdictCompares) {
  ForecastResult result = SampleResult(1).get();
  const auto rows = [&] {
    const std::string html = score_table(result).html;
    std::vector<std::size_t> places;
    for (const char* name :
         {">Forecast<", ">Theta<", ">Seasonal naive<", ">Ets<", ">Ridge<", ">Naive<", ">Drift<"})
      places.push_back(html.find(name));
    return places;
  };
  EXPECT_TRUE(std::ranges::is_sorted(rows())) << "each forecaster is a row, the best first";
  EXPECT_EQ(occurrences(score_table(result).html, ">Naive<"), 1U) << "the baseline and the method are one";
  result.test.compared = 1e9;
  const std::vector<std::size_t> lost = rows();
  EXPECT_EQ(std::ranges::max_element(lost) - lost.begin(), 0) << "a forecast that lost is last";
  EXPECT_TRUE(contains(score_table(result), "<tr class=\"model\"><th scope=\"row\">Forecast</th>"));
  result.measure.clear();
  EXPECT_EQ(score_table(result).html, "") << "nothing was tested";
}

TEST(ForecastTables, LeadTheLeaderboardOfACollectionWithItsOwnMeasure) {
  ForecastResult result = SampleResult(3).get();
  result.measure = "bounded RMSSE";
  for (auto* scores : {&result.baselines, &result.methods}) {
    for (ForecastScore& score : *scores) score.compared = 0.9;
  }
  result.test.compared = 0.777;
  result.baselines[0].series_won = 0.66;
  const PagePart table = score_table(result);
  EXPECT_TRUE(contains(table, "<th scope=\"col\">RMSSE, bounded</th><th scope=\"col\">Series won</th>"));
  EXPECT_TRUE(contains(table, "0.777"));
  EXPECT_TRUE(contains(table, "66.0 %"));
}

TEST(ForecastTables, LeaderboardHasOneErrorInItsUnit) {
  ForecastResult result = SampleResult(1).get();
  const PagePart table = leader_table(result, "EUR");
  EXPECT_TRUE(contains(table, "<th scope=\"col\">RMSE, EUR</th><th scope=\"col\">Against the forecast</th>"));
  EXPECT_TRUE(contains(table, "+21.0 %")) << "theta's error is 1.21 times that of the forecast";
  for (const char* other : {">MAE<", ">MASE<", ">MSE<", ">CRPS<"})
    EXPECT_FALSE(contains(table, other)) << other;
  EXPECT_LT(table.html.find(">Forecast<"), table.html.find(">Theta<"));
  EXPECT_LT(table.html.find(">Theta<"), table.html.find(">Drift<"));
  result.measure = "geometric mean RMSSE";
  EXPECT_FALSE(contains(leader_table(result, "EUR"), "EUR")) << "a ratio has no unit";
  result.measure.clear();
  EXPECT_EQ(leader_table(result).html, "") << "nothing was tested";
}

TEST(ForecastTables, SharesSayWhatTheForecastIsMadeOf) {
  ForecastResult result = SampleResult(1).get();
  const PagePart table = share_table(result);
  EXPECT_TRUE(contains(table, ">Networks<"));
  EXPECT_TRUE(contains(table, "<td>24.0 %</td>"));
  result.shares = {{"theta", 1.0}};
  EXPECT_FALSE(contains(share_table(result), "etwork")) << "none has a part";
  EXPECT_FALSE(uses_networks(result));
  EXPECT_EQ(largest_shares({{"theta", 0.5}, {"linear", 0.3}, {"ets", 0.2}}, 2),
            "theta 50.0 %, linear model 30.0 % …");
}

TEST(ForecastTables, BandsShowCoverageWidthAndScore) {
  ForecastResult result = SampleResult(1).get();
  EXPECT_TRUE(contains(band_table(result), "<td>78.9 %</td><td>118.0</td><td>151.0</td>"));
  result.test.width80 = kNoValue;
  EXPECT_EQ(band_table(result).html, "");
}

TEST(ForecastTables, ErrorsByStepAreCurvesOfEveryForecaster) {
  const ForecastResult result = SampleResult(1).get();
  const PagePart part = horizon_curves(result);
  const Json::Array& lines = part.data.at("lines").as_array();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[2].at("name").as_string(), "Seasonal naive");
  for (std::size_t k = 0; k < 5; ++k)
    for (std::size_t h = 0; h < 48; ++h)
      EXPECT_EQ(lines[k].at("value").as_array()[h].as_real(), result.by_step[k][h].rmse);
  ForecastResult short_one = result;
  short_one.horizon = 1;
  EXPECT_EQ(horizon_curves(short_one).html, "");
}

TEST(ForecastTables, SayAtHowManyStepsABaselineIsBetter) {
  ForecastResult result = SampleResult(1).get();
  const auto with_ridge = [&](double first, double others) {
    for (auto& steps : result.by_step)
      for (auto& step : steps) step.rmse = 10;
    for (auto& step : result.by_step[4]) step.rmse = others;
    result.by_step[4][0].rmse = first;
    return horizon_curves(result).html;
  };
  EXPECT_NE(with_ridge(11, 11).find("No baseline is better at any step."), std::string::npos);
  EXPECT_NE(with_ridge(9, 11).find("Some baseline is better at 1 of 48 steps."), std::string::npos);
  EXPECT_NE(with_ridge(9, 9).find("Some baseline is better at every step."), std::string::npos);
}

TEST(ForecastTables, AnomaliesStandBesideWhatWasExpected) {
  const ForecastResult result = SampleResult(2).get();
  const ForecastAnomaly& worst = result.anomalies[0];
  const PagePart table = anomaly_table(result);
  EXPECT_TRUE(contains(table, format_number(worst.low95) + " to " + format_number(worst.high95)));
  EXPECT_TRUE(contains(table, "<td>" + format_number(worst.expected) + "</td>"));
  EXPECT_TRUE(contains(table, "station 102"));
  EXPECT_FALSE(contains(table, result.anomalies[19].time)) << "nothing remarkable";
}

TEST(ForecastTables, ImportanceIsRelativeToTheError) {
  const PagePart table = importance_table(SampleResult(1).get());
  EXPECT_TRUE(contains(table, "+224.8 %"));
  EXPECT_TRUE(contains(table, "Correlated inputs share their importance"));
  EXPECT_TRUE(contains(table, "bar hatched")) << "an input that harms";
}

TEST(ForecastTables, MembersStandBesideTheirLosses) {
  ForecastResult result = SampleResult(1).get();
  const PagePart table = member_table(result);
  EXPECT_TRUE(contains(table, "<td class=\"text\">fifth 2 of 5</td><td>24</td><td>0.1352</td>"));
  EXPECT_TRUE(contains(table, "<strong>0.1312</strong>"));
  EXPECT_TRUE(contains(table, "those of epoch 22 for all networks"));
  result.members.resize(1);
  EXPECT_EQ(member_table(result).html, "") << "one network is no ensemble";
}

}  // namespace
}  // namespace rondo::forecasting
