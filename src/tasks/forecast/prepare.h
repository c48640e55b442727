#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/linear/linear_search.h"
#include "tasks/forecast/pool/members.h"
#include "tasks/forecast/table/preparation.h"
#include "tasks/forecast/table/raw_series.h"
#include "tasks/forecast/table/split.h"

namespace rondo::forecasting {

/// A table made ready: a pure function of table and options.
struct Prepared {
  Panel panel;
  std::vector<Timeline> times;  ///< by series, of its rows
  std::int64_t period = 1;      ///< of the seasonal naive forecast: the season that forecasts best
  std::int64_t season = 1;      ///< of MASE and Naive2: the shortest season
  bool calendar = false;        ///< positions are steps of a calendar, or of the one table
  LinearLimits limits;
  Preparation preparation;
  std::vector<std::string> notes;
};

/// Throws as run_forecast says.
Prepared prepare(const ForecastTables& tables, const ForecastOptions& options);

/// Makes one panel series of every id and target: cuts the parts, fills holes by the value before, encodes
/// texts by the training part. Series that are too short or without values are left out and counted in the
/// notes; that none is left throws Error(data), as do known covariates that end before the horizon and
/// negative values where counts are expected. `raw` gets the columns of --holidays, `out` panel, times and
/// notes.
void build_panel(RawPanel& raw, const Table& table, const ForecastOptions& options, Prepared& out);

/// Error(usage) for options that are out of range or do not go together.
void check_options(const ForecastOptions& options);

/// Whether the options say what only networks can do: nothing else stands in for them then.
bool asks_for_networks(const ForecastOptions& options);

/// Whether an option says that networks are wanted, however little they may add.
bool asks_to_train(const ForecastOptions& options);
inline constexpr std::size_t kCollection = 10;  ///< series, from which on they count as many
/// Share of the models of all series in the blend from which on a network is trained without being asked for.
/// In a collection, where training takes longest, it has to be most.
inline double share_worth_a_network(std::size_t series) { return series >= kCollection ? 0.5 : 0.25; }

/// The statistical methods that --methods names; none: all. Error(usage) for a name that is none.
std::vector<pool::Member> allowed_methods(const std::string& methods);

/// What the options fix of the linear model. Error(usage) where that does not go with the likelihood.
LinearLimits limits_of(const ForecastOptions& options);

}  // namespace rondo::forecasting
