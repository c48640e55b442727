#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "rondo/base/error.h"

#include "rondo/tasks/report.h"
#include "tasks/report/format.h"
#include "tasks/report/series_data.h"
#include "tasks/report/statistics.h"
#include "unit/tasks/report/report_page.h"
#include "unit/tasks/report/sample_report.h"

namespace rondo {
namespace {

using nlohmann::json;

/// The section or heading with this id, up to the next section's end.
std::string part_of(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("id=\"" + id + "\"");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("</section>", begin) - begin);
}

const char* const kOptionalParts[] = {
    "series-list", "steps-title",   "folds-title", "calibration", "coverage-chart", "pit-chart", "anomalies",
    "importance",  "members-title", "gradients",   "notes",       "scores-title",   "settings"};

TEST(ReportParts, AreAbsentWhereThereIsNothingToShow) {
  ForecastReport report;
  report.series = {{}};
  report.series[0].times = {"1", "2"};
  report.series[0].values = {1, 2};
  const std::string page = render_report(report);
  for (const char* id : kOptionalParts) {
    EXPECT_EQ(page.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
    EXPECT_EQ(page.find("href=\"#" + std::string(id) + "\""), std::string::npos) << id;
  }
  const json data = data_of(page);
  for (const char* part : {"horizon_errors", "calibration", "gradient_flow", "anomalies", "series_table"})
    EXPECT_FALSE(data.contains(part)) << part;
}

TEST(ReportParts, AGradientFlowThatWasNotMeasuredSaysWhy) {
  ForecastReport report = SampleReport(1).get();
  report.gradient_flow = {};
  report.gradient_flow_note = "Not measured: no <window>.";
  const std::string page = render_report(report), section = part_of(page, "gradients");
  EXPECT_NE(section.find("Not measured: no &lt;window&gt;."), std::string::npos);
  EXPECT_EQ(section.find("<canvas"), std::string::npos) << "there is nothing to draw";
  EXPECT_NE(page.find("href=\"#gradients\""), std::string::npos);
}

TEST(ReportParts, AreAllThereWhereTheReportHasThem) {
  const std::string page = render_report(SampleReport(3).get());
  for (const char* id : kOptionalParts)
    EXPECT_NE(page.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
  const std::regex link("href=\"#([a-z-]+)\"");
  for (std::sregex_iterator found(page.begin(), page.end(), link), end; found != end; ++found)
    EXPECT_NE(page.find("id=\"" + (*found)[1].str() + "\""), std::string::npos)
        << "a link to nothing: " << (*found)[1];
}

TEST(ReportParts, OneAbsentPartTakesNoOtherAway) {
  const ForecastReport full = SampleReport(1).get();
  const auto without = [&](auto remove, const char* id, const char* stays) {
    ForecastReport report = full;
    remove(report);
    const std::string page = render_report(report);
    EXPECT_EQ(page.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
    EXPECT_NE(page.find("id=\"" + std::string(stays) + "\""), std::string::npos) << stays;
  };
  without([](ForecastReport& r) { r.calibration.pit.clear(); }, "pit-chart", "coverage-chart");
  without([](ForecastReport& r) { r.calibration.nominal.clear(), r.calibration.observed.clear(); },
          "coverage-chart", "pit-chart");
  without([](ForecastReport& r) { r.folds.clear(); }, "folds-title", "steps-title");
  without([](ForecastReport& r) { r.members.clear(); }, "members-title", "training");
  without([](ForecastReport& r) { r.gradient_flow.layers[0].gates.clear(); }, "gates-title", "spectra-title");
  without([](ForecastReport& r) { r.calibration.pit = {kNotKnown, 7}; }, "pit-chart", "calibration");
}

TEST(ReportParts, HoldTheNumbersThatWereGiven) {
  const ForecastReport report = SampleReport(1).get();
  const std::string page = render_report(report);
  const json data = data_of(page);
  for (std::size_t k = 0; k < report.horizon_errors.forecasters.size(); ++k) {
    EXPECT_EQ(data.at("horizon_errors").at("lines").at(k).at("value").get<std::vector<double>>(),
              report.horizon_errors.forecasters[k].values);
    EXPECT_EQ(data.at("horizon_errors").at("lines").at(k).at("name"),
              report.horizon_errors.forecasters[k].name);
  }
  EXPECT_EQ(data.at("calibration").at("observed").get<std::vector<double>>(), report.calibration.observed);
  EXPECT_EQ(data.at("calibration").at("pit").at("rows"), report.calibration.pit.size());
  const json& shown = data.at("series").at(0);
  const ReportQuantiles& quantiles = report.series[0].forecast.quantiles;
  EXPECT_EQ(shown.at("forecast").at("quantiles").at("level").get<std::vector<double>>(), quantiles.levels);
  for (std::size_t k = 0; k < quantiles.levels.size(); ++k)
    EXPECT_EQ(shown.at("forecast").at("quantiles").at("value").at(k).get<std::vector<double>>(),
              quantiles.values[k]);
  EXPECT_TRUE(shown.at("residuals").at("one_step").get<bool>());
  EXPECT_EQ(shown.at("residuals").at("value").get<std::vector<double>>(), report.series[0].one_step.values);
  ASSERT_EQ(shown.at("anomalies").size(), 20U);
  EXPECT_EQ(shown.at("anomalies").at(0).at("row"), report.anomalies.worst[0].row);
  EXPECT_EQ(shown.at("anomalies").at(0).at("value"), report.series[0].values[report.anomalies.worst[0].row]);
  const json& flow = data.at("gradient_flow").at(0).at("norm");
  for (std::size_t k = 0; k < flow.size(); ++k) {
    EXPECT_EQ(flow.at(k).at(0), k);
    EXPECT_EQ(flow.at(k).at(1), report.gradient_flow.layers[0].norm[k]);
  }
  EXPECT_NE(part_of(page, "folds-title").find("<td class=\"best\"><strong>43.2</strong></td>"),
            std::string::npos)
      << "the ridge wins the third fold";
  EXPECT_NE(part_of(page, "importance").find("+224.8 %"), std::string::npos);
  EXPECT_NE(part_of(page, "members-title").find("0.1312"), std::string::npos);
  EXPECT_NE(part_of(page, "gradients").find("Gradients vanish: the last 14 of 96 steps carry 99 %"),
            std::string::npos);
  EXPECT_NE(part_of(page, "gradients").find("1.310"), std::string::npos);
  EXPECT_NE(part_of(page, "anomalies").find(report.series[0].times[report.anomalies.worst[19].row]),
            std::string::npos);
  EXPECT_EQ(shown.at("anomalies").at(0).at("low95"), report.anomalies.worst[0].low);
  EXPECT_EQ(shown.at("anomalies").at(0).at("high95"), report.anomalies.worst[0].high);
  EXPECT_NE(part_of(page, "warnings").find(report.warnings[1]), std::string::npos);
  EXPECT_NE(part_of(page, "notes").find("On held-out rows"), std::string::npos);
  EXPECT_EQ(part_of(page, "warnings").find("On held-out rows"), std::string::npos);
}

TEST(ReportParts, AnomaliesStandBesideWhatWasExpectedAsFarAsThatIsKnown) {
  ForecastReport report = SampleReport(2).get();
  const ReportAnomaly& worst = report.anomalies.worst[0];
  std::string section = part_of(render_report(report), "anomalies");
  EXPECT_NE(section.find(">95 % band<"), std::string::npos);
  EXPECT_NE(section.find(format_number(worst.low) + " to " + format_number(worst.high)), std::string::npos);
  for (ReportAnomaly& anomaly : report.anomalies.worst) anomaly.low = anomaly.high = kNotKnown;
  section = part_of(render_report(report), "anomalies");
  EXPECT_EQ(section.find(">95 % band<"), std::string::npos);
  EXPECT_NE(section.find(">Expected<"), std::string::npos);
}

TEST(ReportParts, SkillIsNeverShownWithoutItsBaseline) {
  ForecastReport report = SampleReport(1).get();
  std::string page = render_report(report);
  EXPECT_NE(page.find("<dt>Skill against seasonal naive</dt>"), std::string::npos);
  EXPECT_NE(page.find("0.182: error below that of seasonal naive"), std::string::npos);
  report.skill_against.clear();
  page = render_report(report);
  EXPECT_NE(page.find("no baseline to compare with"), std::string::npos);
}

TEST(ReportParts, HeadlineAndFanTellTheSameBand) {
  const ForecastReport report = SampleReport(1).get();
  const ReportQuantiles& quantiles = report.series[0].forecast.quantiles;
  const std::string page = render_report(report);
  EXPECT_NE(page.find("80 % band " + format_number(quantiles.values[1][0]) + " to " +
                      format_number(quantiles.values[3][0])),
            std::string::npos);
}

TEST(ReportParts, ScoreColumnsAreThoseThatAreKnown) {
  ForecastReport report = SampleReport(1).get();
  std::string page = part_of(render_report(report), "scores-title");
  for (const char* title : {">MAE<", ">RMSE<", ">MASE<", ">sMAPE %<", ">RMSSE<", ">CRPS<", ">Quantile loss<",
                            ">Rows inside<", ">Mean width<", ">Interval score<", ">Chance<"})
    EXPECT_NE(page.find(title), std::string::npos) << title;
  EXPECT_EQ(page.find(">OWA<"), std::string::npos);
  EXPECT_NE(page.find("<td>78.9 %</td><td>118.0</td><td>151.0</td>"), std::string::npos);
  EXPECT_NE(page.find("&lt; 0.1 %"), std::string::npos);
  for (ReportScore& score : report.scores)
    score.crps = score.quantile_loss = score.p_value = score.coverage80 = score.coverage95 = score.width80 =
        score.width95 = kNotKnown;
  report.scores[0].owa = 0.473;
  page = part_of(render_report(report), "scores-title");
  for (const char* title :
       {">CRPS<", ">Quantile loss<", ">Rows inside<", ">Mean width<", ">Chance<", "Diebold"})
    EXPECT_EQ(page.find(title), std::string::npos) << title;
  EXPECT_NE(page.find("0.4730"), std::string::npos);
}

TEST(ReportSeriesTable, ListsTheWorstFirst) {
  const ForecastReport report = SampleReport(60, 200, 24).get();
  const json data = data_of(render_report(report));
  const json& rows = data.at("series_table").at("rows");
  ASSERT_EQ(rows.size(), 60U);
  EXPECT_EQ(data.at("series_table").at("by"), "mase");
  for (std::size_t i = 0; i + 1 < rows.size(); ++i)
    EXPECT_GE(rows.at(i).at(5).get<double>(), rows.at(i + 1).at(5).get<double>());
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(data.at("series").at(rows.at(i).at(1).get<std::size_t>()).at("name"), rows.at(i).at(0));
  EXPECT_EQ(data.at("series").at(0).at("name"), rows.at(0).at(0)) << "the page opens with the worst";
}

TEST(ReportSeriesTable, ComparesEachSeriesWithItsOwnBestBaseline) {
  ForecastReport report = SampleReport(3, 200, 24).get();
  report.series[0].scores = {{"model", 1, 6, 1, 1}, {"seasonal naive", 1, 8, 1, 1}, {"drift", 1, 12, 1, 1}};
  report.series[1].scores = {{"model", 1, 6, 2, 1}, {"seasonal naive", 1, 8, 1, 1}, {"ridge", 1, 4, 1, 1}};
  report.series[2].scores = {{"model", 1, 6, 3, 1}};
  const json rows = data_of(render_report(report)).at("series_table").at("rows");
  const auto compared = [&](std::size_t rank) {
    const json& row = rows.at(rank);
    return json{row.at(7), row.at(8), row.at(9), row.at(10)};
  };
  EXPECT_EQ(compared(2), json({8.0, "seasonal naive", 8.0, 0.25}));
  EXPECT_EQ(compared(1), json({8.0, "ridge", 4.0, -0.5}));
  EXPECT_EQ(compared(0), json({nullptr, nullptr, nullptr, nullptr})) << "nothing to compare with";
}

TEST(ReportSeriesTable, RanksByRmseWhereMaseIsNotKnownAndPutsUnknownErrorsLast) {
  std::vector<ReportSeries> series(4);
  for (std::size_t i = 0; i < 3; ++i) series[i].scores = {{"model", 1, static_cast<double>(i), kNotKnown, 1}};
  SeriesRanking ranking = rank_series(series);
  EXPECT_STREQ(ranking.by, "rmse");
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{2, 1, 0, 3}));
  series[2].scores[0].rmse = kNotKnown;
  EXPECT_EQ(rank_series(series).order, (std::vector<std::size_t>{1, 0, 2, 3}));
  for (ReportSeries& one : series) one.scores.clear();
  ranking = rank_series(series);
  EXPECT_STREQ(ranking.by, "");
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(ReportSize, StaysBelowThreeMegabytesForPanelsOfAnySize) {
  constexpr std::size_t kMaxCount = 3'000'000;
  for (const std::size_t count : {1U, 15U, 60U, 400U}) {
    const std::string page = render_report(SampleReport(count, 900, 48).get());
    EXPECT_LT(page.size(), kMaxCount) << count;
  }
  ForecastReport report = SampleReport(400, 300, 24).get();
  report.series.resize(30'000, report.series[7]);
  for (std::size_t i = 400; i < report.series.size(); ++i)
    report.series[i].name =
        "a rather long name of a series, such as shops like to have them, number " + std::to_string(i);
  const std::string page = render_report(report);
  EXPECT_LT(page.size(), kMaxCount);
  const json data = data_of(page);
  EXPECT_EQ(data.at("series_total"), 30'000);
  EXPECT_GT(data.at("series").size(), 100U);
  EXPECT_GT(data.at("series_table").at("rows").size(), 2'000U);
  for (const json& drawing : data.at("anomalies"))
    EXPECT_GE(drawing.get<int>(), 0) << "surprising series are drawn";
}

TEST(ReportSize, OneLongSeriesWithManyLinesFits) {
  ForecastReport report = SampleReport(1, 60'000, 720).get();
  ReportSeries& series = report.series[0];
  ReportBacktest longer = series.backtest;
  for (int twice = 0; twice < 4; ++twice) {
    const auto append = [](auto& values) {
      const auto copy = values;
      values.insert(values.end(), copy.begin(), copy.end());
    };
    append(longer.times), append(longer.actual), append(longer.predicted);
    for (auto* band : {&longer.bands.low80, &longer.bands.high80, &longer.bands.low95, &longer.bands.high95})
      append(*band);
    for (ReportLine& line : longer.baselines) append(line.values);
  }
  series.backtest = longer;
  const std::string page = render_report(report);
  EXPECT_LT(page.size(), 3'000'000U);
  const json data = data_of(page);
  EXPECT_EQ(data.at("series").at(0).at("backtest").at("total"), longer.times.size());
  for (const ReportAnomaly& anomaly : report.anomalies.worst) {
    const auto rows = data.at("series").at(0).at("history").at("row").get<std::vector<std::size_t>>();
    EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), anomaly.row)) << "marks stand on drawn rows";
  }
}

TEST(ReportSize, SeriesOfAPanelShareTheirTimesAndKeepTheirLastRows) {
  const ForecastReport report = SampleReport(60, 900, 24).get();
  const json data = data_of(render_report(report));
  EXPECT_LE(data.at("times").size(), 3U);
  const json& drawn = data.at("series").at(5);
  const auto given = std::ranges::find_if(
      report.series, [&](const ReportSeries& s) { return s.name == drawn.at("name").get<std::string>(); });
  ASSERT_NE(given, report.series.end());
  const json& history = drawn.at("history");
  const json& times = data.at("times").at(history.at("time").at("list").get<std::size_t>());
  EXPECT_EQ(times.get<std::vector<std::string>>(), given->times);
  ASSERT_TRUE(history.at("row").is_object()) << "the last rows, without a hole";
  const auto from = history.at("row").at("from").get<std::size_t>();
  EXPECT_EQ(from + history.at("row").at("count").get<std::size_t>(), given->values.size());
  for (std::size_t i = 0; i < history.at("value").size(); ++i)
    EXPECT_NEAR(history.at("value").at(i).get<double>(), given->values[from + i],
                5e-6 * given->values[from + i]);
  EXPECT_EQ(data.at("digits"), 6);
}

TEST(ReportParts, SayOnceWhatHoldsForSeveralLayers) {
  ForecastReport report = SampleReport(1).get();
  LayerGradientFlow twin = report.gradient_flow.layers[0];
  twin.layer = "gru_2";
  report.gradient_flow.layers.push_back(twin);
  twin.layer = "gru_3";
  twin.finding = "gradients reach back: somewhat";
  twin.diagnosis = GradientDiagnosis::healthy;
  report.gradient_flow.layers.push_back(twin);
  twin.layer = "gru_4";
  report.gradient_flow.layers.push_back(twin);
  const std::string section = part_of(render_report(report), "gradients");
  EXPECT_NE(section.find("gru, gru_2 (GRU, 64 units)"), std::string::npos);
  EXPECT_NE(section.find("2 layers give no cause for concern"), std::string::npos);
  EXPECT_NE(section.find("gru_3, gru_4 (GRU, 64 units):"), std::string::npos);
  EXPECT_NE(section.find("gru_2, candidate"), std::string::npos) << "tables tell the layers apart";
}

TEST(ReportParts, RefuseLengthsAndIndicesThatDoNotFit) {
  const auto message = [](auto spoil) -> std::string {
    ForecastReport report = SampleReport(2, 200, 24).get();
    spoil(report);
    try {
      (void)render_report(report);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_NE(
      message([](ForecastReport& r) { r.horizon_errors.forecasters[1].values.pop_back(); }).find("naive"),
      std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.calibration.observed.pop_back(); }).find("calibration"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.folds[2].scores.pop_back(); }).find("fold"), std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.anomalies.worst[3].series = 2; }).find("anomaly"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.anomalies.worst[3].row = 200; }).find("anomaly"),
            std::string::npos);
  EXPECT_NE(
      message([](ForecastReport& r) { r.series[1].forecast.quantiles.values.pop_back(); }).find("quantile"),
      std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) {
              r.series[1].forecast.quantiles.values[0].pop_back();
            }).find("quantile"),
            std::string::npos);
  EXPECT_NE(message([](ForecastReport& r) { r.series[1].one_step.values.pop_back(); }).find("one step"),
            std::string::npos);
  EXPECT_NE(
      message([](ForecastReport& r) { r.gradient_flow.layers[0].norm_from_end.pop_back(); }).find("norm"),
      std::string::npos);
}

TEST(ReportStatistics, PitValuesFallIntoTenths) {
  const std::vector<double> values = {0, 0.05, 0.1, 0.95, 1, kNotKnown, -0.2, 1.1};
  const PitHistogram histogram = pit_histogram(values);
  EXPECT_EQ(histogram.rows, 5U);
  EXPECT_EQ(histogram.counts, (std::vector<std::size_t>{2, 1, 0, 0, 0, 0, 0, 0, 0, 2}));
}

TEST(ReportStatistics, NormsKeepTheirFirstAndLastSteps) {
  for (const std::size_t count : {1U, 2U, 400U, 401U, 5'000U}) {
    const std::vector<double> norms(count, 0.5);
    const auto kept = thinned_norms(norms);
    EXPECT_LE(kept.size(), 400U) << count;
    EXPECT_TRUE(count > 400 || kept.size() == count) << count;
    EXPECT_EQ(kept.front().first, 0U);
    EXPECT_EQ(kept.back().first, count - 1);
    for (std::size_t i = 0; i + 1 < kept.size(); ++i) EXPECT_LT(kept[i].first, kept[i + 1].first);
  }
  EXPECT_TRUE(thinned_norms({}).empty());
}

}  // namespace
}  // namespace rondo
