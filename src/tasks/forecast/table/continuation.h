#pragma once

#include <string>
#include <vector>

#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// Puts the values that `more` (another file, named `source`) has for `columns` into the rows after the
/// history of the series with the same id, up to the horizon. With `truth` these are the test part: ids that
/// the panel lacks, times that do not follow its end and parts shorter than the horizon throw Error(data).
void continue_series(RawPanel& panel, const std::vector<std::string>& columns, const SeriesSet& more,
                     const std::string& source, const ForecastOptions& options, bool truth);

}  // namespace rondo::forecasting
