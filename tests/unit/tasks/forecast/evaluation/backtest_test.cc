// The scores of a backtest are what anybody computes from its rows, and every row is forecast from the past
// alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <span>
#include <string>

#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/evaluation/baselines.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

using Numbers = std::vector<double>;

/// Daily sales of `shops` shops with holes (also in the test part) and a day without any sale.
Table sales(int shops) {
  const std::int64_t rows = 150;
  Table table("sales");
  TextList ids, days;
  Numbers y;
  for (int shop = 0; shop < shops; ++shop) {
    const Numbers values = seasonal(static_cast<std::uint64_t>(10 + shop), rows - 10 * shop, 7, 1);
    for (std::size_t t = 0; t < values.size(); ++t) {
      ids.push_back("shop " + std::to_string(shop));
      days.push_back(day_of_2021(static_cast<int>(t)));
      const bool hole = t % 17 == 5;
      y.push_back(hole ? std::numeric_limits<double>::quiet_NaN() : t == 130 ? 0 : (shop + 1) * values[t]);
    }
  }
  table.add(Column("shop", ids));
  table.add(Column("day", days));
  table.add(Column("y", y));
  return table;
}

ForecastResult tested(int shops) {
  ForecastOptions options = small_forecast(4);
  options.time = "day";
  options.id = "shop";
  options.stride = 2;
  options.backtest = "last=30%";
  return run_forecast(sales(shops), options);
}

/// One row that was forecast.
struct Judged {
  std::size_t series;
  std::int64_t step;
  double actual, forecast, low80, high80, low95, high95;
};

using Column_ = Numbers ForecastSeries::Backtest::*;
constexpr std::array<Column_, 5> kForecasters{
    &ForecastSeries::Backtest::predicted, &ForecastSeries::Backtest::naive,
    &ForecastSeries::Backtest::seasonal_naive, &ForecastSeries::Backtest::drift,
    &ForecastSeries::Backtest::ridge};

/// The rows of all series whose truth was observed.
std::vector<Judged> judged_rows(const ForecastResult& result, Column_ forecaster) {
  std::vector<Judged> out;
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const ForecastSeries& series = result.series[s];
    const auto& b = series.backtest;
    for (std::size_t i = 0; i < b.actual.size(); ++i) {
      const auto row = static_cast<std::size_t>(b.row(i));
      if (!series.observed.empty() && series.observed[row] == 0) continue;
      out.push_back({s, b.step[i], series.values[row], (b.*forecaster)[i], b.bands.low80[i],
                     b.bands.high80[i], b.bands.low95[i], b.bands.high95[i]});
    }
  }
  return out;
}

/// Mean of `term` over the rows where it is a number.
double mean(const std::vector<Judged>& rows, const std::function<double(const Judged&)>& term) {
  double sum = 0, count = 0;
  for (const Judged& row : rows) {
    const double value = term(row);
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count;
}

/// Mean |y[t] − y[t − lag]|^power over the rows before the test part.
double training_step(const ForecastSeries& series, std::int64_t lag, double power) {
  double sum = 0;
  for (std::int64_t t = lag; t < series.train_rows; ++t) {
    sum += std::pow(std::abs(series.values[static_cast<std::size_t>(t)] -
                             series.values[static_cast<std::size_t>(t - lag)]),
                    power);
  }
  return sum / static_cast<double>(series.train_rows - lag);
}

double missed(const Judged& row) { return std::abs(row.actual - row.forecast); }
double missed_squared(const Judged& row) { return missed(row) * missed(row); }

void expect_scores(const ForecastResult& result, const ForecastScore& score, Column_ forecaster) {
  SCOPED_TRACE(score.name);
  const std::vector<Judged> rows = judged_rows(result, forecaster);
  EXPECT_NEAR(score.mae, mean(rows, missed), 1e-9);
  EXPECT_NEAR(score.mse, mean(rows, missed_squared), 1e-9);
  EXPECT_NEAR(score.rmse, std::sqrt(mean(rows, missed_squared)), 1e-9);
  EXPECT_NEAR(score.smape,
              mean(rows,
                   [](const Judged& row) {
                     return 200 * missed(row) / (std::abs(row.actual) + std::abs(row.forecast));
                   }),
              1e-9);
  EXPECT_NEAR(score.mape,
              mean(rows,
                   [](const Judged& row) {
                     return row.actual == 0 ? std::nan("") : 100 * missed(row) / std::abs(row.actual);
                   }),
              1e-9);
  Numbers seasonal_steps, square_steps;
  for (const ForecastSeries& series : result.series) {
    seasonal_steps.push_back(training_step(series, result.season, 1));
    square_steps.push_back(training_step(series, 1, 2));
  }
  EXPECT_NEAR(score.mase,
              mean(rows, [&](const Judged& row) { return missed(row) / seasonal_steps[row.series]; }), 1e-9);
  double rmsse = 0;
  for (std::size_t s = 0; s < result.series.size(); ++s) {
    const double square =
        mean(rows, [&](const Judged& row) { return row.series == s ? missed_squared(row) : std::nan(""); });
    rmsse += std::sqrt(square / square_steps[s]) / static_cast<double>(result.series.size());
  }
  EXPECT_NEAR(score.rmsse, rmsse, 1e-9);
}

TEST(ForecastBacktest, ItsScoresAreThoseOfItsRows) {
  for (const int shops : {1, 3}) {
    const ForecastResult result = tested(shops);
    ASSERT_EQ(result.season, 7);
    expect_scores(result, result.test, kForecasters[0]);
    ASSERT_EQ(result.baselines.size(), 4u);
    for (std::size_t k = 0; k < 4; ++k) expect_scores(result, result.baselines[k], kForecasters[k + 1]);
    const std::vector<Judged> rows = judged_rows(result, kForecasters[0]);
    EXPECT_NEAR(
        result.coverage80,
        mean(rows,
             [](const Judged& row) { return row.low80 <= row.actual && row.actual <= row.high80 ? 1 : 0; }),
        1e-12);
    EXPECT_NEAR(
        result.coverage95,
        mean(rows,
             [](const Judged& row) { return row.low95 <= row.actual && row.actual <= row.high95 ? 1 : 0; }),
        1e-12);
    EXPECT_EQ(result.calibration.rows, static_cast<std::int64_t>(rows.size()));
  }
}

TEST(ForecastBacktest, ASeriesThatRepeatsItsSeasonHasNoMaseButTheTableHasAnOwa) {
  Table table("two");
  TextList ids;
  Numbers y;
  for (const bool repeats : {false, true}) {
    const Numbers noisy = seasonal(3, 120, 7, 1);
    for (std::size_t t = 0; t < noisy.size(); ++t) {
      ids.push_back(repeats ? "still" : "noisy");
      y.push_back(repeats ? 5 + static_cast<double>(t % 7) : noisy[t]);
    }
  }
  table.add(Column("id", ids));
  table.add(Column("y", y));
  ForecastOptions options = small_forecast(2);
  options.id = "id";
  options.period = 7;
  const ForecastResult result = run_forecast(table, options);
  const ForecastSeries& noisy = result.series.front();
  ASSERT_EQ(result.series.size(), 2u);
  ASSERT_EQ(result.season, 7);
  EXPECT_TRUE(std::isnan(result.series.back().test.mase));

  // M4's definition, with MASE from the series that has one.
  double smape = 0, mase = 0, origins = 0, scaled = 0;
  for (const ForecastSeries& series : result.series) {
    const auto values = std::span<const double>(series.values);
    for (std::size_t i = 0; i < series.backtest.origin.size(); i += 2) {
      Numbers forecast(2);
      const auto known = static_cast<std::size_t>(series.backtest.origin[i] + 1);
      Naive2Walk naive2(values, 7);
      naive2.advance(known);
      naive2.forecast(forecast);
      smape += accuracy::smape(values.subspan(known, 2), forecast);
      ++origins;
      if (&series != &noisy) continue;
      mase += accuracy::mae(values.subspan(known, 2), forecast) / training_step(noisy, 7, 1);
      ++scaled;
    }
  }
  EXPECT_NEAR(result.test.owa,
              0.5 * (result.test.smape / (smape / origins) + result.test.mase / (mase / scaled)), 1e-9);
}

TEST(ForecastBacktest, RowsThatWereNotObservedAreNotCounted) {
  const ForecastResult result = tested(1);
  const ForecastSeries& series = result.series[0];
  std::size_t missing = 0;
  for (std::size_t i = 0; i < series.backtest.actual.size(); ++i) {
    const std::int64_t row = series.backtest.row(i);
    EXPECT_EQ(std::isnan(series.backtest.actual[i]), row % 17 == 5) << row;
    missing += row % 17 == 5 ? 1 : 0;
    EXPECT_TRUE(std::isfinite(series.backtest.predicted[i])) << row;
  }
  EXPECT_GT(missing, 3u);
}

TEST(ForecastBacktest, ErrorsByStepAgreeWithTheRows) {
  const ForecastResult result = tested(2);
  ASSERT_EQ(result.by_step.size(), kForecasters.size());
  for (std::size_t k = 0; k < kForecasters.size(); ++k) {
    const std::vector<Judged> rows = judged_rows(result, kForecasters[k]);
    ASSERT_EQ(result.by_step[k].size(), 4u);
    for (std::int64_t step = 1; step <= 4; ++step) {
      std::vector<Judged> own;
      std::copy_if(rows.begin(), rows.end(), std::back_inserter(own),
                   [&](const Judged& row) { return row.step == step; });
      const ForecastStepScore& score = result.by_step[k][static_cast<std::size_t>(step - 1)];
      EXPECT_NEAR(score.mae, mean(own, missed), 1e-9);
      EXPECT_NEAR(score.rmse, std::sqrt(mean(own, missed_squared)), 1e-9);
      const double center = mean(own, [](const Judged& row) { return row.actual; });
      const double variation = mean(own, [&](const Judged& row) { return std::pow(row.actual - center, 2); });
      EXPECT_NEAR(score.rse, std::sqrt(mean(own, missed_squared) / variation), 1e-9);
    }
  }
}

TEST(ForecastBacktest, SkillIsWhatIsLeftOfTheBestBaselinesError) {
  const ForecastResult one = tested(1);
  std::vector<ForecastScore> rivals = one.baselines;
  rivals.insert(rivals.end(), one.methods.begin(), one.methods.end());
  const auto best = std::ranges::min_element(rivals, {}, &ForecastScore::rmse);
  EXPECT_EQ(one.skill_against, best->name);
  EXPECT_NEAR(one.skill, 1 - one.test.rmse / best->rmse, 1e-12);

  // Several series count in steps of their own, origin by origin.
  const ForecastResult several = tested(3);
  Numbers pooled;
  std::vector<std::function<const Numbers&(const ForecastSeries::Backtest&)>> all;
  for (const Column_ forecaster : kForecasters)
    all.emplace_back([=](const auto& b) -> const Numbers& { return b.*forecaster; });
  EXPECT_GT(several.methods.size(), 5u);
  for (const ForecastScore& method : several.methods) {
    all.emplace_back([&](const auto& b) -> const Numbers& {
      return std::ranges::find(b.methods, method.name, [](const auto& one) { return one.first; })->second;
    });
  }
  for (const auto& forecaster : all) {
    double sum = 0, origins = 0;
    for (const ForecastSeries& series : several.series) {
      const double step = training_step(series, 1, 1);
      const auto& b = series.backtest;
      for (std::size_t i = 0; i < b.actual.size(); i += 4) {
        double square = 0, count = 0;
        for (std::size_t at = i; at < i + 4; ++at) {
          if (std::isnan(b.actual[at])) continue;
          square += std::pow((b.actual[at] - forecaster(b)[at]) / step, 2);
          ++count;
        }
        sum += square / count;
        ++origins;
      }
    }
    pooled.push_back(std::sqrt(sum / origins));
  }
  EXPECT_NEAR(several.skill, 1 - pooled[0] / *std::min_element(pooled.begin() + 1, pooled.end()), 1e-9);
}

TEST(ForecastBacktest, TheBestBaselineIsNamedAsItIsListed) {
  Numbers y;
  for (int t = 0; t < 120; ++t) y.push_back(std::array{3, 1, 4, 1, 5, 9, 2}[static_cast<std::size_t>(t % 7)]);
  ForecastOptions options = small_forecast(2);
  options.period = 7;
  const ForecastResult result = run_forecast(table_of(y), options);
  EXPECT_EQ(result.skill_against, "seasonal_naive") << "it makes no error at all";
  EXPECT_NE(result.verdict_sentence.find("seasonal naive"), std::string::npos) << result.verdict_sentence;
}

TEST(ForecastBacktest, SimpleForecastsAreWhatTheirNamesSay) {
  const ForecastResult result = tested(2);
  for (const ForecastSeries& series : result.series) {
    const auto& b = series.backtest;
    for (std::size_t i = 0; i < b.actual.size(); ++i) {
      const auto value = [&](std::int64_t row) { return series.values[static_cast<std::size_t>(row)]; };
      EXPECT_EQ(b.naive[i], value(b.origin[i]));
      EXPECT_EQ(b.seasonal_naive[i],
                value(b.row(i) - result.period));  // the horizon is shorter than a season
      EXPECT_NEAR(b.drift[i],
                  value(b.origin[i]) + static_cast<double>(b.step[i]) * (value(b.origin[i]) - value(0)) /
                                           static_cast<double>(b.origin[i]),
                  1e-9);
    }
  }
}

// What is said of an origin, and whether it stays when later rows become something else.

constexpr std::int64_t kTableRows = 300, kTestRows = 60, kHorizon = 2;

/// What a network of a model can learn and no line.
ForecastOptions learning(const std::string& model) {
  ForecastOptions options = small_forecast(kHorizon);
  options.stride = 1;
  options.backtest = "last=" + std::to_string(kTestRows);
  options.model = model;
  options.window = 4;
  options.units = 12;
  options.epochs = 20;
  options.learning_rate = 0.01;
  return options;
}

/// The same series with all rows from `row` on changed, some of them missing.
Numbers changed_from(Numbers y, std::size_t row) {
  for (std::size_t t = row; t < y.size(); ++t) {
    y[t] = t % 6 == 2 ? std::numeric_limits<double>::quiet_NaN() : 100 + 9 * y[t % 50];
  }
  return y;
}

/// Calls `told` with everything that the backtest says of an origin in both results.
void compare_origins(const ForecastResult& a, const ForecastResult& b,
                     const std::function<void(std::int64_t origin, bool same)>& told) {
  const auto &x = a.series[0].backtest, &y = b.series[0].backtest;
  ASSERT_EQ(x.origin, y.origin);
  for (std::size_t i = 0; i < x.origin.size(); ++i) {
    const bool same = x.predicted[i] == y.predicted[i] && x.ridge[i] == y.ridge[i] &&
                      x.bands.low80[i] == y.bands.low80[i] && x.bands.high80[i] == y.bands.high80[i] &&
                      x.bands.low95[i] == y.bands.low95[i] && x.bands.high95[i] == y.bands.high95[i];
    told(x.origin[i], same);
  }
}

struct Model {
  const char *name, *model, *likelihood;
};

class PastOnly : public testing::TestWithParam<Model> {
 protected:
  static ForecastOptions options() {
    ForecastOptions options = learning(GetParam().model);
    options.likelihood = GetParam().likelihood;
    return options;
  }
};

TEST_P(PastOnly, BandsAndForecastsStayWhenLaterRowsChange) {
  const Numbers y = logistic_map(kTableRows);
  const ForecastResult before = run_forecast(table_of(y), options());
  EXPECT_GT(before.network_weight, 0) << "the network must have a say in what is compared";
  for (const std::int64_t origin :
       {kTableRows - kTestRows - 1, kTableRows - kTestRows + 17, kTableRows - kTestRows + 40}) {
    const ForecastResult after =
        run_forecast(table_of(changed_from(y, static_cast<std::size_t>(origin + 1))), options());
    std::int64_t stayed = 0, moved = 0;
    compare_origins(before, after, [&](std::int64_t at, bool same) {
      if (at <= origin) {
        EXPECT_TRUE(same) << "origin " << at << ", rows changed after " << origin;
      }
      if (at > origin + kHorizon) {
        EXPECT_FALSE(same) << "origin " << at << " has seen changed rows";
      }
      (same ? stayed : moved) += 1;
    });
    EXPECT_GE(stayed, kHorizon);
    EXPECT_GT(moved, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Forecast, PastOnly,
                         testing::Values(Model{"few_rows", "auto", "point"},
                                         Model{"segments", "encoder_decoder", "point"},
                                         Model{"student_t", "direct", "student_t"}),
                         [](const auto& info) { return std::string(info.param.name); });

// Trained anew for the second part.

ForecastResult refitted(const Numbers& y, std::int64_t parts) {
  ForecastOptions options = learning("encoder_decoder");
  options.refit = parts;
  options.methods = "none";  // which learn from every row in any case
  return run_forecast(table_of(y), options);
}

/// The first origin whose forecasts belong to the second part.
constexpr std::int64_t kSecond = kTableRows - kTestRows + kTestRows / 2 - 1;

TEST(ForecastBacktest, OfRareDemandIsNotWonByWhoForecastsNothing) {
  constexpr std::int64_t kSeries = 40, kRows = 60;
  const std::vector<double> noise = white_noise(21, kSeries * kRows);
  TextList ids;
  Numbers demand;
  for (std::int64_t i = 0; i < kSeries * kRows; ++i) {
    ids.push_back("s" + std::to_string(i / kRows));
    demand.push_back(noise[static_cast<std::size_t>(i)] > 0.8 ? 3 : 0);  // every fifth row
  }
  Table table("demand");
  table.add(Column("id", ids));
  table.add(Column("y", demand));
  ForecastOptions options;
  options.target = "y";
  options.id = "id";
  options.horizon = 6;
  options.backtest = "last=6";
  options.methods = "zero,mean,sba";
  const ForecastResult result = run_forecast(table, options);
  EXPECT_EQ(result.measure, kMeasureOfMany);
  const auto method = [&](const std::string& name) {
    return *std::ranges::find(result.methods, name, &ForecastScore::name);
  };
  EXPECT_LT(method("mean").compared, method("zero").compared);
  EXPECT_LT(method("zero").geometric_rmsse, method("mean").geometric_rmsse) << "ratios would say so";
  EXPECT_LT(result.test.compared, 1.02 * method("mean").compared);
}

TEST(ForecastRefit, MovesTheForecastsOfTheSecondPartOnly) {
  const Numbers y = logistic_map(kTableRows);
  const ForecastResult once = refitted(y, 0), again = refitted(y, 2);
  EXPECT_GT(once.network_weight, 0);
  const auto &a = once.series[0].backtest, &b = again.series[0].backtest;
  ASSERT_EQ(a.origin, b.origin);
  for (std::size_t i = 0; i < a.origin.size(); ++i) {
    EXPECT_EQ(a.predicted[i] == b.predicted[i], a.origin[i] < kSecond) << a.origin[i];
    EXPECT_EQ(a.ridge[i] == b.ridge[i], a.origin[i] < kSecond) << a.origin[i];
  }
  EXPECT_EQ(once.series[0].forecast, again.series[0].forecast) << "past the end the first training speaks";
}

TEST(ForecastRefit, TheSecondPartLearnsFromTheFirst) {
  // Rows that no window of a late origin sees are learnt from, or not.
  const Numbers y = logistic_map(kTableRows);
  Numbers other = y;
  for (std::size_t t = kTableRows - kTestRows; t < kTableRows - kTestRows + 10; ++t) other[t] += 8;
  const std::int64_t late = kTableRows - 10;
  for (const std::int64_t parts : {0, 2}) {
    const auto a = refitted(y, parts).series[0].backtest, b = refitted(other, parts).series[0].backtest;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < a.origin.size(); ++i) {
      if (a.origin[i] < late) continue;
      ++compared;
      EXPECT_EQ(a.predicted[i] == b.predicted[i], parts == 0) << a.origin[i];
    }
    EXPECT_GT(compared, 5u);
  }
}

TEST(ForecastRefit, TheFirstPartKnowsNothingOfTheSecond) {
  const Numbers y = logistic_map(kTableRows);
  const ForecastResult before = refitted(y, 2),
                       after = refitted(changed_from(y, static_cast<std::size_t>(kSecond + 1)), 2);
  std::int64_t first = 0;
  compare_origins(before, after, [&](std::int64_t origin, bool same) {
    if (origin <= kSecond) {
      EXPECT_TRUE(same) << origin;
    }
    first += origin < kSecond ? 1 : 0;
  });
  EXPECT_EQ(first, kHorizon * kTestRows / 2);
}

}  // namespace
}  // namespace rondo::forecasting
