#include "rondo/base/options.h"

#include <gtest/gtest.h>

#include "support/message_of.h"

namespace rondo {
namespace {

struct CookingOptions {
  std::int64_t servings = 4;
  double salt = 1.5;
  bool vegan = false;
  std::string hidden_size = "large";
  std::optional<double> oven;
  std::vector<std::int64_t> times = {10, 20};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("servings", self.servings, "people at the table");
    option("salt", self.salt, "in grams");
    option("vegan", self.vegan, "without eggs");
    option("hidden_size", self.hidden_size, "of the pot");
    option("oven", self.oven, "temperature, none for raw");
    option("times", self.times, "in minutes");
  }
};

TEST(OptionsTest, WritesEveryDefaultOut) {
  EXPECT_EQ(to_json(to_config(CookingOptions{})),
            R"({"servings":4,"salt":1.5,"vegan":false,"hidden_size":"large","oven":null,"times":[10,20]})");
}

TEST(OptionsTest, ReadsBackWhatItWrites) {
  CookingOptions options;
  options.oven = 180;
  options.times = {};
  CookingOptions back;
  read_options(back, to_config(options), "");
  EXPECT_EQ(to_config(back), to_config(options));
}

TEST(OptionsTest, LeavesFieldsThatAreNotNamed) {
  CookingOptions options;
  read_options(options, parse_json(R"({"salt": 2})"), "");
  EXPECT_EQ(options.salt, 2.0);
  EXPECT_EQ(options.servings, 4);
}

TEST(OptionsTest, AnUnknownKeyIsAnErrorThatNamesTheNearest) {
  CookingOptions options;
  const std::string text =
      message_of([&] { read_options(options, parse_json(R"({"hidden_sise": "x"})"), "layers[1]"); });
  EXPECT_NE(text.find("unknown key 'hidden_sise' in 'layers[1]'"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean 'hidden_size'?"), std::string::npos) << text;
  EXPECT_NE(text.find("servings, salt"), std::string::npos) << text;
}

TEST(OptionsTest, KeysThatOthersReadAreLeftAlone) {
  CookingOptions options;
  EXPECT_NO_THROW(read_options(options, parse_json(R"({"type": "soup", "salt": 0.5})"), "", {"type"}));
}

TEST(OptionsTest, AWrongTypeIsNamedWithItsPath) {
  CookingOptions options;
  const std::string text =
      message_of([&] { read_options(options, parse_json(R"({"servings": "four"})"), "kitchen"); });
  EXPECT_NE(text.find("'kitchen.servings'"), std::string::npos) << text;
}

TEST(OptionsTest, ListsNamesDefaultsAndDocumentation) {
  const auto list = list_options<CookingOptions>();
  ASSERT_EQ(list.size(), 6u);
  EXPECT_EQ(list[1].name, "salt");
  EXPECT_EQ(list[1].default_value, Json(1.5));
  EXPECT_EQ(list[1].doc, "in grams");
}

TEST(NearestNameTest, ForgivesOneSlip) {
  const std::vector<std::string> names = {"units", "activation", "return_sequences", "use_bias"};
  EXPECT_EQ(nearest_name("unit", names), "units");         // a letter lost
  EXPECT_EQ(nearest_name("unitss", names), "units");       // a letter too many
  EXPECT_EQ(nearest_name("unots", names), "units");        // a wrong letter
  EXPECT_EQ(nearest_name("nuits", names), "units");        // two letters swapped
  EXPECT_EQ(nearest_name("Use-Bias", names), "use_bias");  // case and dashes
  EXPECT_EQ(nearest_name("retrun_sequence", names), "return_sequences");
}

TEST(NearestNameTest, FindsAnAbbreviation) {
  EXPECT_EQ(nearest_name("optim", {"loss", "optimizer"}), "optimizer");
}

TEST(NearestNameTest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("colour", {"units", "activation"}), "");
  EXPECT_EQ(nearest_name("", {"units"}), "");
  EXPECT_EQ(nearest_name("x", {"y"}), "");
  EXPECT_EQ(nearest_name("units", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), {"units"}), "");
}

TEST(NearestNameTest, PrefersTheNearest) {
  EXPECT_EQ(nearest_name("gru", {"gru2", "gru"}), "gru");
  EXPECT_EQ(nearest_name("val_los", {"loss", "val_loss"}), "val_loss");
}

}  // namespace
}  // namespace rondo
