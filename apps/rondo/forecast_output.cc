#include "forecast_output.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <vector>

#include "rondo/base/atomic_file.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast_report.h"
#include "rondo/tasks/page.h"

namespace rondo::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeaders = 10;

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[128] = {};
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

/// The best, the forecast among them wherever it is.
std::vector<ForecastScore> leaders(const ForecastResult& result) {
  std::vector<ForecastScore> all = forecast_leaderboard(result);
  const auto own = std::ranges::find(all, result.test.name, &ForecastScore::name) - all.begin();
  const auto most = static_cast<std::ptrdiff_t>(kLeaders);
  if (own >= most && own < std::ssize(all)) std::swap(all[kLeaders - 1], all[static_cast<std::size_t>(own)]);
  if (all.size() > kLeaders) all.resize(kLeaders);
  return all;
}

void print_leaderboard(const ForecastResult& result) {
  const std::vector<ForecastScore> lines = leaders(result);
  if (lines.empty()) return;
  const bool several = result.series.size() > 1;
  std::string text = "best first by " + result.measure + "\n\n" + print("%-20s", "test part");
  if (several) text += print(" %12s %6s", "compared", "won %");
  text += print(" %12s %12s %9s %9s\n", "RMSE", "MAE", "MASE", "sMAPE %");
  for (const ForecastScore& score : lines) {
    const bool own = score.name == result.test.name;
    text += print("%-20s", own ? "rondo" : forecaster_name(score.name).c_str());
    if (several) text += print(" %12.5g ", score.compared);
    if (several) text += std::isnan(score.series_won) ? "      " : print("%6.0f", 100 * score.series_won);
    text += print(" %12.5g %12.5g %9.4f %9.3f\n", score.rmse, score.mae, score.mase, score.smape);
  }
  std::cout << text << '\n';
}

/// "theta 62 %, linear model 38 %".
std::string shares_of(const ForecastResult& result) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, result.shares.size()); ++i) {
    text += (i == 0 ? "" : ", ") + forecaster_name(result.shares[i].name) +
            print(" %.0f %%", 100 * result.shares[i].share);
  }
  return text + (result.shares.size() > kNamed ? " …" : "");
}

void print_summary(const ForecastResult& result) {
  if (!result.shares.empty()) std::cout << "made of   " << shares_of(result) << '\n';
  if (!result.measure.empty()) {
    std::cout << "skill     " << print("%.3f", result.skill) << " against "
              << forecaster_name(result.skill_against)
              << print("; bands held %.0f %% (80 %%) and %.0f %% (95 %%) of the test part\n",
                       100 * result.coverage80, 100 * result.coverage95);
  }
  std::cout << "found     season " << result.period << ", transform " << result.transform
            << (result.difference ? " with differencing" : "");
  if (!result.cell.empty()) std::cout << ", window " << result.window;
  std::cout << print("; %.1f s in all", result.seconds_total);
  if (!result.cell.empty()) std::cout << print(", networks %.1f s", result.seconds_train);
  std::cout << "\n\n";
}

void remove_older(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
}

}  // namespace

Json write_forecast(const ForecastResult& result, const std::string& command, const ForecastReportText& text,
                    const fs::path& folder, AtomicFiles& written) {
  Json files = Json::object({});
  std::vector<fs::path> obsolete;
  for (const auto& [name, table] :
       {std::pair{"forecast", forecast_table(result)}, {"backtest", backtest_table(result)}}) {
    const fs::path file = folder / (std::string(name) + ".csv");
    if (table.rows() == 0) {
      obsolete.push_back(file);
      continue;
    }
    written.add(file.string(), to_csv(table));
    files.set(name, file.string());
  }
  result.save_model(written, (folder / "model.rondo").string());
  files.set("model", (folder / "model.rondo").string());
  written.add((folder / "report.html").string(), render_page(forecast_page(result, command, today(), text)));
  files.set("report", (folder / "report.html").string());
  written.commit();
  for (const fs::path& file : obsolete) remove_older(file);
  return files;
}

void print_forecast(const ForecastResult& result, const Json& files) {
  std::cout << result.verdict_sentence << "\n\n";
  print_leaderboard(result);
  print_summary(result);
  for (const std::string& note : result.notes) std::cout << note << "\n\n";
  if (files.find("forecast") == nullptr) {
    std::cout << "There is no forecast past the end: the known columns end with the target. Give their later "
                 "values in --future FILE.\n\n";
  }
  for (const auto& [name, file] : files.as_object())
    std::cout << print("%-10s", name.c_str()) << file.as_string() << '\n';
  const std::string model = files.at("model").as_string();
  std::cout
      << "\nNext: open the report in a browser,"
      << (result.cell.empty() ? "" : " look into the networks with\n  rondo inspect " + model)
      << "\nor forecast from a later table, without training again, with\n  rondo forecast NEWER.csv --from "
      << model << '\n';
}

}  // namespace rondo::cli
