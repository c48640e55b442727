#include "rondo/base/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "rondo/base/error.h"
#include "support/message_of.h"

namespace rondo {
namespace {

TEST(ConfigTest, KeepsTheOrderInWhichKeysWereAdded) {
  Json config;
  config.set("z", 1).set("a", 2).set("m", 3);
  EXPECT_EQ(to_json(config), R"({"z":1,"a":2,"m":3})");
}

TEST(ConfigTest, SettingAKeyAgainReplacesItsValueInPlace) {
  Json config = Json::object({{"a", 1}, {"b", 2}});
  config.set("a", "new");
  EXPECT_EQ(to_json(config), R"({"a":"new","b":2})");
}

TEST(ConfigTest, KnowsItsTypes) {
  EXPECT_STREQ(Json().type_name(), "null");
  EXPECT_STREQ(Json(true).type_name(), "boolean");
  EXPECT_STREQ(Json(1).type_name(), "integer");
  EXPECT_STREQ(Json(1.0).type_name(), "real");
  EXPECT_STREQ(Json("x").type_name(), "string");
  EXPECT_STREQ(Json::array().type_name(), "array");
  EXPECT_STREQ(Json::object().type_name(), "object");
}

TEST(ConfigTest, ReadsAnIntegralRealAsIntegerAndAnIntegerAsReal) {
  EXPECT_EQ(Json(3.0).as_integer(), 3);
  EXPECT_EQ(Json(3).as_real(), 3.0);
  EXPECT_THROW(Json(3.5).as_integer(), Error);
  EXPECT_THROW(Json(1e30).as_integer(), Error);
  EXPECT_THROW(Json(std::numeric_limits<double>::quiet_NaN()).as_integer(), Error);
  EXPECT_EQ(Json(-9223372036854775808.0).as_integer(), std::numeric_limits<std::int64_t>::min());
}

TEST(ConfigTest, AWrongTypeIsNamedWithItsPathAndValue) {
  const std::string text = message_of([] { Json("many").as_integer("layers[2].units"); });
  EXPECT_NE(text.find("'layers[2].units'"), std::string::npos) << text;
  EXPECT_NE(text.find("string \"many\""), std::string::npos) << text;
  EXPECT_NE(text.find("an integer"), std::string::npos) << text;
}

TEST(ConfigTest, EveryCheckedAccessRefusesEveryOtherType) {
  const Json all[] = {Json(), Json(true), Json(1), Json(0.5), Json("x"), Json::array(), Json::object()};
  for (const Json& value : all) {
    EXPECT_EQ(value.is_bool(), message_of([&] { value.as_bool(); }) == "no error") << value.type_name();
    EXPECT_EQ(value.is_integer(), message_of([&] { value.as_integer(); }) == "no error") << value.type_name();
    EXPECT_EQ(value.is_number(), message_of([&] { value.as_real(); }) == "no error") << value.type_name();
    EXPECT_EQ(value.is_string(), message_of([&] { value.as_string(); }) == "no error") << value.type_name();
    EXPECT_EQ(value.is_array(), message_of([&] { value.as_array(); }) == "no error") << value.type_name();
    EXPECT_EQ(value.is_object(), message_of([&] { value.as_object(); }) == "no error") << value.type_name();
  }
}

TEST(ConfigTest, AMissingKeyIsNamedWithTheKeysThatAreThere) {
  const Json config = Json::object({{"units", 1}, {"activation", "tanh"}});
  const std::string text = message_of([&] { config.at("unit", "layers[0]"); });
  EXPECT_NE(text.find("'unit' is missing in 'layers[0]'"), std::string::npos) << text;
  EXPECT_NE(text.find("units, activation"), std::string::npos) << text;
  EXPECT_NE(text.find("'units'"), std::string::npos) << text;
}

TEST(ConfigTest, FindsNothingInWhatIsNotAnObject) {
  EXPECT_EQ(Json(1).find("a"), nullptr);
  EXPECT_EQ(Json().find("a"), nullptr);
}

TEST(ConfigTest, NullBecomesAnArrayOrAnObjectWhenFilled) {
  Json list, table;
  list.push_back(1);
  table.set("a", 1);
  EXPECT_TRUE(list.is_array());
  EXPECT_TRUE(table.is_object());
  EXPECT_THROW(Json(1).push_back(2), Error);
  EXPECT_THROW(Json(1).set("a", 2), Error);
}

TEST(ConfigTest, ErasesAKey) {
  Json config = Json::object({{"a", 1}, {"b", 2}});
  config.erase("a");
  config.erase("not there");
  EXPECT_EQ(to_json(config), R"({"b":2})");
}

TEST(ConfigTest, MakesAListOfAnyRange) {
  EXPECT_EQ(to_json(Json::list(std::vector<std::int64_t>{1, 2})), "[1,2]");
  EXPECT_EQ(to_json(Json::list(std::vector<std::string>{"a"})), R"(["a"])");
}

}  // namespace
}  // namespace rondo
