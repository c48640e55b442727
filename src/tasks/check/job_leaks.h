#pragma once

#include "rondo/data/leaks.h"
#include "tasks/csv_training/samples.h"

namespace rondo::checking {

/// Runs the preparation of `rondo train` (reading, filling, scaling, cutting; `data` is what it made of the
/// table) with everything after the training part changed in all the ways of find_leaks. Of samples, every
/// k-th is compared. Sequences that are split by series, not by time, have no past and future: then the
/// report is empty.
LeakReport find_job_leaks(const CsvTraining& job, const Table& table, const PreparedData& data);

}  // namespace rondo::checking
