// The statistical pool on business series: what each member and the blend reach.
//
//     business [FILE …] [OPTION=NUMBER …]    names of business/*.csv.gz without the ending; none: all
//
// Protocol (timeseries/business/README.md of the shared data): everything before the test part trains,
// origins a horizon apart, everything fitted again at each origin; MASE over series, RMSE pooled in units.
// The folder of data is the one that the environment variable RONDO_DATA names, else ../shared/data.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "rondo/data/csv.h"
#include "tasks/forecast/pool/pool_forecast.h"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
namespace pool = rondo::forecasting::pool;

struct Collection {
  std::string name;
  std::int64_t horizon, test_rows, period;  ///< period of MASE
  std::vector<double> seasons;
  std::vector<std::string> known = {};  ///< columns
};

const std::vector<Collection> kCollections{
    {"walmart", 13, 26, 52, {365.25 / 7}, {"IsHoliday", "Temperature", "Fuel_Price"}},
    {"m3-monthly-s", 18, 18, 12, {12}},
    {"hospital", 12, 12, 12, {12}},
    {"carparts-even", 6, 6, 12, {12}},
    {"seatbelts", 12, 48, 12, {12}, {"law", "PetrolPrice"}},
    {"co2", 26, 208, 52, {365.25 / 7}},
    {"peyton-daily", 30, 360, 7, {7, 365.25}},
    {"wiki-daily", 14, 56, 7, {7}}};

/// Days since a fixed one, of "2010-02-05".
std::int64_t day_of(const std::string& date) {
  const int year = std::stoi(date.substr(0, 4)), month = std::stoi(date.substr(5, 2)),
            day = std::stoi(date.substr(8, 2));
  const std::int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

/// Series by id, in rows of equal steps: days that are not in the file are missing.
std::vector<std::vector<double>> read_column(const rondo::Table& table, const std::string& name) {
  const std::span<const double> values = table.numbers(name);
  std::map<std::string, std::size_t> places;
  std::vector<std::vector<double>> series;
  std::vector<std::int64_t> last_day;
  std::int64_t step = 1000;
  for (std::int64_t row = 1; row < table.rows(); ++row) {
    const std::int64_t days = day_of(table.column("ds").text(row)) - day_of(table.column("ds").text(row - 1));
    if (days > 0) step = std::min(step, days);
  }
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const std::string id = table.has("id") ? table.column("id").text(row) : "";
    const std::int64_t day = day_of(table.column("ds").text(row));
    const auto [place, is_new] = places.try_emplace(id, series.size());
    if (is_new) {
      series.emplace_back();
      last_day.push_back(day - step);
    }
    if (step < 28) {  // months have no fixed number of days
      for (std::int64_t gap = last_day[place->second] + step; gap < day; gap += step) {
        series[place->second].push_back(std::nan(""));
      }
    }
    series[place->second].push_back(values[row]);
    last_day[place->second] = day;
  }
  return series;
}

/// Mean absolute step of the seasonal naive forecast.
double naive_step(std::span<const double> values, std::int64_t period) {
  double sum = 0, count = 0;
  for (std::size_t row = period; row < values.size(); ++row) {
    const double step = std::abs(values[row] - values[row - period]);
    if (!std::isnan(step)) {
      sum += step;
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

/// One origin of the test part for all series of a collection.
class Walk {
 public:
  Walk(const Collection& collection, const rondo::Table& table, const pool::PoolOptions& options,
       rondo::Pool& threads)
      : collection_(collection),
        series_(read_column(table, "y")),
        options_(options),
        threads_(threads),
        known_(series_.size()) {
    std::vector<std::vector<std::vector<double>>> columns;
    for (const std::string& name : collection.known) columns.push_back(read_column(table, name));
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (std::size_t row = 0; row < series_[s].size(); ++row) {
        for (const auto& column : columns) known_[s].push_back(column[s][row]);
      }
    }
  }

  std::size_t count() const { return series_.size(); }

  void run() {
    const std::int64_t h = collection_.horizon;
    for (std::int64_t done = 0; done < collection_.test_rows; done += h) at(done);
    for (auto& [name, errors] : errors_) report(name, errors);
  }

 private:
  using BySeries = std::map<std::size_t, std::vector<double>>;

  std::int64_t first_test_row(std::size_t s) const {
    return static_cast<std::int64_t>(series_[s].size()) - collection_.test_rows;
  }

  void at(std::int64_t done) {
    std::vector<pool::SeriesInput> inputs;
    for (std::size_t s = 0; s < series_.size(); ++s) {
      const std::span<const double> known = std::span(series_[s]).first(first_test_row(s) + done);
      inputs.push_back(
          {known, {collection_.seasons, collection_.horizon, known_[s], std::ssize(collection_.known)}});
    }
    const pool::PoolRun run = pool::run_members(inputs, options_, threads_);
    const std::vector<pool::SeriesForecast> forecasts = pool::choose_forecasts(run, options_, threads_);
    std::map<std::string, double> shares;
    for (std::size_t s = 0; s < series_.size(); ++s) {
      const std::span<const double> rest = std::span(series_[s]).subspan(first_test_row(s) + done);
      add("pool", s, forecasts[s].forecast, rest);
      for (std::size_t i = 0; i < forecasts[s].members.size(); ++i) {
        const std::string& name = run.candidates[forecasts[s].members[i]].name;
        add(name, s, run.series[s].forecasts[i], rest);
        shares[name] += forecasts[s].weights[i] / static_cast<double>(series_.size());
      }
      if (pool::is_intermittent(inputs[s].values)) continue;
      const std::vector<pool::Member> more{pool::Member::zero, pool::Member::tsb, pool::Member::imapa};
      const auto others = pool::forecast_members(inputs[s].values, inputs[s].setting, more);
      for (std::size_t i = 0; i < more.size(); ++i) add(pool::member_name(more[i]), s, others[i], rest);
    }
    if (done == 0) shares_ = shares;
  }

  void add(const std::string& name, std::size_t s, std::span<const double> forecast,
           std::span<const double> truth) {
    for (std::size_t step = 0; step < std::min(forecast.size(), truth.size()); ++step) {
      const double error = truth[step] - forecast[step];
      if (!std::isnan(error)) errors_[name][s].push_back(error);
    }
  }

  void report(const std::string& name, const BySeries& by_series) const {
    double scaled = 0, count = 0, squares = 0, rows = 0;
    for (const auto& [s, errors] : by_series) {
      const double scale = naive_step(std::span(series_[s]).first(first_test_row(s)), collection_.period);
      double sum = 0;
      for (const double error : errors) {
        sum += std::abs(error);
        squares += error * error;
      }
      rows += static_cast<double>(errors.size());
      if (!(scale > 0)) continue;
      scaled += sum / static_cast<double>(errors.size()) / scale;
      ++count;
    }
    const auto share = shares_.find(name);
    std::printf("  %-20s MASE %.4f  RMSE %-9.5g  share %.3f  series %zu\n", name.c_str(), scaled / count,
                std::sqrt(squares / rows), share == shares_.end() ? 0.0 : share->second, by_series.size());
  }

  const Collection& collection_;
  std::vector<std::vector<double>> series_;
  const pool::PoolOptions& options_;
  rondo::Pool& threads_;
  std::vector<std::vector<double>> known_;
  std::map<std::string, BySeries> errors_;
  std::map<std::string, double> shares_;
};

void run(const fs::path& folder, const Collection& collection, const pool::PoolOptions& options) {
  const auto start = Clock::now();
  rondo::Pool threads(2);
  Walk walk(collection, rondo::read_csv(folder / (collection.name + ".csv.gz")), options, threads);
  const std::size_t count = walk.count();
  std::printf("%s: %zu series\n", collection.name.c_str(), count);
  walk.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double origins = static_cast<double>(collection.test_rows) / static_cast<double>(collection.horizon);
  std::printf("  %.2f s, %.1f ms a series and origin\n", seconds,
              1000 * seconds / origins / static_cast<double>(count));
  std::fflush(stdout);
}

bool set_option(pool::PoolOptions& options, const std::string& name, double value) {
  if (name == "origins") {
    options.origins = static_cast<int>(value);
  } else if (name == "score_power") {
    options.weights.score_power = value;
  } else if (name == "collection_strength") {
    options.weights.collection_strength = value;
  } else if (name == "series_strength") {
    options.weights.series_strength = value;
  } else if (name == "iterations") {
    options.weights.iterations = static_cast<int>(value);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const char* named = std::getenv("RONDO_DATA");
  const fs::path folder = fs::path(named ? named : "../shared/data") / "timeseries/business";
  pool::PoolOptions options;
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      wanted.push_back(argument);
    } else if (!set_option(options, argument.substr(0, equals), std::stod(argument.substr(equals + 1)))) {
      std::fprintf(stderr,
                   "business: '%s' is no option; there are origins, score_power, collection_strength, "
                   "series_strength and iterations\n",
                   argument.c_str());
      return 2;
    }
  }
  for (const Collection& collection : kCollections) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), collection.name) != wanted.end()) {
      run(folder, collection, options);
    }
  }
  return 0;
}
