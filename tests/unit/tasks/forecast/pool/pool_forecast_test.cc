// The pool as a whole: origins, harm, threads.

#include "tasks/forecast/pool/pool_forecast.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "unit/tasks/forecast/statistical/series_maker.h"

namespace rondo::forecasting::pool {
namespace {

using statistical::kMissing;
using statistical::make;
using statistical::seasonal_walk;

struct Outcome {
  PoolRun run;
  std::vector<SeriesForecast> series;
};

Outcome forecast_all(const std::vector<std::vector<double>>& series, const Setting& setting,
                     std::int64_t held_back = 0, int threads = 1) {
  std::vector<SeriesInput> inputs;
  for (const auto& values : series) {
    inputs.push_back({std::span(values).first(values.size() - static_cast<std::size_t>(held_back)), setting});
  }
  Pool pool(threads);
  Outcome outcome;
  outcome.run = run_members(inputs, {}, pool);
  outcome.series = choose_forecasts(outcome.run, {}, pool);
  return outcome;
}

std::vector<std::int64_t> origin_rows(std::span<const double> values, const Setting& setting) {
  Pool pool;
  return run_members(std::vector<SeriesInput>{{values, setting}}, {}, pool).series[0].origin_rows;
}

double mean_error(std::span<const double> forecast, std::span<const double> truth) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += std::abs(forecast[i] - truth[i]);
  return sum / static_cast<double>(truth.size());
}

TEST(Pool, HoldsOutOriginsThatRowsAllow) {
  const std::vector<double> values = seasonal_walk(120, 12, 1);
  const auto origins = [&](std::size_t rows, std::int64_t horizon) {
    return origin_rows(std::span(values).first(rows), {.seasons = {12}, .horizon = horizon});
  };
  EXPECT_EQ(origins(120, 12), (std::vector<std::int64_t>{108, 96, 84, 72, 60}));
  EXPECT_EQ(origins(120, 2).size(), 8u);
  EXPECT_EQ(origins(34, 12),
            (std::vector<std::int64_t>{28, 31}));  // parts of the horizon, from two seasons on
  EXPECT_EQ(origins(24, 12), (std::vector<std::int64_t>{12, 18})) << "with members that know no season yet";
  EXPECT_TRUE(origins(1, 12).empty());
}

TEST(Pool, OriginsOfALongSeasonAreSpreadOverIt) {
  const std::vector<double> values = seasonal_walk(1500, 365, 1);
  const auto rows = origin_rows(values, {.seasons = {365}, .horizon = 7});
  ASSERT_EQ(rows.size(), 8u);
  EXPECT_GE(rows.front() - rows.back(), 300);
}

TEST(Pool, EverySeriesGetsAForecast) {
  const std::vector<std::vector<double>> series{{4},
                                                {kMissing, 3, kMissing},
                                                {kMissing},
                                                {},
                                                {1, 2},
                                                std::vector<double>(30, 6.0),
                                                seasonal_walk(60, 12, 3)};
  const Outcome outcome = forecast_all(series, {.seasons = {12}, .horizon = 14});
  for (const SeriesForecast& one : outcome.series) {
    ASSERT_EQ(one.forecast.size(), 14u);
    for (const double step : one.forecast) EXPECT_TRUE(std::isfinite(step));
    EXPECT_NEAR(std::accumulate(one.weights.begin(), one.weights.end(), 0.0), 1, 1e-9);
  }
  EXPECT_NEAR(outcome.series[0].forecast[13], 4, 1e-9);
  EXPECT_NEAR(outcome.series[1].forecast[13], 3, 1e-9);
  EXPECT_EQ(outcome.series[2].forecast[0], 0);
  EXPECT_NEAR(outcome.series[5].forecast[5], 6, 1e-6);
}

TEST(Pool, IsNotFooledByRandomWalks) {
  std::vector<std::vector<double>> walks;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RandomStream stream(seed);
    double level = 50;
    walks.push_back(
        make(90, [&](double row) { return level += stream.normal(static_cast<std::uint64_t>(row)); }));
  }
  const Outcome outcome = forecast_all(walks, {.seasons = {12}, .horizon = 6}, 6);
  double pool = 0, naive = 0;
  for (std::size_t s = 0; s < walks.size(); ++s) {
    const std::span<const double> truth = std::span(walks[s]).last(6);
    pool += mean_error(outcome.series[s].forecast, truth);
    naive += mean_error(std::vector<double>(6, walks[s][83]), truth);
  }
  EXPECT_LT(pool, 1.06 * naive);
}

TEST(Pool, IsAsGoodAsItsBestMemberOnSeasonsTrendsAndLevels) {
  using Maker = std::function<std::vector<double>(std::uint64_t seed)>;
  const auto noise = [](std::uint64_t seed, double row) {
    return RandomStream(seed).normal(static_cast<std::uint64_t>(row));
  };
  const std::vector<Maker> makers{
      [](std::uint64_t seed) { return seasonal_walk(108, 12, seed); },
      [&](std::uint64_t seed) {
        return make(108, [&](double row) { return 20 + row + 4 * noise(seed, row); });
      },
      [&](std::uint64_t seed) { return make(108, [&](double row) { return 30 + 5 * noise(seed, row); }); },
      [&](std::uint64_t seed) {
        return make(108, [&](double row) {
          return std::exp(3 + 0.01 * row + 0.3 * std::sin(row * std::numbers::pi / 6) +
                          0.1 * noise(seed, row));
        });
      }};
  for (const Maker& maker : makers) {
    std::vector<std::vector<double>> series;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) series.push_back(maker(seed));
    const Outcome outcome = forecast_all(series, {.seasons = {12}, .horizon = 12}, 12);
    std::map<std::size_t, double> members;
    double pool = 0;
    for (std::size_t s = 0; s < series.size(); ++s) {
      const std::span<const double> truth = std::span(series[s]).last(12);
      pool += mean_error(outcome.series[s].forecast, truth);
      for (std::size_t i = 0; i < outcome.series[s].members.size(); ++i) {
        members[outcome.series[s].members[i]] += mean_error(outcome.run.series[s].forecasts[i], truth);
      }
    }
    double best = 1e300;
    for (const auto& [member, error] : members) best = std::min(best, error);
    EXPECT_LT(pool, 1.08 * best);
  }
}

TEST(Pool, HeldOutErrorsAreThoseOfTheBlend) {
  const std::vector<double> values = seasonal_walk(60, 4, 5);
  const Setting setting{.seasons = {4}, .horizon = 4};
  const Outcome outcome = forecast_all({values}, setting);
  const std::vector<std::int64_t>& rows = outcome.run.series[0].origin_rows;
  ASSERT_EQ(outcome.series[0].held_out_errors.size(), rows.size());
  std::vector<Member> members;
  for (const std::size_t place : outcome.series[0].members) members.push_back(all_members()[place]);
  const auto earlier = forecast_members(std::span(values).first(rows[1]), setting, members);
  const std::vector<double> steps = blend(earlier, outcome.series[0].weights);
  for (std::size_t step = 0; step < 4; ++step) {
    EXPECT_NEAR(outcome.series[0].held_out_errors[1][step], values[rows[1] + step] - steps[step], 1e-9);
  }
}

TEST(Pool, LetsOthersJoin) {
  std::vector<std::vector<double>> series;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) series.push_back(seasonal_walk(80, 4, seed));
  const Setting setting{.seasons = {4}, .horizon = 4};
  Outcome outcome = forecast_all(series, setting, 4);
  const std::size_t oracle = outcome.run.add({"oracle", 1});
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::vector<std::vector<double>> held_out;
    for (const std::int64_t rows : outcome.run.series[s].origin_rows) {
      held_out.emplace_back(series[s].begin() + rows, series[s].begin() + rows + 4);
    }
    outcome.run.join(oracle, s, held_out, {series[s].end() - 4, series[s].end()});
  }
  Pool pool;
  for (const SeriesForecast& one : choose_forecasts(outcome.run, {}, pool)) {
    EXPECT_EQ(one.members.back(), oracle);
    EXPECT_GT(one.weights.back(), 0.8);
  }
}

TEST(Pool, DoesNotDependOnThreads) {
  std::vector<std::vector<double>> series;
  for (std::uint64_t seed = 1; seed <= 7; ++seed) series.push_back(seasonal_walk(50 + seed, 7, seed));
  const Setting setting{.seasons = {7}, .horizon = 5};
  const auto one = forecast_all(series, setting, 0, 1), three = forecast_all(series, setting, 0, 3);
  for (std::size_t s = 0; s < series.size(); ++s) EXPECT_EQ(one.series[s].forecast, three.series[s].forecast);
}

TEST(Pool, UsesAKnownColumnThatMatters) {
  std::vector<double> column = make(160, [](double row) { return std::fmod(row * row, 17) < 2 ? 1.0 : 0.0; });
  const RandomStream stream(8);
  const std::vector<double> values = make(150, [&](double row) {
    return 100 + 30 * column[static_cast<std::size_t>(row)] + stream.normal(static_cast<std::uint64_t>(row));
  });
  const Setting blind{.seasons = {}, .horizon = 10};
  Setting seeing = blind;
  seeing.known = column;
  seeing.known_columns = 1;
  const std::vector<double> truth =
      make(10, [&](double row) { return 100 + 30 * column[static_cast<std::size_t>(150 + row)]; });
  EXPECT_LT(mean_error(forecast_all({values}, seeing).series[0].forecast, truth),
            0.5 * mean_error(forecast_all({values}, blind).series[0].forecast, truth));
}

}  // namespace
}  // namespace rondo::forecasting::pool
