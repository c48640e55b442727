#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "rondo/base/error.h"
#include "rondo/tasks/page.h"
#include "support/message_of.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

TEST(PageTable, MarksNamesBarsAndExplains) {
  PageTable table{
      .id = "t",
      .title = "Errors",
      .note = "Smaller is better.",
      .marked_row = 0,
      .columns = {{"Name"}, {"Words", TableColumn::Kind::text}, {"", TableColumn::Kind::bar}, {"Error"}}};
  table.rows = {{{"a"}, {"x y"}, {.bar = -0.25}, {"1.5", TableCell::Mark::best}},
                {{"b"}, {""}, {.bar = 0.1, .rest = 0.3}, {"9", TableCell::Mark::remarkable}}};
  const std::string html = table_part(table).html;
  EXPECT_NE(html.find("<tr class=\"model\"><th scope=\"row\">a</th><td class=\"text\">x y</td>"), html.npos);
  EXPECT_NE(html.find("<span class=\"bar hatched\" style=\"width:25.0%\">"), html.npos);
  EXPECT_NE(html.find("<td class=\"best\"><strong>1.5</strong></td></tr>"), html.npos);
  EXPECT_NE(html.find("<td class=\"text\"></td>"), html.npos) << "an empty cell is a cell";
  EXPECT_NE(html.find("<span class=\"between\" style=\"width:60.0%\">"), html.npos);
  EXPECT_NE(html.find("<td class=\"remarkable\"><strong>◇ 9</strong></td>"), html.npos);
  EXPECT_NE(html.find("<p class=\"note\">Smaller is better.</p>"), html.npos);
  EXPECT_NE(html.find("--figures:1"), html.npos) << "columns of numbers beside the bar";
}

TEST(PageTable, SaysHowManyRowsItLeavesOut) {
  PageTable table{.id = "t", .columns = {{"Row"}}, .max_rows = 3};
  for (int i = 0; i < 3; ++i) table.rows.push_back({{std::to_string(i)}});
  EXPECT_EQ(table_part(table).html.find("The first"), std::string::npos);
  table.rows.push_back({{"3"}});
  EXPECT_NE(table_part(table).html.find("The first 3 of 4 rows."), std::string::npos);
  EXPECT_EQ(occurrences(table_part(table).html, "<th scope=\"row\">"), 3U);
}

TEST(PageTable, RefusesRowsOfAnotherLength) {
  EXPECT_NE(usage_message_of([] {
              return table_part({.id = "t", .columns = {{"a"}, {"b"}}, .rows = {{{"1"}}}});
            }).find("table 't'"),
            std::string::npos);
}

TEST(PageCurves, KeepTheirNumbersAndGaps) {
  const PagePart part = curves_part(
      {.id = "c", .x = "step", .y = "error", .curves = {{"first", {1.0 / 3, NAN}}, {"second", {2}}}});
  const Json& lines = part.data.at("lines");
  EXPECT_EQ(lines.as_array()[0].at("value").as_array()[0].as_real(), 1.0 / 3);
  EXPECT_NE(to_json(lines).find("null"), std::string::npos);
  Page page;
  page.sections = {{"s", "S", "", "", {part}}};
  const nlohmann::json drawn = run_scripts(render_page(page)).at("charts").at(0);
  EXPECT_EQ(drawn.at("lines").at(0).at("points"), 1);
  EXPECT_EQ(drawn.at("lines").at(1).at("points"), 1);
}

TEST(PageTraining, TellsTheCourseOfTheLosses) {
  const std::string html = training_part({0.9, 0.5}, {0.8, 0.6}, 2, "Cross-entropy.").html;
  EXPECT_NE(
      html.find("2 epochs; training loss from 0.9000 to 0.5000, validation loss from 0.8000 to 0.6000; the "
                "weights kept are those of epoch 2. Cross-entropy."),
      html.npos)
      << html;
  EXPECT_NE(training_part({0.9}, {}, 0, "").html.find("1 epoch; training loss 0.9000."), html.npos);
}

TEST(PageConfusion, CountsRecallPrecisionAndAccuracy) {
  const std::string html =
      confusion_part({"c", {"cat", "dog", "cow"}, {{8, 2, 0}, {1, 9, 0}, {0, 0, 0}}}).html;
  EXPECT_NE(html.find("17 of 20 are right (accuracy 85.0 %)."), html.npos);
  EXPECT_NE(html.find("style=\"--share:80.0%\">8</td>"), html.npos);
  EXPECT_NE(html.find("<td>80.0 %</td></tr>"), html.npos) << "recall of cats";
  EXPECT_NE(html.find("<td>88.9 %</td><td>81.8 %</td><td>–</td>"), html.npos) << "precision";
}

TEST(PageConfusion, RefusesAMatrixThatIsNotSquare) {
  EXPECT_NE(usage_message_of([] {
              return confusion_part({"c", {"a", "b"}, {{1, 2}}});
            }).find("'c'"),
            std::string::npos);
  EXPECT_NE(usage_message_of([] {
              return confusion_part({"c", {"a"}, {{1, 2}}});
            }).find("columns"),
            std::string::npos);
}

TEST(PageHeatMap, RefusesLabelsThatDoNotFit) {
  EXPECT_NE(usage_message_of([] {
              return heat_map_part({.id = "h", .x = "x", .y = "y", .columns = {"a"}, .rows = {"b"}});
            }).find("heat map 'h'"),
            std::string::npos);
}

TEST(PageHeatMap, DrawsManyRowsAndColumns) {
  HeatMap map{.id = "spectrogram", .x = "time", .y = "Hz", .columns = {}, .rows = {}, .values = {}};
  for (int t = 0; t < 300; ++t) map.columns.push_back(std::to_string(t));
  for (int f = 0; f < 80; ++f) {
    map.rows.push_back(std::to_string(100 * f));
    map.values.emplace_back(300, f);
  }
  Page page;
  page.sections = {{"s", "S", "", "", {heat_map_part(map)}}};
  EXPECT_EQ(run_scripts(render_page(page)).at("maps").at(0).at("cells").get<int>() % (300 * 80), 0);
}

TEST(PageExamples, TellRightFromWrong) {
  const std::string html = examples_part({{"a", "cat", "cat", 0.98}, {"b", "cat", "dog", 0.5}}).html;
  EXPECT_EQ(occurrences(html, "<li class=\"right\">"), 1U);
  EXPECT_EQ(occurrences(html, "<li class=\"wrong\">"), 1U);
  EXPECT_EQ(occurrences(html, "actually"), 1U);
  EXPECT_NE(html.find("actually dog"), html.npos);
  EXPECT_NE(html.find("confidence 98.0 %"), html.npos);
}

}  // namespace
}  // namespace rondo
