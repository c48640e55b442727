#include "tasks/forecast/report/residuals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace rondo::forecasting {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> noise(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(n);
  for (double& value : values) value = normal(engine);
  return values;
}

TEST(ReportHistogram, CountsEveryValueOnceInTheBinThatHoldsIt) {
  for (const std::size_t n : {2U, 3U, 10U, 500U, 5000U}) {
    std::vector<double> values = noise(n, static_cast<unsigned>(n));
    const Histogram histogram = histogram_of(values);
    ASSERT_EQ(histogram.edges.size(), histogram.counts.size() + 1);
    EXPECT_TRUE(std::is_sorted(histogram.edges.begin(), histogram.edges.end()));
    EXPECT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::size_t{0}), n);
    EXPECT_GE(histogram.counts.size(), 5U);
    EXPECT_LE(histogram.counts.size(), 40U);
    EXPECT_EQ(histogram.edges.front(), *std::min_element(values.begin(), values.end()));
    EXPECT_NEAR(histogram.edges.back(), *std::max_element(values.begin(), values.end()), 1e-12);
  }
}

TEST(ReportHistogram, HasOneBinForEqualValuesAndNoneForNone) {
  const Histogram equal = histogram_of(std::vector<double>{7, 7, 7});
  ASSERT_EQ(equal.counts, std::vector<std::size_t>{3});
  EXPECT_LT(equal.edges[0], 7);
  EXPECT_GT(equal.edges[1], 7);
  EXPECT_TRUE(histogram_of(std::vector<double>{kMissing}).counts.empty());
}

TEST(ReportAutocorrelation, FollowsItsFormulaOnASmallExample) {
  // 1 2 3 4: mean 2.5, squares 5; lag 1: (−1.5·−0.5) + (−0.5·0.5) + (0.5·1.5) = 1.25; lag 2: −0.75 − 0.75 =
  // −1.5.
  const std::vector<double> found = autocorrelation(std::vector<double>{1, 2, 3, 4}, 3);
  EXPECT_DOUBLE_EQ(found[0], 0.25);
  EXPECT_DOUBLE_EQ(found[1], -0.3);
  EXPECT_DOUBLE_EQ(found[2], -0.45);
}

TEST(ReportAutocorrelation, FindsAPeriodAndStaysInsideTheBoundForNoise) {
  std::vector<double> wave(240);
  for (std::size_t i = 0; i < wave.size(); ++i)
    wave[i] = std::sin(2 * 3.14159265358979 * static_cast<double>(i) / 12);
  const ResidualSummary periodic = summarise_residuals(wave);
  EXPECT_GT(periodic.autocorrelation[11], 0.9);
  EXPECT_LT(periodic.autocorrelation[5], -0.9);

  const ResidualSummary random = summarise_residuals(noise(4000, 5));
  const auto outside = std::count_if(random.autocorrelation.begin(), random.autocorrelation.end(),
                                     [&](double r) { return std::abs(r) > random.bound; });
  EXPECT_LE(outside, 6) << "of 40 lags, two are expected";
}

TEST(ReportAutocorrelation, IsZeroForAConstantSeriesAndSkipsMissingValues) {
  EXPECT_EQ(autocorrelation(std::vector<double>(9, 4.0), 2), (std::vector<double>{0, 0}));
  std::vector<double> values = noise(600, 8);
  values[17] = values[400] = kMissing;
  for (const double r : autocorrelation(values, 20)) EXPECT_LT(std::abs(r), 0.2);
}

TEST(ReportResiduals, AreActualMinusPredicted) {
  const std::vector<double> errors =
      residuals(std::vector<double>{5, kMissing, 1}, std::vector<double>{3, 1, 4});
  EXPECT_EQ(errors[0], 2);
  EXPECT_TRUE(std::isnan(errors[1]));
  const ResidualSummary summary = summarise_residuals(errors);
  EXPECT_EQ(summary.count, 2U);
  EXPECT_DOUBLE_EQ(summary.mean, -0.5);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt(2 * 2.5 * 2.5));
  EXPECT_EQ(summarise_residuals(std::vector<double>{}).count, 0U);
}

TEST(ReportBands, HoldTheShareOfRowsBetweenTheirEnds) {
  const std::vector<double> low{0, 0, 0, 0}, high{1, 1, 1, 1};
  EXPECT_DOUBLE_EQ(share_inside(std::vector<double>{0, 1, 2, kMissing}, low, high), 2.0 / 3.0);
  EXPECT_TRUE(std::isnan(share_inside(std::vector<double>{kMissing}, low, high)));
}

TEST(ReportThinning, KeepsEveryRowOfAShortLineAndNeverMoreThanAsked) {
  const std::vector<double> values = noise(1000, 2);
  EXPECT_EQ(rows_to_draw(values, 1000).size(), 1000U);
  EXPECT_TRUE(rows_to_draw(std::vector<double>{}, 10).empty());
  for (const std::size_t limit : {5U, 10U, 99U, 999U}) {
    const std::vector<std::size_t> rows = rows_to_draw(values, limit);
    EXPECT_LE(rows.size(), limit);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
    EXPECT_EQ(rows.front(), 0U);
    EXPECT_EQ(rows.back(), 999U);
  }
}

TEST(ReportThinning, KeepsTheLowestTheHighestAndTheGaps) {
  std::vector<double> values = noise(50'000, 3);
  values[12'345] = 1e6;
  values[23'456] = -1e6;
  values[34'567] = kMissing;
  const std::vector<std::size_t> rows = rows_to_draw(values, 2000);
  for (const std::size_t kept : {12'345U, 23'456U, 34'567U})
    EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), kept)) << kept;
  const std::vector<double> nothing(10'000, kMissing);
  EXPECT_LE(rows_to_draw(nothing, 100).size(), 20U);
  EXPECT_GT(rows_to_draw(nothing, 100).size(), 0U);
}

TEST(ReportPit, ValuesFallIntoTenths) {
  const std::vector<double> values = {0, 0.05, 0.1, 0.95, 1, kMissing, -0.2, 1.1};
  const PitHistogram histogram = pit_histogram(values);
  EXPECT_EQ(histogram.rows, 5U);
  EXPECT_EQ(histogram.counts, (std::vector<std::size_t>{2, 1, 0, 0, 0, 0, 0, 0, 0, 2}));
}

}  // namespace
}  // namespace rondo::forecasting
