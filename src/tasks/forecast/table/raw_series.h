#pragma once

#include <map>
#include <string>
#include <vector>

#include "rondo/data/series.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/table/categories.h"
#include "tasks/forecast/table/roles.h"

namespace rondo::forecasting {

/// One id of the table: rows in order, columns as Roles::all says, NaN where something is missing, texts as
/// codes.
struct RawSeries {
  Series data;
  std::int64_t history = 0;  ///< rows up to the last value of any target in the table
  std::int64_t truth = 0;    ///< rows after them whose targets came from the test file
  std::int64_t named = 0;    ///< rows up to the last one that the table or a file has
  // Rows after these have known columns only.

  /// Whether it is a row of the table, not one that stands in a gap of time or came from another file.
  bool stands_in_table(std::int64_t row) const {
    return data.source.empty() || data.source[static_cast<std::size_t>(row)] >= 0;
  }
  double at(std::int64_t row, std::size_t column) const {
    const auto width = static_cast<std::size_t>(data.values.dim(1));
    return data.values.data<double>()[static_cast<std::size_t>(row) * width + column];
  }
};

struct RawPanel {
  Roles roles;
  std::vector<RawSeries> series;
  std::map<std::string, TextCodes> texts;  ///< by column that holds texts
  bool regular = true;                     ///< rows are steps of time, or have no times
  std::vector<std::string> notes;
};

/// The table, with what the files `future` and `test_file` say about the `horizon` rows after its end. Throws
/// as run_forecast says.
RawPanel read_raw_panel(const ForecastTables& tables, const ForecastOptions& options);
/// With roles and texts that are known already: columns of `texts` hold texts, whatever they look like.
RawPanel read_raw_panel(const ForecastTables& tables, const ForecastOptions& options, Roles roles,
                        std::map<std::string, TextCodes> texts);

/// At least `rows` rows, the new ones empty and at the times that follow.
void lengthen(Series& series, std::int64_t rows);

/// The order of day and month in which a table's times were read ("day_first", "month_first"), so that other
/// tables are read in the same; `otherwise` where they have no such order.
std::string day_order_of(const Timeline& times, const std::string& otherwise);

/// Puts the values that `more` (another file, named `source`) has for `columns` into the rows after the
/// history of the series with the same id, up to the horizon. With `truth` these are the test part: ids that
/// the panel lacks, times that do not follow its end and parts shorter than the horizon throw Error(data).
void continue_series(RawPanel& panel, const std::vector<std::string>& columns, const SeriesSet& more,
                     const std::string& source, const ForecastOptions& options, bool truth);

}  // namespace rondo::forecasting
