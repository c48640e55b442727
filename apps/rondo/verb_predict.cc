// rondo predict: predictions of a trained model for every sample of a table.

#include <iostream>
#include <memory>

#include "job_file.h"
#include "rondo/base/run_files.h"
#include "rondo/data/csv.h"

namespace rondo::cli {
namespace {

struct PredictRequest {
  JobArguments job;
  std::string out;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("out", self.out, "file to write; default: stdout");
  }
};

void run(const PredictRequest& request) {
  const CsvTraining job = read_job(request.job);
  check_is_no_input(request.out, {job.data_path(), job.model_path(), request.job.config});
  const Table table = predict_csv(job, request.job.run.controls());
  if (request.out.empty()) {
    std::cout << to_csv(table);
  } else {
    write_csv(request.out, table);
  }
}

}  // namespace

void add_predict(CLI::App& app) {
  CLI::App* verb = add_verb(app, "predict", "Predictions of a trained model as CSV",
                            "rondo predict prices.toml > predictions.csv\n"
                            "rondo predict prices.toml --data newer.csv --out predictions.csv");
  const auto request = std::make_shared<PredictRequest>();
  add_job_options(*verb, request->job, true, {"resume", "json"});
  add_options(*verb, *request);
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
