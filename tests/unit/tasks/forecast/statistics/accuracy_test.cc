// Every measure against numbers worked out by hand, its definition, or an identity that it must obey.

#include "rondo/tasks/forecast_accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "tasks/forecast/statistics/accuracy.h"
#include "train/losses/probability_functions.h"
#include "unit/data/expect_error.h"

namespace rondo::accuracy {
namespace {

using Numbers = std::vector<double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(PointAccuracy, AgreesWithNumbersWorkedOutByHand) {
  const Numbers y{10, 20, 0, -4}, f{12, 19, 1, -4};
  EXPECT_DOUBLE_EQ(mae(y, f), 1);
  EXPECT_DOUBLE_EQ(mse(y, f), 1.5);
  EXPECT_DOUBLE_EQ(rmse(y, f), std::sqrt(1.5));
  EXPECT_DOUBLE_EQ(mape(y, f), (20.0 + 5 + 0) / 3);  // the truth of 0 is left out
  EXPECT_DOUBLE_EQ(smape(y, f), (400.0 / 22 + 200.0 / 39 + 200 + 0) / 4);
  EXPECT_DOUBLE_EQ(mase(y, f, 4), 0.25);
  EXPECT_DOUBLE_EQ(rmsse(y, f, 6), 0.5);
  EXPECT_DOUBLE_EQ(owa(10, 2, 20, 1), 1.25);
  EXPECT_EQ(smape(Numbers{0}, Numbers{0}), 0);
}

TEST(PointAccuracy, NaiveStepsLeaveOutMissingRowsAndZerosBeforeTheFirstSale) {
  const Numbers training{1, 4, kNaN, 5, 7};
  EXPECT_DOUBLE_EQ(naive_step(training, 1), 2.5);
  EXPECT_DOUBLE_EQ(naive_step(training, 2), 1);
  EXPECT_DOUBLE_EQ(naive_square_step(training, 1), 6.5);
  const Numbers sales{0, 0, 0, 2, 0, 2};
  EXPECT_DOUBLE_EQ(naive_square_step(sales), 12.0 / 5);
  EXPECT_DOUBLE_EQ(naive_square_step(sales, 1, true), 4);
  EXPECT_TRUE(std::isnan(naive_step(Numbers{1, 2}, 2)));
  EXPECT_THROW(naive_step(training, 0), Error);
  expect_error(ErrorKind::usage, {"naive_square_step", "0"}, [&] { naive_square_step(training, 0); });
}

TEST(PointAccuracy, LeavesMissingTruthsOutOfEveryMeasure) {
  const Numbers y{10, 20, 3, -4}, f{12, 19, 1, -4}, low{9, 21, 0, -5}, high{13, 22, 4, -4.5};
  Numbers y_more = y, f_more = f, low_more = low, high_more = high;
  y_more.insert(y_more.begin() + 2, kNaN);
  for (Numbers* values : {&f_more, &low_more, &high_more}) values->insert(values->begin() + 2, 1e9);
  EXPECT_EQ(mae(y_more, f_more), mae(y, f));
  EXPECT_EQ(rmse(y_more, f_more), rmse(y, f));
  EXPECT_EQ(mape(y_more, f_more), mape(y, f));
  EXPECT_EQ(smape(y_more, f_more), smape(y, f));
  EXPECT_EQ(rse(y_more, f_more), rse(y, f));
  EXPECT_EQ(corr(y_more, f_more), corr(y, f));
  EXPECT_EQ(pinball(y_more, f_more, 0.3), pinball(y, f, 0.3));
  EXPECT_EQ(weighted_quantile_loss(y_more, f_more, Numbers{0.3}), weighted_quantile_loss(y, f, Numbers{0.3}));
  EXPECT_EQ(coverage(y_more, low_more, high_more), coverage(y, low, high));
  EXPECT_EQ(interval_score(y_more, low_more, high_more, 0.8), interval_score(y, low, high, 0.8));
}

TEST(PointAccuracy, IsNaNForNothingAndForForecastsThatAreNot) {
  const Numbers missing{kNaN}, one{1};
  for (const auto& measure : {mae, mse, rmse, mape, smape, rse}) {
    EXPECT_TRUE(std::isnan(measure({}, {})));
    EXPECT_TRUE(std::isnan(measure(missing, one)));
    EXPECT_TRUE(std::isnan(measure(one, missing)));
  }
  EXPECT_TRUE(std::isnan(coverage(one, missing, one)));
  EXPECT_TRUE(std::isnan(coverage(missing, one, one)));
  EXPECT_TRUE(std::isnan(mase(one, one, 0)));
}

TEST(PointAccuracy, RefusesLengthsThatDoNotMatchAndSaysWhichWere) {
  try {
    mae(Numbers{1, 2}, Numbers{1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("2 truths, 1 forecasts"), std::string::npos);
  }
  EXPECT_THROW(corr(Numbers{1, 2, 3}, Numbers{1, 2, 3}, 2), Error);
  EXPECT_THROW(pinball(Numbers{1}, Numbers{1}, 1), Error);
  EXPECT_THROW(crps_from_quantiles(1, Numbers{1, 2}, Numbers{0.9, 0.1}), Error);
}

TEST(PointAccuracy, RelativeErrorIsOneAndCorrelationZeroForTheMean) {
  const Numbers y{1, 2, 3, 10}, mean(4, 4.0);
  EXPECT_DOUBLE_EQ(rse(y, mean), 1);
  EXPECT_EQ(corr(y, mean), 0);
  EXPECT_DOUBLE_EQ(corr(y, Numbers{3, 5, 7, 21}), 1);
  // Two series side by side: one follows, one opposes; a third without variance is left out.
  const Numbers truth{1, 5, 7, 2, 3, 7, 3, 1, 7}, forecast{1, -5, 1, 2, -3, 2, 3, -1, 3};
  EXPECT_NEAR(corr(truth, forecast, 3), 0, 1e-15);
}

TEST(QuantileAccuracy, PinballOfTheMedianIsHalfTheAbsoluteError) {
  const Numbers y{1, 5, -2}, f{3, 4, 0};
  EXPECT_DOUBLE_EQ(pinball(y, f, 0.5), mae(y, f) / 2);
  EXPECT_DOUBLE_EQ(pinball(y, f, 0.9), (0.1 * 2 + 0.9 * 1 + 0.1 * 2) / 3);
  EXPECT_DOUBLE_EQ(weighted_quantile_loss(y, f, Numbers{0.9}), 2 * 3 * pinball(y, f, 0.9) / 8);
  const Numbers both{3, 3, 4, 4, 0, 0};
  EXPECT_NEAR(weighted_quantile_loss(y, both, Numbers{0.1, 0.9}),
              (weighted_quantile_loss(y, f, Numbers{0.1}) + weighted_quantile_loss(y, f, Numbers{0.9})) / 2,
              1e-15);
}

TEST(QuantileAccuracy, IntervalScoreIsMadeOfTheTwoPinballLosses) {
  const Numbers y{1, 5, -2, 9}, low{0, 6, -3, 1}, high{2, 8, -2.5, 2};
  const double alpha = 0.2;
  EXPECT_NEAR(interval_score(y, low, high, 1 - alpha),
              2 / alpha * (pinball(y, low, alpha / 2) + pinball(y, high, 1 - alpha / 2)), 1e-12);
  EXPECT_DOUBLE_EQ(coverage(y, low, high), 0.25);
  EXPECT_DOUBLE_EQ(mean_width(low, high), (2 + 2 + 0.5 + 1) / 4);
  EXPECT_EQ(coverage(Numbers{1, 2}, Numbers{1, 0}, Numbers{2, 2}), 1);  // ends belong to the band
}

/// ∫ (F(x) − 1{x ≥ y})² dx by the middles of many small steps.
double crps_by_definition(double y, double from, double to, const std::function<double(double)>& cdf) {
  constexpr int kSteps = 200000;
  const double h = (to - from) / kSteps;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double x = from + (i + 0.5) * h, miss = cdf(x) - (x >= y ? 1 : 0);
    sum += miss * miss * h;
  }
  return sum;
}

TEST(Crps, OfGaussianAndStudentIsTheIntegral) {
  for (const double y : {-3.0, 0.5, 4.0}) {
    EXPECT_NEAR(crps_gaussian(y, 1, 2),
                crps_by_definition(y, -25, 25, [](double x) { return detail::normal_cdf((x - 1) / 2); }),
                2e-4);
    EXPECT_NEAR(
        crps_student_t(y, 1, 2, 5),
        crps_by_definition(y, -400, 400, [](double x) { return detail::student_t_cdf((x - 1) / 2, 5); }),
        4e-3);
    EXPECT_NEAR(crps_student_t(y, 1, 2, 1e8), crps_gaussian(y, 1, 2), 1e-6);
  }
  EXPECT_EQ(crps_gaussian(3, 1, 0), 2);
  EXPECT_EQ(crps_student_t(3, 1, 0, 5), 2);
  EXPECT_TRUE(std::isnan(crps_student_t(3, 1, 1, 1)));
  EXPECT_TRUE(std::isnan(crps_gaussian(kNaN, 1, 1)));
  EXPECT_TRUE(std::isnan(crps_gaussian(1, 1, -1)));
}

/// Σ (F(k) − 1{k ≥ y})² with probabilities from lgamma, term by term.
double crps_of_counts(double y, double mean, double alpha, int most) {
  double below = 0, sum = y < 0 ? -y : 0;
  for (int k = 0; k < most; ++k) {
    const double r = alpha > 0 ? 1 / alpha : 0;
    const double log_p = alpha > 0 ? std::lgamma(k + r) - std::lgamma(r) - std::lgamma(k + 1.0) +
                                         r * std::log(r / (r + mean)) + k * std::log(mean / (r + mean))
                                   : k * std::log(mean) - mean - std::lgamma(k + 1.0);
    below += std::exp(log_p);
    const double miss = k >= y ? 1 - below : below;
    sum += miss * miss;
  }
  return sum;
}

TEST(Crps, OfCountsIsTheSum) {
  for (const double mean : {0.3, 7.0, 120.0}) {
    for (const double y : {0.0, 1.0, 8.0, 100.0, 300.0}) {
      EXPECT_NEAR(crps_poisson(y, mean), crps_of_counts(y, mean, 0, 1000), 1e-8) << mean << ' ' << y;
      for (const double alpha : {0.01, 0.8, 3.0}) {
        const double expected = crps_of_counts(y, mean, alpha, 20000);
        EXPECT_NEAR(crps_negative_binomial(y, mean, alpha), expected, 1e-7 * (1 + expected))
            << mean << ' ' << alpha << ' ' << y;
      }
    }
  }
  EXPECT_NEAR(crps_poisson(-2, 1), 2 + crps_poisson(0, 1), 1e-12);
  EXPECT_NEAR(crps_poisson(2.25, 3), 0.75 * crps_poisson(2, 3) + 0.25 * crps_poisson(3, 3), 1e-12);
  EXPECT_NEAR(crps_poisson(0.5, 1e-12), 0.5, 1e-9)
      << "between the last count with a probability and the next";
  EXPECT_EQ(crps_poisson(3, 0), 3);
  EXPECT_TRUE(std::isnan(crps_poisson(kNaN, 2)));
}

TEST(Crps, OfEnormousCountsIsThatOfTheGaussianThatTheyResemble) {
  EXPECT_NEAR(crps_poisson(1e9 + 2e4, 1e9) / crps_gaussian(1e9 + 2e4, 1e9, std::sqrt(1e9)), 1, 1e-3);
  EXPECT_NEAR(crps_poisson(1e12, 1e12) / crps_gaussian(1e12, 1e12, 1e6), 1, 1e-3);
  // With dispersion 1 it is nearly exponential, whose score at its mean m is m·(2·e⁻¹ − ½)...
  const double m = 1e6;
  EXPECT_NEAR(crps_negative_binomial(m, m, 1) / (m * (2 * std::exp(-1.0) - 0.5)), 1, 1e-3);
}

TEST(Crps, FromSamplesIsFairHoweverFewTheyAre) {
  EXPECT_DOUBLE_EQ(crps_from_samples(3, Numbers{1}), 2);
  EXPECT_DOUBLE_EQ(crps_from_samples(0, Numbers{3, 1}), 2 - 1);
  EXPECT_DOUBLE_EQ(crps_from_samples(2, Numbers{5, 1, 3}), 5.0 / 3 - 0.5 * (4 + 2 + 2) / 3);
  EXPECT_TRUE(std::isnan(crps_from_samples(2, {})));
  EXPECT_TRUE(std::isnan(crps_from_samples(2, Numbers{1, kNaN})));
  const RandomStream random(9);
  for (const std::size_t members : {2U, 5U}) {
    double sum = 0;
    constexpr std::uint64_t kTrials = 20000;
    for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
      Numbers samples(members);
      for (std::size_t i = 0; i < members; ++i) samples[i] = random.normal(trial * members + i);
      sum += crps_from_samples(0.7, samples) / kTrials;
    }
    EXPECT_NEAR(sum, crps_gaussian(0.7, 0, 1), 0.015) << members;
  }
}

TEST(Crps, FromQuantilesIsExactForEqualAtomsAndComesCloseForOthers) {
  const Numbers atoms{-1, 0.5, 2, 7}, levels{0.125, 0.375, 0.625, 0.875};
  for (const double y : {-2.0, 0.7, 9.0}) {
    double expected = 0;
    for (const double a : atoms) {
      expected += std::abs(a - y) / 4;
      for (const double b : atoms) expected -= std::abs(a - b) / 32;
    }
    EXPECT_NEAR(crps_from_quantiles(y, atoms, levels), expected, 1e-12);
  }
  Numbers many, quantiles;
  for (int k = 1; k < 100; ++k) {
    many.push_back(k / 100.0);
    quantiles.push_back(detail::normal_quantile(k / 100.0));
  }
  EXPECT_NEAR(crps_from_quantiles(0.4, quantiles, many), crps_gaussian(0.4, 0, 1), 2e-3);
  EXPECT_NEAR(crps_from_quantiles(3, Numbers{1}, Numbers{0.5}), 2, 1e-15);
}

TEST(DieboldMarianoTest, WithoutOverlapIsStudentsTestOfTheMeanGain) {
  const Numbers rival{3, 5, 4, 6, 2, 7}, model{2, 5, 2, 5, 3, 4};
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < 6; ++i) mean += (rival[i] - model[i]) / 6;
  for (std::size_t i = 0; i < 6; ++i) square += std::pow(rival[i] - model[i] - mean, 2) / 5;
  const double t = mean / std::sqrt(square / 6);
  const DieboldMariano result = diebold_mariano(rival, model);
  EXPECT_NEAR(result.statistic, t, 1e-12);
  EXPECT_NEAR(result.p_better, 1 - detail::student_t_cdf(t, 5), 1e-12);
  EXPECT_NEAR(result.p_two_sided, 2 * result.p_better, 1e-12);
  EXPECT_EQ(result.origins, 6);
  const DieboldMariano opposite = diebold_mariano(model, rival);
  EXPECT_NEAR(opposite.statistic, -t, 1e-12);
  EXPECT_NEAR(opposite.p_better, 1 - result.p_better, 1e-12);
  EXPECT_NEAR(opposite.p_two_sided, result.p_two_sided, 1e-12);
}

TEST(DieboldMarianoTest, RejectsEqualForecastersAsOftenAsItSays) {
  constexpr std::uint64_t kTrials = 2000, kOrigins = 15;
  const RandomStream random(11);
  double rejected = 0;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    Numbers a(kOrigins), b(kOrigins);
    for (std::uint64_t i = 0; i < kOrigins; ++i) {
      a[i] = std::pow(random.normal((trial * kOrigins + i) * 2), 2);
      b[i] = std::pow(random.normal((trial * kOrigins + i) * 2 + 1), 2);
    }
    rejected += diebold_mariano(a, b).p_two_sided < 0.1 ? 1 : 0;
  }
  EXPECT_NEAR(rejected / kTrials, 0.1, 0.02);
}

TEST(DieboldMarianoTest, SaysNothingWithoutVarianceOrOriginsAndLeavesMissingOnesOut) {
  const DieboldMariano same = diebold_mariano(Numbers{1, 2, 3}, Numbers{1, 2, 3});
  EXPECT_EQ(same.statistic, 0);
  EXPECT_EQ(same.p_two_sided, 1);
  EXPECT_EQ(same.p_better, 0.5);
  EXPECT_EQ(diebold_mariano({}, {}).p_two_sided, 1);
  const DieboldMariano with_gap = diebold_mariano(Numbers{3, kNaN, 5, 4}, Numbers{2, 1, 5, 2});
  EXPECT_EQ(with_gap.origins, 3);
  EXPECT_EQ(with_gap.statistic, diebold_mariano(Numbers{3, 5, 4}, Numbers{2, 5, 2}).statistic);
}

TEST(GatheredAccuracy, AgreesWithTheFunctionsOfTheSameNames) {
  const Numbers y{10, kNaN, 20, 0, -4}, f{12, 7, 19, 1, -4};
  forecasting::Accuracy gathered;
  for (std::size_t i = 0; i < y.size(); ++i) gathered.add(y[i], f[i], 4, 6);
  EXPECT_EQ(gathered.count(), 4);
  EXPECT_DOUBLE_EQ(gathered.mae(), mae(y, f));
  EXPECT_DOUBLE_EQ(gathered.mse(), mse(y, f));
  EXPECT_DOUBLE_EQ(gathered.mape(), mape(y, f));
  EXPECT_DOUBLE_EQ(gathered.smape(), smape(y, f));
  EXPECT_DOUBLE_EQ(gathered.mase(), mase(y, f, 4));
  EXPECT_DOUBLE_EQ(gathered.rmsse(), rmsse(y, f, 6));
}

TEST(GatheredAccuracy, RmsseIsTheMeanOverSeries) {
  forecasting::Accuracy gathered;
  gathered.add(1, 3, 1, 4, 0);
  gathered.add(1, 7, 1, 4, 2);
  gathered.add(1, 1, 1, 4, 2);
  EXPECT_DOUBLE_EQ(gathered.rmsse(), (1 + std::sqrt(18.0 / 4)) / 2);
  gathered.add(1, 2, 1, 0, 3);  // a constant series has no scale
  EXPECT_DOUBLE_EQ(gathered.rmsse(), (1 + std::sqrt(18.0 / 4)) / 2);
}

}  // namespace
}  // namespace rondo::accuracy
