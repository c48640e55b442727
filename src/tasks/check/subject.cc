#include "tasks/check/subject.h"

#include <algorithm>

#include "base/text.h"

namespace rondo::checking {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Subject::uses(std::string_view column) const {
  return contains(used, column) || contains(targets, column) || (!time.empty() && column == time);
}

bool Subject::is_target(std::string_view column) const { return contains(targets, column); }

CheckLevel Subject::level_of(std::string_view column) const {
  return uses(column) ? CheckLevel::error : CheckLevel::warning;
}

std::vector<SeriesRows> series_of(const Subject& subject, const Timeline* times) {
  return tasks::series_rows(*subject.table, subject.id, times);
}

void Findings::add(CheckLevel level, std::string what, std::string where, std::string seen, std::string fix) {
  report_.findings.push_back(
      {level, topic_, std::move(what), std::move(where), std::move(seen), std::move(fix)});
}

static std::string in_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

void Findings::add(CheckLevel level, const Error& error, const std::string& what) {
  const Error::Details& details = error.details();
  std::string seen = details.seen;
  if (!details.expected.empty()) seen += (seen.empty() ? "expected " : "; expected ") + details.expected;
  add(level, what.empty() ? error.summary() : what + ": " + error.summary(), in_one_line(details.where),
      in_one_line(std::move(seen)), in_one_line(details.fix));
}

std::string number(double value) { return detail::print("%.6g", value); }

std::string percent(double share) { return detail::print(share < 0.1 ? "%.2g %%" : "%.3g %%", 100 * share); }

std::string line_text(const Table& table, std::int64_t row) {
  const std::int64_t line = table.line_of(row);
  return line > 0 ? "line " + std::to_string(line) : "row " + std::to_string(row + 1);
}

std::string guess_target(const Table& table, const std::string& time, const std::string& id) {
  for (std::size_t i = table.columns().size(); i-- > 0;) {
    const Column& column = table.columns()[i];
    if (column.is_number() && column.name() != time && column.name() != id &&
        column.missing() < column.size()) {
      return column.name();
    }
  }
  throw Error(ErrorKind::data, "no column can be forecast")
      .where(table.source())
      .seen("no column of numbers")
      .fix("name one with --target");
}

}  // namespace rondo::checking
