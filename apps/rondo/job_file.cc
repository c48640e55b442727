#include "job_file.h"

#include <cstdio>
#include <filesystem>

#include "interrupt.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/progress.h"

namespace rondo::cli {

void add_job_options(CLI::App& verb, JobArguments& arguments) {
  verb.add_option("CONFIG", arguments.config, "TOML file that describes data, model and training")
      ->required();
  verb.add_option("--data", arguments.data, "another CSV file than the one in the config");
  verb.add_option("--set", arguments.set, "change a value of the config: section.key=value; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--log-level", arguments.log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  verb.add_flag("--quiet", arguments.quiet, "show no progress");
}

CsvTraining read_job(const JobArguments& arguments) {
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
  controls.progress = !arguments.quiet;
  return controls;
}

void print_values(const std::vector<std::pair<std::string, double>>& values) {
  for (const auto& [name, value] : values)
    std::printf("%-28s %s\n", name.c_str(), format_metric(value).c_str());
  std::fflush(stdout);
}

}  // namespace rondo::cli
