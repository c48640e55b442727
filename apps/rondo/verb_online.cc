// rondo online: forecasts every row of a stream before it learns from it.

#include <cmath>
#include <iostream>
#include <memory>

#include "interrupt.h"
#include "rondo/base/error.h"
#include "rondo/tasks/online.h"
#include "verbs.h"

namespace rondo::cli {
namespace {

struct Request {
  OnlineJob job;
  std::string log_level = "warning";
  bool json = false, resume = false;
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
    out << result.drift_count << (result.drift_count == 1 ? " change" : " changes") << " noticed\n";
  for (std::size_t d = 0; d < result.next.size(); ++d) {
    std::snprintf(text, sizeof text, "next  %s %.6g, %lld after the last row\n",
                  result.job.targets[d].c_str(), result.next[d],
                  static_cast<long long>(result.job.options.horizon));
    out << text;
  }
  out << std::flush;
}

void run(const Request& request) {
  RunControls controls;
  controls.log = Logger(parse_log_level(request.log_level));
  controls.stop = &interrupted();
  // Where forecasts or the object go to stdout, what people read goes to stderr.
  std::ostream& words = request.job.predictions == "-" ? std::cerr : std::cout;
  if (request.json && request.job.predictions == "-") {
    throw Error(ErrorKind::usage, "the standard output has room for one thing only")
        .seen("--json and --out -")
        .fix("write the predictions to a file");
  }
  controls.verbose = request.json ? 0 : -1;
  controls.progress = &words;
  controls.resume = request.resume;
  const OnlineResult result = run_online(request.job, controls);
  if (result.same_times > 0) {
    controls.log.warning(std::to_string(result.same_times) +
                         " rows have the time of the row before; they were learnt from in their order");
  }
  if (request.json)
    std::cout << to_json(online_json(result), 2) << "\n";
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
  const auto request = std::make_shared<Request>();
  OnlineJob& job = request->job;
  verb->add_option("FILE", job.file, "CSV file, plain or gzip; - for the standard input");
  verb->add_option("--target", job.targets, "column to forecast, or several: a,b")->delimiter(',');
  verb->add_option("--time", job.time, "column of times, which must not run backwards");
  verb->add_option("--past", job.past, "other columns of numbers that forecasts may use: a,b")
      ->delimiter(',');
  verb->add_option("--missing", job.missing, "missing values: 'error', or 'previous' keeps the last one")
      ->capture_default_str();
  verb->add_option("--out", job.predictions, "CSV file for the forecasts; - for the standard output");
  verb->add_option("--snapshot", job.snapshot, "file that always holds all that --resume needs");
  verb->add_option("--snapshot-every", job.snapshot_every,
                   "rows between snapshots; 0: about every five seconds, and at the end")
      ->capture_default_str();
  verb->add_flag("--resume", request->resume,
                 "go on from the snapshot where there is one; the stream is given from its beginning");
  verb->add_flag("--force", job.force, "begin anew and replace the snapshot");
  verb->add_flag("--json", request->json, "print the results as one JSON object on stdout");
  verb->add_option("--log-level", request->log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  OnlineOptions::visit(job.options, [&](const char* name, auto& field, const char* doc) {
    verb->add_option(flag_of(name), field, doc)->group("Learning")->capture_default_str();
  });
  verb->add_option("--separator", job.csv.separator, "'auto', ',', ';', 'tab', '|' or any one character")
      ->group("Table")
      ->capture_default_str();
  verb->add_option("--header", job.csv.header, "'auto', 'yes' or 'no': whether the first row holds names")
      ->group("Table")
      ->capture_default_str();
  verb->add_option("--decimal", job.csv.decimal, "'auto', '.' or ','")->group("Table")->capture_default_str();
  verb->add_option("--missing-words", job.csv.missing, "more texts that mean a missing value")
      ->group("Table")
      ->delimiter(',');
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
