// rondo init: a config for a table, with every default spelled out.

#include <filesystem>
#include <iostream>
#include <memory>

#include "options.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/run_files.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast_config.h"

namespace rondo::cli {
namespace {

struct InitRequest {
  std::string task = "forecast", data, target, time, out;
  bool force = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("task", self.task, "forecast (for rondo forecast) or train (any network, for rondo train)");
    option("data", self.data, "the CSV file (plain or gzip)");
    option("target", self.target, "column to predict; default: the last column of numbers");
    option("time", self.time, "column of times; default: the first that reads as times");
    option("out", self.out, "file to write; default: stdout");
    option("force", self.force, "replace the file if it exists");
  }
};

std::string config_text(const InitRequest& request) {
  const CsvTraining job = suggest_csv_training(request.data, request.target, request.time);
  if (request.task == "train") {
    CsvTraining noted = job;
    if (!request.out.empty()) {  // paths in a config start at its own folder
      noted.data.file = std::filesystem::absolute(request.data).lexically_normal().string();
    }
    return to_toml(noted);
  }
  ForecastConfig config;
  config.file = request.data;
  config.options.target = job.data.target.at(0);
  config.options.time = job.data.time;
  return to_toml(config);
}

void run(const InitRequest& request) {
  check_is_no_input(request.out, {request.data});
  const std::string text = config_text(request);
  if (request.out.empty()) {
    std::cout << text;
    return;
  }
  if (std::filesystem::exists(request.out) && !request.force) {
    throw Error(ErrorKind::usage, "the file " + request.out + " exists already")
        .fix("choose another name, or --force to replace it");
  }
  write_file_atomically(request.out, text);
  std::cerr << "wrote " << request.out << "\nNext: rondo "
            << (request.task == "train" ? "train " : "forecast --config ") << request.out << '\n';
}

}  // namespace

void add_init(CLI::App& app) {
  CLI::App* verb = add_verb(app, "init", "Write a config for a table, with every default spelled out",
                            "rondo init --task forecast --data prices.csv --target close --out prices.toml\n"
                            "rondo init --task train --data prices.csv --target close > network.toml");
  const auto request = std::make_shared<InitRequest>();
  add_options(*verb, *request);
  find_option(*verb, "--task")->check(CLI::IsMember({"forecast", "train"}));
  find_option(*verb, "--data")->required();
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
