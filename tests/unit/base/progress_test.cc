#include "rondo/base/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace rondo {
namespace {

TEST(ProgressTest, AFinishedEpochLooksAsPeopleKnowIt) {
  EXPECT_EQ(format_progress({118, 118, 2.0, {{"loss", 0.37124}, {"val_loss", 0.5}}, true}, false),
            "118/118 ━━━━━━━━━━━━━━━━━━━━ 2s 17ms/step - loss: 0.3712 - val_loss: 0.5000");
}

TEST(ProgressTest, ARunningEpochShowsTheTimeLeft) {
  EXPECT_EQ(format_progress({25, 100, 5.0, {{"loss", 1.0}}, false}, false),
            " 25/100 ━━━━━─────────────── 15s 200ms/step - loss: 1.0000");
}

TEST(ProgressTest, LongTimesAreMinutesAndHours) {
  EXPECT_NE(format_progress({1, 101, 3.0, {}, false}, false).find(" 5:00 3s/step"), std::string::npos);
  EXPECT_NE(format_progress({1, 2, 7325.0, {}, true}, false).find(" 2:02:05 "), std::string::npos);
}

TEST(ProgressTest, AnUnknownNumberOfStepsHasNoBar) {
  EXPECT_EQ(format_progress({7, {}, 0.7, {{"loss", 2.0}}, false}, false),
            "7/Unknown 0s 100ms/step - loss: 2.0000");
}

TEST(ProgressTest, NothingDoneYetIsShownToo) {
  EXPECT_EQ(format_progress({0, 10, 0.0, {}, false}, false), " 0/10 ──────────────────── 0s 0s/step");
}

TEST(ProgressTest, StepsBeyondTheTargetDoNotBreakTheBar) {
  EXPECT_EQ(format_progress({12, 10, 1.2, {}, true}, false), "12/10 ━━━━━━━━━━━━━━━━━━━━ 1s 100ms/step");
}

TEST(ProgressTest, SmallNumbersAreWrittenWithAnExponent) {
  EXPECT_EQ(format_metric(0.0010001), "0.0010");
  EXPECT_EQ(format_metric(0.001), "1.0000e-03");
  EXPECT_EQ(format_metric(-0.00012345), "-1.2345e-04");
  EXPECT_EQ(format_metric(0.0), "0.0000");
  EXPECT_EQ(format_metric(NAN), "nan");
}

TEST(ProgressTest, StepTimesHaveAUnit) {
  EXPECT_EQ(format_step_time(2.4), "2s/step");
  EXPECT_EQ(format_step_time(0.0154), "15ms/step");
  EXPECT_EQ(format_step_time(0.00012), "120us/step");
}

TEST(ProgressTest, ColourAddsEscapesOnly) {
  const ProgressState state{5, 10, 1.0, {{"loss", 1.0}}, false};
  const std::string text = format_progress(state, true);
  EXPECT_NE(text.find("\033[32m"), std::string::npos);
  EXPECT_EQ(format_progress(state, false).find('\033'), std::string::npos);
}

TEST(ProgressTest, OutsideATerminalThereIsOneLineAnEpoch) {
  std::ostringstream out;
  double now = 10;
  ProgressPrinter printer(out, ProgressStyle::lines, false, [&] { return now; });
  for (int epoch = 0; epoch < 2; ++epoch) {
    printer.begin_epoch(epoch, 2, 4);
    for (int i = 1; i <= 4; ++i) {
      now += 0.5;
      printer.step(i, {{"loss", 1.0}});
    }
    printer.end_epoch(4, {{"loss", 0.5}});
  }
  EXPECT_EQ(out.str(),
            "Epoch 1/2 - 2s - 500ms/step - loss: 0.5000\nEpoch 2/2 - 2s - 500ms/step - loss: 0.5000\n");
}

TEST(ProgressTest, OnATerminalTheBarIsDrawnOverItselfButNotTooOften) {
  std::ostringstream out;
  double now = 0;
  ProgressPrinter printer(out, ProgressStyle::bar, false, [&] { return now; });
  printer.begin_epoch(0, 1, 1000);
  for (int i = 1; i <= 1000; ++i) {
    now += 0.001;
    printer.step(i, {{"loss", 1.0}});
  }
  printer.end_epoch(1000, {{"loss", 1.0}});
  const std::string text = out.str();
  EXPECT_EQ(text.substr(0, 10), "Epoch 1/1\n");
  const auto drawings = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(drawings, 15);
  EXPECT_LE(drawings, 25);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(ProgressTest, AShorterLineCoversTheLongerOneBefore) {
  std::ostringstream out;
  double now = 0;
  ProgressPrinter printer(out, ProgressStyle::bar, false, [&] { return now; });
  printer.begin_epoch(0, 1, 2);
  now = 1000;  // "16:40" left
  printer.step(1, {{"loss", -1234.5}});
  now = 1001;
  out.str("");
  printer.end_epoch(2, {{"loss", 1.0}});
  const std::string text = out.str();
  EXPECT_EQ(text.substr(text.size() - 2), " \n") << text;
}

TEST(ProgressTest, StyleNoneIsSilent) {
  std::ostringstream out;
  ProgressPrinter printer(out, ProgressStyle::none);
  printer.begin_epoch(0, 1, 1);
  printer.step(1, {});
  printer.end_epoch(1, {});
  EXPECT_EQ(out.str(), "");
}

TEST(ProgressTest, NoColorIsRespected) {
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_TRUE(colour_wanted());
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(colour_wanted());
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(colour_wanted());
  unsetenv("NO_COLOR");
}

TEST(ProgressTest, APipeIsNotATerminal) { EXPECT_EQ(detect_progress_style(-1), ProgressStyle::lines); }

}  // namespace
}  // namespace rondo
