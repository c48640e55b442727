#include "tasks/report/assets.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/base/error.h"

namespace rondo {
namespace {

std::string message_of(const char* text, const Json& values) {
  try {
    (void)fill_template(text, values);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(Template, EscapesTextsAndLeavesHtmlAsItIs) {
  const Json values = Json::object({{"text", "<b>&\"'"}, {"html", "<b>{{text}}</b>"}, {"number", 7}});
  EXPECT_EQ(fill_template("{{text}}|{{{html}}}|{{number}}", values),
            "&lt;b&gt;&amp;&quot;&#39;|<b>{{text}}</b>|7");
}

TEST(Template, RepeatsAPieceForEachItem) {
  Json rows = Json::array();
  for (const char* name : {"a", "b"})
    rows.push_back(Json::object({{"name", name}, {"cells", Json::list(std::vector<int>{1, 2})}}));
  EXPECT_EQ(fill_template("{{#rows}}{{name}}:{{#cells}} {{.}}{{unit}}{{/cells}};{{/rows}}",
                          Json::object({{"rows", rows}, {"unit", "m"}})),
            "a: 1m 2m;b: 1m 2m;");
}

TEST(Template, LeavesOutWhatIsNotThere) {
  const char* text = "{{#note}}[{{note}}]{{/note}}{{^note}}none{{/note}}";
  EXPECT_EQ(fill_template(text, Json::object({{"note", "n"}})), "[n]");
  for (const Json& nothing : {Json(""), Json(false), Json(), Json::array()})
    EXPECT_EQ(fill_template(text, Json::object({{"note", nothing}})), "none");
  EXPECT_EQ(fill_template("{{#box}}{{a}}{{/box}}", Json::object({{"box", Json::object({{"a", 1}})}})), "1");
}

TEST(Template, ATagAloneOnItsLineLeavesNoEmptyLine) {
  EXPECT_EQ(fill_template("<ul>\n{{#items}}\n<li>{{.}}</li>\n{{/items}}\n</ul>\n",
                          Json::object({{"items", Json::list(std::vector<std::string>{"x", "y"})}})),
            "<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n");
}

TEST(Template, RefusesSlotsWithoutValuesAndValuesWithoutSlots) {
  EXPECT_NE(message_of("{{a}}{{b}}", Json::object({{"a", 1}})).find("no value"), std::string::npos);
  EXPECT_NE(message_of("{{a}}", Json::object({{"a", 1}, {"b", 2}})).find("no slot"), std::string::npos);
  const Json rows = Json::object({{"rows", Json::Array{Json::object({{"b", 1}})}}});
  EXPECT_NE(message_of("{{#rows}}-{{/rows}}", rows).find("no slot"), std::string::npos);
  EXPECT_NE(message_of("{{#rows}}{{b}}", rows).find("does not end"), std::string::npos);
  EXPECT_NE(message_of("{{/rows}}", rows).find("did not begin"), std::string::npos);
  EXPECT_NE(message_of("{{a", Json::object({{"a", 1}})).find("does not end"), std::string::npos);
}

}  // namespace
}  // namespace rondo
