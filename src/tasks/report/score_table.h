#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/report.h"

namespace rondo {

/// "seasonal naive" → "Seasonal naive".
std::string capital(std::string text);

/// The forecasters' errors as a table, the best of each column bold, with a note that explains the columns it
/// has.
std::string score_table(const std::vector<ReportScore>& scores, const std::string& unit);

/// What the forecasters' bands hold, how wide they are and their interval scores; nothing where no forecaster
/// has bands.
std::string band_table(const std::vector<ReportScore>& scores, const std::string& unit);

/// The lowest known value of a column of errors; infinity when none is known.
double lowest(const std::vector<double>& errors);

}  // namespace rondo
