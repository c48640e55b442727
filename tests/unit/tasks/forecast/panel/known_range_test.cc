// Known columns that leave what was learnt of them.

#include "tasks/forecast/panel/known_range.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

constexpr std::int64_t kHistory = 200, kAhead = 10;

/// A series with one known column of 200 rows and ten more.
PanelSeries with_known(const std::function<double(std::int64_t)>& value) {
  PanelSeries out;
  for (std::int64_t row = 0; row < kHistory + kAhead; ++row) out.known.push_back(value(row));
  return out;
}

/// The known values ahead as they are held; `held` gets what was.
std::vector<double> ahead(PanelSeries series, std::vector<KnownRange::Held>& held) {
  KnownRange::of(series, 1, kHistory, kAhead).hold(series, kHistory, held);
  return {series.known.begin() + kHistory, series.known.end()};
}

TEST(KnownRange, HoldsAJumpAtTheRangeAndSaysSo) {
  const std::vector<double> noise = white_noise(3, kHistory);
  std::vector<KnownRange::Held> held;
  const std::vector<double> prices =
      ahead(with_known([&](std::int64_t row) {
              return row < kHistory ? 10 + 0.001 * noise[static_cast<std::size_t>(row)] : 12;
            }),
            held);
  for (const double price : prices) EXPECT_NEAR(price, 10, 0.01);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held.front().rows, kAhead);
  EXPECT_EQ(held.front().farthest, 12);
  EXPECT_NE(notes_of(held, {"price"}).front().find("column 'price'"), std::string::npos);
}

TEST(KnownRange, LetsAColumnClimbOnThatAlwaysClimbed) {
  std::vector<KnownRange::Held> held;
  const auto counter = [](std::int64_t row) { return 3.0 * static_cast<double>(row); };
  EXPECT_EQ(ahead(with_known(counter), held).back(), counter(kHistory + kAhead - 1));
  EXPECT_TRUE(held.empty());
}

TEST(KnownRange, LeavesTheHistoryAsItIs) {
  PanelSeries series =
      with_known([](std::int64_t row) { return row == 20 ? 100.0 : static_cast<double>(row % 2); });
  const std::vector<double> before = series.known;
  std::vector<KnownRange::Held> held;
  KnownRange::of(series, 1, 10, 3).hold(series, kHistory, held);
  EXPECT_EQ(series.known, before);
}

}  // namespace
}  // namespace rondo::forecasting
