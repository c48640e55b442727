#pragma once

#include "tasks/forecast/prepare.h"
#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// Makes one panel series of every id and target: cuts the parts, fills holes by the value before, encodes
/// texts by the training part. Series that are too short or without values are left out and counted in the
/// notes; that none is left throws Error(data), as do known covariates that end before the horizon and
/// negative values where counts are expected. `out` gets panel, times and notes.
void build_panel(const RawPanel& raw, const Table& table, const ForecastOptions& options, Prepared& out);

}  // namespace rondo::forecasting
