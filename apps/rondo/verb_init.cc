// rondo init: a config for a table, with every default spelled out.

#include <filesystem>
#include <iostream>
#include <memory>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast.h"
#include "verbs.h"

namespace rondo::cli {
namespace {

struct Request {
  std::string task = "forecast", data, target, time, out;
  bool force = false;
};

std::string config_text(const Request& request) {
  const CsvTraining job = suggest_csv_training(request.data, request.target, request.time);
  if (request.task == "train") {
    CsvTraining noted = job;
    if (!request.out.empty()) {  // paths in a config start at its own folder
      noted.data.file = std::filesystem::absolute(request.data).lexically_normal().string();
    }
    return to_toml(noted);
  }
  ForecastOptions options;
  options.target = job.data.target.at(0);
  options.time = job.data.time;
  return forecast_toml(options, request.data);
}

void run(const Request& request) {
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
  const auto request = std::make_shared<Request>();
  verb->add_option("--task", request->task,
                   "forecast (for rondo forecast) or train (any network, for rondo train)")
      ->check(CLI::IsMember({"forecast", "train"}))
      ->capture_default_str();
  verb->add_option("--data", request->data, "the CSV file (plain or gzip)")->required();
  verb->add_option("--target", request->target, "column to predict; default: the last column of numbers");
  verb->add_option("--time", request->time, "column of times; default: the first that reads as times");
  verb->add_option("--out", request->out, "file to write; default: stdout");
  verb->add_flag("--force", request->force, "replace the file if it exists");
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
