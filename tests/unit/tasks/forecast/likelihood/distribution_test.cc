// Distributions that forecasts are made of: cdf, quantile, density, score and draws all tell the same story.

#include "tasks/forecast/likelihood/distribution.h"
#include "unit/tasks/forecast/likelihood/crps_of.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/tasks/forecast_accuracy.h"
#include "rondo/tensor/tensor.h"
#include "rondo/train/losses.h"

namespace rondo::forecasting {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::vector<Likelihood> kAll{Likelihood::gaussian, Likelihood::student_t, Likelihood::negative_binomial,
                                   Likelihood::poisson};

std::vector<Distribution> continuous() {
  return {{Likelihood::gaussian, -3, 2, 0},
          {Likelihood::student_t, 1, 0.5, 2.4},
          {Likelihood::student_t, 0, 3, 9}};
}

std::vector<Distribution> counts() {
  return {{Likelihood::poisson, 0.2, 1, 0},
          {Likelihood::poisson, 6, 1, 0},
          {Likelihood::poisson, 5e4, 1, 0},
          {Likelihood::negative_binomial, 0.5, 1, 4},
          {Likelihood::negative_binomial, 12, 1, 0.3},
          {Likelihood::negative_binomial, 900, 1, 1.5},
          {Likelihood::negative_binomial, 8, 1, 1e-6},
          {Likelihood::negative_binomial, 8, 1, 0}};
}

std::string text_of(const Distribution& d) {
  return std::string(likelihood_name(d.likelihood)) + " " + std::to_string(d.location) + " " +
         std::to_string(d.scale) + " " + std::to_string(d.shape);
}

TEST(Distribution, IsWhatItsLossLearns) {
  const std::vector<double> raw{0.7, -0.4, 1.2};
  for (const Likelihood likelihood : kAll) {
    const auto columns = static_cast<std::size_t>(likelihood_parameters(likelihood));
    const auto loss = make_loss(likelihood_loss(likelihood));
    const Tensor prediction =
        Tensor::from(std::span(raw).first(columns), {1, static_cast<std::int64_t>(columns)});
    for (const double y : {0.0, 2.0, 5.0}) {
      const Tensor target = Tensor::from(std::span<const double>(&y, 1), {1, 1});
      EXPECT_NEAR(Distribution::from_raw(likelihood, raw).log_density(y),
                  -loss->value(as_matrix(prediction), as_matrix(target)), 1e-10)
          << likelihood_name(likelihood) << ' ' << y;
    }
  }
}

TEST(Distribution, OfCountsTakesTheSizeOfItsSeriesAsItsLossDoes) {
  const std::vector<double> raw{0.7, -0.4};
  for (const Likelihood likelihood : {Likelihood::negative_binomial, Likelihood::poisson}) {
    const auto columns = static_cast<std::size_t>(likelihood_parameters(likelihood));
    const auto loss = make_loss(Json::object({{"name", likelihood_loss(likelihood)}, {"exposure", true}}));
    const std::vector<double> seen{31, 25};
    const Tensor prediction =
        Tensor::from(std::span(raw).first(columns), {1, static_cast<std::int64_t>(columns)});
    const Tensor target = Tensor::from(std::span<const double>(seen), {1, 2});
    EXPECT_NEAR(Distribution::from_raw(likelihood, raw, 25).log_density(31),
                -loss->value(as_matrix(prediction), as_matrix(target)), 1e-9);
  }
}

TEST(Distribution, QuantileInvertsTheDistributionFunction) {
  for (const Distribution& d : continuous()) {
    for (const double p : {0.001, 0.1, 0.5, 0.9, 0.999}) {
      EXPECT_NEAR(d.cdf(d.quantile(p)), p, 1e-10) << text_of(d);
    }
    EXPECT_EQ(d.quantile(0), -kInfinity);
    EXPECT_EQ(d.quantile(1), kInfinity);
  }
  for (const Distribution& d : counts()) {
    for (const double p : {1e-9, 0.001, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9}) {
      const double k = d.quantile(p);
      EXPECT_EQ(k, std::floor(k));
      EXPECT_GE(d.cdf(k), p) << text_of(d) << ' ' << p;
      EXPECT_LT(d.cdf(k - 1), p) << text_of(d) << ' ' << p;
    }
    EXPECT_EQ(d.quantile(0), 0);
    EXPECT_EQ(d.quantile(1), kInfinity);
    EXPECT_TRUE(std::isnan(d.quantile(-0.1)));
  }
}

TEST(Distribution, DensityIsTheSlopeOfTheDistributionFunction) {
  for (const Distribution& d : continuous()) {
    for (const double y : {-4.0, 0.9, 3.0}) {
      EXPECT_NEAR(std::exp(d.log_density(y)), (d.cdf(y + 1e-5) - d.cdf(y - 1e-5)) / 2e-5, 1e-8) << text_of(d);
    }
  }
  for (const Distribution& d : counts()) {
    for (const double p : {0.05, 0.5, 0.99}) {
      const double k = d.quantile(p);
      EXPECT_NEAR(std::exp(d.log_density(k)), d.cdf(k) - d.cdf(k - 1), 1e-9) << text_of(d);
    }
    EXPECT_EQ(d.log_density(-1), -kInfinity);
    EXPECT_EQ(d.log_density(0.5), -kInfinity);
    EXPECT_EQ(d.cdf(-0.5), 0);
    EXPECT_EQ(d.cdf(3.7), d.cdf(3));
    EXPECT_TRUE(std::isnan(d.log_density(kNaN)) && std::isnan(d.cdf(kNaN)));
  }
  EXPECT_EQ((Distribution{Likelihood::poisson, 0, 1, 0}.log_density(0)), 0);
  EXPECT_EQ((Distribution{Likelihood::poisson, 0, 1, 0}.quantile(0.9)), 0);
}

TEST(Distribution, MomentsAreThoseOfTheProbabilities) {
  for (const Distribution& d : counts()) {
    const double most = std::min(d.quantile(1 - 1e-12) + 50, 1e5);
    double mean = 0, square = 0;
    for (double k = 0; k < most; ++k) {
      const double p = std::exp(d.log_density(k));
      mean += p * k;
      square += p * k * k;
    }
    EXPECT_NEAR(mean / d.location, 1, 1e-6) << text_of(d);
    EXPECT_NEAR((square - mean * mean) / d.variance(), 1, 1e-4) << text_of(d);
  }
  EXPECT_EQ((Distribution{Likelihood::student_t, 1, 1, 1.5}.variance()), kInfinity);
  EXPECT_DOUBLE_EQ((Distribution{Likelihood::student_t, 1, 2, 4}.variance()), 8);
}

/// The largest distance between the draws' and the distribution's distribution functions, times √n
/// (Kolmogorov).
double distance(const Distribution& d, std::vector<double> draws) {
  const double tops[] = {0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98};
  double worst = 0;
  for (const double p : tops) {
    const double at = d.quantile(p);
    double below = 0;
    for (const double x : draws) below += x <= at ? 1 : 0;
    worst = std::max(worst, std::abs(below / static_cast<double>(draws.size()) - d.cdf(at)));
  }
  return worst * std::sqrt(static_cast<double>(draws.size()));
}

TEST(Distribution, DrawsFollowIt) {
  std::vector<Distribution> all = continuous();
  for (const Distribution& d : counts()) all.push_back(d);
  for (const double mean : {9.9, 10.1, 35.0}) all.push_back({Likelihood::poisson, mean, 1, 0});
  all.push_back({Likelihood::negative_binomial, 3, 1, 30});  // nearly always 0
  for (const Distribution& d : all) {
    std::vector<double> draws(200000);
    for (std::size_t i = 0; i < draws.size(); ++i) {
      draws[i] = d.sample(sample_stream(1, 0, 0, static_cast<std::int64_t>(i), 0));
    }
    EXPECT_LT(distance(d, draws), 1.63) << text_of(d);  // 1 % of fair ones are further away
  }
}

TEST(Distribution, DrawsDependOnTheirKeyAlone) {
  const Distribution d{Likelihood::negative_binomial, 40, 1, 0.5};
  const auto draw = [&](std::uint64_t seed, std::int64_t series, std::int64_t origin, std::int64_t path,
                        std::int64_t step) {
    return d.sample(sample_stream(seed, series, origin, path, step));
  };
  EXPECT_EQ(draw(1, 2, 3, 4, 5), draw(1, 2, 3, 4, 5));
  const Distribution g{Likelihood::gaussian, 0, 1, 0};
  std::vector<double> seen;
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t k = 0; k < 3; ++k) {
      for (const auto& stream : {sample_stream(1, i, k, 7, 8), sample_stream(1, 7, 8, i, k),
                                 sample_stream(static_cast<std::uint64_t>(2 + i), 9, k, 9, 9)}) {
        seen.push_back(g.sample(stream));
      }
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(Distribution, StreamsOfNeighbouringKeysAreNotCorrelated) {
  const Distribution g{Likelihood::gaussian, 0, 1, 0};
  double steps = 0, paths = 0, series = 0;
  constexpr std::int64_t kDraws = 20000;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const double x = g.sample(sample_stream(1, 0, 0, i, 0));
    steps += x * g.sample(sample_stream(1, 0, 0, i, 1)) / kDraws;
    paths += x * g.sample(sample_stream(1, 0, 0, i + 1, 0)) / kDraws;
    series += x * g.sample(sample_stream(1, 1, 0, i, 0)) / kDraws;
  }
  for (const double correlation : {steps, paths, series}) EXPECT_LT(std::abs(correlation), 0.03);
}

TEST(Distribution, ScoreIsThatOfManyDraws) {
  for (const Distribution& d :
       {Distribution{Likelihood::gaussian, 1, 2, 0}, Distribution{Likelihood::student_t, 1, 2, 6},
        Distribution{Likelihood::negative_binomial, 9, 1, 0.4}, Distribution{Likelihood::poisson, 5, 1, 0}}) {
    std::vector<double> draws(20000);
    for (std::size_t i = 0; i < draws.size(); ++i) {
      draws[i] = d.sample(sample_stream(3, 0, 0, static_cast<std::int64_t>(i), 0));
    }
    for (const double y : {0.0, 4.0, 15.0}) {
      EXPECT_NEAR(crps_of(d, y), accuracy::crps_from_samples(y, draws), 0.08) << text_of(d) << ' ' << y;
    }
  }
}

TEST(Distribution, LikelihoodsAreKnownByName) {
  for (const Likelihood likelihood : kAll)
    EXPECT_EQ(parse_likelihood(likelihood_name(likelihood)), likelihood);
  try {
    parse_likelihood("gausian");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("'gaussian'"), std::string::npos);
  }
}

TEST(SampleQuantiles, InterpolateBetweenTheSortedSamples) {
  std::vector<double> samples{5, 1, 3};
  EXPECT_EQ(sample_quantiles(samples, std::vector<double>{0, 0.25, 0.5, 1}),
            (std::vector<double>{1, 2, 3, 5}));
  EXPECT_TRUE(std::isnan(sample_quantiles({}, std::vector<double>{0.5})[0]));
}

}  // namespace
}  // namespace rondo::forecasting
