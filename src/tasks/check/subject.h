#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/data/leaks.h"
#include "rondo/data/timeline.h"
#include "rondo/tasks/check.h"
#include "tasks/common/table_findings.h"

namespace rondo::checking {

bool contains(const std::vector<std::string>& names, std::string_view name);

using tasks::find_outliers;
using tasks::is_code_for_missing;
using tasks::Outliers;
using tasks::SeriesRows;

/// What is checked: a table and the roles of its columns.
struct Subject {
  const Table* table = nullptr;
  std::vector<std::string> targets;
  std::vector<std::string> used;  ///< columns that will be learnt from, targets included; empty: not known
  std::vector<std::string> allow;
  std::string time, id;
  TimeOptions times;
  std::int64_t horizon = 1;
  double test_share = 0.2;  ///< of every series, at its end
  bool refuses_missing = true, refuses_unsorted = true, refuses_duplicates = true, refuses_short = true;

  bool uses(std::string_view column) const;
  bool is_target(std::string_view column) const;
  /// An error where the column is used, else a warning.
  CheckLevel level_of(std::string_view column) const;
};

/// The series of a subject. Rows keep the order of the file where the time column cannot be read.
std::vector<SeriesRows> series_of(const Subject& subject, const Timeline* times);

/// Collects findings.
class Findings {
 public:
  Findings(CheckReport& report, const char* topic) : report_(report), topic_(topic) {}
  void add(CheckLevel level, std::string what, std::string where = {}, std::string seen = {},
           std::string fix = {});
  void ok(std::string what) { add(CheckLevel::ok, std::move(what)); }
  /// What an Error says, with its details in their places.
  void add(CheckLevel level, const Error& error, const std::string& what = {});

 private:
  CheckReport& report_;
  const char* topic_;
};

using detail::count_of;
/// 6 significant digits.
std::string number(double value);
/// "0.3 %".
std::string percent(double share);
/// "line 12" or "row 11".
std::string line_text(const Table& table, std::int64_t row);

/// Everything below that a table shows by itself; series need `needed` rows. `ordered`: rows are steps of
/// time, with a column of times or without. Gives the times; without them rows stand in the order of the
/// file.
std::optional<Timeline> check_table(Subject& subject, bool ordered, std::int64_t needed, CheckReport& report);

/// Order, gaps, frequency, summer time. Gives the times where they can be read.
std::optional<Timeline> check_times(const Subject& subject, CheckReport& report);
/// Text among numbers, missing values, constants, outliers.
void check_columns(const Subject& subject, std::span<const SeriesRows> series, CheckReport& report);
/// How many series, which are short: `needed` rows are.
void check_series(const Subject& subject, std::span<const SeriesRows> series, std::int64_t needed,
                  CheckReport& report);
/// Columns that know the target's future.
void check_column_leaks(const Subject& subject, CheckReport& report);
/// Columns that were scaled with the test part in them: errors where they are used and beyond doubt.
void check_scaling_leaks(const Subject& subject, std::span<const SeriesRows> series, CheckReport& report);

/// Size, names; false for a table without rows, of which nothing more can be said.
bool check_size(const Table& table, CheckReport& report);
/// What the leak detector found when it ran a preparation.
void report_leaks(const LeakReport& leaks, const std::string& pipeline, CheckReport& report);
/// Why a preparation was refused, unless a finding says so already. Leaks are no reason.
void report_refusal(const Error& error, CheckReport& report);
/// What training will take, roughly: within a factor of two, networks of three.
struct Cost {
  double seconds = 0, bytes = 0;
  bool networks = false;
};
/// "about 40 seconds and 120 MB".
void report_cost(const Cost& cost, CheckReport& report, const std::string& what = "training");

/// The last column of numbers; Error(data) when there is none.
std::string guess_target(const Table& table, const std::string& time, const std::string& id);

/// Findings of one kind, one a column: many of them become a few and a count.
class Group {
 public:
  /// `fine` is said when there are none, `more` of those that are counted only ("3 more columns with
  /// outliers").
  Group(Findings& out, std::string fine, std::string more)
      : out_(out), fine_(std::move(fine)), more_(std::move(more)) {}
  void add(CheckLevel level, std::string what, std::string where, std::string seen, std::string fix) {
    if (++count_ <= kMaxOfAKind) {
      out_.add(level, std::move(what), std::move(where), std::move(seen), std::move(fix));
    } else {
      worst_ = std::max(worst_, level);
    }
  }
  void close() {
    if (count_ == 0) out_.ok(fine_);
    if (count_ > kMaxOfAKind) {
      out_.add(worst_, count_of(count_ - kMaxOfAKind, "more column") + " " + more_);
    }
  }

 private:
  static constexpr std::int64_t kMaxOfAKind = 8;  ///< findings of one kind that are written out
  Findings& out_;
  std::string fine_, more_;
  std::int64_t count_ = 0;
  CheckLevel worst_ = CheckLevel::ok;
};

/// What a scaler that was fitted on all rows leaves behind.
enum class Scaling : std::uint8_t { none, standard, min_max };

struct ScalingMark {
  Scaling kind = Scaling::none;
  bool each_series = false;                          ///< standard: every series by itself
  double training_mean = 0, training_deviation = 0;  ///< standard: of the rows before the test part
  std::string doubt;  ///< why an honest column may look the same; "": beyond doubt
};

/// Looks for the marks of a scaler in a column whose test part are the last `test_share` of the rows of each
/// series.
///
/// standard: mean 0 and deviation 1 (of n or n - 1) over all rows, or over those of every series of 20 rows
/// or more that is not constant, to what four decimals or as many as the file has would leave; and not so
/// before the test part, for then it was scaled by that. From three decimals on this is beyond doubt: of
/// columns of normal noise whose true mean and deviation are 0 and 1, two in a million look so by chance.
/// Fewer decimals, and few different values (a code of -1 and 1 is balanced by nature), leave a doubt.
///
/// min_max: 0 and 1 are each reached once or twice, one of them in the test part only, among 20 different
/// values or more. Always in doubt: a share that goes from 0 to 1 is like that by nature.
///
/// Straight lines (a count of days) say nothing of the rows to come and are left alone.
ScalingMark find_scaling(std::span<const double> values, std::span<const SeriesRows> series,
                         double test_share);

}  // namespace rondo::checking
