// Distribution functions against what they are defined by: integrals, sums, closed forms, and their own
// inverses.

#include "train/losses/probability_functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "train/losses/special_functions.h"

namespace rondo::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Simpson's rule.
double integral(double from, double to, int pieces, const std::function<double(double)>& f) {
  const double h = (to - from) / (2 * pieces);
  double sum = f(from) + f(to);
  for (int i = 1; i < 2 * pieces; ++i) sum += (i % 2 == 0 ? 2 : 4) * f(from + i * h);
  return sum * h / 3;
}

TEST(ProbabilityFunctions, NormalAgreesWithItsIntegralAndItsInverse) {
  for (const double z : {-3.0, -1.0, 0.3, 2.5}) {
    EXPECT_NEAR(normal_cdf(z), 0.5 + integral(0, z, 2000, normal_density), 1e-13);
  }
  for (const double p : {1e-300, 1e-12, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-10}) {
    EXPECT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-12 * p) << p;
  }
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-13);
  EXPECT_EQ(normal_quantile(0), -kInfinity);
  EXPECT_EQ(normal_quantile(1), kInfinity);
  EXPECT_TRUE(std::isnan(normal_quantile(1.1)));
}

TEST(ProbabilityFunctions, StudentsDistributionHasItsClosedForms) {
  for (const double t : {-30.0, -2.0, -0.1, 0.0, 0.7, 5.0, 1e9}) {
    EXPECT_NEAR(student_t_cdf(t, 1), 0.5 + std::atan(t) / std::numbers::pi, 1e-13) << t;
    EXPECT_NEAR(student_t_cdf(t, 2), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-13) << t;
    EXPECT_NEAR(student_t_cdf(t, 1e9), normal_cdf(t), 1e-9) << t;
  }
  EXPECT_NEAR((student_t_cdf(1e-10, 5) - 0.5) / 1e-10, std::exp(student_t_log_density(0, 5)), 1e-6);
  for (const double nu : {0.7, 3.5, 40.0}) {
    const auto density = [nu](double t) { return std::exp(student_t_log_density(t, nu)); };
    EXPECT_NEAR(student_t_cdf(1.3, nu), 0.5 + integral(0, 1.3, 2000, density), 1e-12) << nu;
  }
}

TEST(ProbabilityFunctions, StudentsQuantileInvertsTheDistribution) {
  for (const double nu : {0.5, 1.0, 2.3, 7.0, 100.0, 1e6}) {
    for (const double p : {1e-8, 0.003, 0.1, 0.4, 0.5, 0.77, 0.999}) {
      EXPECT_NEAR(student_t_cdf(student_t_quantile(p, nu), nu), p, 1e-11 * p) << nu << ' ' << p;
    }
  }
  EXPECT_NEAR(student_t_quantile(0.975, 10), 2.228138851986274, 1e-13);  // the tables say 2.228
  EXPECT_EQ(student_t_quantile(0, 3), -kInfinity);
  EXPECT_TRUE(std::isnan(student_t_quantile(0.5, 0)));
}

TEST(ProbabilityFunctions, IncompleteGammaSumsThePoisson) {
  for (const double mean : {0.01, 1.0, 17.5, 400.0}) {
    double sum = 0;
    for (int k = 0; k < 60; ++k) {
      sum += std::exp(k * std::log(mean) - mean - log_gamma(k + 1.0));
      EXPECT_NEAR(incomplete_gamma_upper(k + 1, mean), sum, 1e-12) << mean << ' ' << k;
    }
  }
  EXPECT_EQ(incomplete_gamma_upper(1e12, 1.1e12), 0);
  EXPECT_EQ(incomplete_gamma_upper(1e12, 0.9e12), 1);
  EXPECT_EQ(incomplete_gamma_upper(3, 0), 1);
  EXPECT_EQ(incomplete_gamma_upper(3, kInfinity), 0);
}

TEST(ProbabilityFunctions, IncompleteGammaOfLargeShapesGoesOnWhereItsSeriesEnds) {
  // Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1), across the border between the two ways and far beyond it.
  for (const double a : {1e5 - 0.5, 3e5, 1e7}) {
    for (const double z : {-40.0, -20.0, -4.0, -1.0, -0.01, 0.0, 0.5, 3.0, 6.0, 25.0}) {
      const double x = a + z * std::sqrt(a);
      const double term = std::exp(a * std::log1p((x - a) / a) + (a - x) - log_gamma_ratio(1e4, a - 1e4) -
                                   log_gamma(1e4) + a * std::log(a) - a - std::log(a));
      EXPECT_NEAR(incomplete_gamma_upper(a + 1, x), incomplete_gamma_upper(a, x) + term, 2e-10)
          << a << ' ' << z;
    }
  }
}

TEST(ProbabilityFunctions, IncompleteBetaSumsTheBinomial) {
  for (const double p : {0.05, 0.5, 0.93}) {
    double sum = 0;
    for (int k = 0; k < 20; ++k) {
      sum += std::exp(log_gamma(21) - log_gamma(k + 1.0) - log_gamma(21.0 - k) + k * std::log(p) +
                      (20 - k) * std::log1p(-p));
      EXPECT_NEAR(incomplete_beta(20 - k, k + 1, 1 - p), sum, 1e-12) << p << ' ' << k;
    }
  }
  EXPECT_EQ(incomplete_beta(2, 3, 0), 0);
  EXPECT_EQ(incomplete_beta(2, 3, 1), 1);
  EXPECT_NEAR(incomplete_beta(1e5, 1e5, 0.5), 0.5, 1e-9);
}

TEST(ProbabilityFunctions, RatiosOfGammaDoNotCancel) {
  for (const double x : {0.3, 9.9, 10.1, 50.0}) {
    for (const double y : {0.0, 0.5, 3.0, 40.0}) {
      EXPECT_NEAR(log_gamma_ratio(x, y), log_gamma(x + y) - log_gamma(x), 1e-11) << x << ' ' << y;
      EXPECT_NEAR(digamma_difference(x, y), digamma(x + y) - digamma(x), 1e-12) << x << ' ' << y;
    }
  }
  // Γ(x + 3)/Γ(x) = x (x + 1) (x + 2), and ψ(x + 2) − ψ(x) = 1/x + 1/(x + 1).
  const double x = 1e9;
  EXPECT_NEAR(log_gamma_ratio(x, 3), 3 * std::log(x) + 3e-9, 1e-13);
  EXPECT_NEAR(digamma_difference(x, 2), 1 / x + 1 / (x + 1), 1e-22);
}

}  // namespace
}  // namespace rondo::detail
