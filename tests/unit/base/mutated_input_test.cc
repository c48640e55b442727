// Random damage to valid texts: whatever comes, a reader answers with a value or with rondo::Error.

#include <gtest/gtest.h>

#include <random>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/base/toml.h"
#include "support/mutate.h"

namespace rondo {
namespace {

constexpr int kRounds = 20000;

const std::vector<std::string> kJson = {
    R"({"class":"Sequential","layers":[{"type":"lstm","units":16,"dropout":0.5e-1},{"type":"dense","units":null}]})",
    R"([[[[]]],{"a":{"b":{"c":[true,false,null,"\u6c34\ud83d\ude00\n"]}}},-1.5E+10,123456789012345678901])",
};
const std::vector<std::string> kToml = {
    "a = 1\n[data]\nfile = \"x.csv\"\nwhen = 1979-05-27T07:32:00Z\n[[model.layers]]\ntype = 'lstm'\n",
    "x = [1, 2.5, [\"a\"], {b = 0x1F, c = inf}]\n\"k k\".d.e = '''\nline\n'''\nt = 07:32:00\nz = "
    "\"\"\"\\u6c34\"\"\"\n",
};

TEST(MutatedInputTest, JsonIsReadOrRefused) {
  std::mt19937_64 random(11);
  int read = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string text = mutate(kJson, random);
    try {
      const Json config = parse_json(text);
      ASSERT_EQ(parse_json(to_json(config)), config) << text;  // what was read can be written
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::data);
    }
  }
  EXPECT_GT(read, kRounds / 100) << "the damage should leave some texts valid";
}

TEST(MutatedInputTest, TomlIsReadOrRefused) {
  std::mt19937_64 random(12);
  int read = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string text = mutate(kToml, random);
    try {
      const Json config = parse_toml(text);
      ASSERT_EQ(to_json(parse_toml(to_toml(config))).size(), to_json(config).size()) << text;
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::data) << error.what();
    }
  }
  EXPECT_GT(read, kRounds / 100) << "the damage should leave some texts valid";
}

}  // namespace
}  // namespace rondo
