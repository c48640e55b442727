// The residual network: what it sees, what its members hold out and what they learn.

#include "tasks/forecast/networks/residual_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rondo/base/random.h"

namespace rondo::forecasting {
namespace {

Panel panel_of(std::vector<double> values, std::int64_t test_rows, std::int64_t horizon = 1,
               std::vector<double> seasons = {}) {
  Panel panel;
  panel.horizon = horizon;
  panel.seasons = std::move(seasons);
  PanelSeries series;
  series.train_rows = static_cast<std::int64_t>(values.size()) - test_rows;
  for (std::size_t t = 0; t < values.size(); ++t) series.position.push_back(static_cast<double>(t));
  series.values = std::move(values);
  panel.series.push_back(std::move(series));
  return panel;
}

/// Passenger-like: growth in per cent, a season that grows with it.
std::vector<double> growing_seasons(std::size_t count) {
  const RandomStream stream(5);
  std::vector<double> y;
  for (std::size_t t = 0; t < count; ++t) {
    const double wave = std::sin(2 * M_PI * static_cast<double>(t) / 12);
    y.push_back(100 * std::exp(0.02 * static_cast<double>(t) + 0.3 * wave + 0.02 * stream.normal(t)));
  }
  return y;
}

TEST(ResidualWindow, IsCutIntoSeasonsWhereItIsLong) {
  const Panel panel = panel_of(growing_seasons(3000), 100, 24, {24, 168});
  LinearCandidate line;
  line.wave_orders = {0, 0};
  const ResidualWindow longer = choose_residual_window(panel, line, 337, 0);
  EXPECT_EQ(longer.segment, 24);
  EXPECT_EQ(longer.steps, 14);
  const ResidualWindow shorter = choose_residual_window(panel, line, 30, 0);
  EXPECT_EQ(shorter.segment, 1);
  EXPECT_EQ(shorter.steps, 30);
  EXPECT_EQ(choose_residual_window(panel, line, 30, 60).rows(), 48);
}

TEST(ResidualWindow, EndsAtItsOrigin) {
  std::vector<double> ramp;
  for (int t = 0; t < 100; ++t) ramp.push_back(t);
  const Panel panel = panel_of(ramp, 20);
  const ScaledPanel scaled(panel, Transform::none, false);
  ResidualWindow input;
  input.steps = 4;
  std::vector<float> out(4);
  input.fill(scaled, {0, 50}, out);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(scaled.scales[0].backward(out[i]), 47 + static_cast<double>(i), 1e-3);
  }
}

TEST(FifthFolds, LearnNothingThatReachesIntoWhatTheyHoldOut) {
  const Panel panel = panel_of(growing_seasons(300), 60, 6, {12});
  const FifthFolds members(panel, 3, 20);
  for (int k = 0; k < 3; ++k) {
    std::int64_t held = 0;
    for (std::int64_t row = 20; row < 240 - 6; ++row) {
      if (members.role(k, {0, row}) == Role::held_out) ++held;
      if (members.role(k, {0, row}) != Role::train) continue;
      for (std::int64_t other = row - 5; other <= row + 5; ++other) {
        EXPECT_NE(members.role(k, {0, other}), Role::held_out);
      }
    }
    EXPECT_EQ(held, (240 - 6 - 20) / 5);
  }
}

TEST(FifthFolds, HoldOutDifferentRows) {
  const Panel panel = panel_of(growing_seasons(300), 60, 1, {12});
  const FifthFolds members(panel, 5, 20);
  for (std::int64_t row = 20; row < 239; ++row) {
    int holders = 0;
    for (int k = 0; k < 5; ++k) holders += members.role(k, {0, row}) == Role::held_out ? 1 : 0;
    EXPECT_LE(holders, 1);
  }
}

TEST(FifthFolds, TakeTheFifthsInTurnAgainWhereThereAreMoreThanFive) {
  const Panel panel = panel_of(growing_seasons(300), 60, 6, {12});
  const FifthFolds members(panel, 12, 20);
  for (std::int64_t row = 20; row < 234; ++row) {
    for (int k = 5; k < 12; ++k) EXPECT_EQ(members.role(k, {0, row}), members.role(k % 5, {0, row}));
  }
  const ScaledPanel scaled(panel, Transform::none, false);
  LinearChoice linear;
  linear.members = {LinearCandidate{.lags = 3, .wave_orders = {0}}};
  Pool pool(1);
  const TrainingTask task{scaled, linear, {}, {}, true};
  const Residuals three(task, FifthFolds(panel, 3, 20), 20, pool);
  const Residuals twelve(task, members, 20, pool);
  for (std::int64_t row = 20; row < 234; ++row) {
    for (int k = 0; k < 12; ++k) {
      const auto residuals = twelve.of(k, {0, row});
      EXPECT_TRUE(std::ranges::equal(residuals, twelve.of(k % 5, {0, row})));
      EXPECT_EQ(std::ranges::equal(residuals, three.of(0, {0, row})), k % 5 == 0)
          << "linear models of their own";
    }
  }
}

/// Every fifth value of the training part is missing.
Panel with_holes(Panel panel) {
  PanelSeries& series = panel.series.front();
  series.observed.assign(series.values.size(), 1);
  for (std::int64_t row = 2; row < series.train_rows; row += 5) {
    series.observed[static_cast<std::size_t>(row)] = 0;
    series.values[static_cast<std::size_t>(row)] = series.values[static_cast<std::size_t>(row - 1)];
  }
  return panel;
}

TEST(ResidualWindow, SaysWhichRowsWereMissingAndNothingElseChanges) {
  const Panel holes = with_holes(panel_of(growing_seasons(300), 60, 6, {12}));
  Panel complete = holes;  // the same values, said to be read
  complete.series.front().observed.clear();
  const ScaledPanel scaled(holes, Transform::none, false);
  LinearCandidate line;
  line.wave_orders = {1};
  for (const std::int64_t rows : {10, 96}) {  // in rows, and in segments of a season
    const ResidualWindow masked = choose_residual_window(holes, line, rows, rows);
    const ResidualWindow plain = choose_residual_window(complete, line, rows, rows);
    ASSERT_TRUE(masked.masked);
    ASSERT_FALSE(plain.masked);
    ASSERT_EQ(masked.features(), plain.features() + plain.segment);
    const auto values_of = [](const ResidualWindow& input) {
      return std::vector<float>(static_cast<std::size_t>(input.steps * input.features()), -7);
    };
    for (const std::int64_t row : {150, 151, 152, 260}) {
      std::vector<float> with = values_of(masked), without = values_of(plain), rest;
      masked.fill(scaled, {0, row}, with);
      plain.fill(scaled.over(complete), {0, row}, without);
      std::int64_t at = row - masked.rows();
      for (std::size_t i = 0; i < with.size(); ++i) {
        const auto place = static_cast<std::int64_t>(i) % masked.features();
        if (place < 2 * masked.segment && place % 2 == 1) {
          ++at;
          EXPECT_EQ(with[i], at % 5 == 2 && at < 240 ? 0 : 1) << at;
        } else {
          rest.push_back(with[i]);
        }
      }
      EXPECT_EQ(at, row);
      EXPECT_EQ(rest, without);
    }
  }
}

TEST(ResidualWindow, KeepsItsShapeWhateverIsMissingInTheTestPart) {
  Panel panel = panel_of(growing_seasons(300), 60, 6, {12});
  LinearCandidate line;
  line.wave_orders = {0};
  panel.series.front().observed.assign(300, 1);
  panel.series.front().observed[240] = 0;
  EXPECT_FALSE(choose_residual_window(panel, line, 12, 0).masked);
  panel.series.front().observed[239] = 0;  // the last row that is learnt from
  EXPECT_TRUE(choose_residual_window(panel, line, 12, 0).masked);
}

}  // namespace
}  // namespace rondo::forecasting
