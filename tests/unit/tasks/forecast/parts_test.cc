// The pieces a forecast is made of, each as a statement about what it promises.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/evaluation/baselines.h"
#include "tasks/forecast/intervals/bands.h"
#include "tasks/forecast/linear/ridge.h"
#include "tasks/forecast/panel/season.h"
#include "tasks/forecast/panel/transform.h"
#include "tasks/forecast/prepare.h"
#include "tasks/forecast/statistics/accuracy.h"

namespace rondo::forecasting {
namespace {

std::vector<double> noise(std::uint64_t seed, std::size_t count) {
  const RandomStream stream(seed);
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = stream.normal(i);
  return out;
}

SeriesScale fit_scale(std::vector<double> values, Transform transform, bool difference) {
  for (double& v : values) v = apply(transform, v);
  return fit_transformed_scale(std::move(values), transform, difference);
}

TEST(ForecastTransform, IsUndoneExactly) {
  const std::vector<double> values{112, 118, 132.5, 0.001, 4e6, 1};
  for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
    for (const bool difference : {false, true}) {
      const SeriesScale scale = fit_scale(values, transform, difference);
      for (const double v : values) EXPECT_NEAR(scale.backward(scale.forward(v)), v, 1e-15 * 4e6);
    }
  }
}

TEST(ForecastTransform, IsOfferedOnlyWhereItIsDefined) {
  const std::vector<double> with_zero{0, 1, 2}, negative{-1, 2};
  EXPECT_FALSE(is_applicable(Transform::log, with_zero));
  EXPECT_TRUE(is_applicable(Transform::sqrt, with_zero));
  EXPECT_FALSE(is_applicable(Transform::sqrt, negative));
  EXPECT_TRUE(is_applicable(Transform::none, negative));
}

TEST(ForecastTransform, SuggestsTheNearestName) {
  try {
    parse_transform("lgo");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("'log'"), std::string::npos);
  }
}

TEST(ForecastTransform, LeavesAConstantSeriesFinite) {
  const std::vector<double> constant(10, 7.0);
  for (const bool difference : {false, true}) {
    EXPECT_TRUE(std::isfinite(fit_scale(constant, Transform::none, difference).forward(7.0)));
  }
}

/// Rows with columns c0, c1 (and a third that never varies) and y = 3 + 2 c0 - c1.
void fill_linear(Rows& x, Rows& y, std::size_t count) {
  const auto numbers = noise(3, 2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = x.append();
    row[0] = numbers[2 * i];
    row[1] = 100 * numbers[2 * i + 1];
    row[2] = 5;
    y.append()[0] = 3 + 2 * row[0] - row[1];
  }
}

TEST(ForecastRidge, FindsALinearRuleAndIgnoresWhatNeverVaries) {
  Rows x{3, {}}, y{1, {}};
  fill_linear(x, y, 200);
  Moments moments(3, 1);
  moments.add(x, y);
  const std::vector<std::int64_t> chosen{0, 1, 2};
  const double penalty = 1e-10;
  const LinearMap map = solve_ridge(moments, chosen, {&penalty, 1}).front();
  EXPECT_NEAR(map.weights[0], 2, 1e-6);
  EXPECT_NEAR(map.weights[1], -1, 1e-6);
  EXPECT_EQ(map.weights[2], 0);
  EXPECT_NEAR(map.intercept[0], 3, 1e-5);
  const Rows forecast = predict(map, x, chosen);
  for (std::int64_t r = 0; r < x.count(); ++r) EXPECT_NEAR(forecast.row(r)[0], y.row(r)[0], 1e-5);
}

TEST(ForecastRidge, DoesNotDependOnUnits) {
  Rows x{1, {}}, scaled{1, {}}, y{1, {}};
  const auto numbers = noise(4, 100);
  for (std::size_t i = 0; i < 50; ++i) {
    x.append()[0] = numbers[i];
    scaled.append()[0] = 1000 * numbers[i];
    y.append()[0] = numbers[i] + numbers[50 + i];
  }
  Moments a(1, 1), b(1, 1);
  a.add(x, y);
  b.add(scaled, y);
  const std::vector<std::int64_t> chosen{0};
  const double penalty = 0.3;
  EXPECT_NEAR(solve_ridge(a, chosen, {&penalty, 1}).front().weights[0],
              1000 * solve_ridge(b, chosen, {&penalty, 1}).front().weights[0], 1e-9);
}

TEST(ForecastRidge, ShrinksTowardsTheMeanWithThePenalty) {
  Rows x{3, {}}, y{1, {}};
  fill_linear(x, y, 50);
  Moments moments(3, 1);
  moments.add(x, y);
  const std::vector<std::int64_t> chosen{0, 1};
  const std::vector<double> penalties{1e-6, 1, 1e9};
  const auto maps = solve_ridge(moments, chosen, penalties);
  EXPECT_GT(std::abs(maps[0].weights[1]), std::abs(maps[1].weights[1]));
  EXPECT_NEAR(maps[2].weights[1], 0, 1e-6);
  EXPECT_NEAR(maps[2].intercept[0], moments.sum_y[0] / moments.count, 1e-5);
}

TEST(ForecastBaselines, SayWhatTheirNamesPromise) {
  const std::vector<double> history{1, 2, 3, 4, 5, 9};
  std::vector<double> out(5);
  naive_forecast(history, out);
  EXPECT_EQ(out, (std::vector<double>{9, 9, 9, 9, 9}));
  seasonal_naive_forecast(history, 3, out);
  EXPECT_EQ(out, (std::vector<double>{4, 5, 9, 4, 5}));
  drift_forecast(history, out);
  EXPECT_DOUBLE_EQ(out[0], 9 + 8.0 / 5);
  EXPECT_DOUBLE_EQ(out[4], 9 + 8.0);
  seasonal_naive_forecast(history, 7, out);
  EXPECT_EQ(out[0], 9);
}

TEST(ForecastAccuracy, AgreesWithNumbersWorkedOutByHand) {
  Accuracy accuracy;
  accuracy.add(10, 12, 4);
  accuracy.add(20, 19, 4);
  EXPECT_DOUBLE_EQ(accuracy.mae(), 1.5);
  EXPECT_DOUBLE_EQ(accuracy.rmse(), std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(accuracy.mase(), 0.375);
  EXPECT_DOUBLE_EQ(accuracy.smape(), (400.0 / 22 + 200.0 / 39) / 2);
}

TEST(ForecastAccuracy, LeavesConstantSeriesOutOfScaledErrors) {
  Accuracy accuracy;
  accuracy.add(1, 2, 0);
  EXPECT_TRUE(std::isnan(accuracy.mase()));
  EXPECT_TRUE(std::isnan(accuracy.rmsse()));
  accuracy.add(1, 4, 6, 36, 1);
  EXPECT_DOUBLE_EQ(accuracy.mae(), 2);
  EXPECT_DOUBLE_EQ(accuracy.mase(), 0.5);
  EXPECT_DOUBLE_EQ(accuracy.rmsse(), 0.5);
  Accuracy zeros;
  zeros.add(0, 0, 1);
  EXPECT_EQ(zeros.smape(), 0);
}

std::vector<double> seasons_of(const std::vector<double>& values) {
  const std::span<const double> series(values);
  return detect_seasons({&series, 1});
}

TEST(ForecastSeason, FindsDayAndWeekWithoutACalendar) {
  std::vector<double> values = noise(1, 2400);
  for (std::size_t t = 0; t < values.size(); ++t) {
    const double day = std::sin(2 * M_PI * static_cast<double>(t % 24) / 24);
    values[t] = 0.2 * values[t] + 3 * day + ((t / 24) % 7 >= 5 ? -1.5 : 0);
  }
  EXPECT_EQ(seasons_of(values), (std::vector<double>{24, 168}));
}

TEST(ForecastSeason, FindsNoneInARandomWalk) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<double> walk = noise(seed, 1000);
    for (std::size_t t = 1; t < walk.size(); ++t) walk[t] += walk[t - 1];
    EXPECT_TRUE(seasons_of(walk).empty()) << seed;
  }
  EXPECT_TRUE(seasons_of(noise(1, 8)).empty());
}

TEST(ForecastBands, HoldNewErrorsAsOftenAsTheySay) {
  std::vector<double> sorted = noise(1, 2000);
  std::sort(sorted.begin(), sorted.end());
  for (const double probability : {0.80, 0.95}) {
    const double high = conformal_quantile(sorted, probability);
    double below = 0;
    for (const double e : noise(2, 5000)) below += e <= high ? 1 : 0;
    EXPECT_NEAR(below / 5000, probability, 0.02);
  }
}

TEST(ForecastBands, OfFewErrorsAreWiderThanTheLargestNeedBe) {
  const std::vector<double> few{-1, -1, 1, 1, 1}, tenfold{-10, -10, 10, 10, 10};
  EXPECT_GT(conformal_quantile(few, 0.975), 1.96);
  EXPECT_NEAR(conformal_quantile(tenfold, 0.975), 10 * conformal_quantile(few, 0.975), 1e-9);
  EXPECT_EQ(conformal_quantile({}, 0.95), 0);
}

Contender contender(const char* name, double rmse, std::size_t count, std::uint64_t seed) {
  Contender out{name, rmse, noise(seed, count)};
  for (double& loss : out.losses) loss = rmse * rmse * (1 + 0.1 * loss);
  return out;
}

TEST(ForecastVerdict, NeedsAClearAndSureGainOverBoth) {
  const auto verdict = [](double model, double naive, double ridge) {
    return judge(contender("model", model, 100, 1),
                 {contender("naive", naive, 100, 2), contender("drift", 9, 100, 3)},
                 {contender("ridge", ridge, 100, 4), contender("theta", 9, 100, 5)}, 0)
        .verdict;
  };
  EXPECT_EQ(verdict(1.0, 2.0, 1.5), ForecastVerdict::better);
  EXPECT_EQ(verdict(1.0, 2.0, 1.0), ForecastVerdict::no_better_than_single_method);
  EXPECT_EQ(verdict(1.0, 2.0, 1.005), ForecastVerdict::no_better_than_single_method);
  EXPECT_EQ(verdict(1.0, 1.0, 2.0), ForecastVerdict::no_better_than_naive);
  EXPECT_EQ(verdict(1.0, 0.5, 0.9), ForecastVerdict::no_better_than_naive);
}

TEST(ForecastVerdict, ComparesWithTheBestRivalInWords) {
  const Judgement judgement = judge(contender("model", 1, 50, 1), {contender("naive", 4, 50, 2)},
                                    {contender("theta", 3, 50, 3), contender("ridge", 2, 50, 3)}, 0);
  EXPECT_EQ(judgement.best, "ridge");
  EXPECT_DOUBLE_EQ(judgement.skill, 0.5);
  EXPECT_NE(judgement.sentence.find("50.0 % less"), std::string::npos) << judgement.sentence;
}

TEST(ForecastVerdict, SaysWhetherTheForecastIsAsGoodAsTheBestMethodOrWorse) {
  const auto sentence = [](double model) {
    return judge(contender("model", model, 100, 1), {contender("naive", 4, 100, 2)},
                 {contender("theta", 1, 100, 3)}, 0)
        .sentence;
  };
  EXPECT_NE(sentence(1.001).find("about as good as the best single method (theta)"), std::string::npos);
  EXPECT_NE(sentence(1.5).find("worse than the best single method (theta)"), std::string::npos);
}

TEST(ForecastVerdict, OfManySeriesCountsThoseThatAreWon) {
  Contender model{"model", 0.9, {}}, rival{"theta", 1.0, {}};
  for (int s = 0; s < 40; ++s) {
    model.losses.push_back(s % 4 == 0 ? 1.2 : 0.8);
    rival.losses.push_back(1);
  }
  const Judgement judgement =
      judge(model, {Contender{"naive", 2.0, std::vector<double>(40, 4.0)}}, {rival}, 0, kMeasureOfMany);
  EXPECT_EQ(judgement.verdict, ForecastVerdict::better);
  EXPECT_NE(judgement.sentence.find("lower in 30 of 40 series"), std::string::npos) << judgement.sentence;
}

TEST(ForecastVerdict, OfFewOriginsDemandsALargerGain) {
  const auto verdict = [](double model) {
    return judge(contender("model", model, 3, 1), {contender("naive", 2, 3, 2)},
                 {contender("ridge", 1, 3, 4)}, 0)
        .verdict;
  };
  EXPECT_EQ(verdict(0.95), ForecastVerdict::no_better_than_single_method);
  EXPECT_EQ(verdict(0.8), ForecastVerdict::better);
}

TEST(ForecastBacktest, IsGivenAsRowsOrShare) {
  EXPECT_EQ(backtest_rows("last=48", 144), 48);
  EXPECT_EQ(backtest_rows("48", 144), 48);
  EXPECT_EQ(backtest_rows("last=20%", 2820), 564);
  EXPECT_EQ(backtest_rows("20%", 3), 1);
  for (const char* wrong : {"", "last=", "last=x", "0", "-3", "100%", "0%", "2.5", "first=3", "3 rows"}) {
    EXPECT_THROW(backtest_rows(wrong, 100), Error) << wrong;
  }
}

}  // namespace
}  // namespace rondo::forecasting
