#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tasks/common/archive.h"
#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// Names of holidays by day, in days since 1970.
using HolidayCalendar = std::map<std::int64_t, std::set<std::string>>;

/// Known columns that are made of holidays, of countries or of a file: how many fall into the time of a row,
/// 0 or 1 where rows are days or parts of days. "holiday" counts all, a column of its own each holiday that
/// was met twice. Part of a model file, so that later tables need no more than their times.
class HolidayColumns {
 public:
  HolidayColumns() = default;
  /// ForecastOptions::holidays: countries, or CSV files with a column of dates and perhaps one of names.
  /// Throws Error(usage) for a country that is not known, Error(data) for a file that cannot be used.
  explicit HolidayColumns(const std::vector<std::string>& sources);

  bool empty() const { return countries_.empty() && file_names_.empty(); }
  /// The columns that the training part (`train_rows` by series) has something to say about, as
  /// Roles::holidays, in order of importance, no more than the linear models look at. What was left out is
  /// said in the notes of the panel.
  std::vector<std::string> choose(RawPanel& raw, const std::vector<std::int64_t>& train_rows,
                                  std::int64_t horizon) const;
  /// Appends the columns `raw.roles.holidays` to all series, and rows up to the horizon. Throws Error(data)
  /// for series without dates.
  void append_to(RawPanel& raw, const std::string& source, std::int64_t horizon) const;

  void archive(tasks::Archive& archive);

 private:
  void read_file(const std::string& path);
  /// Of the days that the rows of all series stand for.
  HolidayCalendar calendar_of(const RawPanel& raw) const;
  HolidayCalendar days_between(std::int64_t first, std::int64_t last) const;

  std::vector<std::string> countries_;
  std::vector<std::string> file_names_;  // of all files, with file_days_
  std::vector<double> file_days_;
};

}  // namespace rondo::forecasting
