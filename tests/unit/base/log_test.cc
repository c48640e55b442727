#include "rondo/base/log.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "rondo/base/error.h"

namespace rondo {
namespace {

TEST(LogTest, PassesWhatReachesTheThreshold) {
  std::ostringstream out;
  const Logger logger(LogLevel::info, out);
  logger.debug("a");
  logger.info("b");
  logger.warning("c");
  logger.error("d");
  EXPECT_EQ(out.str(), "info: b\nwarning: c\nerror: d\n");
}

TEST(LogTest, TheHostProgramGivesItsOwnSink) {
  std::vector<std::pair<LogLevel, std::string>> seen;
  const Logger logger(LogLevel::debug,
                      [&](LogLevel level, std::string_view text) { seen.emplace_back(level, text); });
  logger.warning("low memory");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].first, LogLevel::warning);
  EXPECT_EQ(seen[0].second, "low memory");
}

TEST(LogTest, TheDefaultWritesWarningsToStderr) {
  testing::internal::CaptureStderr();
  const Logger logger;
  logger.info("nothing");
  logger.warning("careful");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: careful\n");
}

TEST(LogTest, SilentIsSilent) {
  testing::internal::CaptureStderr();
  Logger::silent().error("unheard");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(Logger::silent().wants(LogLevel::error));
  EXPECT_FALSE(Logger(LogLevel::debug, Logger::Sink()).wants(LogLevel::error));
}

TEST(LogTest, LevelsHaveNames) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error, LogLevel::off}) {
    EXPECT_EQ(parse_log_level(log_level_name(level)), level);
  }
  try {
    parse_log_level("warnign");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("did you mean 'warning'?"), std::string::npos);
  }
}

}  // namespace
}  // namespace rondo
