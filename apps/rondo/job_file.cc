#include "job_file.h"

#include <cstdio>
#include <filesystem>

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

void add_job_options(CLI::App& verb, JobArguments& arguments, bool accepts_model,
                     const std::vector<std::string_view>& except) {
  arguments.accepts_model = accepts_model;
  verb.add_option("CONFIG", arguments.config,
                  accepts_model ? "TOML file that the model was trained with; or model.rondo, with --data"
                                : "TOML file that describes data, model and training")
      ->required();
  add_options(verb, arguments);
  // A list in a value has commas of its own, and what follows the value is no further one.
  find_option(verb, "--set")->delimiter('\0')->allow_extra_args(false);
  add_options(verb, arguments.run, "", except);
}

CsvTraining read_job(const JobArguments& arguments) {
  if (arguments.accepts_model && is_model(arguments.config)) return read_model_job(arguments);
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

void print_values(const std::vector<std::pair<std::string, double>>& values) {
  for (const auto& [name, value] : values)
    std::printf("%-28s %s\n", name.c_str(), format_metric(value).c_str());
  std::fflush(stdout);
}

}  // namespace rondo::cli
