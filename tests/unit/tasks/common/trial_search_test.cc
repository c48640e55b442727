#include "tasks/common/trial_search.h"

#include <gtest/gtest.h>

#include <vector>

namespace rondo::tasks {
namespace {

/// A search of ten seconds on a clock that the test sets.
struct Watched {
  double now = 100;
  TrialSearch search{10, 4, [this] { return now; }};

  /// How many trials there are when the one of number i takes `seconds(i)`.
  template <class Seconds>
  int trials(Seconds seconds) {
    int count = 0;
    for (; search.next(); ++count) now += seconds(count);
    return count;
  }
};

TEST(TrialSearch, EndsBeforeATrialThatCouldTakeLongerThanIsLeft) {
  EXPECT_EQ(Watched().trials([](int) { return 3.0; }), 3) << "nine seconds are over, the longest took three";
  EXPECT_EQ(Watched().trials([](int) { return 2.5; }), 4) << "the last one ends just in time";
}

TEST(TrialSearch, TakesTheLongestTrialSoFarAsTheMeasure) {
  EXPECT_EQ(Watched().trials([](int i) { return i == 0 ? 6.0 : 0.5; }), 1);
  EXPECT_EQ(Watched().trials([](int i) { return i == 1 ? 4.0 : 1.0; }), 4);
}

TEST(TrialSearch, TriesTheSettingsAsTheyWereHoweverLongThatTakes) {
  EXPECT_EQ(Watched().trials([](int) { return 50.0; }), 1);
}

TEST(TrialSearch, KeepsTheSmallestError) {
  Watched watched;
  std::vector<bool> improved;
  const std::vector<double> errors = {3, 4, 2, 2.5, 1};
  for (std::size_t i = 0; i < errors.size() && watched.search.next(); ++i)
    improved.push_back(watched.search.improves(errors[i]));
  EXPECT_EQ(improved, (std::vector<bool>{true, false, true, false, true}));
  EXPECT_EQ(watched.search.outcome().before, 3);
  EXPECT_EQ(watched.search.outcome().after, 1);
}

}  // namespace
}  // namespace rondo::tasks
