#pragma once

#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// Series of a single row take the distance of rows that --frequency names, else that of the first series
/// which has one. Throws Error(data) where neither is there, and for rows at another distance than the named
/// one; Error(usage) for a name that is none and without a column of times.
void set_frequencies(const Table& table, const ForecastOptions& options, RawPanel& panel);

}  // namespace rondo::forecasting
