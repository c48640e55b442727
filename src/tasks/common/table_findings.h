#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/table.h"
#include "rondo/data/timeline.h"

// What a table shows by itself: `rondo check` reports it, and a forecast warns of it.

namespace rondo::tasks {

/// One series of a table: its rows.
struct SeriesRows {
  std::string id;
  std::vector<std::int64_t> rows;
};

/// The series of a table in order of appearance, one for every text of the column `id` ("": one in all).
/// Their rows are in order of `times`, or as they stand where that is null.
std::vector<SeriesRows> series_rows(const Table& table, const std::string& id, const Timeline* times);

/// The first of the leading columns that reads as times of a calendar, by its first rows (numbers: by all,
/// which go up or down); "" when there is none.
std::string guess_time(const Table& table);

/// Values more than 10 robust deviations (1.4826 times the median distance from the median, of each series)
/// away.
struct Outliers {
  std::int64_t count = 0;
  std::int64_t row = 0;      ///< of the farthest
  double worst = 0;          ///< its value
  double median = 0;         ///< of its series
  std::int64_t repeats = 0;  ///< how often that value occurs
};
/// Where more than half of a series are one value, the mean distance stands in for the median one; where that
/// is 0 too, there are no outliers.
Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series);

/// -99, -999, 9999 and their like, the ends of whole numbers of 16 and 32 bits.
bool is_code_for_missing(double value);

/// A code for "missing" among the values of a column.
struct MissingCode {
  double code = 0;
  std::int64_t count = 0;  ///< rows that have it; 0: there is none
  std::int64_t row = 0;    ///< the first of them
};
/// The code that most rows have, two at least, and that stands apart from what its series has besides codes:
/// by more than 10 robust deviations or more than the whole range of the others.
MissingCode find_missing_code(std::span<const double> values, std::span<const SeriesRows> series);

}  // namespace rondo::tasks
