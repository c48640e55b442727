// rondo forecast: a CSV file in, an honest forecast and a report out.

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

#include "forecast_output.h"
#include "options.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/run_files.h"
#include "rondo/tasks/check.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/forecast_model.h"
#include "stages.h"

namespace rondo::cli {
namespace {

namespace fs = std::filesystem;

struct ForecastRequest {
  ForecastConfig forecast;
  std::string from, config, out;
  RunOptions run;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("from", self.from,
           "model.rondo of an earlier run: forecast the end of FILE with it, without training");
    option("config", self.config, "TOML file with a [forecast] section, as init and --out write it");
    option("out", self.out,
           "folder for forecast.csv, backtest.csv, model.rondo, report.html; default NAME-forecast");
  }
};

/// Options of the command line override those of the file.
void read_config(ForecastRequest& request, const CLI::App& verb) {
  ForecastConfig config = read_forecast_config(ConfigFile::read(request.config));
  read_options(config, given_options(request.forecast, verb), "forecast");
  if (!request.forecast.file.empty()) config.file = request.forecast.file;
  request.forecast = std::move(config);
}

fs::path output_folder(const ForecastRequest& request) {
  return request.out.empty() ? fs::path(request.forecast.file).stem().string() + "-forecast" : request.out;
}

void make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure || !fs::is_directory(folder)) {
    throw Error(ErrorKind::resources, "the output folder cannot be made")
        .where(folder.string())
        .seen(failure ? failure.message() : "a file of that name")
        .fix("name another folder with --out DIR");
  }
}

constexpr const char* kConfigFile = "config.toml";

/// The config alone may be read where it would be written: it stays as it is.
void check_outputs(const ForecastRequest& request, const fs::path& folder) {
  const ForecastOptions& options = request.forecast.options;
  const std::vector<std::string> tables = {request.forecast.file, options.future, options.test_file};
  for (const char* name :
       {"forecast.csv", "backtest.csv", "model.rondo", "report.html", "checkpoint.rondo"}) {
    std::vector<std::string> inputs = tables;
    inputs.push_back(request.config);
    check_is_no_input((folder / name).string(), inputs);
  }
  check_is_no_input((folder / kConfigFile).string(), tables);
}

/// Options of training have no effect on a model that is trained.
void refuse_training_options(const CLI::App& verb) {
  const auto refuse = [&](const char* name, const auto&, const char*) {
    const std::string_view option = name;
    if (option == "future" || option == "threads" || find_option(verb, flag_of(name))->count() == 0) return;
    throw Error(ErrorKind::usage, flag_of(name) +
                                      " is an option of training and its report, and --from uses " +
                                      "a model that is already trained")
        .seen(flag_of(name) + " with --from")
        .fix("leave it out, or train again without --from");
  };
  const ForecastConfig defaults;
  ForecastOptions::visit(defaults.options, refuse);
  ForecastReportText::visit(defaults.report, refuse);
  for (const char* flag : {"--config", "--resume"}) {
    if (find_option(verb, flag)->count() == 0) continue;
    throw Error(ErrorKind::usage, std::string(flag) + " cannot be combined with --from: nothing is trained")
        .fix("leave it out");
  }
}

void print_ahead(const ForecastAhead& ahead, const ForecastOptions& options, const fs::path& file) {
  const ForecastSeries& first = ahead.series.front();
  std::printf(
      "%lld rows ahead of %zu series; the first after %s: %.6g (80 %%: %.6g to %.6g)\n\nforecast  %s\n",
      static_cast<long long>(options.horizon), ahead.series.size(),
      first.times.text(first.times.size() - 1).c_str(), first.forecast.front(), first.bands.low80.front(),
      first.bands.high80.front(), file.string().c_str());
  std::fflush(stdout);
}

/// Forecasts the end of a table with a trained model.
void run_from(const ForecastRequest& request, const CLI::App& verb) {
  refuse_training_options(verb);
  const fs::path file = output_folder(request) / "forecast.csv";
  check_is_no_input(file.string(), {request.forecast.file, request.forecast.options.future, request.from});
  ForecastModel model = ForecastModel::load(request.from);
  const auto read = [&](const std::string& file) {
    return read_forecast_table(file, request.forecast.csv, model.options());
  };
  const Table table = read(request.forecast.file);
  std::optional<Table> future;
  if (!request.forecast.options.future.empty()) future = read(request.forecast.options.future);
  ForecastTables tables(table);
  if (future) tables.future = &*future;
  const ForecastAhead ahead = model.forecast(tables, request.forecast.options.threads);
  for (const std::string& note : ahead.notes) request.run.controls().log.warning(note);
  make_folder(file.parent_path());
  const FileLock lock = FileLock::of_folder(file.parent_path().string());
  write_csv(file, forecast_table(model.options(), ahead.series));
  if (request.run.json) {
    const Json files = Json::object({{"forecast", file.string()}, {"model", request.from}});
    print_json(forecast_json(ahead, model.options(), files));
  } else {
    print_ahead(ahead, model.options(), file);
  }
}

void run(ForecastRequest& request, const CLI::App& verb) {
  if (!request.config.empty() && request.from.empty()) read_config(request, verb);
  if (request.forecast.file.empty()) {
    throw Error(ErrorKind::usage, "no CSV file given").fix("rondo forecast FILE.csv --target COLUMN");
  }
  if (!request.from.empty()) {
    run_from(request, verb);
    return;
  }
  if (request.forecast.options.target.empty() && !request.forecast.options.wide) {
    throw Error(ErrorKind::usage, "no target given")
        .expected("--target COLUMN, --target a,b, --target all, or --wide for a table with one series a row")
        .fix("name the column to forecast");
  }
  const auto read = [&](const std::string& file) {
    return read_forecast_table(file, request.forecast.csv, request.forecast.options);
  };
  const auto read_more = [&](const std::string& file) {
    return file.empty() ? std::optional<Table>() : read(file);
  };
  const fs::path folder = output_folder(request);
  check_outputs(request, folder);
  std::optional<FileLock> lock;
  if (fs::is_directory(folder)) lock.emplace(FileLock::of_folder(folder.string()));

  RunControls controls = request.run.controls();
  Stages stages(controls.verbose != 0);
  // Losses, epoch by epoch, are for those who look into a training.
  if (!controls.log.wants(LogLevel::debug)) {
    controls.verbose = 0;
    controls.advanced = [&](double share) { stages.advance(share); };
  }
  controls.stage = [&](const char* name) { stages.begin(name); };
  controls.log = stages.beside(controls.log);
  stages.begin("reading");
  const Table table = read(request.forecast.file);
  const std::optional<Table> future = read_more(request.forecast.options.future);
  const std::optional<Table> test = read_more(request.forecast.options.test_file);
  ForecastTables tables(table);
  if (future) tables.future = &*future;
  if (test) tables.test = &*test;

  controls.checkpoint = (folder / "checkpoint.rondo").string();
  controls.accepted = [&] {
    make_folder(folder);
    if (!lock) lock.emplace(FileLock::of_folder(folder.string()));
  };
  stages.begin("checking");
  const std::vector<std::string> remarks = forecast_remarks(table, request.forecast.options);
  for (const std::string& remark : remarks) controls.log.warning(remark);
  ForecastResult result = run_forecast(tables, request.forecast.options, controls);
  result.warnings.insert(result.warnings.end(), remarks.begin(), remarks.end());
  stages.begin("report");

  AtomicFiles written;
  const fs::path config = folder / kConfigFile;
  std::error_code ignored;
  if (request.config.empty() || !fs::equivalent(request.config, config, ignored))
    written.add(config.string(), to_toml(request.forecast));
  const Json files = write_forecast(result, forecast_command(request.forecast, request.out),
                                    request.forecast.report, folder, written);
  stages.end();
  if (request.run.json) {
    print_json(forecast_json(result, files));
  } else {
    print_forecast(result, files);
  }
}

/// Common options first; the others in groups by what they are about.
void group_options(CLI::App& verb) {
  struct Group {
    const char* title;
    std::vector<std::string_view> options;
  };
  const std::array<Group, 4> groups{
      {{"Expert: how the table is read",
        {"wide",    "test_file", "missing",  "strict",        "outliers",     "separator", "header",
         "decimal", "thousands", "encoding", "missing_words", "text_columns", "columns",   "format",
         "zone",    "day_order", "unsorted", "duplicates",    "gaps",         "frequency"}},
       {"Expert: backtest", {"split", "stride", "refit"}},
       {"Expert: models and training",
        {"window", "period", "transform", "difference", "normalize", "deseasonalize", "cell", "units",
         "model", "methods", "likelihood", "ensemble", "tune", "epochs", "patience", "batch_size",
         "learning_rate", "seed"}},
       {"How it is run", {"quiet", "resume", "log_level", "threads"}}}};
  for (const Group& group : groups) {
    for (const std::string_view name : group.options) {
      if (CLI::Option* option = find_option(verb, flag_of(name))) option->group(group.title);
    }
  }
}

}  // namespace

void add_forecast(CLI::App& app) {
  CLI::App* verb =
      add_verb(app, "forecast", "Forecast columns of a CSV file, with backtest and report",
               "rondo forecast prices.csv --target close --time date --horizon 10 --out run\n"
               "rondo forecast power.csv.gz --target load --time time --horizon 24 --backtest 10%\n"
               "rondo forecast sales.csv --target units --time week --id shop --known price --static region\n"
               "rondo forecast Hourly-train.csv.gz --wide --horizon 48 --test-file Hourly-test.csv.gz\n"
               "rondo forecast ETTh1.csv.gz --target all --time date --horizon 24 --stride 1 --look-back 336 "
               "--split train=8640,validation=2880,test=2880\n"
               "rondo forecast prices.csv --target close --horizon 1 --backtest last=100 --json\n"
               "rondo forecast prices.csv --target close --time date --out run --resume\n"
               "rondo forecast newer.csv --from run/model.rondo --out next");
  const auto request = std::make_shared<ForecastRequest>();
  verb->add_option("FILE", request->forecast.file, "CSV file, plain or gzip");
  add_options(*verb, *request);
  add_options(*verb, request->forecast, "", {"file"});
  add_options(*verb, request->run);
  group_options(*verb);
  verb->callback([request, verb] { run(*request, *verb); });
}

}  // namespace rondo::cli
