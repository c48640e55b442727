// rondo init: a config for a table, with every default spelled out.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "options.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/run_files.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/forecast_suggestion.h"

namespace rondo::cli {
namespace {

struct InitRequest {
  std::string task = "forecast", data, target, time, id, out;
  std::int64_t horizon = 0;
  bool force = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("task", self.task, "forecast (for rondo forecast) or train (any network, for rondo train)");
    option("data", self.data, "the CSV file (plain or gzip)");
    option("target", self.target, "column to predict; default: found by its name, else the last of numbers");
    option("time", self.time, "column of times; default: the first that reads as times");
    option("id", self.id, "column of series ids (forecast); default: found where times occur twice");
    option("horizon", self.horizon, "rows to forecast (forecast); 0: what is usual for the frequency");
    option("out", self.out, "file to write; default: stdout");
    option("force", self.force, "replace the file if it exists");
  }
};

/// What was found out, for people.
void print_suggestion(const ForecastSuggestion& suggestion) {
  std::size_t width = 6;
  for (const SuggestedRole& one : suggestion.columns) width = std::max(width, one.column.size());
  constexpr std::size_t kMostLines = 40;
  for (std::size_t i = 0; i < std::min(kMostLines, suggestion.columns.size()); ++i) {
    const SuggestedRole& one = suggestion.columns[i];
    const std::string name = one.column + std::string(width - one.column.size(), ' ');
    std::fprintf(stderr, "%s  %-7s  %s\n", name.c_str(), column_role_name(one.role), one.reason.c_str());
  }
  if (suggestion.columns.size() > kMostLines)
    std::fprintf(stderr, "… and %zu more columns\n", suggestion.columns.size() - kMostLines);
  if (!suggestion.frequency.empty()) std::fprintf(stderr, "rows are %s\n", suggestion.frequency.c_str());
  std::fprintf(stderr, "horizon %lld: %s\n", static_cast<long long>(suggestion.options.horizon),
               suggestion.horizon_reason.c_str());
}

/// The table, with columns that are ids by their names as text: 1.1 is not 1.10.
Table table_of(const std::string& file, const ForecastConfig& config) {
  constexpr std::array kIdNames{"id",   "unique_id", "series",  "series_id", "item", "item_id", "sku",
                                "shop", "store",     "product", "code",      "key",  "customer"};
  CsvOptions csv = config.csv;
  if (std::filesystem::is_regular_file(file)) {  // read twice
    for (const std::string& name : CsvReader(file, csv).read(1).names()) {
      std::string lower = name;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
      if (std::ranges::find(kIdNames, lower) != kIdNames.end()) csv.text_columns.push_back(name);
    }
  }
  return read_forecast_table(file, csv, config.options);
}

std::string forecast_text(const InitRequest& request) {
  ForecastConfig config;
  config.file = request.data;
  config.options.target = request.target;
  config.options.time = request.time;
  config.options.id = request.id;
  if (request.horizon > 0) config.options.horizon = request.horizon;
  const ForecastSuggestion suggestion = suggest_forecast(table_of(request.data, config), config.options);
  print_suggestion(suggestion);
  config.options = suggestion.options;
  return to_toml(config);
}

std::string config_text(const InitRequest& request) {
  if (request.task == "forecast") return forecast_text(request);
  const CsvTraining job = suggest_csv_training(request.data, request.target, request.time);
  CsvTraining noted = job;
  if (!request.out.empty()) {  // paths in a config start at its own folder
    noted.data.file = std::filesystem::absolute(request.data).lexically_normal().string();
  }
  return to_toml(noted);
}

void run(const InitRequest& request) {
  check_is_no_input(request.out, {request.data});
  const std::string text = config_text(request);
  if (request.out.empty()) {
    std::cout << text;
    return;
  }
  if (std::filesystem::exists(request.out) && !request.force) {
    throw Error(ErrorKind::usage, "the file " + request.out + " exists already")
        .fix("choose another name, or --force to replace it");
  }
  write_file_atomically(request.out, text);
  std::cerr << "wrote " << request.out << "\nNext: rondo "
            << (request.task == "train" ? "train " : "forecast --config ") << request.out << '\n';
}

}  // namespace

void add_init(CLI::App& app) {
  CLI::App* verb = add_verb(app, "init", "Write a config for a table, with every default spelled out",
                            "rondo init --data sales.csv --out sales.toml\n"
                            "rondo init --data sales.csv --target units --id shop --horizon 8 > sales.toml\n"
                            "rondo init --task train --data prices.csv --target close > network.toml");
  const auto request = std::make_shared<InitRequest>();
  add_options(*verb, *request);
  find_option(*verb, "--task")->check(CLI::IsMember({"forecast", "train"}));
  find_option(*verb, "--data")->required();
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
