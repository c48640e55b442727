// The parts of a series add up to it, and find what it was made of.

#include "tasks/forecast/report/components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "rondo/base/random.h"

namespace rondo::forecasting {
namespace {

using Kind = SeriesComponent::Kind;
constexpr double kTurn = 6.283185307179586;
constexpr std::int64_t kRows = 280, kAhead = 14;

/// Days with a slope, a week, a promotion (a flag) that adds 40 and holidays that take 25.
struct Made {
  static double trend(std::int64_t row) { return 200 + 0.3 * static_cast<double>(row); }
  static double week(std::int64_t row) { return 12 * std::sin(kTurn * static_cast<double>(row) / 7); }
  static bool promoted(std::int64_t row) { return row * 37 % 11 == 0; }
  static bool holiday(std::int64_t row) { return row % 45 == 20; }
  static double value(std::int64_t row) {
    return trend(row) + week(row) + (promoted(row) ? 40 : 0) - (holiday(row) ? 25 : 0);
  }
};

ForecastResult made_result(double noise = 0) {
  ForecastResult result;
  result.seasons = {7};
  result.known = {{"promo", 1, false}, {"holiday", 1, true}};
  ForecastSeries& series = result.series.emplace_back();
  const Timeline all = Timeline::rows(kRows + kAhead, 1);
  series.times = all.slice(0, kRows);
  series.future_times = all.slice(kRows, kRows + kAhead);
  const RandomStream stream(3);
  for (std::int64_t row = 0; row < kRows + kAhead; ++row) {
    const double value = Made::value(row) + noise * stream.normal(static_cast<std::uint64_t>(row));
    (row < kRows ? series.values : series.forecast).push_back(value);
    series.known.push_back(Made::promoted(row) ? 1 : 0);
    series.known.push_back(Made::holiday(row) ? 1 : 0);
  }
  return result;
}

const SeriesComponent& part(const SeriesComponents& all, Kind kind) {
  return *std::ranges::find(all.parts, kind, &SeriesComponent::kind);
}

TEST(SeriesComponents, AddUpToValuesAndToTheForecast) {
  const ForecastResult result = made_result(5);
  const SeriesComponents all = components_of(result.series[0], result);
  ASSERT_EQ(all.parts.size(), 5U);
  for (std::size_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (const SeriesComponent& one : all.parts) sum += one.past[row];
    ASSERT_NEAR(sum, result.series[0].values[row], 1e-9) << row;
  }
  for (std::size_t step = 0; step < kAhead; ++step) {
    double sum = 0;
    for (const SeriesComponent& one : all.parts) sum += one.ahead[step];
    ASSERT_NEAR(sum, result.series[0].forecast[step], 1e-9) << step;
  }
}

TEST(SeriesComponents, FindWhatTheSeriesWasMadeOf) {
  const ForecastResult result = made_result();
  const SeriesComponents all = components_of(result.series[0], result);
  for (std::int64_t row = 14; row < kRows - 14; ++row) {
    const auto at = static_cast<std::size_t>(row);
    EXPECT_NEAR(part(all, Kind::trend).past[at], Made::trend(row), 3) << row;
    EXPECT_NEAR(part(all, Kind::season).past[at], Made::week(row), 3) << row;
    EXPECT_NEAR(part(all, Kind::known).past[at], Made::promoted(row) ? 40 : 0, 3) << row;
    EXPECT_NEAR(part(all, Kind::holidays).past[at], Made::holiday(row) ? -25 : 0, 3) << row;
    EXPECT_NEAR(part(all, Kind::rest).past[at], 0, 6) << row;
  }
  for (std::int64_t step = 0; step < kAhead; ++step) {
    const auto at = static_cast<std::size_t>(step);
    EXPECT_NEAR(part(all, Kind::known).ahead[at], Made::promoted(kRows + step) ? 40 : 0, 3);
    EXPECT_NEAR(part(all, Kind::season).ahead[at], Made::week(kRows + step), 3);
  }
  EXPECT_EQ(part(all, Kind::known).name, "promo");
}

TEST(SeriesComponents, LeaveGapsInTheRestAlone) {
  ForecastResult result = made_result();
  ForecastSeries& series = result.series[0];
  series.observed.assign(series.values.size(), 1);
  for (const std::size_t row : {0U, 1U, 100U, 101U}) series.observed[row] = 0;
  const SeriesComponents all = components_of(series, result);
  EXPECT_EQ(all.first, 2) << "nothing is known before the first value";
  EXPECT_TRUE(std::isnan(part(all, Kind::rest).past[98]));
  for (const SeriesComponent& one : all.parts) {
    if (one.kind == Kind::rest) continue;
    EXPECT_TRUE(std::ranges::all_of(one.past, [](double v) { return std::isfinite(v); })) << one.name;
  }
}

TEST(SeriesComponents, AreNoneOfAFewValues) {
  ForecastResult result = made_result();
  result.series[0].values.resize(7);
  result.series[0].times = Timeline::rows(7, 1);
  EXPECT_TRUE(components_of(result.series[0], result).parts.empty());
}

TEST(SeriesComponents, OfALongSeriesAreItsLastRows) {
  ForecastResult result = made_result();
  ForecastSeries& series = result.series[0];
  result.known.clear();
  series.known.clear();
  series.times = Timeline::rows(30'000, 1);
  series.values.assign(30'000, 1);
  const SeriesComponents all = components_of(series, result);
  EXPECT_EQ(all.first, 10'000);
  EXPECT_EQ(all.parts.front().past.size(), 20'000U);
}

}  // namespace
}  // namespace rondo::forecasting
