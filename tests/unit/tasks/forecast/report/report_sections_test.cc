// Sections are there where the result has what they show, and say it safely.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/report_samples.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

using nlohmann::json;

TEST(ForecastReport, ShowsFeatureImportanceAndHowInputsWereShuffled) {
  const ForecastResult& result = default_result();
  const std::string page = render_page(forecast_page(result));
  const std::size_t begin = page.find("id=\"importance\"");
  ASSERT_NE(begin, page.npos);
  const std::string section = page.substr(begin, page.find("</section>", begin) - begin);
  EXPECT_NE(section.find("what led up to another time"), section.npos);
  for (const char* name : {"sales (its own past)", "price", "calendar"})
    EXPECT_NE(section.find(name), section.npos) << name;
  for (const ForecastImportance& input : result.importance)
    EXPECT_NE(section.find(escape_html(input.name)), section.npos);
}

TEST(ForecastReport, TellsRemarksFromWarnings) {
  const ForecastResult& result = default_result();
  ASSERT_FALSE(result.warnings.empty());
  for (const std::string& warning : result.warnings) EXPECT_EQ(warning.find("network"), std::string::npos);
  for (const std::string& note : result.notes) EXPECT_EQ(note.find("missing"), std::string::npos);
  EXPECT_NE(result.warnings.front().find("missing"), std::string::npos);
  ForecastResult remarked = result;
  remarked.notes = {"a remark"};
  const json warnings = json_of(remarked).at("warnings");
  EXPECT_EQ(warnings.size(), result.warnings.size() + 1) << "--json has both";
  EXPECT_EQ(warnings.back(), "a remark");
}

const char* const kSections[] = {"series-list",    "forecast",    "backtest",      "calibration", "residuals",
                                 "anomalies",      "importance",  "training",      "gradients",   "settings",
                                 "components",     "origins",     "leaders-table", "leaderboard", "shares",
                                 "scores-title",   "steps-title", "members-title", "notes",       "warnings",
                                 "coverage-chart", "pit-chart"};

TEST(ForecastReport, HasEverySectionWhereTheResultHasWhatItShows) {
  const std::string page = render_page(forecast_page(SampleResult(3).get()));
  for (const char* id : kSections)
    EXPECT_NE(page.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
}

TEST(ForecastReport, LeavesOutWhatTheResultDoesNotHave) {
  ForecastResult result = SampleResult(1).get();
  result.calibration = {};
  result.anomalies.clear();
  result.importance.clear();
  result.members.clear();
  result.gradient_flow = {};
  result.by_step.clear();
  result.loss.clear();
  result.notes.clear();
  result.warnings.clear();
  result.shares.clear();
  result.measure.clear();
  const std::string page = render_page(forecast_page(result));
  for (const char* id :
       {"series-list", "calibration", "anomalies", "importance", "members-title", "gradients", "steps-title",
        "training", "notes", "warnings", "leaderboard", "shares"}) {
    EXPECT_EQ(page.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
    EXPECT_EQ(page.find("href=\"#" + std::string(id) + "\""), std::string::npos) << id;
  }
  run_scripts(page);
}

TEST(ForecastReport, GivesEachVerdictItsTone) {
  ForecastResult result = SampleResult(1).get();
  for (const auto& [verdict, tone] : {std::pair{ForecastVerdict::better, "good"},
                                      {ForecastVerdict::no_better_than_single_method, "neutral"},
                                      {ForecastVerdict::no_better_than_naive, "bad"}}) {
    result.verdict = verdict;
    EXPECT_NE(render_page(forecast_page(result)).find(std::string("class=\"verdict ") + tone),
              std::string::npos);
  }
}

TEST(ForecastReport, NeverShowsSkillWithoutItsBaseline) {
  ForecastResult result = SampleResult(1).get();
  std::string page = render_page(forecast_page(result));
  EXPECT_NE(page.find("<dt>Skill against theta</dt>"), std::string::npos);
  EXPECT_NE(page.find("0.182: error below that of theta"), std::string::npos);
  result.skill = -0.5;
  EXPECT_NE(render_page(forecast_page(result)).find("error above that of"), std::string::npos);
  result.skill_against.clear();
  page = render_page(forecast_page(result));
  EXPECT_NE(page.find("no baseline to compare with"), std::string::npos);
}

TEST(ForecastReport, HeadlineAndFanShowTheSameBand) {
  const ForecastResult result = SampleResult(1).get();
  const ForecastQuantiles& quantiles = result.series[0].quantiles;
  const std::string page = render_page(forecast_page(result));
  EXPECT_NE(page.find("80 % band " + format_number(quantiles.values[1][0]) + " to " +
                      format_number(quantiles.values[3][0])),
            std::string::npos);
}

TEST(ForecastReport, LetsNoGivenTextBecomeMarkup) {
  const std::string hostile = "</script><script>alert(1)</script><!--\"'><img src=x>&amp;{{data}}";
  ForecastResult result = SampleResult(2, 200, 8).get();
  const std::string plain = render_page(forecast_page(result, "rondo forecast", "today"));
  result.target = result.cell = result.source = result.skill_against = result.verdict_sentence = hostile;
  result.notes = result.warnings = {hostile};
  result.importance[0].name = hostile;
  result.gradient_flow_note = result.frequency = hostile;
  result.series[0].id = hostile;
  for (ForecastAnomaly& anomaly : result.anomalies)
    if (anomaly.id == "station 101") anomaly.id = hostile;
  const std::string page = render_page(forecast_page(result, hostile, hostile));
  for (const char* tag : {"<script", "</script", "<!--"})
    EXPECT_EQ(occurrences(page, tag), occurrences(plain, tag)) << tag;
  EXPECT_EQ(occurrences(page, "<img"), 0U);
  EXPECT_EQ(data_of(page).at("target"), hostile);
  run_scripts(page);
}

}  // namespace
}  // namespace rondo
