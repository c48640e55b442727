#include "rondo/base/toml.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "rondo/base/error.h"

namespace rondo {
namespace {

std::string toml_refusal_of(std::string_view text) {
  try {
    parse_toml(text, "model.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "accepted";
}

const char* const kSample = R"(# a comment
name = "walk"
[data]
file = 'prices.csv'
since = 2020-01-31
[model]
[[model.layers]]
type = "lstm"
units = 16
[[model.layers]]
type = "dense"
units = 1
[training]
learning_rate = 1e-3
epochs = 1_000
shuffle = true
weights = [0.5, 2]
)";

TEST(TomlTest, ReadsTablesArraysAndValues) {
  EXPECT_EQ(to_json(parse_toml(kSample)),
            R"({"name":"walk","data":{"file":"prices.csv","since":"2020-01-31"},"model":{"layers":[)"
            R"({"type":"lstm","units":16},{"type":"dense","units":1}]},"training":{"learning_rate":0.001,)"
            R"("epochs":1000,"shuffle":true,"weights":[0.5,2]}})");
}

TEST(TomlTest, KnowsTheLineOfEveryKey) {
  TomlLines lines;
  parse_toml(kSample, "sample", &lines);
  EXPECT_EQ(lines.at("name"), 2);
  EXPECT_EQ(lines.at("data.file"), 4);
  EXPECT_EQ(lines.at("model.layers[0].units"), 9);
  EXPECT_EQ(lines.at("model.layers[1]"), 10);
  EXPECT_EQ(lines.at("model.layers[1].units"), 12);
  EXPECT_EQ(lines.at("training.epochs"), 15);
}

TEST(TomlTest, KeepsTheOrderOfTheText) {
  EXPECT_EQ(to_json(parse_toml("z = 1\na = 2\nm = 3\n")), R"({"z":1,"a":2,"m":3})");
}

TEST(TomlTest, AnErrorHasLineAndColumn) {
  const std::string text = toml_refusal_of("a = 1\nb = = 2\n");
  EXPECT_NE(text.find("model.toml, line 2, column 5"), std::string::npos) << text;
}

TEST(TomlTest, RefusesWhatIsNotToml) {
  for (const char* text : {"a",
                           "a =",
                           "= 1",
                           "a = 1\na = 2",
                           "[a]\n[a]",
                           "a = 'x",
                           "a = [1, 2",
                           "[a",
                           "a = 01",
                           "a = 1__0",
                           "a = \"\\q\"",
                           "a = 2020-13-01",
                           "a = 1 b = 2",
                           "a.b = 1\na = 2",
                           "a = \"\xff\"",
                           "[[a]]\n[a]",
                           "a = 99999999999999999999",
                           "a = {b = 1",
                           "a = nil",
                           "\xC3\xA9 = 1",
                           "a = \xC3\xA9",
                           "a \xD0\xB4= 1",
                           "a = 1 \xE2\x80\x89"}) {
    EXPECT_NE(toml_refusal_of(text), "accepted") << text;
  }
}

TEST(TomlTest, DepthAndSizeAreLimited) {
  std::string dotted = "[a";
  for (int i = 0; i < 80; ++i) dotted += ".a";
  EXPECT_NE(toml_refusal_of(dotted + "]"), "accepted");
  std::string endless = "a";
  for (int i = 0; i < 200000; ++i) endless += ".a";
  EXPECT_NE(toml_refusal_of(endless + " = 1"), "accepted");
  EXPECT_NE(toml_refusal_of("a = " + std::string(100000, '[')), "accepted");
  EXPECT_NE(toml_refusal_of("a = " + std::string(2000000, ' ') + "1"), "accepted");
}

TEST(TomlTest, WhatIsWrittenReadsBack) {
  const Json config = parse_toml(kSample);
  EXPECT_EQ(to_json(parse_toml(to_toml(config))), to_json(config));
}

TEST(TomlTest, WritesEveryKindOfValueSoThatItReadsBack) {
  Json config = Json::object();
  config.set("text", "quotes \" back\\slash \n tab \t \x01 \xE6\xB0\xB4");
  config.set("odd key \"x\"", 1).set("", 2).set("big", std::int64_t{9223372036854775807});
  config.set("list", parse_json(R"([[1,2],[],["x"],[{"a":1},[{}]]])"));
  config.set("huge", 1e300).set("tiny", -5e-324).set("whole", 3.0);
  config.set("inf", INFINITY).set("empty", Json::object());
  config.set("table", parse_json(R"({"deep":{"er":{"x":[{"y":[{"z":1},{"z":2}]},{"w":{}}]}}})"));
  EXPECT_EQ(parse_toml(to_toml(config)), config) << to_toml(config);
  EXPECT_TRUE(std::isnan(parse_toml(to_toml(Json::object({{"x", std::nan("")}}))).at("x").as_real()));
}

TEST(TomlTest, RealsReadBackToTheSameBits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 3000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const Json back = parse_toml(to_toml(Json::object({{"x", value}})));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back.at("x").as_real()), std::bit_cast<std::uint64_t>(value))
        << value;
  }
}

TEST(TomlTest, WritesACommentForEveryOption) {
  Json config = Json::object();
  config.set("training", parse_json(R"({"epochs":100,"patience":null})"));
  config.set("model", parse_json(R"({"layers":[{"units":16},{"units":1}]})"));
  TomlComments comments;
  comments[""] = "Made by hand.\nSecond line.";
  comments["training"] = "How it learns";
  add_comments(comments, "training",
               {{"epochs", 100, "most passes over the data"}, {"patience", Json(), "none: no end"}});
  comments["model.layers"] = "From the bottom up";
  comments["model.layers[].units"] = "size of the state";
  comments["model.layers[1].units"] = "size of the output";
  EXPECT_EQ(to_toml(config, comments),
            "# Made by hand.\n"
            "# Second line.\n"
            "\n"
            "# How it learns\n"
            "[training]\n"
            "epochs = 100                        # most passes over the data\n"
            "# patience =                        # none: no end\n"
            "\n"
            "[model]\n"
            "\n"
            "# From the bottom up\n"
            "[[model.layers]]\n"
            "units = 16                          # size of the state\n"
            "\n"
            "[[model.layers]]\n"
            "units = 1                           # size of the output\n");
}

TEST(TomlTest, SmallTablesOfAnItemStandOnOneLine) {
  const Json config =
      parse_json(R"({"layers":[{"penalty":{"l1":0.5,"l2":1},"inner":{"type":"lstm","x":{"l1":1}}}]})");
  const std::string text = to_toml(config);
  EXPECT_NE(text.find("penalty = { l1 = 0.5, l2 = 1 }"), std::string::npos) << text;
  EXPECT_NE(text.find("[layers.inner]"), std::string::npos) << text;
  EXPECT_EQ(parse_toml(text), config) << text;
}

TEST(TomlTest, NothingIsLostSilentlyInWriting) {
  EXPECT_THROW(to_toml(Json::object({{"list", parse_json("[1,null]")}})), Error);
  EXPECT_THROW(to_toml(Json(1)), Error);
}

}  // namespace
}  // namespace rondo
