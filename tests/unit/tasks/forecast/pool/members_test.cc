// The members of the pool: whatever a series is, each has a forecast.

#include "tasks/forecast/pool/members.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::pool {
namespace {

using statistical::kMissing;
using statistical::make;

bool has(const std::vector<Member>& members, Member member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

TEST(PoolMembers, ForecastWhateverRowsAreGiven) {
  const std::vector<std::vector<double>> all{
      {},
      {kMissing},
      {5},
      {5, 7},
      {kMissing, 5, kMissing, 7},
      std::vector<double>(40, 3.0),
      std::vector<double>(40, 0.0),
      make(13, [](double row) { return -row; }),
      make(30, [](double row) { return std::pow(10, row); }),
      make(60, [](double row) { return std::fmod(row, 5) == 0 ? row : 0; }),
      make(50, [](double row) { return row < 25 ? kMissing : 4 + std::fmod(row, 12); }),
  };
  const std::vector<double> known(200, 1.0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& seasons : std::vector<std::vector<double>>{{}, {12}, {7, 365.25}, {52.18}}) {
      const Setting setting{.seasons = seasons, .horizon = 9, .known = known, .known_columns = 1};
      const std::vector<Member> members = applicable_members(all[i], setting);
      const auto forecasts = forecast_members(all[i], setting, members);
      for (std::size_t m = 0; m < members.size(); ++m) {
        ASSERT_EQ(forecasts[m].size(), 9u);
        for (const double step : forecasts[m]) {
          EXPECT_TRUE(std::isfinite(step)) << member_name(members[m]) << " of series " << i;
        }
      }
    }
  }
}

TEST(PoolMembers, AllForecastThemselvesOfAnySeries) {
  // Also where applicable_members would leave them out.
  const Setting setting{.seasons = {4}, .horizon = 3};
  std::vector<Member> members;
  std::set<std::string> names;
  for (const Member member : all_members()) {
    names.insert(member_name(member));
    EXPECT_GT(member_prior(member), 0);
    members.push_back(member);
  }
  EXPECT_EQ(names.size(), all_members().size());
  const auto forecasts = forecast_members(statistical::seasonal_walk(40, 4, 1), setting, members);
  EXPECT_EQ(forecasts.size(), members.size());
}

TEST(PoolMembers, NeverLeaveTheRangeOfTheValuesByFar) {
  const Setting setting{.seasons = {}, .horizon = 100};
  const std::vector<double> falling = make(40, [](double row) { return 100 - 2 * row; });
  for (const auto& forecast : forecast_members(falling, setting, applicable_members(falling, setting))) {
    for (const double step : forecast) EXPECT_GE(step, 0);  // no value is negative
  }
  const std::vector<double> rising = make(40, [](double row) { return std::exp(row) - 10; });
  for (const auto& forecast : forecast_members(rising, setting, applicable_members(rising, setting))) {
    for (const double step : forecast) EXPECT_LE(step, 3.01 * rising.back());
  }
}

TEST(PoolMembers, ApplyBySeasonSignAndZeros) {
  const std::vector<double> positive = statistical::seasonal_walk(60, 12, 2);
  const std::vector<double> signs = make(60, [](double row) { return std::sin(row); });
  const std::vector<double> sparse = make(60, [](double row) { return std::fmod(row, 5) == 0 ? 3.0 : 0.0; });
  const Setting monthly{.seasons = {12}, .horizon = 6}, none{.seasons = {}, .horizon = 6};
  EXPECT_TRUE(has(applicable_members(positive, monthly), Member::log_mstl));
  EXPECT_FALSE(has(applicable_members(signs, monthly), Member::log_mstl));
  EXPECT_FALSE(has(applicable_members(positive, none), Member::mstl));
  EXPECT_FALSE(has(applicable_members(std::span(positive).first(23), monthly), Member::mstl));
  EXPECT_TRUE(has(applicable_members(sparse, monthly), Member::imapa));
  EXPECT_FALSE(has(applicable_members(positive, monthly), Member::imapa));
  EXPECT_TRUE(is_intermittent(sparse));
  EXPECT_FALSE(is_intermittent(signs));
}

}  // namespace
}  // namespace rondo::forecasting::pool
