#pragma once

#include <string>

#include "rondo/tasks/report.h"

namespace rondo {

/// Everything the page draws, as JSON (NaN and infinity become null, broken UTF-8 becomes U+FFFD). Not yet
/// safe inside <script>: see escape_json_for_script.
std::string report_data_json(const ForecastReport& report);

/// Throws Error (usage) that names the part whose lengths do not fit together.
void check_report(const ForecastReport& report);

}  // namespace rondo
