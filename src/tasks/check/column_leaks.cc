// Columns that are made from the future of the target.

#include <algorithm>
#include <cmath>
#include <optional>

#include "tasks/check/pair_series.h"
#include "tasks/check/subject.h"

namespace rondo {

namespace {

using checking::contains;
using checking::PairSeries;
using checking::SeriesRows;
using checking::Subject;

constexpr std::int64_t kNear = 24;  ///< rows before and after that the regression looks at, at most
constexpr std::int64_t kFar = 400;  ///< rows ahead that copies and plain means are looked for
/// What is left of a column's variance when it is made from the target beyond doubt (the rest is rounding),
/// and when it is suspicious; and how many times more has to be left without the future.
constexpr double kExact = 1e-6, kSuspicious = 1e-3;
constexpr double kTimesMore = 100, kSomeTimesMore = 50;
/// Less than this, and the past says as much: rounding decides.
constexpr double kNothing = 1e-8;

/// Target[t], [t - 1] … [t - near], then [t + 1] … [t + near].
std::vector<std::int64_t> past_then_future(std::int64_t near) {
  std::vector<std::int64_t> shifts;
  for (std::int64_t k = 0; k <= near; ++k) shifts.push_back(-k);
  for (std::int64_t k = 1; k <= near; ++k) shifts.push_back(k);
  return shifts;
}

/// Share of the variance of the column, or of its changes, that the target's past leaves; 1 with too few
/// rows.
double left_by_past(const PairSeries& pairs, bool changes) {
  const std::int64_t near = std::min(kNear, pairs.longest() / 10);
  const std::vector<std::int64_t> all = past_then_future(near);
  const auto past = pairs.regress(std::span(all).first(static_cast<std::size_t>(near) + 1), changes);
  return past ? past->left.back() : 1;
}

/// column[t] = a + b target[t + ahead].
std::optional<ColumnLeak> find_copy(const PairSeries& pairs, std::int64_t horizon) {
  double equal_past = 0;
  ColumnLeak leak;
  for (std::int64_t k = 0; k <= std::min(kNear, pairs.longest() / 4); ++k) {
    leak.without_future = std::min(leak.without_future, pairs.left_by_line(-k));
    equal_past = std::max(equal_past, pairs.equal_share(-k));
  }
  const std::int64_t farthest = std::clamp<std::int64_t>(pairs.longest() / 4, 1, std::max(kFar, horizon));
  leak.unexplained = 1;
  for (std::int64_t k = 1; k <= farthest; ++k) {
    const double left = pairs.left_by_line(k);
    if (left >= leak.unexplained) continue;
    leak.unexplained = left;
    leak.ahead = k;
  }
  constexpr double kAllEqual = 0.999, kPredictable = 1e-14, kWorthALook = 1e-2;
  if (leak.unexplained > kWorthALook) return std::nullopt;
  leak.without_future = std::min(leak.without_future, left_by_past(pairs, false));
  if (pairs.equal_share(leak.ahead) >= kAllEqual && equal_past < kAllEqual &&
      leak.without_future > kPredictable) {
    leak.exact = true;
    return leak;
  }
  if (leak.without_future < kNothing) return std::nullopt;
  leak.exact = leak.unexplained < kExact && leak.without_future > kTimesMore * leak.unexplained;
  constexpr double kNearly = 2e-4;  // |r| > 0.9999
  const bool nearly = leak.unexplained < kNearly && leak.without_future > kSomeTimesMore * leak.unexplained;
  return leak.exact || nearly ? std::optional(leak) : std::nullopt;
}

/// Sets how far ahead the weights reach, and whether they are those of a centred mean.
void read_weights(std::span<const std::int64_t> shifts, std::span<const double> weights, ColumnLeak& leak) {
  constexpr double kCounts = 0.05;
  double largest = 0;
  for (const double w : weights) largest = std::max(largest, std::abs(w));
  for (std::size_t i = 0; i < shifts.size(); ++i) {
    if (std::abs(weights[i]) > kCounts * largest) leak.ahead = std::max(leak.ahead, shifts[i]);
  }
  bool equal = true;
  for (std::size_t i = 0; i < shifts.size(); ++i) {
    const double expected = std::abs(shifts[i]) <= leak.ahead ? largest : 0;
    equal = equal && std::abs(std::abs(weights[i]) - expected) < kCounts * largest;
  }
  leak.kind = equal ? ColumnLeak::Kind::mean : ColumnLeak::Kind::smoothed;
}

/// column[t] = a + Σ w_k target[t + k], k = -near … near.
std::optional<ColumnLeak> find_sum(const PairSeries& pairs) {
  const std::int64_t near = std::min(kNear, pairs.longest() / 10);
  if (near < 1) return std::nullopt;
  const std::vector<std::int64_t> shifts = past_then_future(near);
  const auto fit = pairs.regress(shifts, false);
  if (!fit) return std::nullopt;
  ColumnLeak leak;
  leak.unexplained = fit->left.back();
  leak.without_future = fit->left[static_cast<std::size_t>(near) + 1];
  leak.exact = leak.unexplained < kExact && leak.without_future > kTimesMore * leak.unexplained;
  const bool suspicious =
      leak.unexplained < kSuspicious && leak.without_future > kSomeTimesMore * leak.unexplained;
  if (leak.without_future < kNothing || !(leak.exact || suspicious)) return std::nullopt;
  read_weights(shifts, fit->weights, leak);
  return leak;
}

/// Means over more rows than the regression can look at, by their changes.
std::optional<ColumnLeak> find_mean(const PairSeries& pairs) {
  ColumnLeak leak;
  leak.kind = ColumnLeak::Kind::mean;
  leak.unexplained = 1;
  for (std::int64_t w = 1; w <= kFar && 2 * w + PairSeries::kMinRows < pairs.longest(); ++w) {
    const double left = pairs.left_by_ends(w);
    if (left >= leak.unexplained) continue;
    leak.unexplained = left;
    leak.ahead = w;
  }
  // Changes of a mean are small, so that the rounding of a file weighs more here.
  constexpr double kExactChange = 1e-3, kNearlyChange = 1e-2;
  if (leak.unexplained > kNearlyChange) return std::nullopt;
  leak.without_future = left_by_past(pairs, true);
  leak.exact = leak.unexplained < kExactChange && leak.without_future > kTimesMore * leak.unexplained;
  const bool nearly = leak.without_future > kSomeTimesMore * leak.unexplained;
  return leak.exact || nearly ? std::optional(leak) : std::nullopt;
}

}  // namespace

std::string ColumnLeak::what() const {
  std::string is = "'" + column + (exact ? "' is" : "' is nearly");
  const std::string of = " of '" + target + "'";
  const std::string rows = checking::count_of(ahead, "row");
  switch (kind) {
    case Kind::copy: return is + " the value" + of + " " + rows + " later";
    case Kind::mean: return is + " a centred moving average" + of + ": it knows " + rows + " of the future";
    case Kind::smoothed: return is + " made from values" + of + " up to " + rows + " later";
  }
  return is;
}

std::vector<ColumnLeak> find_column_leaks(const Table& table, std::string_view target,
                                          const std::vector<std::string>& columns, std::string_view time,
                                          std::string_view id, std::int64_t horizon) {
  table.numbers(target);
  Subject subject;
  subject.table = &table;
  subject.id = id.empty() ? "" : table.column(id).name();
  std::optional<Timeline> times;
  if (!time.empty()) times = read_times(table, time);
  const std::vector<SeriesRows> places = checking::series_of(subject, times ? &*times : nullptr);

  std::vector<ColumnLeak> leaks;
  for (const Column& column : table.columns()) {
    const std::string& name = column.name();
    const bool wanted = columns.empty() || contains(columns, name);
    const bool other = column.is_number() && name != target && name != time && name != subject.id;
    if (!wanted || !other) continue;
    const PairSeries pairs(table, target, name, places);
    std::optional<ColumnLeak> leak = find_copy(pairs, horizon);
    if (!leak) leak = find_sum(pairs);
    if (!leak) leak = find_mean(pairs);
    if (!leak) continue;
    leak->column = name;
    leak->target = std::string(target);
    leaks.push_back(std::move(*leak));
  }
  return leaks;
}

namespace checking {

void check_column_leaks(const Subject& subject, CheckReport& report) {
  constexpr std::size_t kMaxTargets = 8;
  Findings out(report, "leaks");
  bool found = false;
  for (std::size_t k = 0; k < std::min(kMaxTargets, subject.targets.size()); ++k) {
    const std::string& target = subject.targets[k];
    const Column& column = subject.table->column(target);
    if (!column.is_number() || column.first_bad().row >= 0) continue;
    for (const ColumnLeak& leak :
         find_column_leaks(*subject.table, target, {}, subject.time, subject.id, subject.horizon)) {
      found = true;
      const std::string seen = percent(leak.unexplained) + " of its variance is left unexplained, against " +
                               percent(leak.without_future) + " without the future";
      const std::string where = subject.table->source() + ", column '" + leak.column + "'";
      if (contains(subject.allow, leak.column)) {
        out.add(CheckLevel::ok, leak.what() + ", which is allowed", where, seen);
        continue;
      }
      const bool used = subject.used.empty() || subject.uses(leak.column);
      out.add(leak.exact && used ? CheckLevel::error : CheckLevel::warning, leak.what(), where, seen,
              "leave the column out, or make it from rows up to its own; if it is truly known that early (a "
              "plan, a sensor upstream), say so with --allow " +
                  leak.column);
    }
  }
  if (!found) out.ok("no column seems to be made from the target's future");
}

}  // namespace checking
}  // namespace rondo
