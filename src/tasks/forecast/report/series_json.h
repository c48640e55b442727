#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/report/drawn_series.h"

namespace rondo::forecasting {

/// Texts of times. Series of a panel often share them: a list that several have is kept once, whole, and
/// named by its number; row numbers say which of it are meant. Plain counting ("1", "2", …) needs no list at
/// all.
class TimeTexts {
 public:
  /// `shared` false: every series has its own texts, row by row.
  TimeTexts(const std::vector<ForecastSeries>& series, bool shared);

  /// The texts of `rows`: an array, {"list": number} or {"from": number of row 0}.
  Json operator()(const TimeRows& times, std::span<const std::size_t> rows);
  const Json& lists() const { return lists_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::int64_t list_of(const TimeRows& times);

  std::map<std::string, std::size_t> users_;
  std::map<std::string, std::int64_t> known_;
  Json lists_ = Json::array();
  std::size_t bytes_ = 0;
};

/// How finely a series is drawn.
struct Detail {
  std::size_t history, backtest;  ///< points of a line
  std::size_t recent;             ///< last rows, always drawn one by one for the closer look
  std::size_t origin_points;      ///< rows of forecasts by origin, all origins together
  std::size_t component_rows;     ///< last rows that are taken apart
  int digits;                     ///< of every number; 0: all of them, and every baseline
};

/// What the writing of one series needs of the others.
struct SeriesWriter {
  const ForecastResult& result;
  Detail detail;
  TimeTexts times;
};

/// One series as the page draws it; `anomalies` are its own.
Json series_json(SeriesWriter& writer, const ForecastSeries& series,
                 std::span<const ForecastAnomaly> anomalies);

/// The value with so many digits; 0: all of them.
double rounded(double value, int digits);

}  // namespace rondo::forecasting
