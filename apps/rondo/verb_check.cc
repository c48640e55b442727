// rondo check: looks a table or a config over before time is spent on it.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>

#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/tasks/check.h"
#include "rondo/tasks/forecast_config.h"
#include "typed_options.h"
#include "verbs.h"

namespace rondo::cli {
namespace {

struct Request {
  std::string file;
  ForecastOptions options;
  ForecastTableOptions table;
  CheckOptions check;
  bool json = false, no_leaks = false;
};

bool is_config(const std::string& file) { return std::filesystem::path(file).extension() == ".toml"; }

/// What the command line says, over what the [forecast] section says.
CheckReport check_forecast_config(const Request& request, const ConfigFile& file, const CLI::App& verb) {
  ForecastConfig config = read_forecast_config(file);
  read_options(config.options, typed_options(request.options, verb), "forecast");
  read_options(config.table, typed_options(request.table, verb), "forecast");
  if (config.file.empty()) {
    throw Error(ErrorKind::usage, "the config names no table")
        .where(file.place("forecast"))
        .expected("file = \"table.csv\" in [forecast]");
  }
  CheckOptions check = request.check;
  check.named_only = true;
  return check_forecast(read_csv(config.file, config.table.csv), config.options, check);
}

CheckReport run_checks(const Request& request, const CLI::App& verb) {
  if (!is_config(request.file)) {
    return check_forecast(read_csv(request.file, request.table.csv), request.options, request.check);
  }
  const ConfigFile config = ConfigFile::read(request.file);
  if (config.root().find("forecast") != nullptr && config.root().find("model") == nullptr) {
    return check_forecast_config(request, config, verb);
  }
  const Json typed = typed_options(request.options, verb);
  if (!typed.as_object().empty()) {
    throw Error(ErrorKind::usage, "this option is for tables and configs of rondo forecast")
        .where(request.file)
        .seen("--" + typed.as_object().front().first)
        .fix("change the config instead");
  }
  return check_csv_training(read_csv_training(config), request.check);
}

/// Colours for eyes only: a terminal, and nobody who said NO_COLOR (https://no-color.org).
bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

const char* colour_of(CheckLevel level) {
  switch (level) {
    case CheckLevel::ok: return "\x1b[32m";
    case CheckLevel::warning: return "\x1b[33m";
    case CheckLevel::error: return "\x1b[31m";
  }
  return "";
}

void print_detail(const char* label, const std::string& text) {
  if (!text.empty()) std::printf("             %-6s %s\n", label, text.c_str());
}

void print_report(const CheckReport& report) {
  const bool colour = wants_colour();
  std::string topic;
  for (const CheckFinding& finding : report.findings) {
    if (finding.topic != topic) std::printf("%s%s\n", topic.empty() ? "" : "\n", finding.topic.c_str());
    topic = finding.topic;
    std::printf("  %s%-9s%s  %s\n", colour ? colour_of(finding.level) : "", check_level_name(finding.level),
                colour ? "\x1b[0m" : "", finding.what.c_str());
    print_detail("where", finding.where);
    print_detail("seen", finding.seen);
    print_detail("fix", finding.fix);
  }
  std::printf("\n%lld passed, %lld warnings, %lld errors\n",
              static_cast<long long>(report.count(CheckLevel::ok)),
              static_cast<long long>(report.count(CheckLevel::warning)),
              static_cast<long long>(report.count(CheckLevel::error)));
  std::fflush(stdout);
}

void run(Request& request, const CLI::App& verb) {
  request.check.leaks = !request.no_leaks;
  const CheckReport report = run_checks(request, verb);
  if (request.json) {
    std::printf("%s\n", to_json(report.to_config(), 2).c_str());
    std::fflush(stdout);
  } else {
    print_report(report);
  }
  const std::int64_t errors = report.count(CheckLevel::error);
  if (errors == 0) return;
  throw Error(ErrorKind::check_failed, errors == 1 ? "the check found an error"
                                                   : "the check found " + std::to_string(errors) + " errors")
      .where(request.file)
      .fix("see the lines marked 'error' above, each with its fix");
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* verb = add_verb(app, "check", "Look a table or a config over: order, gaps, leaks, splits, cost",
                            "rondo check prices.csv\n"
                            "rondo check prices.csv --target close --time date --horizon 10\n"
                            "rondo check sales.csv --target units --time week --id shop --missing previous\n"
                            "rondo check network.toml\n"
                            "rondo check prices.csv --target close --json");
  const auto request = std::make_shared<Request>();
  verb->add_option("FILE", request->file,
                   "CSV file (plain or gzip), or a config of forecast or train (.toml)")
      ->required();
  verb->add_flag("--json", request->json, "print the findings as one JSON object on stdout");
  verb->add_option("--allow", request->check.allow,
                   "columns that may know the target's future, because they truly do (plans, sensors "
                   "upstream), or look scaled because they are so by nature")
      ->delimiter(',');
  verb->add_flag("--no-leaks", request->no_leaks,
                 "do not run the preparation again and again to look for leaks");
  ForecastOptions& options = request->options;
  const auto table = [&](const char* flag, auto& field, const char* doc) {
    verb->add_option(flag, field, doc)->group("Table")->capture_default_str();
  };
  table("--target", options.target, "column to forecast; default: the last column of numbers");
  table("--time", options.time, "column of times; default: the first that reads as times");
  table("--id", options.id, "column that tells series apart; '': one series");
  const auto columns = [&](const char* flag, std::vector<std::string>& field, const char* doc) {
    verb->add_option(flag, field, doc)->group("Table")->delimiter(',');
  };
  columns("--known", options.known, "columns known beforehand (calendar, prices, plans)");
  columns("--past", options.past, "other columns whose past the forecast would use");
  columns("--static", options.statics, "columns that never change within a series");
  verb->add_flag("--wide", options.wide, "one series a row, its id first (or in the column that --id names)")
      ->group("Table");
  table("--horizon", options.horizon, "rows to forecast");
  table("--backtest", options.backtest, "last part that is kept for the test");
  table("--split", options.split, "parts in order of time: 'train=8640,validation=2880,test=2880'");
  table("--stride", options.stride, "rows between forecast origins of the backtest; 0: the horizon");
  table("--window", options.window, "rows of history that the forecast sees; 0: chosen");
  table("--missing", options.missing, "missing values: 'previous' or 'error'");
  verb->add_flag("--strict", options.strict, "refuse unsorted and doubled times")->group("Table");
  table("--unsorted", options.arrange.unsorted, "rows not in order of time: 'error' or 'sort'");
  table("--doubled", options.arrange.doubled, "a time that occurs twice: 'error', 'first' or 'last'");
  table("--gaps", options.arrange.gaps,
        "missing steps of time: 'insert', 'keep', 'error' or 'auto': insert, but keep holidays of business "
        "days");
  table("--zone", options.times.zone, "zone of times that name none, such as 'Europe/Berlin'");
  table("--day-order", options.times.day_order,
        "'auto', 'day_first' or 'month_first', for dates such as 1/2/2020");
  table("--separator", request->table.csv.separator, "'auto', ',', ';', 'tab', '|' or any one character");
  table("--header", request->table.csv.header, "'auto', 'yes' or 'no': whether the first row holds names");
  table("--decimal", request->table.csv.decimal, "'auto', '.' or ','");
  verb->add_option("--missing-words", request->table.csv.missing, "more texts that mean a missing value")
      ->group("Table")
      ->delimiter(',');
  verb->callback([request, verb] { run(*request, *verb); });
}

}  // namespace rondo::cli
