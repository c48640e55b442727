#include "tasks/check/subject.h"

#include <algorithm>
#include <map>

#include "base/index_range.h"
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
  std::vector<SeriesRows> series;
  const std::int64_t rows = subject.table->rows();
  if (subject.id.empty()) {
    series.push_back({"", detail::range(0, rows)});
  } else {
    const Column& ids = subject.table->column(subject.id);
    std::map<std::string, std::size_t> places;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::string id = ids.text(row);
      const auto [place, is_new] = places.try_emplace(id, series.size());
      if (is_new) series.push_back({id, {}});
      series[place->second].rows.push_back(row);
    }
  }
  if (times == nullptr) return series;
  const auto ticks = times->ticks();
  for (SeriesRows& one : series) {
    std::stable_sort(one.rows.begin(), one.rows.end(), [&](std::int64_t a, std::int64_t b) {
      return ticks[static_cast<std::size_t>(a)] < ticks[static_cast<std::size_t>(b)];
    });
  }
  return series;
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

std::string guess_time(const Table& table) {
  constexpr std::size_t kColumnsToTry = 3;
  constexpr std::int64_t kCells = 30;
  for (std::size_t i = 0; i < table.columns().size() && i < kColumnsToTry; ++i) {
    const Column& column = table.columns()[i];
    try {
      Timeline times;
      if (column.is_number()) {
        times = parse_times(column.numbers());
      } else {
        TextList first;  // a bad cell further down is a finding, not a reason to look elsewhere
        for (std::int64_t row = 0; row < std::min(kCells, column.size()); ++row) {
          first.push_back(column.texts()[row]);
        }
        times = parse_times(first);
      }
      if (times.format().is_calendar() && (!column.is_number() || times.is_sorted())) return column.name();
    } catch (const Error&) {
      // not a column of times
    }
  }
  return "";
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
