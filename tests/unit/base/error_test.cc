#include "rondo/base/error.h"

#include <gtest/gtest.h>

namespace rondo {
namespace {

TEST(ErrorTest, SaysWhatWhereSeenExpectedAndTheCureOneALine) {
  const Error error = Error(ErrorKind::data, "column 'pric' is not in the table")
                          .where("prices.csv")
                          .seen("columns date, price")
                          .expected("a column named 'pric'")
                          .fix("did you mean --target price?");
  EXPECT_STREQ(error.what(),
               "column 'pric' is not in the table\n"
               "  where:    prices.csv\n"
               "  seen:     columns date, price\n"
               "  expected: a column named 'pric'\n"
               "  fix:      did you mean --target price?");
  EXPECT_EQ(error.summary(), "column 'pric' is not in the table");
  EXPECT_EQ(error.kind(), ErrorKind::data);
}

TEST(ErrorTest, LeavesOutDetailsThatAreEmpty) {
  EXPECT_STREQ(Error(ErrorKind::usage, "wrong").where("").seen("2").what(), "wrong\n  seen:     2");
}

TEST(ErrorTest, IndentsFurtherLinesOfADetail) {
  EXPECT_STREQ(Error(ErrorKind::usage, "wrong").seen("a\nb").what(), "wrong\n  seen:     a\n            b");
}

TEST(ErrorTest, KindsAreTheExitCodesOfTheCommandLine) {
  EXPECT_EQ(static_cast<int>(ErrorKind::check_failed), 1);
  EXPECT_EQ(static_cast<int>(ErrorKind::usage), 2);
  EXPECT_EQ(static_cast<int>(ErrorKind::data), 3);
  EXPECT_EQ(static_cast<int>(ErrorKind::model_file), 4);
  EXPECT_EQ(static_cast<int>(ErrorKind::diverged), 5);
  EXPECT_EQ(static_cast<int>(ErrorKind::resources), 6);
  EXPECT_EQ(static_cast<int>(ErrorKind::interrupted), 130);
}

TEST(ErrorTest, IsCaughtAsAStandardException) {
  try {
    throw Error(ErrorKind::usage, "wrong").fix("do it right");
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "wrong\n  fix:      do it right");
  }
}

}  // namespace
}  // namespace rondo
