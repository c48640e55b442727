#pragma once

#include <filesystem>
#include <string>

#include "rondo/base/atomic_file.h"
#include "rondo/base/json.h"
#include "rondo/tasks/forecast_config.h"

namespace rondo::cli {

/// Writes forecast.csv, backtest.csv, model.rondo and report.html and returns where they are. What this run
/// does not have (nothing lies past the end, nothing was tested) is not left there from an earlier one. The
/// files change together, with those that are in `written` already.
Json write_forecast(const ForecastResult& result, const std::string& command, const ForecastReportText& text,
                    const std::filesystem::path& folder, AtomicFiles& written);

/// Verdict, leaderboard, what the forecast is made of and where the files are, on stdout.
void print_forecast(const ForecastResult& result, const Json& files);

}  // namespace rondo::cli
