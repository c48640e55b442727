#include <algorithm>
#include <optional>

#include "data/cell_text.h"
#include "data/civil_time.h"
#include "data/time_cell.h"
#include "data/time_read.h"
#include "data/time_zone.h"
#include "data/timeline_access.h"
#include "rondo/error.h"

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
    take_apart();
    find_style();
    find_zone();
    return assemble();
  }

 private:
  Error bad(std::int64_t row, const std::string& what) const {
    return std::move(Error(ErrorKind::data, what).where(where_(row)).seen(shown(texts_[row])));
  }

  TimeCell& cell(std::int64_t row) { return cells_[static_cast<std::size_t>(row)]; }

  void take_apart() {
    cells_.resize(static_cast<std::size_t>(texts_.size()));
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      if (read_time_cell(texts_[row], cell(row))) continue;
      double ignored = 0;
      const bool missing = read_cell(texts_[row], '.', {}, ignored) == CellKind::missing;
      throw bad(row, missing ? "a time is missing" : "a cell is no time")
          .expected(
              "a date such as 2020-01-31, a date with a time such as 2020-01-31T18:00+02:00, a month such as "
              "2020-01")
          .cure(missing ? "fill in the time or take the row out; gaps between rows are no problem"
                        : "correct the cell, or name another time column");
    }
  }

  void find_style() {
    const TimeCell& first = cells_.front();
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      const TimeCell& c = cell(row);
      if (c.parts == first.parts && c.separator == first.separator && c.quarter == first.quarter) continue;
      throw bad(row, "the times of the column are not all written the same way")
          .expected("as in the first row: " + shown(texts_[0]));
    }
    format_.style = first.quarter ? Style::quarter : first.parts == 2 ? Style::year_month : Style::date;
    if (first.quarter) format_.quarter_mark = first.separator;
    format_.date_separator = first.separator.empty() ? '\0' : first.separator[0];
    find_order();
    find_digits();
    const auto timed =
        std::find_if(cells_.begin(), cells_.end(), [](const TimeCell& c) { return c.has_time; });
    if (timed != cells_.end()) find_time_of_day(*timed);
  }

  bool any(int part, const std::function<bool(int value, int digits)>& test) const {
    const auto p = static_cast<std::size_t>(part);
    return std::any_of(cells_.begin(), cells_.end(),
                       [&](const TimeCell& c) { return test(c.value[p], c.digits[p]); });
  }

  void find_order() {
    const auto long_year = [](int, int digits) { return digits >= 3; };
    if (format_.style == Style::year_month) {
      if (any(1, long_year)) format_.order = Order::month_first;
      return;
    }
    if (format_.style != Style::date || any(0, long_year)) return;
    format_.two_digit_year = !any(2, long_year);
    if (format_.two_digit_year && any(0, [](int value, int) { return value > 31; })) return;  // 99/12/31
    const auto no_month = [](int value, int) { return value > 12; };
    const bool day_first = any(0, no_month), month_first = any(1, no_month);
    if (options_.day_order != "auto") {
      format_.order = options_.day_order == "day_first" ? Order::day_first : Order::month_first;
    } else if (day_first || month_first) {
      format_.order = day_first ? Order::day_first : Order::month_first;  // if both: an error in `date_of`
    } else {
      guess_order();
    }
  }

  /// Both readings give dates: the one in order counts, else the habit of the separator.
  void guess_order() {
    const auto sorted_as = [&](Order order) {
      const auto key = [&](const TimeCell& c) {
        const int day = order == Order::day_first ? c.value[0] : c.value[1];
        const int month = order == Order::day_first ? c.value[1] : c.value[0];
        return std::array{full_year(c.value[2]), month, day};
      };
      return std::is_sorted(cells_.begin(), cells_.end(),
                            [&](const TimeCell& a, const TimeCell& b) { return key(a) < key(b); });
    };
    const bool by_day = sorted_as(Order::day_first), by_month = sorted_as(Order::month_first);
    if (by_day != by_month) {
      format_.order = by_day ? Order::day_first : Order::month_first;
      return;
    }
    format_.order = format_.date_separator == '/' ? Order::month_first : Order::day_first;
    format_.day_order_guessed = true;
  }

  int full_year(int year) const { return format_.two_digit_year ? year + (year < 69 ? 2000 : 1900) : year; }

  std::size_t year_place() const {
    if (format_.order == Order::year_first) return 0;
    return format_.style == Style::year_month ? 1 : 2;
  }

  void find_digits() {
    const std::size_t year = year_place();
    int fewest = 4;
    bool single = false;
    for (const TimeCell& c : cells_) {
      fewest = std::min(fewest, c.digits[year]);
      if (c.quarter) continue;
      for (std::size_t p = 0; p < static_cast<std::size_t>(c.parts); ++p)
        single |= p != year && c.digits[p] == 1;
    }
    format_.year_digits = fewest;
    format_.padded_date = !single;
  }

  void find_time_of_day(const TimeCell& first) {
    format_.style = Style::date_time;
    format_.time_separator = first.time_separator;
    format_.seconds = format_.twelve_hours = false;
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      const TimeCell& c = cell(row);
      if (!c.has_time) continue;  // midnight, as spreadsheets leave it out
      format_.seconds |= c.has_seconds;
      format_.decimals = std::max(format_.decimals, c.decimals);
      format_.padded_hour &= c.hour_digits == 2;
      format_.twelve_hours |= c.twelve_hours;
      const bool alike = c.zone == first.zone || (is_offset(c.zone) && is_offset(first.zone));
      if (!alike || c.zone_name != first.zone_name) {
        throw bad(row, "the times of the column do not all name their zone the same way")
            .expected("as in " + where_(&first - cells_.data()) + ": " +
                      shown(texts_[&first - cells_.data()]))
            .cure(
                "give all times with an offset such as +02:00, or all without zone and say which zone they "
                "are in");
      }
      if (format_.zone_style == Zone::none || format_.zone_style == Zone::z) {
        format_.zone_style = c.zone;
        format_.zone_separator = c.zone_separator;
      }
    }
  }

  void find_zone() {
    if (is_name(format_.zone_style)) {
      const auto named =
          std::find_if(cells_.begin(), cells_.end(), [](const TimeCell& c) { return c.has_time; });
      format_.zone = named->zone_name;
    } else if (format_.style == Style::date_time && format_.zone_style == Zone::none) {
      format_.zone = options_.zone;
    }
    clock_.emplace(format_.zone);  // also refuses unknown names
  }

  std::int64_t date_of(std::int64_t row) {
    const TimeCell& c = cell(row);
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
          .cure(slashed ? "correct the cell; the order of day and month can also be given"
                        : "correct the cell");
    }
    return days_of_date(date);
  }

  Timeline assemble() {
    std::vector<std::int64_t> ticks;
    std::vector<std::int32_t> offsets;
    ticks.reserve(cells_.size());
    const bool shows_offset = is_offset(format_.zone_style) && format_.zone_style != Zone::z;
    for (std::int64_t row = 0; row < texts_.size(); ++row) {
      const TimeCell& c = cell(row);
      const std::int64_t wall =
          date_of(row) * kDay + c.hour * kHour + c.minute * kMinute + c.second * kSecond + c.microsecond;
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
          .cure("give times in UTC or with an offset, or name the zone in which they were taken");
    }
    if (found.second && !before.empty() && before.back() >= found.tick && before.back() < *found.second) {
      return *found.second;
    }
    return found.tick;
  }

  const TextList& texts_;
  const TimeOptions& options_;
  const RowName& where_;
  std::vector<TimeCell> cells_;
  TimeFormat format_;
  std::optional<ZoneClock> clock_;
};

}  // namespace

Timeline read_time_texts(const TextList& texts, const TimeOptions& options, const RowName& where) {
  if (texts.empty()) return {};
  return ColumnOfTimes(texts, options, where).read();
}

}  // namespace rondo::detail
