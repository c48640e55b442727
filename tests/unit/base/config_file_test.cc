#include "rondo/base/config_file.h"

#include <gtest/gtest.h>

#include "support/message_of.h"

namespace rondo {
namespace {

struct TrainOptions {
  std::int64_t epochs = 10;
  std::string loss = "mse";
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("epochs", self.epochs, "passes over the data");
    option("loss", self.loss, "what is made small");
  }
};

TEST(ConfigFileTest, ReadsASectionOverTheDefaults) {
  TrainOptions options;
  ConfigFile::parse("[training]\nepochs = 3\n").read_section(options, "training");
  EXPECT_EQ(options.epochs, 3);
  EXPECT_EQ(options.loss, "mse");
  ConfigFile::parse("").read_section(options, "training");
  EXPECT_EQ(options.epochs, 3);
}

TEST(ConfigFileTest, AnUnknownKeyIsNamedWithItsLineAndTheNearestName) {
  TrainOptions options;
  const ConfigFile file = ConfigFile::parse("[training]\nloss = 'mae'\nepoch = 3\n", "my.toml");
  const std::string text = usage_message_of([&] { file.read_section(options, "training"); });
  EXPECT_NE(text.find("unknown key 'epoch'"), std::string::npos) << text;
  EXPECT_NE(text.find("my.toml, line 3"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean 'epochs'?"), std::string::npos) << text;
}

TEST(ConfigFileTest, AWrongTypeIsNamedWithItsLine) {
  TrainOptions options;
  const ConfigFile file = ConfigFile::parse("\n[training]\nepochs = 'many'\n", "my.toml");
  const std::string text = usage_message_of([&] { file.read_section(options, "training"); });
  EXPECT_NE(text.find("'training.epochs'"), std::string::npos) << text;
  EXPECT_NE(text.find("my.toml, line 3"), std::string::npos) << text;
  EXPECT_NE(usage_message_of([&] { ConfigFile::parse("training = 1").read_section(options, "training"); }),
            "no error");
}

TEST(ConfigFileTest, AnUnknownSectionIsNamedWithItsLine) {
  const ConfigFile file = ConfigFile::parse("[data]\n[trainning]\n", "my.toml");
  const std::string text = usage_message_of([&] { file.check_sections({"data", "training"}); });
  EXPECT_NE(text.find("my.toml, line 2"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean 'training'?"), std::string::npos) << text;
}

TEST(ConfigFileTest, ValuesCanBeReplacedByName) {
  ConfigFile file = ConfigFile::parse("[training]\nepochs = 3\n", "my.toml");
  file.override_value("training.epochs=7");
  file.override_value("training.loss=mae");
  file.override_value("data.file=/a b/c.csv");
  file.override_value("data.weights=[1, 2.5]");
  EXPECT_EQ(to_json(file.root()),
            R"({"training":{"epochs":7,"loss":"mae"},"data":{"file":"/a b/c.csv","weights":[1,2.5]}})");
  EXPECT_EQ(file.place("training.epochs"), "my.toml") << "its line says something else now";
}

TEST(ConfigFileTest, WhatSetsNothingIsRefused) {
  ConfigFile file = ConfigFile::parse("[training]\nepochs = 3\n");
  for (const char* text : {"", "=", "training", ".a=1", "a.=1", "a..b=1", "training.epochs.x=1"}) {
    EXPECT_NE(usage_message_of([&] { file.override_value(text); }), "no error") << text;
  }
}

}  // namespace
}  // namespace rondo
