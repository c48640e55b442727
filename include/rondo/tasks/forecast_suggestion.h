#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/data/table.h"
#include "rondo/tasks/forecast.h"

namespace rondo {

/// What a column of a table is to a forecast.
enum class ColumnRole : std::uint8_t { target, time, id, known, past, fixed, ignored };
/// "target", "time", "id", "known", "past", "static" or "ignore".
const char* column_role_name(ColumnRole role);

/// A guess, with what speaks for it.
struct SuggestedRole {
  std::string column;
  ColumnRole role = ColumnRole::ignored;
  std::string reason;
};

/// A forecast of a table that nobody has described yet.
struct ForecastSuggestion {
  ForecastOptions options;
  std::vector<SuggestedRole> columns;  ///< every column of the table, in its order
  std::string frequency;               ///< "monthly" …; "" without times
  std::string horizon_reason;
};

/// Looks at names and cells: which column holds times, tells series apart, goes on behind the target's end,
/// never changes within a series, says what the calendar says or knows the target's future. Target, time, id
/// and horizon that `given` names are taken as they are. Throws Error(data) where no column can be forecast.
ForecastSuggestion suggest_forecast(const Table& table, const ForecastOptions& given = {});

}  // namespace rondo
