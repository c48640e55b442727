// What messages say in the same words everywhere.

#include "base/text.h"

#include <gtest/gtest.h>

#include "rondo/base/error.h"

namespace rondo::detail {
namespace {

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(Text, CountsThings) {
  EXPECT_EQ(count_of(1, "row"), "1 row");
  EXPECT_EQ(count_of(0, "row"), "0 rows");
  EXPECT_EQ(count_of(3, "series"), "3 series");
}

TEST(Text, ListsNamesAndSuggestsTheNearest) {
  EXPECT_EQ(listed({"a", "b"}), "a, b");
  EXPECT_EQ(listed({"a", "b"}, "'"), "'a', 'b'");
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(did_you_mean("prise", {"date", "price"}), "did you mean 'price'?");
  EXPECT_EQ(did_you_mean("x", {"date", "price"}), "");
}

TEST(Text, FindsANameOrSaysWhichThereAre) {
  EXPECT_EQ(place_among({"auto", "yes", "no"}, "no", "unknown"), 2U);
  const std::string text = message_of([] { place_among({"auto", "yes"}, "yess", "unknown value"); });
  for (const char* part : {"unknown value", "'yess'", "one of 'auto', 'yes'", "did you mean 'yes'?"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Text, RefusesIndicesAndValuesOutOfRange) {
  EXPECT_EQ(message_of([] { check_index(2, 3, "no such row"); }), "");
  EXPECT_NE(message_of([] { check_index(3, 3, "no such row"); }).find("0 to 2"), std::string::npos);
  EXPECT_NE(message_of([] { check_index(-1, 3, "no such row"); }).find("index -1"), std::string::npos);
  EXPECT_EQ(message_of([] { check_at_least("gap", 0, 0); }), "");
  EXPECT_NE(message_of([] { check_at_least("length", 0, 1); }).find("option length"), std::string::npos);
}

}  // namespace
}  // namespace rondo::detail
