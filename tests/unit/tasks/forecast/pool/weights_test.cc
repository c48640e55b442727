// Who gets how much of a blend.

#include "tasks/forecast/pool/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "rondo/base/random.h"

namespace rondo::forecasting::pool {
namespace {

const std::vector<Candidate> kThree{{"a", 1}, {"b", 1}, {"c", 2}};

/// A series of zeros: candidate i forecasts noise of size `sizes[i]` around `biases[i]`.
Evidence evidence(std::vector<double> sizes, std::vector<double> biases, int origins, std::uint64_t seed) {
  const RandomStream stream(seed);
  Evidence made;
  std::uint64_t drawn = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) made.candidates.push_back(i);
  for (int origin = 0; origin < origins; ++origin) {
    HeldOut held_out{std::vector<double>(6, 0.0), {}};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      std::vector<double> steps;
      for (int step = 0; step < 6; ++step) steps.push_back(biases[i] + sizes[i] * stream.normal(drawn++));
      held_out.forecasts.push_back(steps);
    }
    made.origins.push_back(held_out);
  }
  return made;
}

Weights choose(std::span<const Evidence> series, int threads = 1, const WeightOptions& options = {}) {
  Pool pool(threads);
  return choose_weights(kThree, series, options, pool);
}

double sum(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

TEST(PoolWeights, WithoutEvidenceArePriors) {
  Evidence some;
  some.candidates = {0, 2};
  const Weights weights = choose(std::vector<Evidence>{some});
  EXPECT_NEAR(weights.series[0][0], 1.0 / 3, 1e-12);
  EXPECT_NEAR(weights.series[0][1], 2.0 / 3, 1e-12);
  EXPECT_TRUE(weights.scores[0].empty());
}

TEST(PoolWeights, AreSharesOfTheWhole) {
  std::vector<Evidence> series;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    series.push_back(evidence({1, 2, 0.5}, {0, 1, -1}, 3, seed));
  const Weights weights = choose(series);
  EXPECT_NEAR(sum(weights.collection), 1, 1e-9);
  for (const auto& own : weights.series) {
    EXPECT_NEAR(sum(own), 1, 1e-9);
    for (const double weight : own) EXPECT_GE(weight, 0);
  }
}

TEST(PoolWeights, GoToWhoErrsLittle) {
  std::vector<Evidence> series;
  for (std::uint64_t seed = 0; seed < 30; ++seed) series.push_back(evidence({0.3, 3, 3}, {0, 0, 0}, 4, seed));
  const Weights weights = choose(series);
  EXPECT_GT(weights.collection[0], 0.8);
  EXPECT_LT(weights.scores[0][0], 0.3);
}

TEST(PoolWeights, UseErrorsThatCancel) {
  // The first two are biased to opposite sides, and better together than the third, which is best alone.
  std::vector<Evidence> series;
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    series.push_back(evidence({0.1, 0.1, 0.8}, {1, -1, 0}, 8, seed));
  const Weights weights = choose(series), by_score = choose(series, 1, {.iterations = 0});
  EXPECT_NEAR(weights.collection[0], weights.collection[1], 0.05);
  EXPECT_LT(weights.collection[2], by_score.collection[2] - 0.15);
}

TEST(PoolWeights, OfOneSeriesStayNearTheCollectionsWhereEvidenceIsThin) {
  std::vector<Evidence> series;
  for (std::uint64_t seed = 0; seed < 30; ++seed) series.push_back(evidence({0.5, 1, 1}, {0, 0, 0}, 4, seed));
  series.push_back(evidence({1, 0.5, 1}, {0, 0, 0}, 1, 99));
  series.push_back(evidence({1, 0.5, 1}, {0, 0, 0}, 100, 99));
  const Weights weights = choose(series);
  EXPECT_GT(weights.series[30][0], weights.series[30][1]);
  EXPECT_LT(weights.series[31][0], weights.series[31][1]);
}

TEST(PoolWeights, AreNotDecidedByOneWildRow) {
  std::vector<Evidence> calm, wild;
  for (std::uint64_t seed = 0; seed < 20; ++seed) calm.push_back(evidence({0.5, 1, 1}, {0, 0, 0}, 4, seed));
  wild = calm;
  wild[0].origins[0].forecasts[0][0] = 1e9;
  const Weights before = choose(calm), after = choose(wild);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(before.collection[i], after.collection[i], 0.05);
}

TEST(PoolWeights, AreThoseOfTheSeriesInAnyUnit) {
  std::vector<Evidence> series{evidence({0.5, 1, 1}, {0, 1, 0}, 4, 1),
                               evidence({0.5, 1, 2}, {0, 0, 0}, 4, 2)};
  const Weights before = choose(series);
  for (HeldOut& origin : series[0].origins) {
    for (auto& forecast : origin.forecasts) {
      for (double& step : forecast) step *= 1e6;
    }
  }
  const Weights after = choose(series);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(before.collection[i], after.collection[i], 1e-6);
}

TEST(PoolWeights, PassOverMissingTruthAndFaultlessSeries) {
  std::vector<Evidence> series{evidence({0.5, 1, 1}, {0, 0, 0}, 4, 1)};
  const Weights before = choose(series);
  HeldOut missing = series[0].origins[0];
  missing.actual.assign(6, std::numeric_limits<double>::quiet_NaN());
  series[0].origins.push_back(missing);
  EXPECT_EQ(choose(series).collection, before.collection);
  series.push_back(evidence({0, 0, 0}, {0, 0, 0}, 4, 2));
  EXPECT_EQ(choose(series).collection, before.collection);
}

TEST(PoolWeights, DoNotDependOnThreads) {
  std::vector<Evidence> series;
  for (std::uint64_t seed = 0; seed < 37; ++seed)
    series.push_back(evidence({1, 2, 0.5}, {0, 1, -1}, 3, seed));
  const Weights one = choose(series, 1), three = choose(series, 3);
  EXPECT_EQ(one.collection, three.collection);
  EXPECT_EQ(one.series, three.series);
}

TEST(PoolWeights, IntermittentDemandIsJudgedBySquares) {
  // Truth is 0 but for one row in six: zero has the least absolute error, the mean the least square.
  Evidence sparse;
  sparse.candidates = {0, 1};
  for (int origin = 0; origin < 20; ++origin) {
    sparse.origins.push_back(
        {{0, 0, 6, 0, 0, 0}, {std::vector<double>(6, 0.0), std::vector<double>(6, 1.0)}});
  }
  std::vector<Evidence> series(10, sparse);
  const double by_size = choose(series).series[0][1];
  for (Evidence& one : series) one.intermittent = true;
  EXPECT_GT(choose(series).series[0][1], by_size + 0.1);
}

TEST(PoolWeights, BlendIsTheWeightedMean) {
  const std::vector<std::vector<double>> forecasts{{1, 2}, {3, 6}, {std::nan(""), 0}};
  EXPECT_EQ(blend(forecasts, std::vector<double>{0.5, 0.5, 0}), (std::vector<double>{2, 4}));
}

}  // namespace
}  // namespace rondo::forecasting::pool
