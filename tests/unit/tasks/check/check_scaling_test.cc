// What a scaler that was fitted on all rows leaves in a column, and that honest columns are without it.

#include "tasks/check/subject.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/check.h"
#include "support/source_folder.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

using checking::find_scaling;
using checking::Scaling;
using checking::ScalingMark;
using checking::SeriesRows;
using Numbers = std::vector<double>;

constexpr std::size_t kRows = 400;
constexpr double kTestShare = 0.2;
constexpr std::size_t kTraining = 320;

Numbers white_noise(std::uint64_t seed, std::size_t count = kRows) {
  const RandomStream stream(seed);
  Numbers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = stream.normal(i);
  return out;
}

Numbers walk(std::uint64_t seed, std::size_t count = kRows) {
  Numbers y = white_noise(seed, count);
  for (std::size_t i = 1; i < y.size(); ++i) y[i] += y[i - 1];
  return y;
}

/// Every value through printf and back.
Numbers written(Numbers values, const char* format) {
  for (double& v : values) {
    char text[40];
    std::snprintf(text, sizeof text, format, v);
    v = std::stod(text);
  }
  return values;
}

/// (y - mean) / deviation, both of the first rows and kept in T.
template <class T = double>
Numbers standardised(const Numbers& y, std::size_t fitted, double freedom = 0) {
  double mean = 0, square = 0;
  for (std::size_t t = 0; t < fitted; ++t) mean += y[t] / static_cast<double>(fitted);
  for (std::size_t t = 0; t < fitted; ++t) square += (y[t] - mean) * (y[t] - mean);
  const double deviation = std::sqrt(square / (static_cast<double>(fitted) - freedom));
  Numbers z;
  for (const double v : y)
    z.push_back((static_cast<T>(v) - static_cast<T>(mean)) / static_cast<T>(deviation));
  return z;
}

/// √2 sin: mean 0 and deviation 1 over whole periods.
Numbers wave(std::size_t rows, double period) {
  Numbers y(rows);
  for (std::size_t t = 0; t < rows; ++t)
    y[t] = std::sqrt(2) * std::sin(2 * std::numbers::pi * static_cast<double>(t) / period);
  return y;
}

/// One after the other: series of equal lengths.
std::vector<SeriesRows> rows_of(std::size_t rows, std::size_t series = 1) {
  std::vector<SeriesRows> out;
  for (std::size_t s = 0; s < series; ++s) {
    out.push_back({std::to_string(s), std::vector<std::int64_t>(rows / series)});
    std::iota(out[s].rows.begin(), out[s].rows.end(), static_cast<std::int64_t>(s * (rows / series)));
  }
  return out;
}

ScalingMark mark_of(const Numbers& values, double test_share = kTestShare) {
  return find_scaling(values, rows_of(values.size()), test_share);
}

TEST(ScalingMark, OfAScalerOfAllRowsIsBeyondDoubtInAnyFileOfThreeDecimals) {
  for (const double freedom : {0.0, 1.0}) {
    for (const char* format : {"%.17g", "%.9g", "%.6f", "%.6g", "%.4f", "%.3f"}) {
      for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const ScalingMark mark = mark_of(written(standardised(walk(seed), kRows, freedom), format));
        EXPECT_EQ(mark.kind, Scaling::standard) << format << ", " << seed;
        EXPECT_EQ(mark.doubt, "");
        EXPECT_FALSE(mark.each_series);
      }
    }
  }
}

TEST(ScalingMark, OfASinglePrecisionScalerIsSeenToo) {
  for (const std::size_t rows : {40, 400, 4000})
    EXPECT_EQ(mark_of(standardised<float>(walk(1, rows), rows)).kind, Scaling::standard) << rows;
}

TEST(ScalingMark, InFewDecimalsIsDoubtful) {
  const ScalingMark mark = mark_of(written(standardised(walk(2), kRows), "%.2f"));
  EXPECT_EQ(mark.kind, Scaling::standard);
  EXPECT_NE(mark.doubt, "");
  EXPECT_EQ(mark_of(written(standardised(walk(2), kRows), "%.1f")).kind, Scaling::none);
}

TEST(ScalingMark, SaysWhatTheTrainingPartLooksLike) {
  const Numbers z = standardised(walk(3), kRows);
  double mean = 0, square = 0;
  for (std::size_t t = 0; t < kTraining; ++t) mean += z[t] / kTraining;
  for (std::size_t t = 0; t < kTraining; ++t) square += (z[t] - mean) * (z[t] - mean) / kTraining;
  EXPECT_NEAR(mark_of(z).training_mean, mean, 1e-12);
  EXPECT_NEAR(mark_of(z).training_deviation, std::sqrt(square), 1e-12);
}

TEST(ScalingMark, IsNotLeftByAScalerOfTheTrainingPart) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const Numbers& y : {walk(seed), white_noise(seed)}) {
      EXPECT_EQ(mark_of(standardised(y, kTraining)).kind, Scaling::none) << seed;
      EXPECT_EQ(mark_of(written(standardised(y, kTraining), "%.3f")).kind, Scaling::none) << seed;
      // All of the table is the training part where the truth stands in another file.
      EXPECT_EQ(mark_of(standardised(y, kRows), 0).kind, Scaling::none) << seed;
    }
  }
  // A season without white_noise: all rows and those before the test part have the same mean and deviation.
  EXPECT_EQ(mark_of(wave(kRows, 80)).kind, Scaling::none);
}

TEST(ScalingMark, IsNotOnHonestColumns) {
  const auto scaled = [](Numbers values, double by, double offset) {
    for (double& v : values) v = v * by + offset;
    return values;
  };
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    // Noise that is standard by nature, not by a scaler; what a fit leaves, whose mean is 0 to the last
    // digit; changes.
    EXPECT_EQ(mark_of(white_noise(seed)).kind, Scaling::none) << seed;
    EXPECT_EQ(mark_of(written(white_noise(seed), "%.3f")).kind, Scaling::none) << seed;
    for (const double deviation : {0.01, 0.97, 1.04, 30.0}) {
      EXPECT_EQ(mark_of(scaled(standardised(white_noise(seed), kRows), deviation, 0)).kind, Scaling::none)
          << seed;
    }
    EXPECT_EQ(mark_of(scaled(standardised(walk(seed), kRows), 1, 0.01)).kind, Scaling::none) << seed;
    Numbers changes = white_noise(seed, kRows + 1);
    for (std::size_t t = 0; t < kRows; ++t) changes[t] = (changes[t + 1] - changes[t]) / std::sqrt(2);
    changes.pop_back();
    EXPECT_EQ(mark_of(changes).kind, Scaling::none) << seed;
  }
}

TEST(ScalingMark, OfBalancedCodesIsDoubtful) {
  // A wave of four weeks; the test part begins within one.
  const ScalingMark mark = mark_of(wave(560, 28), 0.22);
  EXPECT_EQ(mark.kind, Scaling::standard);
  EXPECT_NE(mark.doubt, "");
  Numbers signs(480);
  for (std::size_t t = 0; t < signs.size(); ++t) signs[t] = t % 2 == 0 ? 1 : -1;
  EXPECT_EQ(mark_of(signs, 0.22).kind, Scaling::none);
}

TEST(ScalingMark, IsNotOnACountOfRows) {
  Numbers count(kRows), share(kRows);
  for (std::size_t t = 0; t < kRows; ++t) {
    count[t] = static_cast<double>(t);
    share[t] = static_cast<double>(t) / (kRows - 1);
  }
  EXPECT_EQ(mark_of(standardised(count, kRows)).kind, Scaling::none);
  EXPECT_EQ(mark_of(share).kind, Scaling::none);
}

TEST(ScalingMark, IsSeenWhereEverySeriesWasScaledByItself) {
  const std::vector<SeriesRows> rows = rows_of(kRows, 4);
  Numbers all, three;
  for (std::uint64_t s = 0; s < 4; ++s) {
    const Numbers y = walk(s, kRows / 4), z = standardised(y, y.size(), 1);
    all.insert(all.end(), z.begin(), z.end());
    const Numbers& raw = s < 3 ? z : y;
    three.insert(three.end(), raw.begin(), raw.end());
  }
  EXPECT_EQ(find_scaling(all, rows, kTestShare).kind, Scaling::standard);
  EXPECT_TRUE(find_scaling(all, rows, kTestShare).each_series);
  EXPECT_EQ(find_scaling(three, rows, kTestShare).kind, Scaling::none);
}

TEST(ScalingMark, OfMinAndMaxIsSeenWhereAnExtremeLiesInTheTestPartAndAlwaysDoubtful) {
  for (const std::size_t highest : {50, 390}) {
    Numbers z = white_noise(3);
    z[highest] = 9;
    z[20] = -9;
    for (double& v : z) v = (v + 9) / 18;
    const ScalingMark mark = mark_of(z);
    EXPECT_EQ(mark.kind, highest == 390 ? Scaling::min_max : Scaling::none);
    EXPECT_EQ(mark.doubt.empty(), mark.kind == Scaling::none);
  }
  Numbers flags(kRows);
  flags[390] = 1;
  EXPECT_EQ(mark_of(flags).kind, Scaling::none);
}

TEST(ScalingMark, NeedsRows) {
  EXPECT_EQ(mark_of({}).kind, Scaling::none);
  EXPECT_EQ(mark_of({-1, 1}).kind, Scaling::none);
  EXPECT_EQ(mark_of(standardised(walk(1, 19), 19)).kind, Scaling::none);
  EXPECT_EQ(mark_of(standardised(walk(1, 20), 20)).kind, Scaling::standard);
  EXPECT_EQ(mark_of(Numbers(100, std::nan(""))).kind, Scaling::none);
  EXPECT_EQ(mark_of(Numbers(100, 0.0)).kind, Scaling::none);
  Numbers holes = standardised(walk(1), kRows);
  holes.insert(holes.begin() + 77, std::nan(""));
  EXPECT_EQ(mark_of(holes).kind, Scaling::standard);
}

/// What the check says of the scaling of a column; nothing but "ok" when all is well.
CheckFinding finding_of(const CheckReport& report, const std::string& column) {
  for (const CheckFinding& finding : report.findings) {
    if (finding.what.starts_with("'" + column + "' was scaled with the test part")) return finding;
  }
  return {};
}

Table table_of_two(const Numbers& x, const Numbers& y) {
  Table table("table");
  table.add(Column("x", x));
  table.add(Column("y", y));
  return table;
}

CheckReport check(const Numbers& x, const Numbers& y, const CheckOptions& how = {},
                  ForecastOptions options = {}) {
  options.target = "y";
  return check_forecast(table_of_two(x, y), options, how);
}

TEST(CheckScaling, WithTheTestPartIsAnErrorUnlessAllowedOrUnused) {
  const Numbers raw = walk(4), leaky = standardised(walk(5), kRows);
  const CheckFinding found = finding_of(check(leaky, raw), "x");
  EXPECT_EQ(found.level, CheckLevel::error);
  EXPECT_EQ(found.topic, "leaks");
  EXPECT_NE(found.fix.find("--allow x"), std::string::npos) << found.fix;
  EXPECT_EQ(finding_of(check(raw, leaky), "y").level, CheckLevel::error);
  EXPECT_EQ(check(leaky, standardised(walk(6), kRows)).count(CheckLevel::error), 2);

  CheckOptions allowed;
  allowed.allow = {"x"};
  EXPECT_EQ(finding_of(check(leaky, raw, allowed), "x").level, CheckLevel::ok);
  EXPECT_FALSE(check(leaky, raw, allowed).has_errors());
  CheckOptions named;
  named.named_only = true;
  EXPECT_EQ(finding_of(check(leaky, raw, named), "x").level, CheckLevel::warning);
  EXPECT_EQ(finding_of(check(raw, leaky, named), "y").level, CheckLevel::error);
  ForecastOptions used;
  used.past = {"x"};
  EXPECT_EQ(finding_of(check(leaky, raw, named, used), "x").level, CheckLevel::error);
}

TEST(CheckScaling, ByTheTrainingPartPasses) {
  ForecastOptions options;
  options.backtest = "last=" + std::to_string(kRows - kTraining);
  const CheckReport report =
      check(standardised(walk(4), kTraining), standardised(walk(5), kTraining), {}, options);
  EXPECT_FALSE(report.has_errors());
  EXPECT_EQ(finding_of(report, "x").what + finding_of(report, "y").what, "");
}

TEST(CheckScaling, IsAWarningWhereAnHonestColumnMayLookTheSame) {
  const CheckFinding rounded = finding_of(check(written(standardised(walk(5), kRows), "%.2f"), walk(4)), "x");
  EXPECT_EQ(rounded.level, CheckLevel::warning);
  EXPECT_NE(rounded.seen.find("decimals"), std::string::npos) << rounded.seen;
  Numbers share = wave(kRows, 37);
  for (double& v : share) v = 0.5 + 0.3 * v;
  share[7] = 0;
  share[kRows - 3] = 1;
  const CheckFinding found = finding_of(check(share, walk(4)), "x");
  EXPECT_EQ(found.level, CheckLevel::warning);
  EXPECT_NE(found.seen.find("a share"), std::string::npos) << found.seen;
}

TEST(CheckScaling, OfAJobIsAnErrorWhereTheColumnIsUsed) {
  const Numbers x = standardised(walk(5), kRows), y = walk(4);
  std::string text = "x,y\n";
  for (std::size_t t = 0; t < kRows; ++t) text += std::to_string(x[t]) + "," + std::to_string(y[t]) + "\n";
  const Scratch folder;
  CsvTraining job = suggest_csv_training(folder.write("job.csv", text).string(), "y", "");
  job.samples.length = 6;
  job.data.inputs = {"x", "y"};
  EXPECT_EQ(finding_of(check_csv_training(job), "x").level, CheckLevel::error);
  job.data.inputs = {"y"};
  EXPECT_EQ(finding_of(check_csv_training(job), "x").level, CheckLevel::warning);
}

TEST(CheckScaling, IsFoundInNoSeriesThatEverybodyKnows) {
  std::vector<std::filesystem::path> files = {source_folder() / "examples" / "data" / "sunspots.csv"};
  if (!shared_data().empty()) {
    for (const char* name : {"airline-passengers", "shampoo", "daily-min-temperatures", "monthly-sunspots"})
      files.push_back(shared_data() / "timeseries" / "classic" / (std::string(name) + ".csv"));
    files.push_back(shared_data() / "timeseries" / "etth1" / "ETTh1.csv.gz");
  }
  for (const std::filesystem::path& file : files) {
    CheckOptions quick;
    quick.leaks = false;
    for (const CheckFinding& finding : check_forecast(read_csv(file), {}, quick).findings)
      EXPECT_TRUE(finding.topic != "leaks" || finding.level == CheckLevel::ok) << file << finding.what;
  }
}

}  // namespace
}  // namespace rondo
