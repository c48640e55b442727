#pragma once

#include <string>

#include "rondo/tasks/report.h"

// The parts of the page that are there only when the report has what they show; "" otherwise. Tables, which
// need no script, and the places where the scripts draw.
namespace rondo::report_sections {

std::string series_list(const ForecastReport& report);
std::string horizon_errors(const ForecastReport& report);  ///< inside the section of the backtest
std::string folds(const ForecastReport& report);           ///< the same
std::string calibration(const ForecastReport& report);
std::string anomalies(const ForecastReport& report);
std::string importance(const ForecastReport& report);
std::string members(const ForecastReport& report);  ///< inside the section of the training
std::string gradient_flow(const ForecastReport& report);

}  // namespace rondo::report_sections
