// What the columns hold: text among numbers, missing values, constants, outliers.

#include <algorithm>
#include <cmath>
#include <map>

#include "data/table/cell_text.h"
#include "tasks/check/subject.h"

namespace rondo::checking {

namespace {

constexpr double kMostlyTheSame = 0.995;
constexpr double kManyMissing = 0.2;

std::string quoted(const Column& column) { return "'" + column.name() + "'"; }

/// Columns of words in which most cells are numbers, and numbers with a text that came late.
void look_for_text(const Subject& subject, const Column& column, Group& group) {
  if (column.is_number()) {
    if (column.first_bad().row < 0) return;
    group.add(subject.level_of(column.name()), quoted(column) + " has text among its numbers",
              subject.table->where(column.first_bad().row, column.name()),
              detail::shown(column.first_bad().text),
              "correct the cell, or empty it if the value is not known");
    return;
  }
  std::int64_t numbers = 0, texts = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    double ignored = 0;
    const detail::CellKind kind = detail::read_cell(column.texts()[row], '.', {}, ignored);
    numbers += kind == detail::CellKind::number ? 1 : 0;
    texts += kind == detail::CellKind::text ? 1 : 0;
  }
  const bool meant_as_numbers = numbers > texts;
  if (!meant_as_numbers && !subject.uses(column.name())) return;
  group.add(subject.level_of(column.name()),
            quoted(column) + (meant_as_numbers ? " has text among its numbers" : " holds words, not numbers"),
            subject.table->where(column.first_bad().row, column.name()),
            detail::shown(column.first_bad().text) + "; " + count_of(texts, "cell") + " of " +
                std::to_string(column.size()) + " hold text",
            meant_as_numbers
                ? "correct the cells, or say that this text means a missing value with --missing-words"
                : "choose a column of numbers");
}

std::int64_t longest_run_of_missing(std::span<const double> values, std::span<const SeriesRows> series,
                                    std::int64_t& at) {
  std::int64_t longest = 0;
  for (const SeriesRows& one : series) {
    std::int64_t run = 0;
    for (const std::int64_t row : one.rows) {
      run = std::isnan(values[static_cast<std::size_t>(row)]) ? run + 1 : 0;
      if (run > longest) {
        longest = run;
        at = row;
      }
    }
  }
  return longest;
}

void look_for_missing(const Subject& subject, const Column& column, std::span<const SeriesRows> series,
                      Group& group) {
  if (column.missing() == 0) return;
  const double share =
      static_cast<double>(column.missing()) / static_cast<double>(std::max<std::int64_t>(1, column.size()));
  if (column.missing() == column.size()) {
    group.add(subject.level_of(column.name()), quoted(column) + " has no values at all",
              subject.table->source(), count_of(column.size(), "empty cell"), "leave the column out");
    return;
  }
  std::int64_t at = 0;
  const std::int64_t longest = longest_run_of_missing(column.numbers(), series, at);
  const bool refused = subject.refuses_missing && subject.uses(column.name());
  group.add(refused ? CheckLevel::error : CheckLevel::warning,
            percent(share) + " of " + quoted(column) +
                (share > kManyMissing ? " is missing, which is a lot" : " is missing"),
            "the longest run ends at " + line_text(*subject.table, at),
            count_of(column.missing(), "empty cell") + ", at most " + std::to_string(longest) + " in a row",
            refused ? "fill them with --missing previous (the last value before: knows the past only)"
                    : "rows or windows with missing values teach little: fill them from the past, or leave "
                      "the column out");
}

/// False when the column is constant, so that nothing else needs to be said of it.
bool look_for_constant(const Subject& subject, const Column& column, Group& group) {
  std::map<double, std::int64_t> counts;
  std::int64_t there = 0;
  for (const double v : column.numbers()) {
    if (std::isnan(v)) continue;
    ++there;
    ++counts[v];
    if (counts.size() > 100'000) return true;
  }
  if (there == 0) return false;
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  const double share = static_cast<double>(most->second) / static_cast<double>(there);
  if (counts.size() == 1) {
    const bool target = subject.is_target(column.name());
    group.add(target && subject.refuses_short ? CheckLevel::error : CheckLevel::warning,
              quoted(column) + " is constant", subject.table->source(), number(most->first) + " in all rows",
              target ? "choose another target: there is nothing to learn, the forecast is that number"
                     : "leave the column out: it carries no information");
    return false;
  }
  if (share >= kMostlyTheSame) {
    group.add(CheckLevel::warning, quoted(column) + " is nearly constant", subject.table->source(),
              number(most->first) + " in " + percent(share) + " of the rows",
              "leave it out unless the few other values matter");
  }
  return true;
}

void look_for_outliers(const Subject& subject, const Column& column, std::span<const SeriesRows> series,
                       Group& group) {
  const Outliers found = find_outliers(column.numbers(), series);
  if (found.count == 0) return;
  const double share = static_cast<double>(found.count) / static_cast<double>(column.size());
  constexpr double kHeavyTail = 0.005;
  const bool code = found.repeats >= 2 && is_code_for_missing(found.worst);
  group.add(
      CheckLevel::warning,
      quoted(column) + " has " + count_of(found.count, "outlier") + " (more than 10 robust deviations away)",
      subject.table->where(found.row, column.name()),
      number(found.worst) + ", against a median of " + number(found.median),
      code ? "this looks like a code for a missing value: --missing-words " + number(found.worst)
      : share > kHeavyTail
          ? "so many are hardly mistakes but a heavy tail (try --transform log) or another level"
          : "correct or empty those that are mistakes: squared errors are ruled by them");
}

}  // namespace

void check_columns(const Subject& subject, std::span<const SeriesRows> series, CheckReport& report) {
  Findings out(report, "columns");
  Group text(out, "no text among numbers", "with text among numbers");
  Group missing(out, "no value is missing", "with missing values");
  Group constant(out, "no column is constant", "(nearly) constant");
  Group outliers(out, "no outliers", "with outliers");
  const auto each = [&](auto&& look) {
    for (const Column& column : subject.table->columns()) {
      if (column.name() != subject.time && column.name() != subject.id) look(column);
    }
  };
  each([&](const Column& column) { look_for_text(subject, column, text); });
  text.close();
  each([&](const Column& column) {
    if (column.is_number()) look_for_missing(subject, column, series, missing);
  });
  missing.close();
  std::vector<const Column*> varying;
  each([&](const Column& column) {
    if (column.is_number() && look_for_constant(subject, column, constant)) varying.push_back(&column);
  });
  constant.close();
  for (const Column* column : varying) look_for_outliers(subject, *column, series, outliers);
  outliers.close();
}

void check_series(const Subject& subject, std::span<const SeriesRows> series, std::int64_t needed,
                  CheckReport& report) {
  if (subject.id.empty()) return;
  Findings out(report, "series");
  std::int64_t shortest = series.front().rows.empty() ? 0 : subject.table->rows(), longest = 0, few = 0;
  std::string examples;
  for (const SeriesRows& one : series) {
    const auto rows = static_cast<std::int64_t>(one.rows.size());
    shortest = std::min(shortest, rows);
    longest = std::max(longest, rows);
    if (rows >= needed) continue;
    if (++few <= 3) examples += (few == 1 ? "'" : ", '") + one.id + "' has " + count_of(rows, "row");
  }
  out.ok(count_of(static_cast<std::int64_t>(series.size()), "series") + " of " + std::to_string(shortest) +
         " to " + count_of(longest, "row"));
  if (few > 0) {
    out.add(subject.refuses_short ? CheckLevel::error : CheckLevel::warning,
            count_of(few, "series") + (few == 1 ? " is" : " are") + " shorter than the " +
                std::to_string(needed) + " rows that are needed",
            "column '" + subject.id + "'", examples + (few > 3 ? ", …" : ""),
            "leave them out, or take a shorter --horizon, --window or --backtest");
  } else {
    out.ok("every series has the " + count_of(needed, "row") + " that are needed");
  }
  const auto empty =
      std::find_if(series.begin(), series.end(), [](const SeriesRows& one) { return one.id.empty(); });
  if (empty != series.end()) {
    out.add(CheckLevel::error, "rows without an id", subject.table->where(empty->rows.front(), subject.id),
            count_of(static_cast<std::int64_t>(empty->rows.size()), "row"),
            "give every row the id of its series");
  }
}

}  // namespace rondo::checking
