#pragma once

#include "rondo/model/network.h"
#include "rondo/tasks/csv_training.h"
#include "tasks/csv_training/samples.h"

namespace rondo {

/// The network of a job for its data, with initial weights. Throws Error(usage) when layers do not fit
/// together or the last one does not fit the targets, and says what to change.
Network build_network(const CsvTraining& job, const PreparedData& data);

}  // namespace rondo
