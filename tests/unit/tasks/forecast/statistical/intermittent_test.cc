// Intermittent demand, by hand.

#include "tasks/forecast/statistical/intermittent.h"

#include <gtest/gtest.h>

#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::statistical {
namespace {

// Demands 4, 2 and 6 after intervals of 2, 3 and 1 rows.
const std::vector<double> kDemand{0, 4, 0, 0, 2, 6, 0};

TEST(IntermittentDemand, IsSmoothedByCroston) {
  const double size = 4 + 0.1 * (2 - 4), later_size = size + 0.1 * (6 - size);
  const double interval = 2 + 0.1 * (3 - 2), later_interval = interval + 0.1 * (1 - interval);
  EXPECT_NEAR(croston(kDemand, 3)[2], later_size / later_interval, 1e-12);
  EXPECT_NEAR(croston_sba(kDemand, 1)[0], 0.95 * later_size / later_interval, 1e-12);
  EXPECT_NEAR(croston(kDemand, 1, 1)[0], 6,
              1e-12);  // smoothing of 1: the last demand after the last interval
}

TEST(IntermittentDemand, FadesInTsbWhenItHasCeased) {
  double probability = 0;
  for (const double value : {4, 0, 0, 2, 6, 0}) probability += 0.2 * ((value != 0) - probability);
  const double size = 4 + 0.5 * (2 - 4), later_size = size + 0.5 * (6 - size);
  EXPECT_NEAR(tsb(kDemand, 1, 0.5, 0.2)[0], probability * later_size, 1e-12);
  std::vector<double> ceased = kDemand;
  ceased.insert(ceased.end(), 50, 0.0);
  EXPECT_LT(tsb(ceased, 1)[0], 0.01 * tsb(kDemand, 1)[0]);
  EXPECT_EQ(croston(ceased, 1)[0], croston(kDemand, 1)[0]);
}

TEST(IntermittentDemand, AggregatesOverTheMeanIntervalInImapa) {
  // One unit every other row: sums of two rows are constant, single rows are not.
  const std::vector<double> values = make(40, [](double row) { return std::fmod(row, 2); });
  EXPECT_NEAR(imapa(values, 1)[0], 0.5, 0.06);
}

TEST(IntermittentDemand, ScalesAndPassesOverMissingRows) {
  const std::vector<double> tenfold = changed(kDemand, [](double value) { return 10 * value; });
  std::vector<double> gaps = kDemand;
  gaps.insert(gaps.begin() + 3, kMissing);
  using Method = std::vector<double> (*)(std::span<const double>);
  for (const Method method :
       {Method{[](auto v) { return croston(v, 2); }}, Method{[](auto v) { return tsb(v, 2); }},
        Method{[](auto v) { return croston_sba(v, 2); }}, Method{[](auto v) { return imapa(v, 2); }}}) {
    EXPECT_NEAR(method(tenfold)[1], 10 * method(kDemand)[1], 1e-6);
    EXPECT_EQ(method(gaps), method(kDemand));
    EXPECT_EQ(method(std::vector<double>(5, 0.0))[0], 0);
    EXPECT_EQ(method({})[0], 0);
  }
}

}  // namespace
}  // namespace rondo::forecasting::statistical
