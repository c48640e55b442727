// What a table shows by itself.

#include "tasks/common/table_findings.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/data/csv.h"

namespace rondo::tasks {
namespace {

/// 60 temperatures between 5 and 15; `code` stands in every tenth row from row 3 on.
Table temperatures(const std::string& code) {
  std::string text = "id,temp\n";
  for (int t = 0; t < 60; ++t)
    text +=
        std::string(t < 30 ? "a" : "b") + "," + (t % 10 == 3 ? code : std::to_string(5 + t * 7 % 11)) + "\n";
  return parse_csv(text);
}

MissingCode code_in(const Table& table) {
  return find_missing_code(table.numbers("temp"), series_rows(table, "id", nullptr));
}

TEST(TableFindings, ACodeForMissingStandsFarFromTheRest) {
  for (const char* code : {"-999", "9999", "-99.9", "-32768", "1e20", "99"}) {
    const MissingCode found = code_in(temperatures(code));
    EXPECT_EQ(found.count, 6) << code;
    EXPECT_EQ(found.row, 3) << code;
    EXPECT_EQ(found.code, std::stod(code));
  }
  EXPECT_EQ(code_in(temperatures("-998")).count, 0) << "no such code";
  EXPECT_EQ(code_in(temperatures("17")).count, 0);
}

TEST(TableFindings, ACodeThatOtherValuesReachIsAValue) {
  std::string text = "id,temp\n";
  for (int t = 0; t < 120; ++t) text += "a," + std::to_string(t) + "\n" + (t == 99 ? "a,99\n" : "");
  EXPECT_EQ(code_in(parse_csv(text)).count, 0);
}

TEST(TableFindings, TimesAreGuessedUpAndDown) {
  EXPECT_EQ(guess_time(parse_csv("y,day\n1,20200103\n2,20200102\n3,20200101\n")), "day");
  EXPECT_EQ(guess_time(parse_csv("y,day\n1,3 Jan 2020\n2,x\n")), "");
}

}  // namespace
}  // namespace rondo::tasks
