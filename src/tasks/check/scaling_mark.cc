#include "tasks/check/subject.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace rondo::checking {

namespace {

using Numbers = std::vector<double>;

/// The values of a series that there are, and how many of them come before the test part.
struct Part {
  Numbers values;
  std::size_t training = 0;
};

Part part_of(std::span<const double> values, const SeriesRows& series, double test_share) {
  const auto border =
      static_cast<std::size_t>(std::lround(static_cast<double>(series.rows.size()) * (1 - test_share)));
  Part part;
  for (std::size_t i = 0; i < series.rows.size(); ++i) {
    const double v = values[static_cast<std::size_t>(series.rows[i])];
    if (std::isnan(v)) continue;
    part.values.push_back(v);
    part.training += i < border ? 1 : 0;
  }
  return part;
}

struct Moments {
  double count = 0, mean = 0, square = 0;  ///< square: sum of squared distances from the mean

  /// Welford's update.
  void add(double v) {
    const double before = v - mean;
    mean += before / ++count;
    square += before * (v - mean);
  }
  double deviation(double freedom) const {
    return count > freedom ? std::sqrt(square / (count - freedom)) : 0;
  }
};

Moments moments_of(std::span<const double> values) {
  Moments moments;
  for (const double v : values) moments.add(v);
  return moments;
}

constexpr double kMinCount = 20;   ///< rows that say something
constexpr double kLoosest = 8e-4;  ///< a nearer miss proves nothing
constexpr int kProof = 3;          ///< decimals that leave no doubt
constexpr int kMaxDecimals = 4;    ///< that scalers in single precision keep

bool is_standard(const Moments& moments, double tolerance) {
  if (moments.count < kMinCount || tolerance > kLoosest || std::abs(moments.mean) > tolerance) return false;
  return std::abs(moments.deviation(0) - 1) < tolerance || std::abs(moments.deviation(1) - 1) < tolerance;
}

/// A file of d decimals moves mean and deviation of n rows by about 10^-d / sqrt(12 n).
double tolerance_of(double count, int decimals) {
  return std::max(1e-6, 4 * std::pow(10.0, -std::min(decimals, kMaxDecimals)) / std::sqrt(12 * count));
}

/// Digits after the point that a value needs, 0 … 12; 13: more than those.
int decimals_of(double value) {
  constexpr int kMaxCount = 12;
  int decimals = 0;
  for (double power = 1; decimals <= kMaxCount; power *= 10, ++decimals) {
    if (std::abs(value * power - std::round(value * power)) <= 1e-9 + 1e-15 * std::abs(value * power)) break;
  }
  return decimals;
}

/// Decimals that most values have: some end in zeros, and where digits are significant ones, large values
/// have fewer.
int decimals_of(std::span<const Part> parts) {
  std::vector<int> all;
  for (const Part& part : parts) {
    for (const double v : part.values) all.push_back(decimals_of(v));
  }
  const auto fifth = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 5);
  std::nth_element(all.begin(), fifth, all.end());
  return *fifth;
}

/// Moments of what is looked at by itself: all rows together, or each series that says something.
std::vector<Moments> moments_of(std::span<const Part> parts, bool each, bool training) {
  std::vector<Moments> all;
  Moments together;
  for (const Part& part : parts) {
    const std::span<const double> values =
        std::span(part.values).first(training ? part.training : part.values.size());
    if (!each) {
      for (const double v : values) together.add(v);
    } else if (part.values.size() >= static_cast<std::size_t>(kMinCount) &&
               moments_of(part.values).square > 0) {
      all.push_back(moments_of(values));
    }
  }
  if (!each) all.push_back(together);
  return all;
}

bool are_standard(std::span<const Moments> all, int decimals) {
  return !all.empty() && std::all_of(all.begin(), all.end(), [decimals](const Moments& moments) {
    return is_standard(moments, tolerance_of(std::max(1.0, moments.count), decimals));
  });
}

/// All but a millionth of the variance of each series is that of a line.
bool is_line(std::span<const Part> parts) {
  constexpr double kRest = 1e-6;
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) {
    const Moments y = moments_of(part.values);
    double x_square = 0, product = 0;
    for (std::size_t i = 0; i < part.values.size(); ++i) {
      const double x = static_cast<double>(i) - (y.count - 1) / 2;
      x_square += x * x;
      product += x * (part.values[i] - y.mean);
    }
    return x_square == 0 || y.square - product * product / x_square <= kRest * y.square;
  });
}

/// Up to `enough`; a wave has the same values in every period but for the last digits.
std::size_t different_values(std::span<const Part> parts, std::size_t enough) {
  constexpr double kSame = 1e9;
  std::set<double> different;
  for (const Part& part : parts) {
    for (const double v : part.values) {
      different.insert(std::round(v * kSame));
      if (different.size() >= enough) return enough;
    }
  }
  return different.size();
}

std::size_t count(std::span<const Part> parts) {
  std::size_t values = 0;
  for (const Part& part : parts) values += part.values.size();
  return values;
}

std::string doubt_of(std::span<const Part> parts, int decimals) {
  constexpr std::size_t kCode = 50;
  if (decimals < kProof) return "so few decimals do not prove it";
  const std::size_t enough = std::min(kCode, count(parts) / 2) + 1;
  if (different_values(parts, enough) < enough)
    return "a code of few different values may be balanced by nature";
  return "";
}

ScalingMark find_standard(std::span<const Part> parts) {
  for (const bool each : {false, true}) {
    if (each && parts.size() == 1) break;
    const std::vector<Moments> whole = moments_of(parts, each, false);
    const bool worth_a_look =
        !whole.empty() && std::all_of(whole.begin(), whole.end(),
                                      [](const Moments& moments) { return is_standard(moments, kLoosest); });
    if (!worth_a_look) continue;
    const int decimals = decimals_of(parts);
    const std::vector<Moments> training = moments_of(parts, each, true);
    if (!are_standard(whole, decimals) || are_standard(training, decimals)) continue;
    return {Scaling::standard, each, training[0].mean, training[0].deviation(0), doubt_of(parts, decimals)};
  }
  return {};
}

bool is_min_max(std::span<const Part> parts) {
  std::int64_t zeros = 0, ones = 0, early_zeros = 0, early_ones = 0;
  for (const Part& part : parts) {
    for (std::size_t i = 0; i < part.values.size(); ++i) {
      const double v = part.values[i];
      if (v < 0 || v > 1) return false;
      zeros += v == 0 ? 1 : 0;
      ones += v == 1 ? 1 : 0;
      early_zeros += v == 0 && i < part.training ? 1 : 0;
      early_ones += v == 1 && i < part.training ? 1 : 0;
    }
  }
  constexpr std::size_t kDifferent = 20;
  const bool reached_once = zeros >= 1 && zeros <= 2 && ones >= 1 && ones <= 2;
  return reached_once && (early_zeros == 0 || early_ones == 0) &&
         different_values(parts, kDifferent) == kDifferent;
}

}  // namespace

ScalingMark find_scaling(std::span<const double> values, std::span<const SeriesRows> series,
                         double test_share) {
  std::vector<Part> parts;
  for (const SeriesRows& one : series) parts.push_back(part_of(values, one, test_share));
  ScalingMark mark = find_standard(parts);
  if (mark.kind == Scaling::none && is_min_max(parts))
    mark = {Scaling::min_max, false, 0, 0, "a share that goes from 0 to 1 by nature looks the same"};
  return mark.kind == Scaling::none || is_line(parts) ? ScalingMark{} : mark;
}

// Columns that were scaled with the test part in them.

namespace {

std::string evidence(const ScalingMark& mark) {
  if (mark.kind == Scaling::min_max)
    return "its smallest value over all rows is 0, its largest 1, and one of them lies in the test part";
  if (mark.each_series) return "over all rows of every series its mean is 0 and its deviation 1";
  return "its mean over all rows is 0 and its deviation 1; before the test part they are " +
         number(mark.training_mean) + " and " + number(mark.training_deviation);
}

}  // namespace

void check_scaling_leaks(const Subject& subject, std::span<const SeriesRows> series, CheckReport& report) {
  Findings out(report, "leaks");
  Group group(out, "no column looks scaled with the test part in it", "scaled with the test part in them");
  for (const Column& column : subject.table->columns()) {
    const std::string& name = column.name();
    if (name == subject.time || name == subject.id || !column.is_number()) continue;
    const ScalingMark mark = find_scaling(column.numbers(), series, subject.test_share);
    if (mark.kind == Scaling::none) continue;
    const std::string what = "'" + name + "' was scaled with the test part in it",
                      where = subject.table->source() + ", column '" + name + "'";
    if (std::find(subject.allow.begin(), subject.allow.end(), name) != subject.allow.end()) {
      group.add(CheckLevel::ok, what + ", which is allowed", where, evidence(mark), "");
      continue;
    }
    const bool used = subject.used.empty() || subject.uses(name);
    group.add(used && mark.doubt.empty() ? CheckLevel::error : CheckLevel::warning, what, where,
              evidence(mark) + (mark.doubt.empty() ? "" : ", but " + mark.doubt),
              "give the values as measured: rondo scales them by the training part alone; if they are like "
              "that by nature, declare it with --allow " +
                  name);
  }
  group.close();
}

}  // namespace rondo::checking
