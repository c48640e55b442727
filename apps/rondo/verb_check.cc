// rondo check: examines a table or a config before time is spent on training.

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "options.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/progress.h"
#include "rondo/tasks/check.h"
#include "rondo/tasks/forecast_config.h"

namespace rondo::cli {
namespace {

struct CheckRequest {
  ForecastConfig config;
  CheckOptions check;
  bool json = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("json", self.json, "print the findings as one JSON object on stdout");
    CheckOptions::visit(self.check, option);
  }
};

bool is_config(const std::string& file) { return std::filesystem::path(file).extension() == ".toml"; }

/// Options of the command line override those of the [forecast] section.
CheckReport check_forecast_config(const CheckRequest& request, const ConfigFile& file, const CLI::App& verb) {
  ForecastConfig config = read_forecast_config(file);
  read_options(config, given_options(request.config, verb), "forecast");
  if (config.file.empty()) {
    throw Error(ErrorKind::usage, "the config names no table")
        .where(file.place("forecast"))
        .expected("file = \"table.csv\" in [forecast]");
  }
  CheckOptions check = request.check;
  check.named_only = true;
  return check_forecast(read_forecast_table(config.file, config.csv, config.options), config.options, check);
}

CheckReport run_checks(const CheckRequest& request, const CLI::App& verb) {
  const std::string& file = request.config.file;
  if (!is_config(file)) {
    return check_forecast(read_forecast_table(file, request.config.csv, request.config.options),
                          request.config.options, request.check);
  }
  const ConfigFile config = ConfigFile::read(file);
  if (config.root().find("forecast") != nullptr && config.root().find("model") == nullptr) {
    return check_forecast_config(request, config, verb);
  }
  const Json given = given_options(request.config, verb);
  if (!given.as_object().empty()) {
    throw Error(ErrorKind::usage, "this option is for tables and configs of rondo forecast")
        .where(file)
        .seen(flag_of(given.as_object().front().first))
        .fix("change the config instead");
  }
  return check_csv_training(read_csv_training(config), request.check);
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
  const bool colour = isatty(STDOUT_FILENO) == 1 && colour_wanted();
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

void run(const CheckRequest& request, const CLI::App& verb) {
  const CheckReport report = run_checks(request, verb);
  if (request.json) {
    print_json(report.to_config());
  } else {
    print_report(report);
  }
  const std::int64_t errors = report.count(CheckLevel::error);
  if (errors == 0) return;
  throw Error(ErrorKind::check_failed, errors == 1 ? "the check found an error"
                                                   : "the check found " + std::to_string(errors) + " errors")
      .where(request.config.file)
      .fix("see the lines marked 'error' above, each with its fix");
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* verb =
      add_verb(app, "check", "Check a table or a config before training: order, gaps, leaks, splits, cost",
               "rondo check prices.csv\n"
               "rondo check prices.csv --target close --time date --horizon 10\n"
               "rondo check sales.csv --target units --time week --id shop --missing previous\n"
               "rondo check network.toml\n"
               "rondo check prices.csv --target close --json");
  const auto request = std::make_shared<CheckRequest>();
  verb->add_option("FILE", request->config.file,
                   "CSV file (plain or gzip), or a config of forecast or train (.toml)")
      ->required();
  add_options(*verb, *request);
  add_options(*verb, request->config, "Options of rondo forecast", {"file", "title", "unit", "names"});
  verb->callback([request, verb] { run(*request, *verb); });
}

}  // namespace rondo::cli
