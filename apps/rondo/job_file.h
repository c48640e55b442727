#pragma once

#include <string>
#include <vector>

#include "options.h"
#include "rondo/tasks/csv_training.h"

namespace rondo::cli {

/// What train, evaluate and predict have in common: the job file and what is changed in it for this run.
struct JobArguments {
  std::string config, data;
  std::vector<std::string> set;
  bool accepts_model = false;
  RunOptions run;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("data", self.data, "another CSV file than the one in the config");
    option("set", self.set, "change a value of the config: section.key=value; may be repeated");
  }
};

/// `accepts_model`: the verb uses a trained model, whose file serves as well as the config.
void add_job_options(CLI::App& verb, JobArguments& arguments, bool accepts_model,
                     const std::vector<std::string_view>& except = {});
CsvTraining read_job(const JobArguments& arguments);

/// "loss 0.1234", a line each.
void print_values(const std::vector<std::pair<std::string, double>>& values);

}  // namespace rondo::cli
