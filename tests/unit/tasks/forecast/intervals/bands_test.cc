// Bands hold what they promise: as many truths as their level says, by what was known at the origin alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/intervals/adaptive_bands.h"
#include "tasks/forecast/intervals/bands.h"

namespace rondo::forecasting {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Forecasts made at every row of a series whose value moves by scale(t) · normal each row: the error h rows
/// ahead is the sum of h moves over √h, so neighbouring origins share most of theirs.
struct World {
  std::int64_t horizon = 1, stride = 1, calibration = 1000, rows = 4000;
  std::function<double(std::int64_t)> scale = [](std::int64_t) {
    return 1.0;
  };  ///< by row after the calibration
  std::uint64_t seed = 1;
};

struct Backtest {
  Rows calibration, errors;
  std::vector<std::int64_t> rows;
};

Backtest make(const World& world) {
  const RandomStream random(world.seed);
  const auto error = [&](std::int64_t row, std::int64_t step) {
    double sum = 0;
    for (std::int64_t k = 1; k <= step + 1; ++k) {
      const std::int64_t t = row + k;
      const double scale = t < world.calibration ? 1 : world.scale(t - world.calibration);
      sum += scale * random.normal(static_cast<std::uint64_t>(t));
    }
    return sum / std::sqrt(static_cast<double>(step + 1));
  };
  Backtest out{{world.horizon, {}}, {world.horizon, {}}, {}};
  const auto append = [&](Rows& to, std::int64_t row) {
    const auto errors = to.append();
    for (std::int64_t h = 0; h < world.horizon; ++h) errors[static_cast<std::size_t>(h)] = error(row, h);
  };
  for (std::int64_t t = 0; t + world.horizon < world.calibration; t += world.stride)
    append(out.calibration, t);
  for (std::int64_t t = 0; t < world.rows; t += world.stride) {
    append(out.errors, world.calibration + t);
    out.rows.push_back(world.calibration + t);
  }
  return out;
}

std::vector<BandOffsets> walk(const Backtest& backtest, const World& world, AdaptiveOptions options = {}) {
  options.stride = world.stride;
  return walk_bands(AdaptiveBands(std::make_shared<CalibrationErrors>(backtest.calibration), options),
                    backtest.errors, backtest.rows);
}

/// The same bands for every forecast, each side from its own errors.
BandOffsets split_conformal(const Rows& errors, std::vector<double> levels) {
  BandOffsets out = BandOffsets::make(errors.columns, std::move(levels));
  for (std::int64_t step = 0; step < errors.columns; ++step) {
    std::vector<double> above, below;
    for (std::int64_t r = 0; r < errors.count(); ++r) {
      above.push_back(errors.row(r)[static_cast<std::size_t>(step)]);
      below.push_back(-above.back());
    }
    std::sort(above.begin(), above.end());
    std::sort(below.begin(), below.end());
    for (std::size_t level = 0; level < out.levels.size(); ++level) {
      const std::size_t at = out.index(step, static_cast<std::int64_t>(level));
      out.high[at] = conformal_quantile(above, 0.5 + 0.5 * out.levels[level]);
      out.low[at] = -conformal_quantile(below, 0.5 + 0.5 * out.levels[level]);
    }
    out.nest(step);
  }
  return out;
}

double share_inside(const Rows& errors, const std::vector<BandOffsets>& bands, std::int64_t level) {
  double inside = 0;
  for (std::int64_t i = 0; i < errors.count(); ++i) {
    for (std::int64_t h = 0; h < errors.columns; ++h) {
      const double e = errors.row(i)[static_cast<std::size_t>(h)];
      const BandOffsets& band = bands[static_cast<std::size_t>(i)];
      inside += e >= band.low_at(h, level) && e <= band.high_at(h, level) ? 1 : 0;
    }
  }
  return inside / static_cast<double>(errors.values.size());
}

const std::function<double(std::int64_t)> kSteady = [](std::int64_t) { return 1.0; };
const std::function<double(std::int64_t)> kDoubled = [](std::int64_t t) { return t < 2000 ? 1.0 : 2.0; };
/// A scale that wanders by a factor of three up and down.
const std::function<double(std::int64_t)> kDrifting = [](std::int64_t t) {
  return std::exp(1.1 * std::sin(static_cast<double>(t) / 400));
};

TEST(AdaptiveBands, HoldTheirShareWhateverTheScaleDoes) {
  for (const auto& scale : {kSteady, kDoubled, kDrifting}) {
    for (const std::int64_t horizon : {1, 12}) {
      const World world{.horizon = horizon, .scale = scale};
      const Backtest backtest = make(world);
      const auto bands = walk(backtest, world);
      EXPECT_NEAR(share_inside(backtest.errors, bands, 0), 0.80, 0.02) << horizon;
      EXPECT_NEAR(share_inside(backtest.errors, bands, 1), 0.95, 0.02) << horizon;
    }
  }
}

TEST(AdaptiveBands, HoldTheirShareInARandomWalkWithDriftingScaleAndAnOptimisticCalibration) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const RandomStream random(seed + 100);
    std::vector<double> scale{0.4};
    while (scale.size() < 4100) scale.push_back(scale.back() * std::exp(0.01 * random.normal(scale.size())));
    const World world{.horizon = 6,
                      .scale = [&](std::int64_t t) { return 4 * scale[static_cast<std::size_t>(t)]; },
                      .seed = seed};
    const Backtest backtest = make(world);
    const auto bands = walk(backtest, world);
    EXPECT_NEAR(share_inside(backtest.errors, bands, 0), 0.80, 0.02) << seed;
    EXPECT_NEAR(share_inside(backtest.errors, bands, 1), 0.95, 0.02) << seed;
  }
}

TEST(AdaptiveBands, MissTheirShareOnEachSide) {
  const World world{.horizon = 2, .scale = kDrifting};
  const Backtest backtest = make(world);
  const auto bands = walk(backtest, world);
  for (std::int64_t h = 0; h < 2; ++h) {
    for (std::int64_t level = 0; level < 2; ++level) {
      double below = 0, above = 0;
      for (std::int64_t i = 0; i < 4000; ++i) {
        const double e = backtest.errors.row(i)[static_cast<std::size_t>(h)];
        below += e < bands[static_cast<std::size_t>(i)].low_at(h, level) ? 1.0 / 4000 : 0;
        above += e > bands[static_cast<std::size_t>(i)].high_at(h, level) ? 1.0 / 4000 : 0;
      }
      EXPECT_NEAR(below, level == 0 ? 0.1 : 0.025, 0.004);
      EXPECT_NEAR(above, level == 0 ? 0.1 : 0.025, 0.004);
    }
  }
}

TEST(AdaptiveBands, CountAMissAgainstTheBandGivenAtItsOrigin) {
  const Backtest backtest = make({.horizon = 2});
  const auto high_after = [&](double nudge) {
    AdaptiveBands bands(std::make_shared<CalibrationErrors>(backtest.calibration), {.shared_rate = 0.5});
    const BandOffsets first = bands.at_origin();
    bands.observe(0, 0, 100);  // all bands grow
    const BandOffsets second = bands.at_origin();
    EXPECT_GT(second.high_at(1, 0), first.high_at(1, 0) + 0.05);
    bands.observe(0, 1, first.high_at(1, 0) + nudge);
    return bands.at_origin().high_at(1, 0);
  };
  EXPECT_GT(high_after(1e-9), high_after(-1e-9) + 0.01);
}

TEST(AdaptiveBands, RecoverWhereSplitConformalBandsDoNot) {
  const World world{.horizon = 4, .scale = kDoubled};
  const Backtest backtest = make(world);
  const std::vector<BandOffsets> fixed(backtest.rows.size(),
                                       split_conformal(backtest.calibration, {0.80, 0.95}));
  EXPECT_LT(share_inside(backtest.errors, fixed, 0), 0.70);
  EXPECT_GT(share_inside(backtest.errors, walk(backtest, world), 0), 0.78);
}

TEST(AdaptiveBands, AreHardlyWiderThanTheTrueOnesOnSteadyErrors) {
  const World world{.horizon = 1};
  const Backtest backtest = make(world);
  double width80 = 0, width95 = 0;
  for (const BandOffsets& band : walk(backtest, world)) {
    width80 += (band.high[0] - band.low[0]) / 4000;
    width95 += (band.high[1] - band.low[1]) / 4000;
  }
  EXPECT_NEAR(width80, 2 * 1.2816, 0.12);
  EXPECT_NEAR(width95, 2 * 1.9600, 0.20);
}

TEST(AdaptiveBands, LeanToTheSideOnWhichErrorsLean) {
  World world{.horizon = 1};
  Backtest backtest = make(world);
  for (double& e : backtest.errors.values) e = e * e;  // never below 0 from now on
  const BandOffsets last = walk(backtest, world).back();
  EXPECT_NEAR(last.low[0], 0.0158, 0.05);  // 10 % and 90 % of χ² with one degree of freedom
  EXPECT_NEAR(last.high[0], 2.706, 0.6);
}

TEST(AdaptiveBands, FewOriginsThatShareNothingLearnFromAllStepsTogether) {
  const World world{.horizon = 24, .stride = 24, .rows = 4800, .scale = [](std::int64_t) { return 1.7; }};
  const Backtest backtest = make(world);
  ASSERT_EQ(backtest.rows.size(), 200U);
  const double alone = share_inside(backtest.errors, walk(backtest, world, {.shared_rate = 0}), 0);
  const double shared = share_inside(backtest.errors, walk(backtest, world), 0);
  EXPECT_GT(shared, alone);
  EXPECT_NEAR(shared, 0.80, 0.03);
}

TEST(AdaptiveBands, UseNoTruthLaterThanTheOrigin) {
  for (const std::int64_t stride : {1, 3, 12}) {
    const World world{.horizon = 12, .stride = stride, .rows = 600};
    const Backtest backtest = make(world);
    const auto bands = walk(backtest, world);
    const std::size_t cut = bands.size() / 2;
    Backtest perturbed = backtest;
    for (std::size_t i = 0; i < perturbed.rows.size(); ++i) {
      for (std::int64_t h = 0; h < 12; ++h) {
        const bool later = perturbed.rows[i] + h + 1 > perturbed.rows[cut];
        if (later) perturbed.errors.row(static_cast<std::int64_t>(i))[static_cast<std::size_t>(h)] = 1e6;
      }
    }
    const auto others = walk(perturbed, world);
    for (std::size_t i = 0; i <= cut; ++i) {
      const std::size_t bytes = bands[i].low.size() * sizeof(double);
      EXPECT_EQ(std::memcmp(bands[i].low.data(), others[i].low.data(), bytes), 0) << stride << ' ' << i;
      EXPECT_EQ(std::memcmp(bands[i].high.data(), others[i].high.data(), bytes), 0) << stride << ' ' << i;
    }
    // And every truth that had arrived does count: the bands after the next origin's truths differ.
    EXPECT_NE(bands[cut + 1].high, others[cut + 1].high) << stride;
  }
}

TEST(AdaptiveBands, StartAsTheSplitConformalBandsOfTheirCalibration) {
  for (const std::int64_t rows : {5, 60, 250}) {
    World world{.horizon = 3, .calibration = rows};
    const Backtest backtest = make(world);
    AdaptiveBands bands(std::make_shared<CalibrationErrors>(backtest.calibration), {});
    const BandOffsets first = bands.at_origin(), split = split_conformal(backtest.calibration, {0.80, 0.95});
    EXPECT_EQ(first.low, split.low) << rows;
    EXPECT_EQ(first.high, split.high) << rows;
  }
}

TEST(AdaptiveBands, IgnoreMissingTruthsAndRefuseForecastsThatWereNotMade) {
  const World world{.horizon = 2};
  const Backtest backtest = make(world);
  AdaptiveBands bands(std::make_shared<CalibrationErrors>(backtest.calibration), {});
  const BandOffsets before = bands.at_origin();
  bands.observe(0, 0, kNaN);
  EXPECT_EQ(bands.at_origin().high, before.high);
  EXPECT_THROW(bands.observe(2, 0, 1), Error);
  EXPECT_THROW(bands.observe(0, 2, 1), Error);
  EXPECT_THROW(AdaptiveBands(std::make_shared<CalibrationErrors>(backtest.calibration), {.stride = 0}),
               Error);
  EXPECT_THROW(
      AdaptiveBands(std::make_shared<CalibrationErrors>(backtest.calibration), {.levels = {0.9, 0.8}}),
      Error);
}

TEST(SplitConformal, TakesTheOrderStatisticThatOneMoreErrorStaysBelow) {
  Rows errors{1, {}};
  for (int i = 1; i <= 99; ++i) errors.append()[0] = i % 2 == 0 ? i : -i;
  const BandOffsets sides = split_conformal(errors, {0.80});
  EXPECT_EQ(sides.high[0], 80);  // the 90th of 100 ranks: 98, 96, … 80 are the ten largest
  EXPECT_EQ(sides.low[0], -81);
}

TEST(SplitConformal, CoversIndependentErrorsOnBothSides) {
  const RandomStream random(5);
  double below = 0, above = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    Rows errors{1, {}};
    for (std::uint64_t i = 0; i < 50; ++i) errors.append()[0] = std::exp(random.normal(trial * 51 + i));
    const BandOffsets band = split_conformal(errors, {0.80});
    const double next = std::exp(random.normal(trial * 51 + 50));
    below += next < band.low[0] ? 1 : 0;
    above += next > band.high[0] ? 1 : 0;
  }
  EXPECT_NEAR(below / 2000, 0.1, 0.02);
  EXPECT_NEAR(above / 2000, 0.1, 0.02);
}

TEST(SplitConformal, WithFewErrorsTakesStudentsQuantileOfTheirSize) {
  EXPECT_NEAR(conformal_quantile(std::vector<double>{-1, -1, 1, 1}, 0.975), 2.776 * std::sqrt(1.25), 1e-3);
  EXPECT_EQ(conformal_quantile({}, 0.95), 0);
  EXPECT_EQ(conformal_quantile(std::vector<double>{2}, 0.3), 2);
}

TEST(SplitConformal, NestsItsBands) {
  BandOffsets band = BandOffsets::make(1, {0.5, 0.8, 0.95});
  band.low = {1, -1, -0.5};
  band.high = {0, 2, 1};
  band.nest(0);
  EXPECT_EQ(band.low, (std::vector<double>{0.5, -1, -1}));
  EXPECT_EQ(band.high, (std::vector<double>{0.5, 2, 2}));
  EXPECT_THROW(BandOffsets::make(1, {0.8, 0.8}), Error);
  EXPECT_THROW(BandOffsets::make(1, {1.0}), Error);
  EXPECT_THROW(BandOffsets::make(1, {}), Error);
}

TEST(AdaptiveBands, StartAnewFromOtherCalibrationErrors) {
  Rows narrow{1, {}}, wide{1, {}};
  const RandomStream random(5);
  for (std::uint64_t i = 0; i < 100; ++i) {
    narrow.append()[0] = random.normal(i);
    wide.append()[0] = 10 * narrow.values.back();
  }
  AdaptiveBands bands(std::make_shared<CalibrationErrors>(narrow), {});
  const BandOffsets before = bands.at_origin();
  bands.recalibrate(std::make_shared<CalibrationErrors>(wide));
  const BandOffsets after = bands.at_origin();
  for (std::int64_t level = 0; level < 2; ++level)
    EXPECT_NEAR(after.high_at(0, level), 10 * before.high_at(0, level), 1e-9) << level;
}

TEST(ConformalQuantile, OfErrorsThatAreWorthFewerLiesFurtherOut) {
  std::vector<double> sorted;
  for (int i = 1; i <= 200; ++i) sorted.push_back(i);
  EXPECT_EQ(conformal_quantile(sorted, 0.9), 181);
  EXPECT_EQ(conformal_quantile(sorted, 0.9, 200), 181);
  EXPECT_EQ(conformal_quantile(sorted, 0.9, 40), 185);
  EXPECT_GE(conformal_quantile(sorted, 0.975, 27), 200) << "27 errors have no such quantile";
}

}  // namespace
}  // namespace rondo::forecasting
