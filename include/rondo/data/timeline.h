#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/data/table.h"

namespace rondo {

/// What the distance between two rows is counted in.
enum class TimeUnit : std::uint8_t { none, number, microsecond, day, business_day, month };

/// How far apart the rows of a series are. `none`: at no regular distance. Business days are Monday to
/// Friday; a Saturday or Sunday in ten weeks or more (arrange leaves them out) does not make them days.
struct Frequency {
  TimeUnit unit = TimeUnit::none;
  std::int64_t step = 0;  ///< units from one row to the next
  /// For months: the day on which rows fall (31: the last day of every month; a short month takes its last
  /// day; kLastBusinessDay: the last Monday to Friday, which holidays may bring forward).
  int day_of_month = 1;

  static constexpr int kLastBusinessDay = 32;

  bool regular() const { return unit != TimeUnit::none; }
  /// "monthly", "hourly", "every 15 minutes", "business days", "irregular" …
  std::string name() const;
  bool operator==(const Frequency&) const = default;
};

/// How the times of a column are written.
struct TimeFormat {
  enum class Style : std::uint8_t {
    number,         ///< plain numbers or row numbers
    epoch_seconds,  ///< since 1970-01-01 UTC
    epoch_milliseconds,
    epoch_microseconds,
    epoch_nanoseconds,
    year,         ///< 1949
    quarter,      ///< 1949Q1, 19491
    year_month,   ///< 1949-01, 1-01
    year_week,    ///< 194901: weeks of ISO 8601
    year_day,     ///< 1949031
    date,         ///< 1949-01-31, 31/01/1949 …
    date_hour,    ///< 1949013118
    date_minute,  ///< 194901311830
    date_second,  ///< 19490131183000
    date_time     ///< a date and a time of day
  };
  enum class Order : std::uint8_t { year_first, day_first, month_first };
  enum class Zone : std::uint8_t {
    none,
    z,
    offset,
    offset_without_colon,
    offset_hours,
    name,
    bracketed_name
  };

  Style style = Style::number;
  int decimals = 0;  ///< digits after the decimal point of numbers and of seconds
  Order order = Order::year_first;
  char date_separator = '-';       ///< '\0': none, as in 19490131
  int year_digits = 4;             ///< smallest number of digits; 2 with two_digit_year
  bool two_digit_year = false;     ///< 69 … 99 are 19xx, 00 … 68 are 20xx
  bool padded_date = true;         ///< 01/02 rather than 1/2
  std::string quarter_mark = "Q";  ///< what stands between year and quarter
  std::string time_separator = "T";
  bool padded_hour = true;
  bool seconds = true;         ///< hours and minutes only when false
  bool twelve_hours = false;   ///< 3:00 PM
  std::string zone_separator;  ///< what stands before the zone
  Zone zone_style = Zone::none;
  std::string zone = "UTC";        ///< IANA name in which naive or named times are meant
  bool day_order_guessed = false;  ///< every day and month was ≤ 12, so the order is the documented default

  bool is_calendar() const { return style != Style::number; }
};

/// How a time column is read.
struct TimeOptions {
  std::string format = "auto";     ///< "auto", "number" or "epoch_" and "seconds", "milliseconds" …
  std::string zone = "UTC";        ///< IANA name: the zone of times that name none
  std::string day_order = "auto";  ///< "auto", "day_first" or "month_first", for dates such as 1/2/2020

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("format", self.format,
           "'auto', 'number', 'epoch_seconds', 'epoch_milliseconds', 'epoch_microseconds' or "
           "'epoch_nanoseconds'");
    option("zone", self.zone, "zone of times that name none, such as 'Europe/Berlin'");
    option("day_order", self.day_order, "'auto', 'day_first' or 'month_first', for dates such as 1/2/2020");
  }
};

/// A column of times: what moment each row is, how it was written and how far apart rows are.
///
/// A moment is a count of ticks: microseconds since 1970-01-01 00:00 UTC for calendar times (dates without a
/// time are midnight), or, for plain numbers, units of the last decimal place.
class Timeline {
 public:
  Timeline() = default;
  /// Row numbers first, first + 1 …: for tables without a time column.
  static Timeline rows(std::int64_t count, std::int64_t first = 0);

  std::int64_t size() const { return static_cast<std::int64_t>(ticks_.size()); }
  bool empty() const { return ticks_.empty(); }
  std::span<const std::int64_t> ticks() const { return ticks_; }
  const Frequency& frequency() const { return frequency_; }
  const TimeFormat& format() const { return format_; }

  /// The time of a row, written the way the file writes times.
  std::string text(std::int64_t row) const;
  /// The `count` times that follow the last one: months by the calendar, business days without weekends, days
  /// by the clock of the zone, else by the median distance of rows. Throws Error(data) when there is no row,
  /// or only one and the frequency is not known.
  Timeline next(std::int64_t count) const;
  /// Rows begin … end - 1, with the same frequency.
  Timeline slice(std::int64_t begin, std::int64_t end) const;
  /// The given rows, in that order; the frequency is found anew.
  Timeline gather(std::span<const std::int64_t> rows) const;
  /// This, then `other` (which must be written the same way), with this one's frequency.
  Timeline joined(const Timeline& other) const;

  bool is_sorted() const;
  /// Steps of the frequency from row 0 to every row, for regular timelines in order; consecutive numbers
  /// differ by more than 1 where rows are missing. For irregular ones simply 0, 1, 2 ….
  std::vector<std::int64_t> steps() const;
  /// Number of missing rows.
  std::int64_t gaps() const;

  /// Date and time of day by the clock of the zone, for calendar times.
  struct Fields {
    int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0;
    int weekday = 0;      ///< 0 = Monday
    int day_of_year = 0;  ///< 0 = January 1st
    bool leap = false;
  };
  Fields fields(std::int64_t row) const;

 private:
  friend struct TimelineAccess;
  std::int64_t wall(std::int64_t row) const;
  void infer();

  std::vector<std::int64_t> ticks_;
  std::vector<std::int32_t> offsets_;  // seconds east of UTC by row, where the file gives offsets; else empty
  TimeFormat format_;
  Frequency frequency_;
};

/// Reads a time column. Understood are dates (1949-01-31, 31.1.1949, 1/31/1949, 19490131), with a time of day
/// (T or space, with seconds, fractions, AM/PM; 1949013118, 194901311830) and zone (Z, +02:00, an IANA name),
/// months (1949-01, 1-01, 01/1949, 194901), quarters (1949Q1, 19491), weeks of ISO 8601 (194953), days of the
/// year (1949031), years, seconds, milli-, micro- or nanoseconds since 1970, plain numbers. Numbers that are
/// written calendar fields are read as such where every one is a date; weeks, quarters and days of the year
/// only where their digits are carried at the end of a year as no counter's are.
///
/// Dates like 1/2/2020: the whole column decides (a number above 12 is a day; else the reading that is in
/// order, else the one at regular distances with fewer missing rows); where both would do, month first with
/// '/' and day first with '.' or '-', and TimeFormat::day_order_guessed says so. Other whole numbers from 1e8
/// are seconds, from 1e11 milliseconds, from 1e14 microseconds, from 1e17 nanoseconds. A naive time in the
/// hour that occurs twice when summer time ends means the first, unless the row before is not earlier.
///
/// Throws Error(data) with file, line, column and text for a cell that is missing or no time, a mixture of
/// styles, a day that does not exist, or a local time that does not exist in the zone.
Timeline read_times(const Table& table, std::string_view column, const TimeOptions& options = {});
Timeline parse_times(const TextList& texts, const TimeOptions& options = {});
Timeline parse_times(std::span<const double> numbers, const TimeOptions& options = {});

/// What to do with a timeline that is not in perfect order.
struct ArrangeOptions {
  std::string unsorted = "error";  ///< "error" or "sort"
  std::string duplicates =
      "error";                  ///< "error", "first" or "last": which row of a time that occurs twice counts
  std::string gaps = "insert";  ///< "insert" (rows of NaN), "keep", "error" or "auto": insert, but keep the
                                ///< gaps of business days, which are holidays

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("unsorted", self.unsorted, "rows not in order of time: 'error' or 'sort'");
    option("duplicates", self.duplicates,
           "a time that occurs twice: 'error', or keep the 'first' or the 'last' row");
    option("gaps", self.gaps,
           "missing steps of time: 'insert' rows without values, 'keep' them missing, 'error', or 'auto': "
           "insert, but keep the gaps (holidays) of business days");
  }
};

/// A timeline in strict order, and where its rows come from.
struct Arrangement {
  Timeline times;
  std::vector<std::int64_t> source;  ///< row of the original, -1 for an inserted row
  std::int64_t inserted = 0;
  std::int64_t dropped = 0;
  std::int64_t weekend_rows = 0;  ///< left out of business days
  std::string first_weekend = {};
  bool sorted = false;        ///< rows had to be put in order
  std::int64_t unsorted = 0;  ///< rows that came after a later one
};

/// Puts a timeline in order; rows on a weekend of business days are left out. `table` and `column` (may be
/// null and empty) let messages name file and line. Throws Error(data) naming the rows. More than 20 inserted
/// rows for every given one (and more than 10,000) is an error too.
Arrangement arrange(const Timeline& times, const ArrangeOptions& options, const Table* table = nullptr,
                    std::string_view column = {}, std::span<const std::int64_t> table_rows = {});

}  // namespace rondo
