#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/data/missing.h"
#include "rondo/data/table.h"
#include "rondo/data/timeline.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// One series: times in strict order and a row of numbers for each.
struct Series {
  std::string id = "";  ///< "" when there is only one
  Timeline times;
  Tensor values;  ///< float64 [time, columns]; NaN = missing
  /// Row of the table that each row came from, -1 for an inserted one; empty where it was not a long table.
  std::vector<std::int64_t> source = {};

  std::int64_t length() const { return times.size(); }
};

/// Series of equal columns and any lengths.
struct SeriesSet {
  std::vector<std::string> columns = {};
  std::vector<Series> series;

  std::int64_t count() const { return static_cast<std::int64_t>(series.size()); }
  /// Index of a column; throws Error(data) with the nearest name.
  std::int64_t column(std::string_view name) const;
};

/// Columns to add to a series: float64 [time, names].
struct NamedColumns {
  std::vector<std::string> names;
  Tensor values;
};
/// Adds columns on the right, one part per series with equal names. Throws Error(usage) when a name exists
/// already or the number of rows differs.
void append_columns(SeriesSet& set, const std::vector<NamedColumns>& of_each_series);
/// The same with make(series) giving the part of each series.
template <class Make>
SeriesSet with_columns(SeriesSet set, Make&& make) {
  std::vector<NamedColumns> parts;
  for (const Series& series : set.series) parts.push_back(make(series));
  append_columns(set, parts);
  return set;
}

/// How a table becomes series.
struct SeriesOptions {
  std::string time = "";                  ///< column of times; "": rows are numbered
  std::string id = "";                    ///< column that tells series apart; "": one series
  std::vector<std::string> columns = {};  ///< the numbers; empty: every number column but time and id
  bool column_is_series =
      false;  ///< every column is a series of its own (named by it), instead of one with many columns
  std::string missing = "error";  ///< "error", "previous", "linear" or "mask"
  bool common_frequency = false;  ///< rows of every series are as far apart as those of all together
  TimeOptions times = {};
  ArrangeOptions arrange = {};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("time", self.time, "column of times; '': rows are numbered");
    option("id", self.id, "column that tells series apart; '': one series");
    option("columns", self.columns, "columns of numbers; empty: all but time and id");
    option("column_is_series", self.column_is_series, "every column is a series of its own");
    option("missing", self.missing, "missing values: 'error', 'previous', 'linear' or 'mask'");
    TimeOptions::visit(self.times, option);
    ArrangeOptions::visit(self.arrange, option);
  }
};

/// What was done on the way from table to series; for reports.
struct SeriesReport {
  std::int64_t rows_inserted = 0;  ///< gaps in time
  std::int64_t rows_dropped = 0;   ///< duplicate timestamps
  std::int64_t rows_trimmed = 0;   ///< at the start, where "previous" had nothing to carry
  std::int64_t cells_filled = 0;
  std::int64_t rows_unsorted = 0;     ///< rows that came after a later one
  std::int64_t rows_on_weekends = 0;  ///< of business days; left out
  std::string first_on_weekend = {};
  bool sorted = false;
  bool day_order_guessed = false;
  /// One sentence for each of these that happened.
  std::vector<std::string> notes() const;
};

/// Cuts a long table (one row per series and time; ids in order of first appearance) or a wide one (one row
/// per time) into series. Throws Error(data) for a missing column (nearest name), text among numbers, times
/// out of order, duplicated or with gaps (as the options say), NaN under "error", each with file and line.
SeriesSet make_series(const Table& table, const SeriesOptions& options, SeriesReport* report = nullptr);

/// A table with one series a row, as the M competitions have it: `id` names the column of names ("" : rows
/// are numbered), all others are values 0, 1, 2 …; what is missing at the end of a row is not part of the
/// series.
SeriesSet series_from_rows(const Table& table, std::string_view id = {});

}  // namespace rondo
