#include <algorithm>
#include <limits>
#include <optional>

#include "data/table/cell_text.h"
#include "data/time/civil_time.h"
#include "data/time/time_cell.h"
#include "data/time/time_read.h"
#include "data/time/time_zone.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo::detail {

namespace {

using Order = TimeFormat::Order;
using Style = TimeFormat::Style;
using Zone = TimeFormat::Zone;

bool is_offset(Zone zone) {
  return zone == Zone::offset || zone == Zone::offset_without_colon || zone == Zone::offset_hours ||
         zone == Zone::z;
}
bool is_name(Zone zone) { return zone == Zone::name || zone == Zone::bracketed_name; }

/// Turns a column of texts into moments: first what all cells have in common, then each cell.
class ColumnOfTimes {
 public:
  ColumnOfTimes(const TextList& texts, const TimeOptions& options, const RowName& where)
      : texts_(texts), options_(options), where_(where) {}

  Timeline read() {
    for (std::int64_t row = 0; row < texts_.size(); ++row) note(row, cell(row));
    find_style();
    find_zone();
    return assemble();
  }

 private:
  /// What the cells of the column have in one of the numbers of their dates.
  struct Part {
    int largest = 0, fewest_digits = 9, most_digits = 0;
  };

  Error bad(std::int64_t row, const std::string& what) const {
    return Error(ErrorKind::data, what).where(where_(row)).seen(shown(texts_[row]));
  }

  /// The cell, taken apart anew each time: all of them at once would take more memory than the texts.
  TimeCell cell(std::int64_t row) const {
    TimeCell cell;
    if (read_time_cell(texts_[row], cell)) return cell;
    double ignored = 0;
    const bool missing = read_cell(texts_[row], '.', {}, ignored) == CellKind::missing;
    throw bad(row, missing ? "a time is missing" : "a cell is no time")
        .expected(
            "a date such as 2020-01-31, a date with a time such as 2020-01-31T18:00+02:00, a month such as "
            "2020-01")
        .fix(missing ? "fill in the time or take the row out; gaps between rows are no problem"
                     : "correct the cell, or name another time column");
  }

  void note(std::int64_t row, const TimeCell& c) {
    if (row == 0) first_ = c;
    if (c.parts != first_.parts || c.separator != first_.separator || c.quarter != first_.quarter) {
      throw bad(row, "the times of the column are not all written the same way")
          .expected("as in the first row: " + shown(texts_[0]));
    }
    for (std::size_t p = 0; p < static_cast<std::size_t>(c.parts); ++p) {
      parts_[p].largest = std::max(parts_[p].largest, c.value[p]);
      parts_[p].fewest_digits = std::min(parts_[p].fewest_digits, c.digits[p]);
      parts_[p].most_digits = std::max(parts_[p].most_digits, c.digits[p]);
    }
    if (c.has_time)
      note_time_of_day(row, c);  // where there is none it is midnight: spreadsheets leave it out
  }

  void note_time_of_day(std::int64_t row, const TimeCell& c) {
    if (timed_row_ < 0) {
      timed_row_ = row;
      timed_ = c;
      format_.style = Style::date_time;
      format_.time_separator = c.time_separator;
      format_.seconds = format_.twelve_hours = false;
    }
    format_.seconds |= c.has_seconds;
    format_.decimals = std::max(format_.decimals, c.decimals);
    format_.padded_hour &= c.hour_digits == 2;
    format_.twelve_hours |= c.twelve_hours;
    const bool alike = c.zone == timed_.zone || (is_offset(c.zone) && is_offset(timed_.zone));
    if (!alike || c.zone_name != timed_.zone_name) {
      throw bad(row, "the times of the column do not all name their zone the same way")
          .expected("as in " + where_(timed_row_) + ": " + shown(texts_[timed_row_]))
          .fix(
              "give all times with an offset such as +02:00, or all without zone and say which zone they are "
              "in");
    }
    if (format_.zone_style == Zone::none || format_.zone_style == Zone::z) {
      format_.zone_style = c.zone;
      format_.zone_separator = c.zone_separator;
    }
  }

  void find_style() {
    date_style_ = first_.quarter ? Style::quarter : first_.parts == 2 ? Style::year_month : Style::date;
    if (first_.quarter) format_.quarter_mark = first_.separator;
    format_.date_separator = first_.separator.empty() ? '\0' : first_.separator[0];
    find_order();
    const std::size_t year = year_place();
    format_.year_digits = parts_[year].fewest_digits;
    for (std::size_t p = 0; p < static_cast<std::size_t>(first_.parts) && !first_.quarter; ++p) {
      if (p != year && parts_[p].fewest_digits == 1) format_.padded_date = false;
    }
    if (timed_row_ < 0) format_.style = date_style_;
  }

  void find_order() {
    const auto long_year = [&](std::size_t part) { return parts_[part].most_digits >= 3; };
    if (date_style_ == Style::year_month) {
      if (long_year(1)) format_.order = Order::month_first;
      return;
    }
    if (date_style_ != Style::date || long_year(0)) return;
    format_.two_digit_year = !long_year(2);
    if (format_.two_digit_year && parts_[0].largest > 31) return;  // 99/12/31
    const bool day_first = parts_[0].largest > 12, month_first = parts_[1].largest > 12;
    if (options_.day_order != "auto") {
      format_.order = options_.day_order == "day_first" ? Order::day_first : Order::month_first;
    } else if (day_first || month_first) {
      format_.order = day_first ? Order::day_first : Order::month_first;  // if both: an error in `date_of`
    } else {
      guess_order();
    }
  }

  /// Both readings give dates: the one in order counts, then the one with fewer missing rows, else the habit
  /// of the separator.
  void guess_order() {
    bool by_day = true, by_month = true;
    TimeCell before = first_;
    for (std::int64_t row = 1; row < texts_.size() && (by_day || by_month); ++row) {
      const TimeCell now = cell(row);
      const auto key = [&](const TimeCell& c, std::size_t month) {
        return std::array{full_year(c.value[2]), c.value[month], c.value[1 - month]};
      };
      by_day = by_day && key(before, 1) <= key(now, 1);
      by_month = by_month && key(before, 0) <= key(now, 0);
      before = now;
    }
    if (by_day == by_month) {
      const std::int64_t by_day_missing = missing_rows(1), by_month_missing = missing_rows(0);
      by_day = by_day_missing < by_month_missing;
      by_month = by_month_missing < by_day_missing;
    }
    if (by_day != by_month) {
      format_.order = by_day ? Order::day_first : Order::month_first;
      return;
    }
    format_.order = format_.date_separator == '/' ? Order::month_first : Order::day_first;
    format_.day_order_guessed = true;
  }

  /// Rows that are missing when part `month` is the month: a wrong reading scatters dates over the year.
  std::int64_t missing_rows(std::size_t month) const {
    std::vector<std::int64_t> walls;
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      const TimeCell c = cell(row);
      walls.push_back(
          days_of_date(std::chrono::year(full_year(c.value[2])) / c.value[month] / c.value[1 - month]) *
          kDay);
    }
    std::sort(walls.begin(), walls.end());
    walls.erase(std::unique(walls.begin(), walls.end()), walls.end());
    TimeFormat dates;
    dates.style = Style::date;
    const Timeline times = TimelineAccess::make(std::move(walls), {}, dates);
    if (!times.frequency().regular()) return std::numeric_limits<std::int64_t>::max();
    return times.steps().back() + 1 - times.size();
  }

  int full_year(int year) const { return format_.two_digit_year ? year + (year < 69 ? 2000 : 1900) : year; }

  std::size_t year_place() const {
    if (format_.order == Order::year_first) return 0;
    return date_style_ == Style::year_month ? 1 : 2;
  }

  void find_zone() {
    if (is_name(format_.zone_style)) {
      format_.zone = timed_.zone_name;
    } else if (format_.style == Style::date_time &&
               (format_.zone_style == Zone::none || format_.zone_style == Zone::z)) {
      // Moments in UTC, too, may belong to days of the clock of a zone.
      format_.zone = options_.zone;
    }
    clock_.emplace(format_.zone);  // also refuses unknown names
  }

  std::int64_t date_of(std::int64_t row, const TimeCell& c) const {
    if (c.quarter) return day_in_month(c.value[0] * 12L + (c.value[1] - 1) * 3L, 1);
    const std::size_t year = year_place();
    std::size_t month = 1;
    if (format_.order == Order::month_first) month = 0;
    const int day = c.parts == 2 ? 1 : c.value[3 - year - month];
    const auto date = std::chrono::year(full_year(c.value[year])) / c.value[month] / day;
    if (!date.ok()) {
      Error error = bad(row, "there is no such day");
      const bool slashed = format_.order != Order::year_first && c.parts == 3;
      const char* read_as = format_.order == Order::day_first ? "day, month, year" : "month, day, year";
      throw error.expected(slashed ? std::string("dates read as ") + read_as : "a day of the calendar")
          .fix(slashed ? "correct the cell; the order of day and month can also be given"
                       : "correct the cell");
    }
    return days_of_date(date);
  }

  Timeline assemble() {
    std::vector<std::int64_t> ticks;
    std::vector<std::int32_t> offsets;
    ticks.reserve(static_cast<std::size_t>(texts_.size()));
    const bool shows_offset = is_offset(format_.zone_style) && format_.zone_style != Zone::z;
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      const TimeCell c = cell(row);
      const std::int64_t wall =
          date_of(row, c) * kDay + c.hour * kHour + c.minute * kMinute + c.second * kSecond + c.microsecond;
      if (shows_offset) offsets.push_back(c.offset);
      ticks.push_back(format_.style != Style::date_time || is_offset(format_.zone_style)
                          ? wall - c.offset * kSecond
                          : local(row, wall, ticks));
    }
    return TimelineAccess::make(std::move(ticks), std::move(offsets), format_);
  }

  std::int64_t local(std::int64_t row, std::int64_t wall, const std::vector<std::int64_t>& before) const {
    const ZoneClock::Local found = clock_->resolve(wall);
    if (!found.exists) {
      throw bad(row, "the clock never showed this time in " + format_.zone)
          .expected("a time outside the hour that is left out when summer time begins")
          .fix("give times in UTC or with an offset, or name the zone in which they were taken");
    }
    if (found.second && !before.empty() && before.back() >= found.tick && before.back() < *found.second) {
      return *found.second;
    }
    return found.tick;
  }

  const TextList& texts_;
  const TimeOptions& options_;
  const RowName& where_;
  TimeCell first_, timed_;  // the first cell, and the first that has a time of day
  std::int64_t timed_row_ = -1;
  std::array<Part, 3> parts_;
  Style date_style_ = Style::date;
  TimeFormat format_;
  std::optional<ZoneClock> clock_;
};

}  // namespace

Timeline read_time_texts(const TextList& texts, const TimeOptions& options, const RowName& where) {
  if (texts.empty()) return {};
  return ColumnOfTimes(texts, options, where).read();
}

}  // namespace rondo::detail
