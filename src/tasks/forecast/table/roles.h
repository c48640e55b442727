#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"

namespace rondo::forecasting {

/// What the columns of a table are for, by their names in the table.
struct Roles {
  std::vector<std::string> targets;  ///< one, "value", in a wide table
  std::vector<std::string> past, known, statics;
  std::vector<std::string> holidays;  ///< made columns, not the table's: see HolidayColumns

  /// Those of the table. In this order they stand in raw series, holidays after them.
  std::vector<std::string> all() const;
};

/// Names as the table has them ("2" of a table without names is "column_2"); "all" and "a,b" in
/// ForecastOptions::target are taken apart. Throws Error(data) for a column that is not there, Error(usage)
/// for one with two roles and for roles that a wide table cannot have.
Roles find_roles(const Table& table, const ForecastOptions& options);

/// The column of ids of a wide table: the named one, else the first.
std::string wide_id(const Table& table, const ForecastOptions& options);

}  // namespace rondo::forecasting
