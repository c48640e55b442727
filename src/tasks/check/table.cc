// What does not depend on the job: the size of the table, and how what was found is said.

#include <algorithm>
#include <map>

#include "tasks/check/subject.h"

#include "base/text.h"

namespace rondo::checking {

namespace {

std::string duration(double seconds) {
  constexpr double kMinute = 60, kHour = 3600;
  if (seconds < 1) return "less than a second";
  if (seconds < 2 * kMinute) return detail::print("about %.0f seconds", seconds);
  if (seconds < 2 * kHour) return detail::print("about %.0f minutes", seconds / kMinute);
  return detail::print("about %.0f hours", seconds / kHour);
}

std::string size(double bytes) {
  if (bytes < 2e9) return detail::print("%.0f MB", std::max(1.0, bytes / 1e6));
  return detail::print("%.1f GB", bytes / 1e9);
}

}  // namespace

bool check_size(const Table& table, CheckReport& report) {
  Findings out(report, "table");
  report.source = table.source();
  report.rows = table.rows();
  report.columns = static_cast<std::int64_t>(table.columns().size());
  if (table.rows() == 0) {
    out.add(CheckLevel::error, "the table has no rows", table.source(), count_of(report.columns, "column"),
            "give rows below the names of the columns");
    return false;
  }
  const auto numbers = std::count_if(table.columns().begin(), table.columns().end(),
                                     [](const Column& column) { return column.is_number(); });
  out.ok(count_of(report.rows, "row") + " of " + count_of(report.columns, "column") + ", " +
         std::to_string(numbers) + " of numbers");
  std::map<std::string, int> names;
  for (const Column& column : table.columns()) ++names[column.name()];
  for (const auto& [name, times] : names) {
    if (times == 1) continue;
    out.add(CheckLevel::error, std::to_string(times) + " columns are named '" + name + "'", table.source(),
            "", "give them different names");
  }
  if (!table.has_header()) {
    out.add(CheckLevel::warning, "the columns have no names", table.source(), "the first row holds values",
            "if it holds column names, use --header yes; otherwise refer to columns by number, from 1");
  }
  return true;
}

std::optional<Timeline> check_table(Subject& subject, bool ordered, std::int64_t needed,
                                    CheckReport& report) {
  report.targets = subject.targets;
  report.time = subject.time;
  report.id = subject.id;
  std::optional<Timeline> times;
  if (ordered || !subject.time.empty()) times = check_times(subject, report);
  if (!times) subject.time.clear();  // order of the file from here on
  const std::vector<SeriesRows> series = series_of(subject, times ? &*times : nullptr);
  report.series = static_cast<std::int64_t>(series.size());
  check_columns(subject, series, report);
  check_series(subject, series, needed, report);
  if (ordered) check_column_leaks(subject, report);
  check_scaling_leaks(subject, series, report);
  return times;
}

void report_refusal(const Error& error, CheckReport& report) {
  const bool explained =
      std::any_of(report.findings.begin(), report.findings.end(), [](const CheckFinding& finding) {
        return finding.level == CheckLevel::error && finding.topic != "leaks";
      });
  if (!explained) Findings(report, "split").add(CheckLevel::error, error);
}

void report_leaks(const LeakReport& leaks, const std::string& pipeline, CheckReport& report) {
  Findings out(report, "leaks");
  for (const Leak& leak : leaks.leaks) {
    out.add(CheckLevel::error, pipeline + ": " + leak.what(),
            "rows from " + std::to_string(leak.cut + 1) + " on were replaced by " + leak.change,
            number(leak.before) + " became " + number(leak.after), leak.fix());
  }
  if (leaks.clean() && leaks.runs > 0) {
    out.ok(pipeline + " knows nothing of the future: not one bit before " +
           count_of(static_cast<std::int64_t>(leaks.cuts.size()), "cut-off") + " moved in " +
           count_of(leaks.runs, "run"));
  }
}

void report_cost(const Cost& cost, CheckReport& report, const std::string& what) {
  Findings out(report, "cost");
  report.seconds = cost.seconds;
  report.bytes = cost.bytes;
  constexpr double kHour = 3600, kMuch = 8e9;
  const bool much = cost.seconds > kHour || cost.bytes > kMuch;
  out.add(much ? CheckLevel::warning : CheckLevel::ok,
          what + " takes " + duration(cost.seconds) + " and " + size(cost.bytes) + " on one core (estimate)",
          "", "", much ? "fewer epochs, units or members, or a part of the table, for a first try" : "");
}

}  // namespace rondo::checking
