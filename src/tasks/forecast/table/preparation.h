#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rondo/data/timeline.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/panel/known_range.h"
#include "tasks/forecast/panel/seasonal_fill.h"
#include "tasks/forecast/table/categories.h"
#include "tasks/forecast/table/encode.h"
#include "tasks/forecast/table/holiday_columns.h"
#include "tasks/forecast/table/roles.h"

namespace rondo::forecasting {

/// A series that a model has learnt from, in the order of its panel.
struct LearntSeries {
  std::string id, target;
  std::int64_t first_tick = 0;  ///< of its first row, see Timeline
  double first_position = 0;    ///< see PanelSeries::position
  Frequency frequency;          ///< series of one table may differ
  bool is_short = false;        ///< see PanelSeries
  KnownRange known;             ///< what was learnt of known columns
  SeasonalFill fill;            ///< of missing values
};

/// How a table becomes a panel: what has to be known to read later tables in the same way. Part of a model
/// file.
struct Preparation {
  ForecastOptions options;  ///< as given
  Roles roles;
  std::map<std::string, TextCodes> texts;  ///< by column that holds texts
  HolidayColumns holidays;
  Encodings encodings;
  std::vector<LearntSeries> series;
  std::vector<double> seasons;
};

}  // namespace rondo::forecasting
