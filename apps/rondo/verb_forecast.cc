// rondo forecast: a CSV file in, an honest forecast and a report out.

#include <chrono>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string_view>
#include <type_traits>

#include "interrupt.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/log.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_command.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/forecast_model.h"
#include "rondo/tasks/forecast_report.h"
#include "typed_options.h"
#include "verbs.h"

namespace rondo::cli {
namespace {

namespace fs = std::filesystem;

struct Request {
  ForecastOptions options;
  ForecastTableOptions table;
  std::string file, from, config, out, log_level = "warning";
  bool json = false, resume = false;
};

/// Options that people know by another name too.
std::string flags_of(const std::string& name) {
  if (name == "window") return "--window,--look-back";
  if (name == "backtest") return "--backtest,--origins";
  return flag_of(name);
}

/// Every field of an options struct as an option of the verb, with its default in the help.
template <class Options>
void add_fields(CLI::App& verb, Options& options, const std::string& group) {
  Options::visit(options, [&](const char* name, auto& field, const char* doc) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, bool>) {
      verb.add_flag(flag_of(name), field, doc)->group(group);
      return;
    }
    CLI::Option* option = verb.add_option(flags_of(name), field, doc)->group(group);
    if constexpr (requires { field.push_back({}); } &&
                  !std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>) {
      option->delimiter(',');
    } else {
      option->capture_default_str();
    }
  });
}

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

void print_result(const ForecastResult& result, const fs::path& folder) {
  std::cout << result.verdict_sentence << "\n\n";
  std::printf("%-16s %12s %12s %10s %10s\n", "test part", "MAE", "RMSE", "MASE", "sMAPE %");
  const auto line = [](const ForecastScore& score, const std::string& name) {
    std::printf("%-16s %12.5g %12.5g %10.4f %10.3f\n", name.c_str(), score.mae, score.rmse, score.mase,
                score.smape);
  };
  line(result.test, "rondo (" + result.cell + ")");
  for (const ForecastScore& score : result.baselines) line(score, score.name);
  std::printf("\nskill %.3f against %s; bands held %.0f %% (80 %%) and %.0f %% (95 %%) of the test part\n",
              result.skill, result.skill_against.c_str(), 100 * result.coverage80, 100 * result.coverage95);
  std::printf("window %lld, period %lld, transform %s%s; trained %.1f s\n\n",
              static_cast<long long>(result.window), static_cast<long long>(result.period),
              result.transform.c_str(), result.difference ? " with differencing" : "", result.seconds_train);
  std::fflush(stdout);
  for (const std::string& note : result.notes) std::cout << note << "\n\n";
  std::cout
      << "forecast  " << (folder / "forecast.csv").string() << "\nmodel     "
      << (folder / "model.rondo").string() << "\nreport    " << (folder / "report.html").string()
      << "\n\nNext: open the report in a browser, or look into the model with\n  rondo inspect "
      << (folder / "model.rondo").string()
      << "\nor go on with a later table, without training again, with\n  rondo forecast NEWER.csv --from "
      << (folder / "model.rondo").string() << "\n";
}

/// Values of the file, under those that the command line gave.
void read_config(Request& request, const CLI::App& verb) {
  ForecastConfig config = read_forecast_config(ConfigFile::read(request.config));
  read_options(config.options, typed_options(request.options, verb), "forecast");
  read_options(config.table, typed_options(request.table, verb), "forecast");
  request.options = std::move(config.options);
  request.table = std::move(config.table);
  if (request.file.empty()) request.file = std::move(config.file);
}

fs::path output_folder(const Request& request) {
  fs::path folder = request.out.empty() ? fs::path(request.file).stem().string() + "-forecast" : request.out;
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure || !fs::is_directory(folder)) {
    throw Error(ErrorKind::resources, "the output folder cannot be made")
        .where(folder.string())
        .seen(failure ? failure.message() : "a file of that name")
        .fix("name another folder with --out DIR");
  }
  return folder;
}

/// What the model was trained with cannot be said again.
void refuse_training_options(const CLI::App& verb) {
  const ForecastOptions defaults;
  ForecastOptions::visit(defaults, [&](const char* name, const auto&, const char*) {
    const std::string_view option = name;
    if (option == "future" || option == "threads" || verb.get_option(flag_of(name))->count() == 0) return;
    throw Error(ErrorKind::usage,
                flag_of(name) + " says how a model is trained, --from takes one that is trained")
        .seen(flag_of(name) + " with --from")
        .fix("leave it out, or train again without --from");
  });
  for (const char* flag : {"--config", "--resume"}) {
    if (verb.get_option(flag)->count() == 0) continue;
    throw Error(ErrorKind::usage, std::string(flag) + " has nothing to say to --from: nothing is trained")
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

/// A model that is trained goes on with a later table.
void run_from(const Request& request, const CLI::App& verb) {
  refuse_training_options(verb);
  ForecastModel model = ForecastModel::load(request.from);
  const Table table = read_csv(request.file, request.table.csv);
  std::optional<Table> future;
  if (!request.options.future.empty()) future = read_csv(request.options.future, request.table.csv);
  ForecastTables tables(table);
  if (future) tables.future = &*future;
  const ForecastAhead ahead = model.forecast(tables, static_cast<int>(request.options.threads));
  const Logger log(parse_log_level(request.log_level));
  for (const std::string& note : ahead.notes) log.warning(note);
  const fs::path file = output_folder(request) / "forecast.csv";
  write_csv(file, forecast_table(model.options(), ahead.series));
  if (request.json) {
    const Json files = Json::object({{"forecast", file.string()}, {"model", request.from}});
    std::cout << to_json(forecast_json(ahead, model.options(), files), 2) << "\n";
  } else {
    print_ahead(ahead, model.options(), file);
  }
}

void run(Request& request, const CLI::App& verb) {
  if (!request.config.empty() && request.from.empty()) read_config(request, verb);
  if (request.file.empty()) {
    throw Error(ErrorKind::usage, "no CSV file given").fix("rondo forecast FILE.csv --target COLUMN");
  }
  if (!request.from.empty()) {
    run_from(request, verb);
    return;
  }
  if (request.options.target.empty() && !request.options.wide) {
    throw Error(ErrorKind::usage, "no target given")
        .expected("--target COLUMN, --target a,b, --target all, or --wide for a table with one series a row")
        .fix("name the column to forecast");
  }
  const Table table = read_csv(request.file, request.table.csv);
  const auto read_more = [&](const std::string& file) {
    return file.empty() ? std::optional<Table>() : read_csv(file, request.table.csv);
  };
  const std::optional<Table> future = read_more(request.options.future);
  const std::optional<Table> test = read_more(request.options.test_file);
  ForecastTables tables(table);
  if (future) tables.future = &*future;
  if (test) tables.test = &*test;

  const fs::path folder = output_folder(request);
  write_file_atomically(folder / "config.toml",
                        forecast_toml(request.options, request.file, request.table.csv));

  ForecastControls controls;
  controls.log = Logger(parse_log_level(request.log_level));
  controls.stop = &interrupted();
  controls.verbose = request.json ? 0 : -1;
  controls.checkpoint = (folder / "checkpoint.rondo").string();
  controls.resume = request.resume;
  const ForecastResult result = run_forecast(tables, request.options, controls);

  write_csv(folder / "forecast.csv", forecast_table(result));
  result.save_model((folder / "model.rondo").string());
  const std::string command = forecast_command(request.file, request.options, request.table.csv, request.out);
  write_page(folder / "report.html", forecast_page(result, command, today()));

  const Json files = Json::object({{"forecast", (folder / "forecast.csv").string()},
                                   {"model", (folder / "model.rondo").string()},
                                   {"report", (folder / "report.html").string()}});
  if (request.json) {
    std::cout << to_json(forecast_json(result, files), 2) << "\n";
  } else {
    print_result(result, folder);
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
  const auto request = std::make_shared<Request>();
  verb->add_option("FILE", request->file, "CSV file, plain or gzip");
  verb->add_option("--from", request->from,
                   "model.rondo of an earlier run: forecast the end of FILE with it, without training");
  verb->add_option("--config", request->config,
                   "TOML file with a [forecast] section, as init and --out write it");
  verb->add_option("--out", request->out,
                   "folder for forecast.csv, model.rondo, report.html; default NAME-forecast");
  verb->add_flag("--json", request->json, "print the results as one JSON object on stdout");
  verb->add_flag("--resume", request->resume,
                 "go on from the checkpoint in the output folder where there is one");
  verb->add_option("--log-level", request->log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  add_fields(*verb, request->options, "Forecast");
  add_fields(*verb, request->table, "Table");
  verb->callback([request, verb] { run(*request, *verb); });
}

}  // namespace rondo::cli
