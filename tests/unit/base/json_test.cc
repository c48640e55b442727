#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo {
namespace {

std::string json_refusal_of(std::string_view text) {
  try {
    parse_json(text, "spec.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "accepted";
}

TEST(JsonTest, WritesAndReadsEveryType) {
  const std::string text = R"({"a":null,"b":true,"c":-7,"d":0.5,"e":"x","f":[1,[2]],"g":{"h":{}}})";
  EXPECT_EQ(to_json(parse_json(text)), text);
}

TEST(JsonTest, RealsReadBackToTheSameBits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const Json back = parse_json(to_json(Json(value)));
    ASSERT_TRUE(back.is_real()) << to_json(Json(value));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back.as_real()), std::bit_cast<std::uint64_t>(value));
  }
}

TEST(JsonTest, ARealStaysARealAndAnIntegerAnInteger) {
  for (const double value : {0.0, -0.0, 1.0, 1e22, 1e-300, 123456789.0}) {
    EXPECT_TRUE(parse_json(to_json(Json(value))).is_real()) << value;
  }
  EXPECT_TRUE(parse_json("3").is_integer());
  EXPECT_EQ(parse_json(to_json(Json(std::numeric_limits<std::int64_t>::min()))).as_integer(),
            std::numeric_limits<std::int64_t>::min());
}

TEST(JsonTest, NanAndInfinityBecomeNull) {
  EXPECT_EQ(to_json(Json(std::nan(""))), "null");
  EXPECT_EQ(to_json(Json(-INFINITY)), "null");
}

TEST(JsonTest, EscapesControlCharactersAndQuotes) {
  const std::string text = std::string("\"\\\n\r\t\x01\x7f") + "\xE6\xB0\xB4";
  EXPECT_EQ(to_json(Json(text)), "\"\\\"\\\\\\n\\r\\t\\u0001\\u007f\xE6\xB0\xB4\"");
  EXPECT_EQ(parse_json(to_json(Json(text))).as_string(), text);
}

TEST(JsonTest, IndentsWhenAsked) {
  EXPECT_EQ(to_json(parse_json(R"({"a":[1,2],"b":{},"c":[]})"), 2),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(JsonTest, AnErrorHasAPlace) {
  const std::string text = json_refusal_of("{\n  \"a\": 1,\n  \"b\": oops\n}");
  EXPECT_NE(text.find("spec.json, line 3, column 8"), std::string::npos) << text;
}

TEST(JsonTest, ColumnsCountCharactersNotBytes) {
  const std::string text = json_refusal_of("{\"\xE6\xB0\xB4\": oops}");
  EXPECT_NE(text.find("line 1, column 7"), std::string::npos) << text;
}

TEST(JsonTest, ADoubledKeyIsAnError) {
  const std::string text = json_refusal_of("{\"a\": 1,\n \"a\": 2}");
  EXPECT_NE(text.find("'a' occurs twice"), std::string::npos) << text;
  EXPECT_NE(text.find("line 2"), std::string::npos) << text;
}

TEST(JsonTest, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a:1}",
                           "'a'",
                           "nul",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "NaN",
                           "Infinity",
                           "\"\\x\"",
                           "\"\x01\"",
                           "\"open",
                           "[1] 2",
                           "// c\n1",
                           "1e999",
                           "\"\\ud800\"",
                           "\"\xff\"",
                           "\"\xc0\xaf\"",
                           "\"\xed\xa0\x80\""}) {
    EXPECT_NE(json_refusal_of(text), "accepted") << text;
  }
}

TEST(JsonTest, AZeroByteIsNotTheEnd) {
  EXPECT_NE(json_refusal_of(std::string_view("1\0", 2)), "accepted");
  EXPECT_NE(json_refusal_of(std::string_view("{}\0{}", 5)), "accepted");
  EXPECT_NE(json_refusal_of(std::string_view("\"a\0b\"", 5)), "accepted");
}

TEST(JsonTest, DepthIsLimited) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(json_refusal_of(nested(64)), "accepted");
  EXPECT_NE(json_refusal_of(nested(65)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(json_refusal_of(std::string(1000000, '[')).find("nested too deeply"), std::string::npos);
}

TEST(JsonTest, SizeIsLimited) {
  const std::string text(64 * 1024 * 1024 + 1, ' ');
  EXPECT_NE(json_refusal_of(text).find("too long"), std::string::npos);
}

TEST(JsonTest, AnObjectOfManyKeysIsReadInReasonableTime) {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  EXPECT_EQ(parse_json(text + "}").as_object().size(), 200000u);
}

TEST(JsonTest, EveryTruncationIsRefused) {
  const std::string text = R"({"a": [1, 2.5e3, "x\u00e9", null, true], "b": {"c": false}})";
  ASSERT_EQ(json_refusal_of(text), "accepted");
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_NE(json_refusal_of(std::string_view(text).substr(0, n)), "accepted") << n;
  }
}

TEST(JsonTest, ATextOfMoreValuesThanAnyFileHasIsRefused) {
  std::string zeros = "[0";
  for (int i = 0; i < 2'000'000; ++i) zeros += ",0";
  EXPECT_THROW(parse_json(zeros + "]"), Error);
  Json::Array numbers(700'000, Json(0.12345678901234567));
  EXPECT_EQ(parse_json(to_json(Json(numbers))).as_array().size(), numbers.size());
}

}  // namespace
}  // namespace rondo
