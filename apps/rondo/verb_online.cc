// rondo online: forecasts every row of a stream before it learns from it.

#include <cmath>
#include <iostream>
#include <memory>

#include "options.h"
#include "rondo/base/error.h"
#include "rondo/tasks/online.h"

namespace rondo::cli {
namespace {

struct OnlineRequest {
  OnlineJob job;
  RunOptions run;
};

void print_result(const OnlineResult& result, std::ostream& out) {
  const auto rmse = [](const OnlineScore& score) { return std::sqrt(score.loss); };
  char text[512];
  std::snprintf(
      text, sizeof text, "\n%-14s %12s %12s\n%-14s %12.5g %12.5g\n%-14s %12.5g %12.5g\n%-14s %12.5g %12.5g\n",
      "", "RMSE", "MAE", "forecast", rmse(result.forecast), result.forecast.mae, "persistence",
      rmse(result.persistence), result.persistence.mae, "linear", rmse(result.linear), result.linear.mae);
  out << text;
  std::snprintf(
      text, sizeof text,
      "\n%lld rows, skill %.3f against persistence, %.3f against the linear predictor; %.0f rows/s\n",
      static_cast<long long>(result.rows), result.skill, result.skill_linear, result.rows_per_second);
  out << text;
  if (result.drift_count > 0)
    out << result.drift_count << (result.drift_count == 1 ? " change" : " changes") << " detected\n";
  for (std::size_t d = 0; d < result.next.size(); ++d) {
    std::snprintf(text, sizeof text, "next  %s %.6g, %lld after the last row\n",
                  result.job.targets[d].c_str(), result.next[d],
                  static_cast<long long>(result.job.options.horizon));
    out << text;
  }
  out << std::flush;
}

void run(const OnlineRequest& request) {
  RunControls controls = request.run.controls();
  // Where forecasts or the object go to stdout, what people read goes to stderr.
  std::ostream& words = request.job.predictions == "-" ? std::cerr : std::cout;
  if (request.run.json && request.job.predictions == "-") {
    throw Error(ErrorKind::usage, "the standard output can carry only one of the two")
        .seen("--json and --out -")
        .fix("write the predictions to a file");
  }
  controls.progress = &words;
  const OnlineResult result = run_online(request.job, controls);
  if (result.same_times > 0) {
    controls.log.warning(std::to_string(result.same_times) +
                         " rows have the time of the row before; they were used in the order of the file");
  }
  if (result.late_rows > 0) {
    controls.log.warning(std::to_string(result.late_rows) +
                         (result.late_rows == 1 ? " row was late and was" : " rows were late and were") +
                         " skipped: the time lies before that of the row before");
  }
  if (result.outliers > 0) {
    controls.log.warning(
        std::to_string(result.outliers) + (result.outliers == 1 ? " reading was" : " readings were") +
        " far off all before; forecasts and scales did not follow until the next confirmed it");
  }
  if (request.run.json)
    print_json(online_json(result));
  else
    print_result(result, words);
}

}  // namespace

void add_online(CLI::App& app) {
  CLI::App* verb =
      add_verb(app, "online", "Forecast every row of a stream before learning from it",
               "rondo online load.csv --target load --time time --out predictions.csv\n"
               "tail -n +1 -f readings.csv | rondo online - --target level --out -\n"
               "rondo online load.csv.gz --target load --past wind,sun --horizon 24 --cell lstm --json\n"
               "rondo online load.csv --target load --snapshot state.rondo --snapshot-every 10000\n"
               "rondo online load.csv --target load --snapshot state.rondo --resume");
  const auto request = std::make_shared<OnlineRequest>();
  verb->add_option("FILE", request->job.file, "CSV file, plain or gzip; - for the standard input");
  add_options(*verb, request->job, "Stream and learning", {"file"});
  add_options(*verb, request->run);
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
