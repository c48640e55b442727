#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/data/leaks.h"
#include "rondo/data/timeline.h"
#include "rondo/tasks/check.h"

namespace rondo::checking {

bool contains(const std::vector<std::string>& names, std::string_view name);

/// One series of the table: its rows in order of time.
struct SeriesRows {
  std::string id;
  std::vector<std::int64_t> rows;
};

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
  explicit Findings(CheckReport& report) : report_(report) {}
  /// Everything that follows belongs to this topic.
  void topic(const char* name) { topic_ = name; }
  void add(CheckLevel level, std::string what, std::string where = {}, std::string seen = {},
           std::string fix = {});
  void ok(std::string what) { add(CheckLevel::ok, std::move(what)); }
  /// What an Error says, with its details in their places.
  void add(CheckLevel level, const Error& error, const std::string& what = {});

 private:
  CheckReport& report_;
  std::string topic_ = "table";
};

using detail::count_of;
/// 6 significant digits.
std::string number(double value);
/// "0.3 %".
std::string percent(double share);
/// "line 12" or "row 11".
std::string line_text(const Table& table, std::int64_t row);

/// Order, gaps, frequency, summer time. Gives the times where they can be read.
void check_times(const Subject& subject, CheckReport& report, Timeline& times, bool& readable);
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
/// "about 40 seconds and 120 MB".
void report_cost(double seconds, double bytes, CheckReport& report);

/// The first of the leading columns that reads as times, by its first rows; "" when there is none.
std::string guess_time(const Table& table);
/// The last column of numbers; Error(data) when there is none.
std::string guess_target(const Table& table, const std::string& time, const std::string& id);

}  // namespace rondo::checking
