// The leak detector finds every kind of peeping into the future, names it, and lets honest pipelines pass.

#include "rondo/data/leaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "rondo/base/random.h"
#include "rondo/data/missing.h"
#include "rondo/data/scaler.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kRows = 120, kTraining = 90;

/// A random walk with a wave, and a second column; `holes`: some cells are missing.
Table walk(bool holes = false, std::int64_t rows = kRows) {
  const RandomStream stream(5);
  std::vector<double> y, x;
  for (std::int64_t t = 0; t < rows; ++t) {
    const double step = stream.normal(static_cast<std::uint64_t>(t));
    y.push_back((y.empty() ? 50 : y.back()) + step + std::sin(static_cast<double>(t)));
    x.push_back(stream.normal(static_cast<std::uint64_t>(1000 + t)));
  }
  if (holes) {
    for (const std::size_t t : {7, 8, 40, 41, 42, 70, 100}) y[t] = kNan;
  }
  Table table("walk");
  table.add(Column("y", y));
  table.add(Column("x", x));
  return table;
}

using Numbers = std::vector<double>;

Numbers column_of(const Table& table, const char* name = "y") {
  const auto numbers = table.numbers(name);
  return {numbers.begin(), numbers.end()};
}

/// The mean of rows t - back … t + ahead.
Numbers moving_mean(const Numbers& y, std::int64_t back, std::int64_t ahead) {
  const auto n = static_cast<std::int64_t>(y.size());
  Numbers out;
  for (std::int64_t t = 0; t < n; ++t) {
    double sum = 0, count = 0;
    for (std::int64_t i = std::max<std::int64_t>(0, t - back); i <= std::min(n - 1, t + ahead); ++i) {
      sum += y[static_cast<std::size_t>(i)];
      ++count;
    }
    out.push_back(sum / count);
  }
  return out;
}

/// y, scaled by what the first `rows` rows say.
LeakTrace scaled(const Table& table, const char* kind, std::int64_t rows) {
  const Tensor y = table.matrix(std::vector<std::string>{"y"});
  ScalerOptions options;
  options.kind = kind;
  Scaler scaler(options);
  scaler.fit(y.slice(0, std::min(rows, y.dim(0))));
  return LeakTrace::by_row({"scaled"}, scaler.transform(y));
}

Leak only_leak(const LeakReport& report) {
  EXPECT_EQ(report.leaks.size(), 1U) << report.text();
  return report.leaks.empty() ? Leak{} : report.leaks.front();
}

TEST(Leaks, AnHonestPipelinePasses) {
  for (const bool holes : {false, true}) {
    const LeakReport report = find_leaks(walk(holes), [](const Table& table) {
      Numbers y = column_of(table), lag(y.size(), 0);
      for (std::size_t t = 1; t < y.size(); ++t) lag[t] = y[t - 1];
      const Numbers mean = moving_mean(y, 6, 0);
      LeakTrace trace = LeakTrace::by_row("lag", lag);
      trace.columns.emplace_back("mean");
      trace.values.clear();
      for (std::size_t t = 0; t < y.size(); ++t) trace.values.insert(trace.values.end(), {lag[t], mean[t]});
      return trace;
    });
    EXPECT_TRUE(report.clean()) << report.text();
    EXPECT_GE(report.cuts.size(), 4U);
    EXPECT_TRUE(report.not_tried.empty()) << report.text();
  }
}

TEST(Leaks, AScalerFittedOnAllRowsIsFoundAndOneOfTheTrainingPartPasses) {
  for (const char* kind : {"standard", "min_max", "robust"}) {
    LeakOptions options;
    options.training = kTraining;
    const Leak leak = only_leak(find_leaks(
        walk(), [&](const Table& table) { return scaled(table, kind, table.rows()); }, options));
    EXPECT_EQ(leak.kind, LeakKind::everything) << kind << ": " << leak.what();
    EXPECT_EQ(leak.reach, -1);
    const LeakReport honest = find_leaks(
        walk(), [&](const Table& table) { return scaled(table, kind, kTraining); }, options);
    EXPECT_TRUE(honest.clean()) << kind << ": " << honest.text();
  }
}

TEST(Leaks, ACentredMovingAverageIsFoundWithItsReach) {
  for (const std::int64_t half : {1, 2, 3}) {
    const Leak leak = only_leak(find_leaks(walk(), [&](const Table& table) {
      return LeakTrace::by_row("smooth", moving_mean(column_of(table), half, half));
    }));
    EXPECT_EQ(leak.kind, LeakKind::look_ahead) << leak.what();
    EXPECT_EQ(leak.reach, half);
    EXPECT_NE(leak.fix().find("trailing"), std::string::npos);
  }
}

TEST(Leaks, AShiftedTargetIsFound) {
  const Leak leak = only_leak(find_leaks(walk(), [](const Table& table) {
    Numbers y = column_of(table);
    std::rotate(y.begin(), y.begin() + 1, y.end());
    y.back() = 0;
    return LeakTrace::by_row("tomorrow", y);
  }));
  EXPECT_EQ(leak.kind, LeakKind::look_ahead);
  EXPECT_EQ(leak.reach, 1);
}

LeakTrace filled(const Table& table, MissingPolicy policy) {
  const std::vector<std::string> names{"y"};
  return LeakTrace::by_row(names, fill_missing(table.matrix(names), policy, names).values);
}

Numbers filled_backward(Numbers y) {
  for (std::size_t t = y.size(); t-- > 1;) {
    if (std::isnan(y[t - 1])) y[t - 1] = y[t];
  }
  return y;
}

TEST(Leaks, ImputationFromTheFutureIsFoundEvenInATableWithoutHoles) {
  for (const bool holes : {false, true}) {
    const Leak line = only_leak(
        find_leaks(walk(holes), [](const Table& table) { return filled(table, MissingPolicy::linear); }));
    EXPECT_EQ(line.kind, LeakKind::imputation) << line.what();
    const Leak backward = only_leak(find_leaks(walk(holes), [](const Table& table) {
      return LeakTrace::by_row("y", filled_backward(column_of(table)));
    }));
    EXPECT_EQ(backward.kind, LeakKind::imputation) << backward.what();
    const LeakReport honest =
        find_leaks(walk(holes), [](const Table& table) { return filled(table, MissingPolicy::previous); });
    EXPECT_TRUE(honest.clean()) << honest.text();
  }
}

/// Pairs (y[t], y[t + horizon]) as what a network learns from, of origins in `order` of which the first 60
/// train.
LeakTrace samples(const Table& table, std::span<const std::int64_t> order, std::int64_t count,
                  std::int64_t horizon) {
  const Numbers y = column_of(table);
  LeakTrace trace;
  trace.fitted.push_back({"training samples", {}});
  for (const std::int64_t t : order.first(static_cast<std::size_t>(count))) {
    for (const std::int64_t row : {t, t + horizon}) {
      trace.fitted[0].values.push_back(y.at(static_cast<std::size_t>(row)));
    }
  }
  return trace;
}

TEST(Leaks, AShuffledSplitIsFound) {
  std::vector<std::int64_t> order(kRows - 1);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  LeakOptions options;
  options.training = kTraining;
  const auto pipeline = [&](const Table& table) {
    if (table.rows() < kRows) throw Error(ErrorKind::data, "too few rows");
    return samples(table, order, 60, 1);
  };
  EXPECT_TRUE(find_leaks(walk(), pipeline, options).clean());
  shuffle_indices(RandomStream(3), order);
  const LeakReport report = find_leaks(walk(), pipeline, options);
  const Leak leak = only_leak(report);
  EXPECT_EQ(leak.kind, LeakKind::samples) << leak.what();
  EXPECT_TRUE(leak.fitted);
  EXPECT_FALSE(report.not_tried.empty());
  EXPECT_NE(leak.what().find("shuffled"), std::string::npos);
}

TEST(Leaks, WindowsThatReachOverTheBorderAreFound) {
  LeakOptions options;
  options.training = kTraining;
  for (const std::int64_t over : {0, 1, 4}) {
    const LeakReport report = find_leaks(
        walk(),
        [&](const Table& table) {
          std::vector<std::int64_t> order(static_cast<std::size_t>(kTraining - 6 + over));
          std::iota(order.begin(), order.end(), std::int64_t{0});
          if (table.rows() < kTraining + over) throw Error(ErrorKind::data, "too few rows");
          return samples(table, order, static_cast<std::int64_t>(order.size()), 6);
        },
        options);
    if (over == 0) {
      EXPECT_TRUE(report.clean()) << report.text();
      continue;
    }
    const Leak leak = only_leak(report);
    EXPECT_EQ(leak.kind, LeakKind::overlap) << leak.what();
    EXPECT_EQ(leak.reach, over);
  }
}

TEST(Leaks, WhatIsLearntFromAllRowsIsFound) {
  LeakOptions options;
  options.training = kTraining;
  const auto pipeline = [](std::int64_t rows) {
    return [rows](const Table& table) {
      const Numbers y = column_of(table);
      const auto end = y.begin() + std::min<std::ptrdiff_t>(rows, static_cast<std::ptrdiff_t>(y.size()));
      LeakTrace trace;
      trace.fitted.push_back({"mean", {std::accumulate(y.begin(), end, 0.0) / static_cast<double>(rows)}});
      return trace;
    };
  };
  EXPECT_TRUE(find_leaks(walk(), pipeline(kTraining), options).clean());
  EXPECT_EQ(only_leak(find_leaks(walk(), pipeline(kRows), options)).kind, LeakKind::everything);
}

TEST(Leaks, RowsThatComeAndGoWithTheFutureAreFound) {
  const LeakReport report = find_leaks(walk(), [](const Table& table) {
    const Numbers y = column_of(table);
    LeakTrace trace;
    trace.columns = {"y"};
    const bool longer = !(y.back() > 1);  // as in "begin where the last row is"
    for (std::size_t t = longer ? 0 : 5; t < y.size(); ++t) {
      trace.last_known.push_back(static_cast<std::int64_t>(t));
      trace.values.push_back(y[t]);
    }
    return trace;
  });
  EXPECT_EQ(only_leak(report).kind, LeakKind::shape);
}

TEST(Leaks, ManySeriesHaveOneClock) {
  // Two series below each other: "after the cut-off" is by time, not by place in the file.
  std::vector<double> time, y;
  TextList id;
  const RandomStream stream(8);
  for (const char* name : {"a", "b"}) {
    for (int t = 0; t < 50; ++t) {
      time.push_back(t);
      y.push_back(stream.normal(y.size()));
      id.push_back(name);
    }
  }
  Table table("long");
  table.add(Column("time", time));
  table.add(Column("id", id));
  table.add(Column("y", y));
  const auto pipeline = [](bool across) {
    return [across](const Table& rows) {
      LeakTrace trace;
      trace.columns = {"mean of the day before"};
      const auto times = rows.numbers("time"), values = rows.numbers("y");
      for (std::size_t i = 0; i < times.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < times.size(); ++j) {
          if (times[j] == times[i] + (across ? 1 : -1)) sum += values[j];
        }
        trace.last_known.push_back(static_cast<std::int64_t>(times[i]));
        trace.values.push_back(sum);
      }
      return trace;
    };
  };
  LeakOptions options;
  options.time = "time";
  options.keep = {"id"};
  const LeakReport honest = find_leaks(table, pipeline(false), options);
  EXPECT_TRUE(honest.clean()) << honest.text();
  const Leak leak = only_leak(find_leaks(table, pipeline(true), options));
  EXPECT_EQ(leak.kind, LeakKind::look_ahead);
  EXPECT_EQ(leak.reach, 1);
}

TEST(Leaks, ColumnsKnownBeforehandMayBeUsed) {
  const auto pipeline = [](const Table& table) {
    Numbers x = column_of(table, "x");
    if (!x.empty()) std::rotate(x.begin(), x.begin() + 1, x.end());
    if (!x.empty()) x.back() = 0;
    return LeakTrace::by_row("plan of tomorrow", x);
  };
  EXPECT_FALSE(find_leaks(walk(), pipeline).clean());
  LeakOptions options;
  options.keep = {"x"};
  const LeakReport report = find_leaks(walk(), pipeline, options);
  EXPECT_TRUE(report.clean()) << report.text();
}

TEST(Leaks, MatricesAreTables) {
  const Table table = walk();
  const Tensor values = table.matrix(table.names());
  const LeakReport report = find_leaks(values, [](const Tensor& rows) {
    Numbers y;
    for (std::int64_t r = 0; r < rows.dim(0); ++r) y.push_back(rows.at(r * 2));
    return LeakTrace::by_row("smooth", moving_mean(y, 2, 2));
  });
  EXPECT_EQ(only_leak(report).reach, 2);
}

TEST(Leaks, WrongUseIsExplained) {
  const auto same = [](const Table& table) { return LeakTrace::by_row("y", column_of(table)); };
  expect_error(ErrorKind::data, {"one row"}, [&] { find_leaks(walk(false, 1), same); });
  LeakOptions options;
  options.training = kRows;
  expect_error(ErrorKind::usage, {"training part"}, [&] { find_leaks(walk(), same, options); });
  options = {};
  options.cuts = {0};
  expect_error(ErrorKind::usage, {"cut-off"}, [&] { find_leaks(walk(), same, options); });
  options = {};
  options.count = 0;
  expect_error(ErrorKind::usage, {"cut-off"}, [&] { find_leaks(walk(), same, options); });
  options = {};
  options.time = "tme";
  expect_error(ErrorKind::data, {"tme"}, [&] { find_leaks(walk(), same, options); });
  expect_error(ErrorKind::usage, {"sizes"}, [&] {
    find_leaks(walk(), [](const Table& table) {
      LeakTrace trace = LeakTrace::by_row("y", column_of(table));
      trace.values.pop_back();
      return trace;
    });
  });
  expect_error(ErrorKind::usage, {"LeakOptions::training"}, [&] {
    find_leaks(walk(), [](const Table& table) {
      LeakTrace trace = LeakTrace::by_row("y", column_of(table));
      trace.fitted.push_back({"mean", {1}});
      return trace;
    });
  });
  int calls = 0;
  expect_error(ErrorKind::usage, {"same table"}, [&] {
    find_leaks(walk(), [&](const Table& table) {
      Numbers y = column_of(table);
      y[0] = ++calls;
      return LeakTrace::by_row("y", y);
    });
  });
}

}  // namespace
}  // namespace rondo
