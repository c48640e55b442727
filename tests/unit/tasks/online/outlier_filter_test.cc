// Outliers of a stream are told from what stays, and from what happens often.

#include "tasks/online/learning/outlier_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rondo/base/random.h"

namespace rondo::online {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Reading add(OutlierFilter& filter, double value) {
  filter.add(std::span(&value, 1));
  return filter.reading(0);
}

/// A column of noise of deviation 1 around 50.
OutlierFilter after_noise(std::uint64_t rows) {
  OutlierFilter filter(1);
  const RandomStream random(3);
  for (std::uint64_t t = 0; t < rows; ++t)
    EXPECT_EQ(add(filter, 50 + random.normal(t)), Reading::usual) << "row " << t;
  return filter;
}

TEST(OutlierFilter, OneReadingFarOffAllIsAnOutlierWhicheverSideItIsOn) {
  for (const double value : {1e9, -1e9, 1e100, 300.0, -200.0}) {
    OutlierFilter filter = after_noise(500);
    EXPECT_EQ(add(filter, value), Reading::outlier) << value;
    EXPECT_EQ(add(filter, 50), Reading::usual);
    EXPECT_EQ(filter.outliers(), 1);
  }
  OutlierFilter filter = after_noise(500);
  EXPECT_EQ(add(filter, 60), Reading::usual);  // some deviations away is not far off
}

TEST(OutlierFilter, TheNextReadingNearItMakesItALevelShift) {
  OutlierFilter filter = after_noise(500);
  EXPECT_EQ(add(filter, 1000), Reading::outlier);
  EXPECT_EQ(add(filter, 1001), Reading::level_shift);
  EXPECT_EQ(add(filter, 999), Reading::usual);
  EXPECT_EQ(add(filter, 50), Reading::outlier);
  EXPECT_EQ(add(filter, kNaN), Reading::missing);
  EXPECT_EQ(add(filter, 51), Reading::level_shift);  // a gap in between does not matter
}

TEST(OutlierFilter, LevelsThatComeAndGoAreUsualInTheEnd) {
  OutlierFilter filter = after_noise(100);
  const RandomStream random(4);
  std::int64_t late = 0;
  for (std::uint64_t t = 0; t < 3000; ++t) {
    const Reading reading = add(filter, (t / 100 % 2 == 0 ? 50 : 1000) + random.normal(t));
    if (t >= 1000 && reading != Reading::usual) ++late;
  }
  EXPECT_EQ(late, 0);
}

TEST(OutlierFilter, PeaksThatComeOftenAreUsualInTheEnd) {
  OutlierFilter filter = after_noise(100);
  const RandomStream random(4);
  std::int64_t late = 0;
  for (std::uint64_t t = 0; t < 3000; ++t) {
    const Reading reading = add(filter, (t % 12 == 0 ? 1000 : 50) + random.normal(t));
    if (t >= 500 && reading != Reading::usual) ++late;
  }
  EXPECT_EQ(late, 0);
}

TEST(OutlierFilter, RarePeaksStayOutliersHoweverManyThereAre) {
  OutlierFilter filter = after_noise(100);
  const RandomStream random(4);
  for (std::uint64_t t = 0; t < 20000; ++t)
    EXPECT_EQ(add(filter, (t % 250 == 7 ? 1e9 : 50) + random.normal(t)),
              t % 250 == 7 ? Reading::outlier : Reading::usual)
        << "row " << t;
}

TEST(OutlierFilter, AnotherScaleIsFoundWithinSixteenReadings) {
  OutlierFilter filter = after_noise(500);
  const RandomStream random(5);
  for (std::uint64_t t = 0; t < 16; ++t) {
    if (add(filter, 1000 * random.normal(t)) != Reading::new_scale) continue;
    double largest = 0;
    for (const double value : filter.recent(0)) largest = std::max(largest, std::abs(value));
    EXPECT_GT(largest, 500);
    return;
  }
  ADD_FAILURE() << "the scale is still the old one";
}

TEST(OutlierFilter, AScaleOfAnUproarGoesWithIt) {
  OutlierFilter filter = after_noise(500);
  const RandomStream random(5);
  for (std::uint64_t t = 0; t < 20; ++t) add(filter, 1e9 * random.normal(t));
  int rows = 0;
  while (rows < 100 &&
         add(filter, 50 + random.normal(100 + static_cast<std::uint64_t>(rows))) != Reading::new_scale)
    ++rows;
  EXPECT_LT(rows, 16);
  for (const double value : filter.recent(0)) EXPECT_LT(std::abs(value), 100);
}

TEST(OutlierFilter, AnUproarThatEndsInAStandstillLeavesNothingBehind) {
  OutlierFilter filter = after_noise(500);
  const RandomStream random(5);
  for (std::uint64_t t = 0; t < 20; ++t) add(filter, 1e9 * random.normal(t));
  for (int t = 0; t < 30; ++t) add(filter, 50);
  EXPECT_FALSE(filter.settled(0));
  EXPECT_EQ(add(filter, 1e9), Reading::outlier);
  EXPECT_EQ(add(filter, 50), Reading::usual);
}

TEST(OutlierFilter, PeaksNowAndThenAreAllThatSomeColumnsHave) {
  OutlierFilter filter(1);
  std::int64_t late = 0;
  for (int t = 0; t < 5000; ++t) {
    const Reading reading = add(filter, t % 50 == 7 ? 5 : 0);
    if (t >= 500 && reading != Reading::usual) ++late;
  }
  EXPECT_EQ(late, 0);
  EXPECT_TRUE(filter.settled(0));
}

TEST(OutlierFilter, MovesThatBecomeMuchSmallerMakeANewScale) {
  OutlierFilter filter = after_noise(500);
  const RandomStream random(6);
  int scales = 0;
  for (std::uint64_t t = 0; t < 4000; ++t)
    scales += add(filter, 50 + 0.001 * random.normal(t)) == Reading::new_scale ? 1 : 0;
  EXPECT_EQ(scales, 1);
}

TEST(OutlierFilter, AnOutlierAmongTheFirstReadingsIsFoundOnceTheyAreEnough) {
  for (std::uint64_t at = 0; at < 8; ++at) {
    OutlierFilter filter(1);
    const RandomStream random(7);
    Reading reading = Reading::usual;
    for (std::uint64_t t = 0; t < 9; ++t) {
      reading = add(filter, t == at ? 1e9 : 50 + random.normal(t));
      if (t < 8) {
        EXPECT_EQ(reading, Reading::usual);
      }
    }
    EXPECT_EQ(reading, Reading::beginning) << "outlier at row " << at;
    EXPECT_EQ(filter.recent(0).size(), 8u);
    EXPECT_EQ(add(filter, 50), Reading::usual);
    EXPECT_EQ(add(filter, 1e9), Reading::outlier);
  }
}

TEST(OutlierFilter, AColumnThatStoodStillBeginsWithItsMoves) {
  for (const int still : {40, 5000}) {
    OutlierFilter filter(1);
    for (int t = 0; t < still; ++t) ASSERT_EQ(add(filter, 7), Reading::usual);
    EXPECT_EQ(add(filter, 1e9), Reading::outlier);  // and back: nothing has begun
    for (int t = 0; t < 20; ++t) EXPECT_EQ(add(filter, 7), Reading::usual);
    const RandomStream random(8);
    bool begun = false;
    for (std::uint64_t t = 0; t < 8; ++t)
      begun = add(filter, 50 + random.normal(t)) == Reading::beginning || begun;
    EXPECT_TRUE(begun);
    EXPECT_EQ(add(filter, 50), Reading::usual);
  }
}

TEST(OutlierFilter, StandingStillLaterChangesNothing) {
  OutlierFilter filter = after_noise(500);
  for (int t = 0; t < 20000; ++t) ASSERT_EQ(add(filter, 50), Reading::usual);
  EXPECT_EQ(add(filter, 52), Reading::usual);
  EXPECT_EQ(add(filter, 1e9), Reading::outlier);
}

TEST(OutlierFilter, OrdinaryStreamsHaveNone) {
  const RandomStream random(9);
  double walk = 0;
  const std::vector<std::function<double(std::uint64_t)>> streams = {
      [&](std::uint64_t t) { return walk += random.normal(t); },
      [&](std::uint64_t t) { return 5.0 + 2 * static_cast<double>(t % 2); },
      [&](std::uint64_t t) { return std::exp(0.01 * static_cast<double>(t)); },
      [&](std::uint64_t t) {
        return std::max(0.0, std::sin(static_cast<double>(t) / 46)) * (300 + random.normal(t));
      },
      [&](std::uint64_t t) { return 0.5 * static_cast<double>(t); }};
  for (std::size_t s = 0; s < streams.size(); ++s) {
    OutlierFilter filter(1);
    for (std::uint64_t t = 0; t < 5000; ++t)
      ASSERT_EQ(add(filter, streams[s](t)), Reading::usual) << "stream " << s << ", row " << t;
  }
}

}  // namespace
}  // namespace rondo::online
