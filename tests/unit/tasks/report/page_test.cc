// A page of any task: whole, safe, offline, and its scripts run.

#include "rondo/tasks/page.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "rondo/base/error.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

/// A page of a classifier, with a part of every kind.
Page small_page() {
  Page page;
  page.kind = "training report";
  page.title = "Digits";
  page.subtitle = "5,000 images";
  page.verdict = {PageVerdict::Tone::good, "Better than chance", "97 % are right."};
  page.figures = {{"Accuracy", "97 %", "of 1,000"}, {"Loss", "0.12", ""}};
  page.notes = {"A note."};
  page.warnings = {"A warning."};
  page.command = "rondo train digits.toml";
  page.made = {{"Seed", "1"}};
  GradientFlow flow;
  flow.layers.resize(1);
  flow.layers[0].layer = flow.layers[0].cell = "lstm";
  flow.layers[0].norm = flow.layers[0].norm_from_end = {1, 0.5, 0.25};
  page.sections = {
      {"training",
       "Training",
       "",
       "",
       {training_part({0.9, 0.5, 0.25}, {0.8, 0.6, 0.7}, 2, "Cross-entropy.")}},
      {"confusion", "Confusion", "", "", {confusion_part({"confusion", {"cat", "dog"}, {{8, 2}, {1, 9}}})}},
      {"attention",
       "Attention",
       "",
       "Which words are looked at.",
       {heat_map_part({.id = "attention",
                       .x = "source",
                       .y = "target",
                       .columns = {"the", "cat"},
                       .rows = {"le", "chat", "."},
                       .values = {{0.9, 0.1}, {0.2, NAN}, {0, 0.5}}})}},
      {"examples",
       "Examples",
       "",
       "",
       {examples_part({{"image 7", "cat", "cat", 0.98}, {"image 9", "cat", "dog", 0.61}})}},
      {"gradients", "Gradient flow", "", "", {gradient_flow_part(flow, "")}},
      {"settings", "Settings", "", "", {settings_part({{"units", "64", "given"}})}},
      {"about", "About", "", "", {text_part({"One.", "Two."})}},
      {"nothing", "Nothing", "", "", {gradient_flow_part({}, ""), training_part({}, {}, 0, "")}}};
  return page;
}

class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() / (std::string("rondo-page-test-") +
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

TEST(Page, ShowsVerdictFiguresTablesAndCommandWithoutScripts) {
  std::string page = render_page(small_page());
  page = page.substr(0, page.find("<script"));
  for (const char* text :
       {"<h1>Digits</h1>", "class=\"verdict good\"", "97 % are right.", "<dt>Accuracy</dt>", "A note.",
        "A warning.", "<span>rondo</span> <span>train</span> <span>digits.toml</span>", "<td>64</td>",
        ">Two.</p>", "rondo training report"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(Page, LeavesOutSectionsWithoutPartsAndWhatIsEmpty) {
  const std::string page = render_page(small_page());
  EXPECT_EQ(page.find("id=\"nothing\""), std::string::npos);
  EXPECT_EQ(page.find("href=\"#nothing\""), std::string::npos);
  const std::string bare = render_page({.title = "Bare"});
  for (const char* id : {"notes", "warnings", "verdict-label"})
    EXPECT_EQ(bare.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
  EXPECT_TRUE(run_scripts(bare).at("charts").empty());
}

TEST(Page, LinksLeadToItsSections) {
  const std::string page = render_page(small_page());
  const std::regex link("href=\"#([a-z-]+)\"");
  for (std::sregex_iterator found(page.begin(), page.end(), link), end; found != end; ++found)
    EXPECT_NE(page.find("id=\"" + (*found)[1].str() + "\""), std::string::npos) << (*found)[1];
  EXPECT_EQ(occurrences(page, "href=\"#"), 10U) << "skip link, seven sections, notes, how it was made";
}

TEST(Page, HasEachScriptOnceHoweverManyPartsShareIt) {
  Page page = small_page();
  page.sections[0].parts.push_back(
      curves_part({.id = "rate", .x = "epoch", .y = "rate", .curves = {{"r", {1, 2}}}}));
  const std::string html = render_page(page);
  EXPECT_EQ(occurrences(html, "drawers.curves ="), 1U);
  EXPECT_EQ(occurrences(html, "drawers.heat_map ="), 1U);
  EXPECT_EQ(run_scripts(html).at("charts").size(), 3U);
}

TEST(Page, ItsScriptsDrawWhatTheyWereGiven) {
  const nlohmann::json drawn = run_scripts(render_page(small_page()));
  ASSERT_EQ(drawn.at("charts").size(), 2U);
  const nlohmann::json& training = drawn.at("charts").at(0);
  EXPECT_EQ(training.at("id"), "training-chart");
  EXPECT_EQ(training.at("lines").at(0).at("label"), "Training loss");
  EXPECT_EQ(training.at("lines").at(1).at("points"), 3);
  EXPECT_EQ(training.at("x"), (nlohmann::json{"1", "2", "3"}));
  EXPECT_GT(training.at("drawn"), 10);
  EXPECT_EQ(drawn.at("charts").at(1).at("id"), "gradient-chart");
  EXPECT_EQ(drawn.at("maps").at(0).at("id"), "attention-map");
  EXPECT_EQ(drawn.at("maps").at(0).at("cells").get<int>() % 5, 0) << "five known values, drawn once a time";
  EXPECT_EQ(drawn.at("tables"), 3) << "below the two charts and the map";
}

TEST(Page, AnExceptionInAScriptFailsTheRun) {
  static Page page = small_page();  // gtest runs what should fail where it sees no other variables
  page.sections.push_back({"own",
                           "Own",
                           "",
                           "",
                           {page_part("<p id=\"own-text\"></p>\n<script>\ndrawers.own = ({text}) => {\n"
                                      "  byId('own-txt').textContent = text;\n};\n</script>\n",
                                      "own", Json::object(), Json::object({{"text", "t"}}))}});
  EXPECT_NONFATAL_FAILURE(run_scripts(render_page(page)), "TypeError");
}

TEST(Page, TakesPartsThatATaskMakesItself) {
  Page page;
  page.sections = {
      {"own",
       "Own",
       "",
       "",
       {page_part("<p id=\"own-note\">{{text}}</p>\n<style>\n.own { color: red; }\n</style>\n"
                  "<script>\ndrawers.own = ({text}) => setText('own-note', text);\n</script>\n",
                  "own", Json::object({{"text", "before"}}), Json::object({{"text", "after"}}))}}};
  const std::string html = render_page(page);
  EXPECT_NE(html.find(".own { color: red; }"), std::string::npos);
  EXPECT_EQ(run_scripts(html).at("texts").at("own-note"), "after");
}

TEST(Page, LetsNoGivenTextBecomeMarkupOrEndAScript) {
  const std::string hostile =
      "</script><script>alert(1)</script><!--\"'><img src=x onerror=alert(2)>&amp;{{data}}";
  const std::string plain = render_page(small_page());
  Page page = small_page();
  page.title = page.subtitle = page.kind = page.command = hostile;
  page.verdict.label = page.verdict.sentence = hostile;
  page.figures = {{hostile, hostile, hostile}};
  page.notes = page.warnings = {hostile};
  page.made = {{hostile, hostile}};
  GradientFlow flow;
  LayerGradientFlow& layer = flow.layers.emplace_back();
  layer.layer = layer.cell = layer.finding = layer.remedy = hostile;
  layer.norm = layer.norm_from_end = {1, 0.5};
  layer.gates = {{hostile, 0.1, 0.2}};
  layer.spectra = {{hostile, 1, 1}};
  page.sections = {
      {"a", hostile, hostile, hostile, {text_part({hostile}), settings_part({{hostile, hostile, hostile}})}},
      {"b",
       "b",
       "",
       "",
       {curves_part({.id = "c",
                     .title = hostile,
                     .lead = hostile,
                     .x = hostile,
                     .y = hostile,
                     .curves = {{hostile, {1, 2}}},
                     .mark = 1,
                     .mark_text = hostile})}},
      {"d",
       "d",
       "",
       "",
       {confusion_part({"m", {hostile}, {{1}}}), examples_part({{hostile, hostile, "x", 1}})}},
      {"e",
       "e",
       "",
       "",
       {heat_map_part({.id = "h",
                       .title = hostile,
                       .x = hostile,
                       .y = hostile,
                       .columns = {hostile},
                       .rows = {hostile},
                       .values = {{1}}})}},
      {"f",
       "f",
       "",
       "",
       {table_part({.id = "t",
                    .title = hostile,
                    .lead = hostile,
                    .note = hostile,
                    .columns = {{hostile}, {hostile, TableColumn::Kind::text}},
                    .rows = {{{hostile}, {hostile}}}})}},
      {"g", "g", "", "", {gradient_flow_part(flow, hostile)}}};
  page.data = Json::object({{hostile, hostile}});
  const std::string html = render_page(page);
  for (const char* tag : {"<script", "</script", "<!--"})
    EXPECT_EQ(occurrences(html, tag), occurrences(plain, tag)) << tag;
  EXPECT_EQ(occurrences(html, "<img"), 0U);
  EXPECT_EQ(occurrences(html, "onerror=alert(2)>"), 0U) << "every '>' of it is written as an entity";
  EXPECT_EQ(data_of(html).at(hostile), hostile) << "escaped, yet the same text once read";
  run_scripts(html);
}

TEST(Page, SurvivesTextThatIsNotUtf8) {
  Page page = small_page();
  page.title = "caf\xE9 \xF0\x9F \x01";
  page.data = Json::object({{"text", "\xFF"}});
  const std::string html = render_page(page);
  EXPECT_NE(html.find("<h1>caf\xEF\xBF\xBD"), std::string::npos);
  EXPECT_EQ(data_of(html).at("text"), "\xEF\xBF\xBD");
}

TEST(Page, LoadsNothingFromANetwork) {
  const std::string page = render_page(small_page());
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

TEST(Page, LeavesNoSlotUnfilledAndIsTheSameEveryTime) {
  const std::string page = render_page(small_page());
  EXPECT_FALSE(std::regex_search(page, std::regex("\\{\\{[#^/{]?[a-z_]+\\}\\}")));
  EXPECT_EQ(page, render_page(small_page()));
  EXPECT_NE(page.find("Permission is hereby granted, free of charge"), std::string::npos);
}

TEST(Page, RefusesTwoSectionsWithOneId) {
  Page page = small_page();
  page.sections[1].id = "training";
  EXPECT_THROW((void)render_page(page), Error);
}

TEST(Page, IsWrittenWholeAndReplacesAnOlderOne) {
  const Folder folder;
  const fs::path path = folder / "report.html";
  std::ofstream(path) << "older";
  write_page(path, small_page());
  EXPECT_EQ(read(path), render_page(small_page()));
  EXPECT_EQ(folder.files(), 1U) << "no temporary file stays";
}

TEST(Page, LeavesTheOlderOneAloneWhenItCannotBeRendered) {
  const Folder folder;
  const fs::path path = folder / "report.html";
  std::ofstream(path) << "older";
  Page page = small_page();
  page.sections[1].id = "training";
  EXPECT_THROW(write_page(path, page), Error);
  EXPECT_EQ(read(path), "older");
}

TEST(Page, RefusesAFolderThatDoesNotExist) {
  const Folder folder;
  try {
    write_page(folder / "no-such-folder" / "report.html", small_page());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::resources);
    EXPECT_NE(std::string(error.what()).find("no-such-folder"), std::string::npos);
  }
}

}  // namespace
}  // namespace rondo
