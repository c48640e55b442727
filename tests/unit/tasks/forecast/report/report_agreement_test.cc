// The report of a forecast says what its --json and its forecast.csv say, number by number.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/report_samples.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

using nlohmann::json;

class ReportAndJson : public testing::Test {
 protected:
  const ForecastResult& result = default_result();
  const json said = json_of(result);
  const std::string page = render_page(forecast_page(result));
  const json data = data_of(page);

  const json& series(const std::string& id) const { return named(data.at("series"), id); }
};

TEST_F(ReportAndJson, HaveNoKindOfNumberThatIsNotComparedHere) {
  std::set<std::string> parts, parts_of_series;
  for (const auto& [key, value] : data.items()) parts.insert(key);
  for (const json& one : data.at("series"))
    for (const auto& [key, value] : one.items()) parts_of_series.insert(key);
  EXPECT_EQ(parts, (std::set<std::string>{"target", "unit", "horizon", "skill_against", "series",
                                          "series_total", "series_table", "events", "parts", "made_of"}));
  std::multiset<std::string> kinds;
  for (const json& part : data.at("parts")) kinds.insert(part.at("kind"));
  EXPECT_EQ(kinds, (std::multiset<std::string>{"series_list", "forecast", "components", "backtest",
                                               "series_scores", "curves", "origins", "calibration",
                                               "residuals", "curves", "gradient_flow"}));
  EXPECT_EQ(parts_of_series,
            (std::set<std::string>{"name", "rows", "history", "forecast", "backtest", "scores", "residuals",
                                   "anomalies", "origins", "components"}));
}

TEST_F(ReportAndJson, AgreeOnTheScoresAndTheSkill) {
  EXPECT_EQ(data.at("target"), said.at("target"));
  EXPECT_EQ(data.at("horizon"), said.at("horizon"));
  EXPECT_EQ(data.at("skill_against"), with_spaces(said.at("skill_against")));
  const auto is_against = [&](const json& score) { return score.at("name") == said.at("skill_against"); };
  EXPECT_TRUE(said.at("baselines").contains(said.at("skill_against")) ||
              std::ranges::any_of(said.at("methods"), is_against));
  EXPECT_NE(page.find(">" + format_percent(said.at("skill"), true) + "<"), page.npos);
  json all = said.at("baselines");
  all["model"] = said.at("test");
  const std::string table = section_of(page, "scores-title");
  for (const auto& [measure, own] : said.at("test").items()) {
    if (!said.at("baselines").at("naive").contains(measure) || !own.is_number()) continue;
    double largest = 0;
    for (const auto& [name, errors] : all.items())
      largest = std::max(largest, errors.at(measure).get<double>());
    for (const auto& [name, errors] : all.items())
      EXPECT_NE(table.find(">" + format_number_beside(errors.at(measure), largest) + "<"), table.npos)
          << measure << " of " << name;
  }
}

TEST_F(ReportAndJson, AgreeOnEverySeries) {
  ASSERT_EQ(said.at("series").at("errors").size(), 2u);
  EXPECT_EQ(data.at("series_total"), said.at("series").at("number"));
  for (const json& errors : said.at("series").at("errors")) {
    const json& shown = series(errors.at("id"));
    EXPECT_EQ(shown.at("rows").at("total"), errors.at("rows"));
    for (const char* measure : {"mae", "rmse", "mase", "smape"})
      EXPECT_EQ(named(shown.at("scores"), "forecast").at(measure), errors.at(measure)) << measure;
    for (const json& row : data.at("series_table").at("rows")) {
      if (row.at(0) != errors.at("id")) continue;
      std::size_t at = 3;
      for (const char* measure : {"mae", "rmse", "mase", "smape"})
        EXPECT_NEAR(row.at(at++).get<double>(), errors.at(measure).get<double>(),
                    1e-5 * errors.at(measure).get<double>());
    }
  }
  std::map<std::string, int> rows;
  for (const json& shown : data.at("series"))
    for (const char* part : {"train", "validation", "test"})
      rows[part] += shown.at("rows").at(part).get<int>();
  for (const char* part : {"train", "validation", "test"})
    EXPECT_EQ(rows[part], said.at("rows").at(part)) << part;
}

TEST_F(ReportAndJson, AgreeOnErrorsByStep) {
  const json& steps = said.at("by_step");
  ASSERT_EQ(steps.size(), 4u);
  for (const json& line : part_data(data, "curves", "steps").at("lines")) {
    std::string key = line.at("name");
    std::replace(key.begin(), key.end(), ' ', '_');
    std::transform(key.begin(), key.begin() + 1, key.begin(), ::tolower);
    key = key == "forecast" ? "rmse" : key + "_rmse";
    for (std::size_t h = 0; h < steps.size(); ++h)
      EXPECT_EQ(line.at("value").at(h), steps.at(h).at(key)) << key;
  }
}

TEST_F(ReportAndJson, AgreeOnAnomaliesAndWhatWasExpected) {
  std::size_t shown_of_all = 0;
  for (const json& one : data.at("series"))
    if (one.contains("anomalies")) shown_of_all += one.at("anomalies").size();
  EXPECT_EQ(shown_of_all, said.at("anomalies").size());
  ASSERT_EQ(said.at("anomalies").size(), 20u);
  EXPECT_EQ(said.at("anomalies").at(0).at("time"), "2020-06-11") << "the day that nobody could foresee";
  for (const json& anomaly : said.at("anomalies")) {
    const json& own = series(anomaly.at("id"));
    const auto shown = std::ranges::find_if(own.at("anomalies"), [&](const json& one) {
      return own.at("history").at("time").at(one.at("row").get<std::size_t>()) == anomaly.at("time");
    });
    ASSERT_NE(shown, own.at("anomalies").end()) << anomaly;
    EXPECT_EQ(shown->at("value"), anomaly.at("actual"));
    for (const char* number : {"score", "expected", "low95", "high95"})
      EXPECT_EQ(shown->at(number), anomaly.at(number)) << number;
    EXPECT_EQ(shown->at("remarkable"), anomaly.at("score") > 3);
    if (anomaly.at("score") <= 3) continue;
    const std::size_t section = page.find("id=\"anomalies\"");
    EXPECT_NE(page.find(anomaly.at("time"), section), page.npos);
  }
}

TEST_F(ReportAndJson, AgreeOnTheBands) {
  const std::size_t begin = page.find("id=\"bands-title\"");
  ASSERT_NE(begin, page.npos);
  const std::string table = page.substr(begin, page.find("</table>", begin) - begin);
  const json& test = said.at("test");
  for (const std::string band : {"80", "95"}) {
    const std::size_t row = table.find(band + " % band");
    const std::string cells = table.substr(row, table.find("</tr>", row) - row);
    EXPECT_NE(cells.find(">" + format_percent(test.at("coverage" + band)) + "<"), cells.npos) << cells;
    for (const std::string number : {"width", "interval_score"}) {
      const double largest =
          std::max(test.at("interval_score80").get<double>(), test.at("interval_score95").get<double>());
      const std::string text = format_number_beside(test.at(number + band), largest);
      EXPECT_NE(cells.find(">" + text + "<"), cells.npos) << number << band << " " << cells;
    }
  }
}

TEST_F(ReportAndJson, AgreeOnCoverageAndTraining) {
  const json calibration = part_data(data, "calibration");
  int compared = 0;
  for (std::size_t k = 0; k < calibration.at("nominal").size(); ++k) {
    const double nominal = calibration.at("nominal").at(k), observed = calibration.at("observed").at(k);
    const std::string band = std::abs(nominal - 0.8) < 1e-9    ? "80"
                             : std::abs(nominal - 0.95) < 1e-9 ? "95"
                                                               : "";
    if (band.empty()) continue;
    EXPECT_NEAR(observed, said.at("test").at("coverage" + band).get<double>(), 1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 2);
  EXPECT_EQ(part_data(data, "curves", "training").at("lines").at(0).at("value").size(), said.at("epochs"));
}

TEST_F(ReportAndJson, AgreeOnVerdictAndWarnings) {
  const std::map<std::string, std::string> tones{
      {"better", "good"}, {"no better than a single method", "neutral"}, {"no better than naive", "bad"}};
  EXPECT_NE(page.find("class=\"verdict " + tones.at(said.at("verdict")) + "\""), page.npos);
  EXPECT_NE(page.find(escape_html(result.verdict_sentence)), page.npos);
  ASSERT_FALSE(said.at("warnings").empty());
  for (const json& warning : said.at("warnings"))
    EXPECT_NE(page.find("<li>" + escape_html(warning.get<std::string>()) + "</li>"), page.npos) << warning;
}

TEST_F(ReportAndJson, AgreeWithForecastCsv) {
  const Table table = forecast_table(result);
  for (const json& one : data.at("series")) {
    std::size_t step = 0;
    for (std::int64_t row = 0; row < table.rows(); ++row) {
      if (table.column("shop").text(row) != one.at("name").get<std::string>()) continue;
      EXPECT_EQ(one.at("forecast").at("time").at(step), table.column("day").text(row));
      const auto near = [&](const char* column, const json& shown) {
        const double written = table.numbers(column)[static_cast<std::size_t>(row)];
        EXPECT_NEAR(shown.get<double>(), written, 1e-6 * std::abs(written)) << column;
      };
      near("forecast", one.at("forecast").at("mean").at(step));
      for (const char* end : {"low80", "high80", "low95", "high95"})
        near(end, one.at("forecast").at(end).at(step));
      ++step;
    }
    EXPECT_EQ(step, 4u);
  }
}

TEST_F(ReportAndJson, ShowTheBacktestWhoseErrorsTheyCount) {
  for (const ForecastSeries& given : result.series) {
    const json& shown = series(given.id).at("backtest");
    const auto times = shown.at("time").get<std::vector<std::string>>();
    for (std::size_t i = 0; i < given.backtest.actual.size(); ++i) {
      const std::string time = given.times.text(given.backtest.row(i));
      const auto at = static_cast<std::size_t>(std::ranges::find(times, time) - times.begin());
      ASSERT_LT(at, times.size());
      if (std::isnan(given.backtest.actual[i])) {
        EXPECT_TRUE(shown.at("actual").at(at).is_null());
      } else {
        EXPECT_EQ(shown.at("actual").at(at), given.backtest.actual[i]);
      }
      // Of the two forecasts of a row the later one is shown.
      if (given.backtest.step[i] <= 2) {
        EXPECT_EQ(shown.at("predicted").at(at), given.backtest.predicted[i]);
      }
    }
    EXPECT_EQ(series(given.id).at("residuals").at("total"), shown.at("total"));
  }
}

TEST(ForecastReport, ScoresOfASeriesAreTheErrorsOfItsBacktest) {
  for (const ForecastSeries& series : default_result().series) {
    ASSERT_EQ(series.baselines.size(), 4u);
    const auto& backtest = series.backtest;
    const std::map<std::string, const std::vector<double>*> lines{
        {"naive", &backtest.naive},
        {"seasonal_naive", &backtest.seasonal_naive},
        {"drift", &backtest.drift},
        {"ridge", &backtest.ridge}};
    for (const ForecastScore& score : series.baselines) {
      const std::vector<double>& line = *lines.at(score.name);
      double square = 0, absolute = 0, count = 0;
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (std::isnan(backtest.actual[i])) continue;
        square += (backtest.actual[i] - line[i]) * (backtest.actual[i] - line[i]);
        absolute += std::abs(backtest.actual[i] - line[i]);
        ++count;
      }
      EXPECT_NEAR(score.rmse, std::sqrt(square / count), 1e-9 * score.rmse) << score.name;
      EXPECT_NEAR(score.mae, absolute / count, 1e-9 * score.mae) << score.name;
    }
  }
}

TEST(ForecastReport, TableOfSeriesNamesTheBestSingleMethodOfEach) {
  const ForecastResult& result = default_result();
  const json data = data_of(render_page(forecast_page(result)));
  for (const json& row : data.at("series_table").at("rows")) {
    const auto& series =
        *std::ranges::find_if(result.series, [&](const auto& s) { return s.id == row.at(0); });
    std::vector<ForecastScore> all = series.baselines;
    all.insert(all.end(), series.methods.begin(), series.methods.end());
    const auto& best = *std::ranges::min_element(all, {}, &ForecastScore::rmse);
    EXPECT_NEAR(row.at(7).get<double>(), series.baselines[1].rmse, 1e-5 * series.baselines[1].rmse);
    EXPECT_EQ(row.at(8), with_spaces(best.name));
    EXPECT_NEAR(row.at(9).get<double>(), best.rmse, 1e-5 * best.rmse);
    EXPECT_NEAR(row.at(10).get<double>(), 1 - series.test.rmse / best.rmse, 1e-5);
  }
}

TEST(ForecastReport, FanHasTheQuantilesOfADistributionAndItsBandsAmongThem) {
  for (const char* likelihood : {"quantile", "gaussian"}) {
    const ForecastResult result = forecast(quick(likelihood));
    const json data = data_of(render_page(forecast_page(result)));
    for (const ForecastSeries& series : result.series) {
      const std::vector<double>& levels = series.quantiles.levels;
      ASSERT_GT(levels.size(), 5u) << likelihood;
      for (std::size_t k = 0; k < levels.size(); ++k) {
        EXPECT_NEAR(levels[k] + levels[levels.size() - 1 - k], 1, 1e-12);
        ASSERT_EQ(series.quantiles.values[k].size(), series.forecast.size());
        for (std::size_t h = 0; k > 0 && h < series.forecast.size(); ++h)
          EXPECT_GE(series.quantiles.values[k][h], series.quantiles.values[k - 1][h]);
        const std::vector<double>* end = std::abs(levels[k] - 0.1) < 1e-9     ? &series.bands.low80
                                         : std::abs(levels[k] - 0.975) < 1e-9 ? &series.bands.high95
                                                                              : nullptr;
        if (end != nullptr) {
          EXPECT_EQ(series.quantiles.values[k], *end);
        }
      }
      const json& shown = named(data.at("series"), series.id).at("forecast").at("quantiles");
      EXPECT_EQ(shown.at("level").get<std::vector<double>>(), levels);
    }
  }
}

TEST(ForecastReport, APointHasNoQuantilesToShow) {
  for (const ForecastSeries& series : default_result().series) EXPECT_TRUE(series.quantiles.levels.empty());
  const json data = data_of(render_page(forecast_page(default_result())));
  EXPECT_FALSE(data.at("series").at(0).at("forecast").contains("quantiles"));
}

}  // namespace
}  // namespace rondo
