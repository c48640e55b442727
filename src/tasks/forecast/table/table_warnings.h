#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/table/roles.h"

namespace rondo::forecasting {

// What a table shows that a forecast would silently go wrong with: `rondo check` says it at length, these
// notes in a line.

/// The options, with a column of times named where none was and the rows run from new to old by it. `notes`
/// says so; and names the column where rows stand in no order of its times.
ForecastOptions with_times(const Table& table, const ForecastOptions& options,
                           std::vector<std::string>& notes);

/// Codes for "missing" among the values of columns with a role.
void warn_of_table(const Table& table, const Roles& roles, const ForecastOptions& options,
                   std::vector<std::string>& notes);

}  // namespace rondo::forecasting
