#include "job_file.h"

#include <cstdio>
#include <filesystem>

#include "interrupt.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/progress.h"

namespace rondo::cli {

namespace {

bool is_model(const std::string& file) { return std::filesystem::path(file).extension() == ".rondo"; }

/// A model file holds its own job, but for the table.
CsvTraining read_model_job(const JobArguments& arguments) {
  if (arguments.data.empty()) {
    throw Error(ErrorKind::usage, "a model file does not hold a table")
        .where(arguments.config)
        .fix("name it with --data");
  }
  if (!arguments.set.empty()) {
    throw Error(ErrorKind::usage, "--set changes a config, not a model").where(arguments.config);
  }
  CsvTraining job = read_trained_csv(arguments.config);
  job.data.file = std::filesystem::absolute(arguments.data).string();
  return job;
}

}  // namespace

void add_job_options(CLI::App& verb, JobArguments& arguments, bool trained) {
  arguments.trained = trained;
  verb.add_option("CONFIG", arguments.config,
                  trained ? "TOML file that the model was trained with; or model.rondo, with --data"
                          : "TOML file that describes data, model and training")
      ->required();
  verb.add_option("--data", arguments.data, "another CSV file than the one in the config");
  verb.add_option("--set", arguments.set, "change a value of the config: section.key=value; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--log-level", arguments.log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  verb.add_flag("--quiet", arguments.quiet, "show no progress");
}

CsvTraining read_job(const JobArguments& arguments) {
  if (arguments.trained && is_model(arguments.config)) return read_model_job(arguments);
  ConfigFile file = ConfigFile::read(arguments.config);
  if (file.root().find("forecast") && !file.root().find("model")) {
    throw Error(ErrorKind::usage, "this is a config of rondo forecast")
        .where(arguments.config)
        .expected("sections [data], [[model.layers]] and [training]")
        .fix("rondo forecast --config " + arguments.config +
             ", or write another with rondo init --task train");
  }
  for (const std::string& assignment : arguments.set) file.override_value(assignment);
  CsvTraining job = read_csv_training(file);
  if (!arguments.data.empty()) job.data.file = std::filesystem::absolute(arguments.data).string();
  return job;
}

RunControls job_controls(const JobArguments& arguments) {
  RunControls controls;
  controls.log = Logger(parse_log_level(arguments.log_level));
  controls.stop = &interrupted();
  controls.verbose = arguments.quiet ? 0 : -1;
  return controls;
}

void print_values(const std::vector<std::pair<std::string, double>>& values) {
  for (const auto& [name, value] : values)
    std::printf("%-28s %s\n", name.c_str(), format_metric(value).c_str());
  std::fflush(stdout);
}

}  // namespace rondo::cli
