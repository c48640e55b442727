// Columns that were scaled with the test part in them.

#include <algorithm>

#include "tasks/check/finding_group.h"
#include "tasks/check/scaling_mark.h"
#include "tasks/check/subject.h"

namespace rondo::checking {

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
  Findings out(report);
  out.topic("leaks");
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
