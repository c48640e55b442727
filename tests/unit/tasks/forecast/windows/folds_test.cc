// Who learns from which rows, counted row by row.

#include "tasks/forecast/windows/folds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tasks/forecast/windows/window.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

PanelOf some_series(std::int64_t horizon, std::vector<double> seasons, std::int64_t validation = 0) {
  PanelOf of;
  of.rows = {400, 400, 371, 365, 512};
  of.horizon = horizon;
  of.seasons = std::move(seasons);
  of.validation_rows = validation;
  return of;
}

/// Horizons and seasons of all kinds: single rows, segments of the horizon, seasons that do and do not divide
/// it.
struct Shape {
  std::int64_t horizon;
  std::vector<double> seasons;
};
const std::vector<Shape> kShapes{{1, {}}, {1, {12}}, {3, {7}}, {12, {12}}, {18, {12}}, {10, {7}}, {20, {}}};

/// The role by what holds_out says of every row that is forecast.
Role role_by_rows(const Panel& panel, const Folds& folds, int member, const Origin& origin,
                  std::int64_t reach) {
  std::int64_t out = 0;
  for (std::int64_t row = origin.row + 1; row <= origin.row + reach; ++row) {
    if (row >= panel.series[static_cast<std::size_t>(origin.series)].train_rows) return Role::neither;
    out += folds.holds_out(member, origin.series, row) ? 1 : 0;
  }
  if (out == 0) return Role::train;
  return out == reach ? Role::held_out : Role::neither;
}

TEST(ForecastFolds, EveryOriginIsLearntFromHeldOutOrNeitherByItsRows) {
  for (const Shape& shape : kShapes) {
    for (const std::int64_t validation : {0, 60}) {
      const Panel panel = some_series(shape.horizon, shape.seasons, validation).make();
      const std::int64_t reach = choose_window(panel, 0, true).out_rows();
      const BlockFolds folds(panel, 3, reach);
      for (std::size_t s = 0; s < panel.series.size(); ++s) {
        for (std::int64_t row = 0; row < panel.series[s].rows(); ++row) {
          const Origin origin{static_cast<std::int64_t>(s), row};
          for (int k = 0; k < 3; ++k) {
            ASSERT_EQ(folds.role(k, origin), role_by_rows(panel, folds, k, origin, reach))
                << "horizon " << shape.horizon << ", member " << k << ", series " << s << ", row " << row;
          }
        }
      }
    }
  }
}

TEST(ForecastFolds, EveryMemberLearnsFromMostAndIsJudgedBySomeOrigins) {
  for (const Shape& shape : kShapes) {
    const Panel panel = some_series(shape.horizon, shape.seasons).make();
    const std::int64_t reach = choose_window(panel, 0, true).out_rows();
    const BlockFolds folds(panel, 5, reach);
    for (int k = 0; k < 5; ++k) {
      std::int64_t learnt = 0, judged = 0, all = 0;
      for (std::size_t s = 0; s < panel.series.size(); ++s) {
        for (std::int64_t row = 0; row + reach < panel.series[s].train_rows; ++row, ++all) {
          const Role role = folds.role(k, {static_cast<std::int64_t>(s), row});
          learnt += role == Role::train ? 1 : 0;
          judged += role == Role::held_out ? 1 : 0;
        }
      }
      EXPECT_GT(judged, 0) << "horizon " << shape.horizon << ", member " << k;
      EXPECT_GT(2 * learnt, all) << "horizon " << shape.horizon << ", member " << k;
    }
  }
}

TEST(ForecastFolds, NobodyLearnsAValueThatIsHeldOutWhateverTheReach) {
  const Panel panel = some_series(4, {}).make();
  for (const std::int64_t reach : {4, 5, 8, 23}) {
    const BlockFolds folds(panel, 5, reach);
    for (int k = 0; k < 5; ++k) {
      for (std::int64_t row = 0; row < 400; ++row) {
        if (folds.role(k, {0, row}) != Role::train) continue;
        for (std::int64_t h = 1; h <= reach; ++h) ASSERT_FALSE(folds.holds_out(k, 0, row + h));
      }
    }
  }
}

TEST(ForecastFolds, AllMembersHoldOutTheValidationRowsThatTheUserNames) {
  const Panel panel = some_series(3, {12}, 50).make();
  const BlockFolds folds(panel, 5, 3);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const auto series = static_cast<std::int64_t>(s);
    const std::int64_t end = panel.series[s].train_rows, begin = end - 50;
    for (int k = 0; k < 5; ++k) {
      for (std::int64_t row = 0; row < end; ++row) {
        ASSERT_EQ(folds.holds_out(k, series, row), row >= begin) << "row " << row << ", member " << k;
      }
      for (std::int64_t row = begin - 1; row + 3 < end; ++row) {
        EXPECT_EQ(folds.role(k, {series, row}), Role::held_out);
      }
      EXPECT_EQ(folds.role(k, {series, begin - 4}), Role::train);
      EXPECT_EQ(folds.role(k, {series, begin - 3}), Role::neither);
    }
  }
}

TEST(ForecastFolds, TheSixthMemberHoldsOutWhatTheFirstDoes) {
  const Panel panel = some_series(3, {7}).make();
  const BlockFolds folds(panel, 9, 3);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = 0; row < panel.series[s].train_rows; ++row) {
      for (int k = 5; k < 9; ++k) {
        const Origin origin{static_cast<std::int64_t>(s), row};
        ASSERT_EQ(folds.role(k, origin), folds.role(k - 5, origin)) << s << " " << row << " " << k;
      }
    }
  }
}

TEST(ForecastFolds, NetworksOfFewRowsHoldOutTheSameOriginsWhereTheUserNamesThem) {
  for (const std::int64_t horizon : {1, 3, 12, 20}) {
    for (const std::int64_t validation : {1, 11, 50}) {
      const Panel panel = some_series(horizon, {12}, validation).make();
      const BlockFolds folds(panel, 3, horizon);
      const std::int64_t first = 24;
      const FifthFolds fifths(panel, 3, first);
      EXPECT_TRUE(fifths.holds_out_the_same());
      for (std::size_t s = 0; s < panel.series.size(); ++s) {
        for (std::int64_t row = first; row + horizon < panel.series[s].train_rows; ++row) {
          const Origin origin{static_cast<std::int64_t>(s), row};
          for (int k = 0; k < 3; ++k) {
            ASSERT_EQ(fifths.role(k, origin), folds.role(k, origin))
                << "horizon " << horizon << ", validation " << validation << ", row " << row;
          }
        }
      }
    }
  }
}

TEST(ForecastFolds, FiveMembersHoldOutEveryRowOnce) {
  for (const Shape& shape : kShapes) {
    const Panel panel = some_series(shape.horizon, shape.seasons).make();
    const BlockFolds folds(panel, 5, shape.horizon);
    std::vector<std::int64_t> held(5);
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      for (std::int64_t row = 0; row < panel.series[s].train_rows; ++row) {
        int members = 0;
        for (int k = 0; k < 5; ++k) {
          if (!folds.holds_out(k, static_cast<std::int64_t>(s), row)) continue;
          ++members;
          ++held[static_cast<std::size_t>(k)];
        }
        ASSERT_EQ(members, 1) << "row " << row;
      }
    }
    const std::int64_t fifth = panel.total_learnt_rows() / 5;
    for (const std::int64_t rows : held)
      EXPECT_NEAR(static_cast<double>(rows) / static_cast<double>(fifth), 1, 0.2);
  }
}

TEST(ForecastFolds, TheNewestRowsOfNeighboursAreHeldOutByDifferentMembers) {
  const Panel panel = some_series(3, {}).make();
  const BlockFolds folds(panel, 5, 3);
  std::vector<int> newest;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (int k = 0; k < 5; ++k) {
      if (folds.holds_out(k, static_cast<std::int64_t>(s), panel.series[s].train_rows - 1))
        newest.push_back(k);
    }
  }
  std::sort(newest.begin(), newest.end());
  EXPECT_EQ(newest, (std::vector<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace rondo::forecasting
