// rondo evaluate: loss and metrics of a trained model on a part of its data.

#include <cstdio>
#include <memory>

#include "job_file.h"

namespace rondo::cli {
namespace {

struct Request {
  JobArguments job;
  std::string part = "test";
  bool json = false;
};

void run(const Request& request) {
  const auto values = evaluate_csv(read_job(request.job), request.part, job_controls(request.job));
  if (!request.json) {
    print_values(values);
    return;
  }
  Json out = Json::object();
  for (const auto& [name, value] : values) out.set(name, value);
  std::printf("%s\n", to_json(out, 2).c_str());
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* verb = add_verb(app, "evaluate", "Loss and metrics of a trained model",
                            "rondo evaluate prices.toml\n"
                            "rondo evaluate prices.toml --part train\n"
                            "rondo evaluate prices.toml --data newer.csv --part all --json");
  const auto request = std::make_shared<Request>();
  add_job_options(*verb, request->job, true);
  verb->add_option("--part", request->part, "train, validation, test or all")
      ->check(CLI::IsMember({"train", "validation", "test", "all"}))
      ->capture_default_str();
  verb->add_flag("--json", request->json, "print the values as one JSON object");
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
