// Columns that know the target's future are told from those that only know the past.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tasks/check.h"
#include "tasks/check/orthogonal_fit.h"
#include "tasks/check/subject.h"

namespace rondo {
namespace {

using checking::find_outliers;
using checking::is_code_for_missing;
using checking::OrthogonalFit;
using checking::Outliers;
using checking::SeriesRows;
using Numbers = std::vector<double>;

/// What a file with so many digits after the point would hold.
Numbers rounded(Numbers values, int digits) {
  const double power = std::pow(10.0, digits);
  for (double& v : values) v = std::round(v * power) / power;
  return values;
}

Numbers noise(std::uint64_t seed, std::size_t count) {
  const RandomStream stream(seed);
  Numbers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = stream.normal(i);
  return out;
}

/// The kinds of series that tables hold.
Numbers series(const std::string& kind, std::size_t rows) {
  const Numbers e = noise(17, rows);
  Numbers y(rows);
  for (std::size_t t = 0; t < rows; ++t) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(t);
    const double before = t > 0 ? y[t - 1] : 0;
    y[t] = kind == "noise"   ? e[t]
           : kind == "walk"  ? before + e[t]
           : kind == "trend" ? 0.05 * static_cast<double>(t) + e[t]
           : kind == "daily" ? 10 * std::sin(angle / 24) + 3 * std::sin(angle / 168) + e[t]
                             : std::round(std::exp(1 + 0.7 * e[t]));  // counts
  }
  return rounded(y, 3);
}

/// Σ weights[i] y[t + first + i], at the ends over what is there.
Numbers weighted(const Numbers& y, std::int64_t first, const Numbers& weights) {
  Numbers out(y.size());
  for (std::int64_t t = 0; t < static_cast<std::int64_t>(y.size()); ++t) {
    double sum = 0, total = 0;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(weights.size()); ++i) {
      const std::int64_t at = t + first + i;
      if (at < 0 || at >= static_cast<std::int64_t>(y.size())) continue;
      sum += weights[static_cast<std::size_t>(i)] * y[static_cast<std::size_t>(at)];
      total += weights[static_cast<std::size_t>(i)];
    }
    out[static_cast<std::size_t>(t)] = sum / total;
  }
  return out;
}

Numbers mean(const Numbers& y, std::int64_t back, std::int64_t ahead) {
  return weighted(y, -back, Numbers(static_cast<std::size_t>(back + ahead + 1), 1.0));
}

Table table_of(const Numbers& y, const Numbers& column) {
  Table table("made");
  table.add(Column("column", column));
  table.add(Column("y", y));
  return table;
}

std::vector<ColumnLeak> leaks_of(const Numbers& y, const Numbers& column, std::int64_t horizon = 1) {
  return find_column_leaks(table_of(y, column), "y", {}, "", "", horizon);
}

class ColumnLeaks : public ::testing::TestWithParam<const char*> {};

TEST_P(ColumnLeaks, FindACentredMovingAverageOfAnyWidth) {
  const Numbers y = series(GetParam(), 1500);
  for (const std::int64_t half : {1, 2, 3, 6, 12, 24, 40, 84}) {
    const auto leaks = leaks_of(y, rounded(mean(y, half, half), 4));
    ASSERT_EQ(leaks.size(), 1U) << half;
    EXPECT_TRUE(leaks[0].exact) << half;
    EXPECT_EQ(leaks[0].ahead, half);
    EXPECT_EQ(leaks[0].kind, ColumnLeak::Kind::mean) << half;
  }
}

TEST_P(ColumnLeaks, FindOtherCentredWeights) {
  const Numbers y = series(GetParam(), 800);
  const auto leaks = leaks_of(y, rounded(weighted(y, -2, {1, 2, 4, 2, 1}), 4));
  ASSERT_EQ(leaks.size(), 1U);
  EXPECT_EQ(leaks[0].kind, ColumnLeak::Kind::smoothed);
  EXPECT_EQ(leaks[0].ahead, 2);
}

TEST_P(ColumnLeaks, FindTheTargetOfALaterRowAtAnyScale) {
  const Numbers y = series(GetParam(), 600);
  for (const std::int64_t ahead : {1, 5, 24, 60}) {
    for (const double factor : {1.0, 0.01}) {
      Numbers column(y.size(), 0.0);
      for (std::size_t t = 0; t + static_cast<std::size_t>(ahead) < y.size(); ++t) {
        column[t] = factor * y[t + static_cast<std::size_t>(ahead)] + (factor == 1 ? 0 : 7);
      }
      for (std::size_t t = y.size() - static_cast<std::size_t>(ahead); t < y.size(); ++t) {
        column[t] = std::numeric_limits<double>::quiet_NaN();
      }
      const auto leaks = leaks_of(y, column, 60);
      ASSERT_EQ(leaks.size(), 1U) << ahead;
      EXPECT_EQ(leaks[0].kind, ColumnLeak::Kind::copy);
      EXPECT_EQ(leaks[0].ahead, ahead);
      EXPECT_TRUE(leaks[0].exact);
    }
  }
}

TEST_P(ColumnLeaks, LeaveHonestColumnsAlone) {
  const Numbers y = series(GetParam(), 1500), e = noise(4, 1500);
  Numbers sum(y.size()), alike(y.size()), wave(y.size()), row(y.size());
  double total = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    sum[t] = total += y[t];
    alike[t] = y[t] + 0.01 * e[t];
    wave[t] = std::sin(2 * std::numbers::pi * static_cast<double>(t) / 24);
    row[t] = static_cast<double>(t);
  }
  const std::vector<Numbers> honest{
      mean(y, 6, 0), mean(y, 0, 0), weighted(y, -3, {1, 0, 0, 0}), sum, alike, wave, row, e};
  for (std::size_t i = 0; i < honest.size(); ++i) {
    const auto leaks = leaks_of(y, honest[i], 24);
    EXPECT_TRUE(leaks.empty()) << i << ": " << leaks[0].what();
  }
}

INSTANTIATE_TEST_SUITE_P(Series, ColumnLeaks, ::testing::Values("noise", "walk", "trend", "daily", "counts"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ColumnLeaks, ASinusoidIsKnownFromItsPast) {
  for (const double period : {12.0, 24.0, 100.0, 31.4}) {
    Numbers y(500), later(500);
    for (std::size_t t = 0; t < y.size(); ++t) {
      y[t] = std::sin(2 * std::numbers::pi * static_cast<double>(t) / period);
      later[t] = std::sin(2 * std::numbers::pi * static_cast<double>(t + 3) / period);
    }
    EXPECT_TRUE(leaks_of(y, later).empty()) << period;
  }
}

TEST(ColumnLeaks, AreLookedForWithinEachSeries) {
  const Numbers y = series("walk", 400);
  Numbers centred = mean(Numbers(y.begin(), y.begin() + 200), 2, 2);
  const Numbers second = mean(Numbers(y.begin() + 200, y.end()), 2, 2);
  centred.insert(centred.end(), second.begin(), second.end());
  // The series alternate row by row.
  Numbers mixed_y, mixed_column;
  TextList ids;
  for (std::size_t t = 0; t < 200; ++t) {
    for (const std::size_t s : {0, 1}) {
      mixed_y.push_back(y[200 * s + t]);
      mixed_column.push_back(centred[200 * s + t]);
      ids.push_back(s == 0 ? "a" : "b");
    }
  }
  Table table = table_of(mixed_y, mixed_column);
  table.add(Column("id", ids));
  EXPECT_EQ(find_column_leaks(table, "y", {}, "", "id").size(), 1U);
}

TEST(ColumnLeaks, ShortAndConstantSeriesSayNothing) {
  for (const std::size_t rows : {1, 2, 5, 19}) {
    const Numbers y = series("noise", rows);
    EXPECT_TRUE(leaks_of(y, mean(y, 1, 1)).empty()) << rows;
  }
  const Numbers constant(100, 3.0);
  EXPECT_TRUE(leaks_of(constant, constant).empty());
  EXPECT_TRUE(leaks_of(series("noise", 100), constant).empty());
  const Numbers missing(100, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(leaks_of(missing, series("noise", 100)).empty());
  EXPECT_TRUE(leaks_of(series("noise", 100), missing).empty());
}

TEST(Outliers, AreCountedOnEachSeriesOwnScale) {
  Numbers values = noise(1, 200);
  std::vector<SeriesRows> series{{"small", {}}, {"large", {}}};
  for (std::int64_t i = 0; i < 200; ++i) series[i < 100 ? 0 : 1].rows.push_back(i);
  for (std::size_t i = 100; i < 200; ++i) values[i] *= 1e6;
  EXPECT_EQ(find_outliers(values, series).count, 0);
  values[7] = -999;
  values[8] = -999;
  values[9] = -999;
  const Outliers found = find_outliers(values, series);
  EXPECT_EQ(found.count, 3);
  EXPECT_EQ(found.worst, -999);
  EXPECT_EQ(found.repeats, 3);
  EXPECT_TRUE(is_code_for_missing(found.worst));
  EXPECT_FALSE(is_code_for_missing(998));
}

TEST(OrthogonalFit, TellsAnExactFitFromAVeryGoodOne) {
  const std::size_t rows = 300;
  const Numbers a = noise(1, rows), b = noise(2, rows), e = noise(3, rows);
  Numbers design(rows, 1.0), exact(rows), good(rows);
  design.insert(design.end(), a.begin(), a.end());
  design.insert(design.end(), a.begin(), a.end());  // depends on the one before
  design.insert(design.end(), b.begin(), b.end());
  for (std::size_t i = 0; i < rows; ++i) {
    exact[i] = 3 + 2 * a[i] - b[i];
    good[i] = exact[i] + 1e-4 * e[i];
  }
  const OrthogonalFit fit(design, static_cast<std::int64_t>(rows));
  const OrthogonalFit::Result of_exact = fit.fit(exact), of_good = fit.fit(good);
  EXPECT_LT(of_exact.squares_left.back(), 1e-24);
  EXPECT_NEAR(of_good.squares_left.back(), 1e-8 * rows, 0.3e-8 * rows);
  EXPECT_NEAR(of_exact.squares_left[3], rows, 0.3 * rows);  // without b
  EXPECT_EQ(of_exact.squares_left[2], of_exact.squares_left[3]);
  EXPECT_NEAR(of_exact.coefficients[0], 3, 1e-12);
  EXPECT_NEAR(of_exact.coefficients[1], 2, 1e-12);
  EXPECT_EQ(of_exact.coefficients[2], 0);
  EXPECT_NEAR(of_exact.coefficients[3], -1, 1e-12);
}

}  // namespace
}  // namespace rondo
