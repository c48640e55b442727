#pragma once

#include <cstdint>
#include <vector>

#include "rondo/data/timeline.h"
#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/table/encode.h"
#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

// What reading a table to learn from it and reading a later one to go on with it have in common.

/// The first row with a value, at most `end`.
std::int64_t first_value(const RawSeries& series, std::size_t column, std::int64_t end);

/// Values of the rows begin … end - 1; a missing one is the one before. Row `begin` has a value.
void read_values(const RawSeries& series, std::size_t column, std::int64_t begin, std::int64_t end,
                 PanelSeries& out);

/// Forecasts from row `end` on need every known column for the horizon: Error(data) that names the rows
/// without a value. An empty cell is one where `encodings` say that it means something.
void require_known(const RawPanel& raw, const Table& table, const Encodings& encodings,
                   const RawSeries& series, std::int64_t end, std::int64_t horizon);

/// Steps from the first time to every time, for regular calendars. By the clock of the zone: what people do
/// at seven they do at seven in summer and in winter, so that a day has 24 hours, of which one counts twice
/// or not at all where the clock is put back or forward.
std::vector<double> steps_by_clock(const Timeline& times);

/// Steps of time (calendars), or rows, from the first row to every row and `horizon` more.
std::vector<double> positions_of(const Timeline& times, std::int64_t horizon);

/// Empty unless the clock of the zone was put forward or back by whole steps.
ClockRows clock_rows_of(const Timeline& times, std::int64_t horizon);

}  // namespace rondo::forecasting
