// rondo evaluate: loss and metrics of a trained model on a part of its data.

#include <memory>

#include "job_file.h"

namespace rondo::cli {
namespace {

struct EvaluateRequest {
  JobArguments job;
  std::string part = "test";

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("part", self.part, "train, validation, test or all");
  }
};

void run(const EvaluateRequest& request) {
  const auto values = evaluate_csv(read_job(request.job), request.part, request.job.run.controls());
  if (!request.job.run.json) {
    print_values(values);
    return;
  }
  Json out = Json::object();
  for (const auto& [name, value] : values) out.set(name, value);
  print_json(out);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* verb = add_verb(app, "evaluate", "Loss and metrics of a trained model",
                            "rondo evaluate prices.toml\n"
                            "rondo evaluate prices.toml --part train\n"
                            "rondo evaluate prices.toml --data newer.csv --part all --json");
  const auto request = std::make_shared<EvaluateRequest>();
  add_job_options(*verb, request->job, true, {"resume"});
  add_options(*verb, *request);
  find_option(*verb, "--part")->check(CLI::IsMember({"train", "validation", "test", "all"}));
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
