#include "rondo/kernels/instruction_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/model/testing.h"
#include "rondo/tape/tape.h"

// RONDO_INSTRUCTION_SET is read once a process, so each of these statements is about a process of its own.

namespace rondo {
namespace {

class InstructionSetDeathTest : public ::testing::Test {
 protected:
  InstructionSetDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  /// Leaves the process with 0 when `act` succeeds, with 1 when it gives false, with 2 when it throws an
  /// Error twice (which it prints).
  static void leave_after(const char* variable, const std::function<bool()>& act) {
    setenv("RONDO_INSTRUCTION_SET", variable, 1);
    try {
      std::_Exit(act() ? 0 : 1);
    } catch (const Error&) {
      try {
        act();
      } catch (const Error& again) {
        std::fputs(again.what(), stderr);
        std::_Exit(2);
      }
      std::_Exit(3);
    }
  }
};

TEST_F(InstructionSetDeathTest, OfTheEnvironmentIsTheOneInUse) {
  for (const std::string& set : instruction_sets()) {
    EXPECT_EXIT(leave_after(set.c_str(), [&] { return instruction_set() == set; }),
                ::testing::ExitedWithCode(0), "");
    EXPECT_EXIT(leave_after(set.c_str(),
                            [&] {
                              Tape tape;
                              return instruction_set() == set;
                            }),
                ::testing::ExitedWithCode(0), "");
  }
}

TEST_F(InstructionSetDeathTest, IsTheBestWithoutAWish) {
  EXPECT_EXIT(leave_after("", [] { return instruction_set() == instruction_sets().front(); }),
              ::testing::ExitedWithCode(0), "");
}

TEST_F(InstructionSetDeathTest, OfTheEnvironmentComesBackAfterATest) {
  const std::string last = instruction_sets().back();
  EXPECT_EXIT(leave_after(last.c_str(),
                          [&] {
                            testing::use_instruction_set(instruction_sets().front());
                            const bool forced = instruction_set() == instruction_sets().front();
                            testing::use_instruction_set("");
                            return forced && instruction_set() == last;
                          }),
              ::testing::ExitedWithCode(0), "");
}

TEST_F(InstructionSetDeathTest, ThatTheMachineLacksIsRefusedBeforeAnythingRuns) {
  const std::string message =
      "RONDO_INSTRUCTION_SET(.|\n)*'AVX9000'(.|\n)*one of .*" + instruction_sets().front();
  EXPECT_EXIT(leave_after("AVX9000",
                          [] {
                            const Network network;
                            return true;
                          }),
              ::testing::ExitedWithCode(2), message);
  EXPECT_EXIT(leave_after("AVX9000",
                          [] {
                            const Tape tape;
                            return true;
                          }),
              ::testing::ExitedWithCode(2), message);
  EXPECT_EXIT(leave_after("avx2", [] { return instruction_set().empty(); }), ::testing::ExitedWithCode(2),
              "did you mean 'AVX2'");
}

TEST(InstructionSet, IsOneOfThoseThatTheMachineHas) {
  for (const std::string& set : instruction_sets()) {
    testing::use_instruction_set(set);
    EXPECT_EQ(instruction_set(), set);
  }
  testing::use_instruction_set("");
  EXPECT_EQ(std::ranges::count(instruction_sets(), instruction_set()), 1);
}

}  // namespace
}  // namespace rondo
