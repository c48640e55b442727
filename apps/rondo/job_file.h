#pragma once

#include <string>
#include <vector>

#include "rondo/tasks/csv_training.h"
#include "verbs.h"

namespace rondo::cli {

/// What train, evaluate and predict have in common: the job file and what is changed in it for this run.
struct JobArguments {
  std::string config, data, log_level = "warning";
  std::vector<std::string> set;
  bool quiet = false, trained = false;
};

/// `trained`: the verb uses a model; its file serves as well as the config.
void add_job_options(CLI::App& verb, JobArguments& arguments, bool trained);
CsvTraining read_job(const JobArguments& arguments);
RunControls job_controls(const JobArguments& arguments);

/// "loss 0.1234", a line each.
void print_values(const std::vector<std::pair<std::string, double>>& values);

}  // namespace rondo::cli
