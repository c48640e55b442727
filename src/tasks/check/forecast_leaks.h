#pragma once

#include <cstdint>

#include "rondo/data/leaks.h"
#include "tasks/check/subject.h"
#include "tasks/csv_training/samples.h"
#include "tasks/forecast/prepare.h"

namespace rondo::checking {

/// Runs the preparation of `rondo forecast` (reading, filling, scaling; `prepared` is what it made of the
/// table) with everything after the training part changed in all the ways of find_leaks. Series of a table
/// without times have no common clock: then the report is empty, with a line in not_tried.
LeakReport find_forecast_leaks(const Table& table, const ForecastOptions& options,
                               const forecasting::Prepared& prepared);

/// Runs the preparation of `rondo train` (reading, filling, scaling, cutting; `data` is what it made of the
/// table) with everything after the training part changed in all the ways of find_leaks. Of samples, every
/// k-th is compared. Sequences that are split by series, not by time, have no past and future: then the
/// report is empty.
LeakReport find_job_leaks(const CsvTraining& job, const Table& table, const PreparedData& data);

/// Of `rondo forecast`. Error(data) where the options ask for networks that the table is too short for.
Cost forecast_cost(const forecasting::Prepared& prepared, const ForecastOptions& options);

/// Of `rondo train`: samples of `steps` steps (1 for rows) through a network of `parameters` numbers.
Cost training_cost(std::int64_t parameters, std::int64_t steps, std::int64_t samples, std::int64_t batch,
                   std::int64_t epochs, std::int64_t table_cells, std::int64_t threads);

}  // namespace rondo::checking
