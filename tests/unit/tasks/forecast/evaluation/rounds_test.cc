// A backtest in order of time.

#include "tasks/forecast/evaluation/rounds.h"

#include <gtest/gtest.h>

namespace rondo::forecasting {
namespace {

using Places = std::vector<std::size_t>;

/// Two series: four origins and two.
const std::vector<Origin> kOrigins{{0, 10}, {0, 12}, {0, 14}, {0, 16}, {1, 5}, {1, 7}};

Places places(const Rounds& rounds, std::size_t round) {
  return {rounds.places(round).begin(), rounds.places(round).end()};
}

TEST(Rounds, AreTheOriginsOfAllSeriesOneAfterTheOther) {
  const Rounds rounds(kOrigins, 2, 2);
  ASSERT_EQ(rounds.count(), 4u);
  EXPECT_EQ(places(rounds, 0), (Places{0, 4}));
  EXPECT_EQ(places(rounds, 1), (Places{1, 5}));
  EXPECT_EQ(places(rounds, 3), Places{3});
}

TEST(Rounds, KnowAnOriginWhenItsWholeHorizonIsOver) {
  const Rounds apart(kOrigins, 2, 2), overlapping(kOrigins, 5, 2);
  EXPECT_TRUE(apart.known_before(0).empty());
  EXPECT_EQ(apart.known_before(1), (Places{0, 4}));
  EXPECT_TRUE(overlapping.known_before(2).empty());
  EXPECT_EQ(overlapping.known_before(3), (Places{0, 4}));
}

TEST(Rounds, KnowEveryOriginOnceBeforeTheForecastPastTheEnd) {
  for (const std::int64_t horizon : {1, 2, 5, 50}) {
    const Rounds rounds(kOrigins, horizon, 2);
    Places all;
    for (std::size_t round = 0; round <= rounds.count(); ++round) {
      const Places known = rounds.known_before(round);
      EXPECT_TRUE(known.empty() || rounds.is_due(round)) << round;
      all.insert(all.end(), known.begin(), known.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, (Places{0, 1, 2, 3, 4, 5})) << horizon;
  }
}

TEST(Rounds, OfALongBacktestAreDueNowAndThen) {
  std::vector<Origin> origins;
  for (std::int64_t row = 0; row < 1000; ++row) origins.push_back({0, row});
  const Rounds rounds(origins, 1, 1);
  int due = 0;
  for (std::size_t round = 0; round <= rounds.count(); ++round) due += rounds.is_due(round) ? 1 : 0;
  EXPECT_LE(due, 52);
  EXPECT_GE(due, 45);
  EXPECT_TRUE(rounds.is_due(rounds.count()));
  EXPECT_FALSE(Rounds({}, 1, 1).is_due(0)) << "nothing was tested";
}

}  // namespace
}  // namespace rondo::forecasting
