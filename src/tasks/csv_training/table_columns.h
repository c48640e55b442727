#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/csv_training.h"
#include "tasks/csv_training/samples.h"

namespace rondo {

/// The columns to predict from: those that the job names, or all numbers that are nothing else.
std::vector<std::string> input_columns(const CsvTraining& job, const Table& table);

/// The different words of a column, in order of the alphabet.
std::vector<std::string> words_of(const Column& column);

/// The table with its class column as numbers, and with columns of zeros for targets that it has not. Throws
/// Error(data) for a word that is no class.
Table with_number_targets(Table table, const Preparation& preparation);

}  // namespace rondo
