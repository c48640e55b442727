#pragma once

#include <string>

#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/page.h"

namespace rondo {

/// The HTML report of a forecast, for write_page. `command` makes it again, `created` is a date; "" leaves
/// them out. Throws Error(usage) for names that are not "column=name".
///
/// The page stays below 3 MB whatever the panel: long series are thinned (their extremes and their last rows
/// stay), of many series the worst and an even choice of the others are drawn, all (at most some thousands)
/// are listed with their errors, and the page states what it left out.
Page forecast_page(const ForecastResult& result, const std::string& command = {},
                   const std::string& created = {}, const ForecastReportText& text = {});

}  // namespace rondo
