#include "tasks/common/verdict.h"

#include <gtest/gtest.h>

#include "rondo/base/random.h"

namespace rondo::tasks {
namespace {

std::vector<double> noise(std::uint64_t seed, std::size_t count, double mean = 0) {
  const RandomStream random(seed, purpose_key("verdict_test"));
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = mean + random.normal(i);
  return out;
}

TEST(LossGain, StatisticIsLargeForAGainAndSeldomForLuck) {
  int lucky = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    lucky += loss_gain_statistic(noise(seed, 60), 0) > 2 ? 1 : 0;
    EXPECT_GT(loss_gain_statistic(noise(seed, 60, 1), 0), 2) << seed;
  }
  EXPECT_LE(lucky, 12);  // 2.5 % are expected
}

TEST(LossGain, NothingIsConcludedFromConstantOrSingleGains) {
  EXPECT_EQ(loss_gain_statistic(std::vector<double>(10, 0.0), 0), 0);
  EXPECT_EQ(loss_gain_statistic(std::vector<double>{1}, 0), 0);
}

TEST(LossGain, OverlapOfNeighboursLowersTheStatistic) {
  std::vector<double> gains;
  for (const double gain : noise(1, 30, 1)) gains.insert(gains.end(), 4, gain);  // each counted four times
  EXPECT_LT(loss_gain_statistic(gains, 3), 0.7 * loss_gain_statistic(gains, 0));
}

/// Losses of the rival exceed those of the model by `gain` and noise, in `cases` cases.
Comparison compared(double error, double gain, std::size_t cases) {
  const Contender model{"model", error, std::vector<double>(cases, 1.0)};
  return compare(model, {"rival", 1, noise(3, cases, 1 + gain)}, 0);
}

TEST(Comparison, ASmallGainMustBeBeyondLuck) {
  EXPECT_TRUE(compared(0.98, 2, 60).better);
  EXPECT_FALSE(compared(0.98, 0, 60).better);
  EXPECT_FALSE(compared(0.995, 2, 60).better) << "less than 1 % is no gain";
  EXPECT_DOUBLE_EQ(compared(0.98, 2, 60).skill, 1 - 0.98);
}

TEST(Comparison, FewCasesAskForALargeGain) {
  EXPECT_TRUE(compared(0.8, 0, 5).better);
  EXPECT_FALSE(compared(0.95, 5, 5).better);
}

TEST(Comparison, ARivalWithoutErrorIsNotBeaten) {
  const Contender perfect{"rival", 0, std::vector<double>(20, 0.0)};
  EXPECT_EQ(compare({"model", 1, std::vector<double>(20, 1.0)}, perfect, 0).skill, -1);
  EXPECT_EQ(compare(perfect, perfect, 0).skill, 0);
  EXPECT_FALSE(compare(perfect, perfect, 0).better);
}

}  // namespace
}  // namespace rondo::tasks
