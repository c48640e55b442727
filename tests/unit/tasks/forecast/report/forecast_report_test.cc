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

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

using nlohmann::json;

/// Two shops with a week and a price, one of which has a day without sales and a day that nobody could
/// foresee.
std::string two_shops() {
  const RandomStream stream(3);
  std::string text = "shop,day,sales,price\n";
  char row[80];
  for (int shop = 0; shop < 2; ++shop) {
    for (int t = 0; t < 168; ++t) {
      const auto at = static_cast<std::uint64_t>(1000 * shop + t);
      const double price = 1 + stream.uniform(5000 + at);
      double sales =
          (shop + 1) * (100 + 30 * std::sin(2 * M_PI * t / 7) - 20 * price + 4 * stream.normal(at));
      if (shop == 1 && t == 150) sales *= 3;
      std::snprintf(row, sizeof row, "%s,2020-%02d-%02d,", shop == 0 ? "north" : "south", 1 + t / 28,
                    1 + t % 28);
      text += row;
      if (shop == 0 && t == 20) {
        text += ",1\n";
        continue;
      }
      std::snprintf(row, sizeof row, "%.6f,%.6f\n", sales, price);
      text += row;
    }
  }
  return text;
}

ForecastOptions quick(const std::string& likelihood = "point") {
  ForecastOptions options;
  options.target = "sales";
  options.time = "day";
  options.id = "shop";
  options.past = {"price"};
  options.likelihood = likelihood;
  options.horizon = 4;
  options.stride = 2;
  options.epochs = 4;
  options.units = 8;
  options.threads = 1;
  return options;
}

ForecastResult forecast(const ForecastOptions& options) {
  return run_forecast(parse_csv(two_shops()), options);
}

/// As where the networks are of use.
ForecastResult with_network(ForecastResult result) {
  result.shares = {{"network", 0.6}, {"linear", 0.4}};
  return result;
}

const ForecastResult& default_result() {
  static const ForecastResult result = with_network(forecast(quick()));
  return result;
}

json json_of(const ForecastResult& result) {
  return json::parse(to_json(forecast_json(result, Json::object({}))));
}

std::string with_spaces(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

const json& named(const json& list, const std::string& name) {
  for (const json& one : list)
    if (one.at("name") == name) return one;
  throw std::runtime_error("nothing is named " + name);
}

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
  EXPECT_EQ(parts, (std::set<std::string>{"target", "horizon", "skill_against", "series", "series_total",
                                          "series_table", "anomalies", "parts", "made_of"}));
  std::multiset<std::string> kinds;
  for (const json& part : data.at("parts")) kinds.insert(part.at("kind"));
  EXPECT_EQ(kinds,
            (std::multiset<std::string>{"series_list", "forecast", "backtest", "series_scores", "curves",
                                        "calibration", "residuals", "curves", "gradient_flow"}));
  EXPECT_EQ(parts_of_series, (std::set<std::string>{"name", "rows", "history", "forecast", "backtest",
                                                    "scores", "residuals", "anomalies"}));
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

TEST(ForecastReport, LossesOfTheMembersMakeThatOfTheEnsemble) {
  const ForecastResult& fifths = default_result();
  const auto kept = [](const ForecastResult& result) {
    return result.validation_loss[static_cast<std::size_t>(result.best_epoch - 1)];
  };
  ASSERT_EQ(fifths.members.size(), 3u);
  const auto [least, most] =
      std::ranges::minmax_element(fifths.members, {}, &ForecastMember::validation_loss);
  // Each is judged by rows of its own: the whole is a mean of them.
  EXPECT_LT(least->validation_loss, kept(fifths));
  EXPECT_GT(most->validation_loss, kept(fifths));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(fifths.members[k].fold, static_cast<std::int64_t>(k) + 1);

  ForecastOptions options = quick("gaussian");
  options.split = "train=60%,validation=20%,test=20%";
  const ForecastResult shared = forecast(options);  // all are judged by the same rows: the whole is their sum
  double sum = 0;
  for (const ForecastMember& member : shared.members) {
    sum += member.validation_loss;
    EXPECT_EQ(member.fold, 0);
  }
  EXPECT_NEAR(sum, kept(shared), 1e-9 * std::abs(sum));
  EXPECT_NE(render_page(forecast_page(shared)).find("the validation part"), std::string::npos);

  options.likelihood = "point";
  const ForecastResult few_rows = forecast(options);
  EXPECT_EQ(few_rows.training.network, "residual");
  for (const ForecastMember& member : few_rows.members) EXPECT_EQ(member.fold, 0);
}

TEST(ForecastReport, ShowsWhetherLearningReachesBackWhateverTheModel) {
  for (const char* model : {"auto", "direct", "encoder_decoder", "recursive"}) {
    ForecastOptions options = quick();
    options.model = model;
    options.epochs = 2;
    options.ensemble = 2;
    const ForecastResult result = forecast(options);
    ASSERT_EQ(result.gradient_flow.layers.size(), std::string(model) == "encoder_decoder" ? 4u : 2u) << model;
    EXPECT_EQ(result.gradient_flow_note, "");
    for (const LayerGradientFlow& layer : result.gradient_flow.layers) {
      EXPECT_EQ(layer.cell, "gru");
      EXPECT_EQ(layer.units, 8);
      EXPECT_GT(*std::ranges::max_element(layer.norm), 0) << model << ", " << layer.layer;
      EXPECT_FALSE(layer.spectra.empty());
      EXPECT_FALSE(layer.finding.empty());
    }
    const std::string page = render_page(forecast_page(with_network(result)));
    EXPECT_NE(page.find("<canvas id=\"gradient-chart\""), page.npos) << model;
    EXPECT_EQ(part_data(data_of(page), "gradient_flow").at("layers").size(),
              result.gradient_flow.layers.size())
        << model;
  }
}

TEST(ForecastReport, OfManyNetworksMeasuresTheFirstAndSaysSo) {
  for (const char* model : {"auto", "recursive"}) {
    ForecastOptions options = quick();
    options.model = model;
    options.epochs = 1;
    options.ensemble = 7;
    const ForecastResult result = forecast(options);
    EXPECT_EQ(result.gradient_flow.layers.size(), 5u) << model;
    const std::string page = render_page(forecast_page(with_network(result)));
    EXPECT_NE(page.find("first 5 of 7 networks"), page.npos) << model;
    ASSERT_EQ(result.members.size(), 7u);
    for (std::size_t k = 5; k < 7; ++k) {
      EXPECT_EQ(result.members[k].fold, result.members[k - 5].fold);
      EXPECT_TRUE(std::isfinite(result.members[k].validation_loss));
      EXPECT_NE(result.members[k].validation_loss, result.members[k - 5].validation_loss)
          << "the same rows are judged by another network";
    }
  }
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

TEST(ForecastReport, ShowsWhatAutomaticSettingsBecame) {
  const auto settings = [](const ForecastResult& result) {
    std::map<std::string, PageSetting> out;
    for (const PageSetting& setting : forecasting::settings_of(result)) out[setting.name] = setting;
    return out;
  };
  ForecastOptions options = quick();
  options.units = options.epochs = options.stride = 0;
  options.ensemble = 1;
  auto open = settings(forecast(options));
  for (const char* name : {"units", "max epochs", "batch size", "learning rate", "patience", "window (rows)",
                           "season (rows)", "rows between origins", "model", "transform"}) {
    ASSERT_TRUE(open.contains(name)) << name;
    EXPECT_TRUE(open[name].value.starts_with("auto: ")) << name << " " << open[name].value;
    EXPECT_NE(open[name].value, "auto: 0") << name;
    EXPECT_EQ(open[name].origin, "chosen") << name;
  }
  EXPECT_EQ(open["season (rows)"].value, "auto: 7");
  EXPECT_EQ(open["rows between origins"].value, "auto: 4") << "the horizon";
  for (const auto& [name, setting] : open) EXPECT_NE(setting.value, "0") << name;

  options.units = 8;
  options.epochs = 3;
  options.batch_size = 16;
  options.learning_rate = 0.004;
  options.patience = 2;
  options.window = 14;
  auto given = settings(forecast(options));
  const std::map<std::string, std::string> expected{{"units", "8"},
                                                    {"max epochs", "3"},
                                                    {"batch size", "16"},
                                                    {"learning rate", "0.004"},
                                                    {"patience", "2"}};
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(given[name].value, value) << name;
    EXPECT_EQ(given[name].origin, "given") << name;
  }
  EXPECT_EQ(given["window (rows)"].origin, "given");
}

const char* const kSections[] = {
    "series-list",   "forecast",  "backtest", "calibration",    "residuals", "anomalies",    "importance",
    "training",      "gradients", "settings", "leaderboard",    "shares",    "scores-title", "steps-title",
    "members-title", "notes",     "warnings", "coverage-chart", "pit-chart"};

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
                                        "training-chart", "gradient-chart"}));
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
