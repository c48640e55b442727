// Order, gaps, frequency, the clock.

#include <algorithm>
#include <set>

#include "tasks/check/subject.h"

#include "base/text.h"

namespace rondo::checking {

namespace {

/// What is out of order, over all series.
struct Disorder {
  std::int64_t unsorted = 0, duplicates = 0, gaps = 0, missing = 0, longest = 0, irregular = 0;
  std::int64_t first_unsorted = -1, first_duplicate = -1;  ///< rows of the table
  std::string longest_from, longest_to, longest_in;        ///< times around the longest gap; its series
  std::int64_t spring_hours = 0, autumn_hours = 0;  ///< missing and repeated hours as summer time makes them
  std::set<std::string> frequencies;
};

bool is_sunday_night(const Timeline::Fields& at) { return at.weekday == 6 && at.hour <= 3; }
bool is_change_month(int month) { return (month >= 3 && month <= 4) || (month >= 9 && month <= 11); }

void look_at_order(const Timeline& times, const SeriesRows& in_file, Disorder& found) {
  const auto ticks = times.ticks();
  for (std::size_t i = 1; i < in_file.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(in_file.rows[i]);
    if (ticks[row] >= ticks[static_cast<std::size_t>(in_file.rows[i - 1])]) continue;
    if (found.unsorted++ == 0) found.first_unsorted = in_file.rows[i];
  }
}

/// The rows of a series with different times, in order.
std::vector<std::int64_t> distinct_rows(const Timeline& times, const SeriesRows& sorted, Disorder& found) {
  const auto ticks = times.ticks();
  std::vector<std::int64_t> rows;
  for (const std::int64_t row : sorted.rows) {
    const bool again =
        !rows.empty() && ticks[static_cast<std::size_t>(rows.back())] == ticks[static_cast<std::size_t>(row)];
    if (!again) {
      rows.push_back(row);
      continue;
    }
    if (found.duplicates++ == 0) found.first_duplicate = row;
    if (!times.format().is_calendar()) continue;
    const Timeline::Fields at = times.fields(row);
    if (is_sunday_night(at) && is_change_month(at.month)) ++found.autumn_hours;
  }
  return rows;
}

void look_at_gaps(const Timeline& series, const std::string& id, Disorder& found) {
  found.frequencies.insert(series.frequency().name());
  if (!series.frequency().regular()) {
    ++found.irregular;
    return;
  }
  const std::vector<std::int64_t> steps = series.steps();
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const std::int64_t holes = steps[i] - steps[i - 1] - 1;
    if (holes <= 0) continue;
    ++found.gaps;
    found.missing += holes;
    const auto row = static_cast<std::int64_t>(i);
    if (holes > found.longest) {
      found.longest = holes;
      found.longest_from = series.text(row - 1);
      found.longest_to = series.text(row);
      found.longest_in = id;
    }
    if (!series.format().is_calendar()) continue;
    constexpr std::int64_t kHour = 3'600'000'000;
    const std::int64_t step = series.frequency().unit == TimeUnit::microsecond ? series.frequency().step : 0;
    const Timeline::Fields after = series.fields(row);
    if (holes * step == kHour && is_sunday_night(after) && is_change_month(after.month)) ++found.spring_hours;
  }
}

/// A column whose words tell apart the rows of one time.
std::string column_that_tells_apart(const Subject& subject, const Timeline& times) {
  for (const Column& column : subject.table->columns()) {
    if (column.name() == subject.time || subject.is_target(column.name())) continue;
    std::set<std::pair<std::int64_t, std::string>> seen;
    std::set<std::string> words;
    bool unique = true;
    for (std::int64_t row = 0; unique && row < column.size(); ++row) {
      std::string word = column.text(row);
      words.insert(word);
      unique = words.size() <= static_cast<std::size_t>(column.size()) / 2 + 1 &&
               seen.emplace(times.ticks()[static_cast<std::size_t>(row)], std::move(word)).second;
    }
    if (unique && words.size() > 1) return column.name();
  }
  return "";
}

void report_duplicates(const Subject& subject, const Timeline& times, const Disorder& found, Findings& out) {
  if (found.duplicates == 0) {
    out.ok("no time occurs twice");
    return;
  }
  const std::string id = subject.id.empty() ? column_that_tells_apart(subject, times) : std::string();
  const std::string merge = subject.refuses_duplicates
                                ? "remove them, or keep one with --duplicates first (or last)"
                                : "remove those that are wrong";
  out.add(
      subject.refuses_duplicates ? CheckLevel::error : CheckLevel::warning,
      count_of(found.duplicates, "time") + (found.duplicates == 1 ? " occurs" : " occur") + " more than once",
      subject.table->where(found.first_duplicate, subject.time),
      "'" + times.text(found.first_duplicate) + "' again",
      id.empty() ? merge : "the rows of one time differ in '" + id + "': name it with --id " + id);
}

void report_gaps(const Disorder& found, std::size_t series, Findings& out) {
  if (found.irregular > 0) {
    out.add(CheckLevel::warning,
            series == 1 ? "the times have no regular distance"
                        : "the times of " + count_of(found.irregular, "series") + " have no regular distance",
            "", "",
            "give rows at equal steps (or means over such steps); without them seasons are not known and a "
            "step of the forecast means one row");
  }
  if (found.gaps == 0) {
    if (found.irregular == 0) out.ok("no step of time is missing");
    return;
  }
  out.add(
      CheckLevel::warning,
      count_of(found.missing, "step") + " of time missing, in " + count_of(found.gaps, "gap"), "",
      "the longest is " + count_of(found.longest, "step") + ", between '" + found.longest_from + "' and '" +
          found.longest_to + "'" + (found.longest_in.empty() ? "" : " of series '" + found.longest_in + "'"),
      "add the rows if they exist; --gaps insert with --missing previous fills them, --gaps keep closes up");
}

void report_clock(const Subject& subject, const Timeline& times, const Disorder& found, Findings& out) {
  if (times.format().day_order_guessed) {
    out.add(CheckLevel::warning, "day and month are ambiguous", subject.table->where(0, subject.time),
            "'" + times.text(0) + "' is read with the " +
                (times.format().order == TimeFormat::Order::day_first ? "day" : "month") + " first",
            "choose one with --day-order day_first or month_first");
  }
  const bool naive = times.format().zone_style == TimeFormat::Zone::none && subject.times.zone == "UTC";
  if (naive && found.spring_hours > 0 && (found.autumn_hours > 0 || found.spring_hours > 1)) {
    out.add(CheckLevel::warning, "the clock seems to keep summer time", "",
            count_of(found.spring_hours, "hour") + " missing and " + count_of(found.autumn_hours, "row") +
                " repeated, in Sunday nights of spring and autumn",
            "name the zone with --zone, such as --zone Europe/Berlin");
  }
}

}  // namespace

std::optional<Timeline> check_times(const Subject& subject, CheckReport& report) {
  Findings out(report, "times");
  if (subject.time.empty()) {
    if (subject.table->has("year") && subject.table->has("month")) {
      out.add(
          CheckLevel::warning, "the time stands in several columns", subject.table->source(),
          "'year', 'month' …",
          "join them into one, such as 2014-12-31 23:00, and name it with --time: it shows gaps and seasons");
      return std::nullopt;
    }
    out.add(CheckLevel::warning, "no column of times", subject.table->source(),
            "rows are taken to be in order",
            "name one with --time if there is one: it shows gaps and seasons");
    return std::nullopt;
  }
  Timeline times;
  try {
    times = read_times(*subject.table, subject.time, subject.times);
  } catch (const Error& error) {
    out.add(CheckLevel::error, error);
    return std::nullopt;
  }
  Disorder found;
  const std::vector<SeriesRows> in_file = series_of(subject, nullptr), sorted = series_of(subject, &times);
  for (std::size_t s = 0; s < sorted.size(); ++s) {
    look_at_order(times, in_file[s], found);
    const std::vector<std::int64_t> rows = distinct_rows(times, sorted[s], found);
    if (rows.size() > 1) look_at_gaps(times.gather(rows), sorted[s].id, found);
  }
  report.frequency = found.frequencies.size() == 1 ? *found.frequencies.begin() : "irregular";

  const auto [first, last] = std::minmax_element(times.ticks().begin(), times.ticks().end());
  if (!times.empty()) {
    const std::string kinds = detail::listed({found.frequencies.begin(), found.frequencies.end()});
    out.ok("'" + subject.time + "' is " + (kinds.empty() ? "one time" : kinds) + ", from '" +
           times.text(first - times.ticks().begin()) + "' to '" + times.text(last - times.ticks().begin()) +
           "'");
  }
  if (found.frequencies.size() > 1) {
    out.add(CheckLevel::warning, "the series have different distances between rows", "",
            count_of(static_cast<std::int64_t>(found.frequencies.size()), "frequency") + " or gaps",
            "forecast series of one frequency together, others by themselves");
  }
  if (found.unsorted == 0) {
    out.ok("the rows are in order of time");
  } else {
    out.add(subject.refuses_unsorted ? CheckLevel::error : CheckLevel::warning,
            count_of(found.unsorted, "row") + (found.unsorted == 1 ? " is" : " are") + " out of order",
            subject.table->where(found.first_unsorted, subject.time),
            "'" + times.text(found.first_unsorted) + "' after a later time",
            subject.refuses_unsorted ? "sort the file, or let it be sorted with --unsorted sort" : "");
  }
  report_duplicates(subject, times, found, out);
  report_gaps(found, sorted.size(), out);
  report_clock(subject, times, found, out);
  return times;
}

}  // namespace rondo::checking
