#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/table/preparation.h"

namespace rondo::forecasting {

/// A later table as a model that has learnt from an earlier one reads it.
struct LaterPanel {
  Panel panel;  ///< every series of the model, in its order; without rows where the table has none
  std::vector<Origin> ends;     ///< the last rows of those that the table has
  std::vector<Timeline> times;  ///< by entry of `ends`
  std::vector<std::string> notes;
};

/// `rows_needed`: history that a forecast needs. Throws Error(data) for columns or series that the model does
/// not know, another distance of rows, too short a history, known covariates that end before the horizon.
LaterPanel read_later_panel(const Preparation& preparation, const ForecastTables& tables,
                            std::int64_t rows_needed);

}  // namespace rondo::forecasting
