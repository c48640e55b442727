// rondo train: any Sequential model on a CSV table.

#include <cstdio>
#include <memory>

#include "job_file.h"

namespace rondo::cli {
namespace {

Json as_config(const CsvTrainingResult& result) {
  Json test = Json::object();
  for (const auto& [name, value] : result.test) test.set(name, value);
  return Json::object({{"samples", Json::object({{"train", result.samples_train},
                                                 {"validation", result.samples_validation},
                                                 {"test", result.samples_test}})},
                       {"parameters", result.parameters},
                       {"epochs", result.epochs},
                       {"stopped_early", result.stopped_early},
                       {"seconds", result.seconds},
                       {"test", test},
                       {"files", Json::list(result.files)}});
}

void run(const JobArguments& request) {
  const CsvTrainingResult result = train_csv(read_job(request), request.run.controls());
  if (request.run.json) {
    print_json(as_config(result));
    return;
  }
  std::printf("trained %lld epochs%s in %.1f s on %lld samples (%lld to validate, %lld to test)\n",
              static_cast<long long>(result.epochs), result.stopped_early ? " (stopped early)" : "",
              result.seconds, static_cast<long long>(result.samples_train),
              static_cast<long long>(result.samples_validation), static_cast<long long>(result.samples_test));
  if (!result.test.empty()) std::printf("\non the test part\n");
  print_values(result.test);
  std::printf("\n");
  for (const std::string& file : result.files) std::printf("wrote %s\n", file.c_str());
  std::printf("\nNext: rondo predict %s\n", request.config.c_str());
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* verb = add_verb(app, "train", "Train a network that a TOML file describes on a CSV table",
                            "rondo init --task train --data prices.csv --target close > prices.toml\n"
                            "rondo train prices.toml\n"
                            "rondo train prices.toml --set training.epochs=20 --set output.folder=run2\n"
                            "rondo train prices.toml --resume");
  const auto request = std::make_shared<JobArguments>();
  add_job_options(*verb, *request, false);
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
