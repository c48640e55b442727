// Likelihoods of counts: their formulas, their limits, and what they refuse. (losses_test.cc holds every loss
// to its gradient.)

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/tensor/tensor.h"
#include "rondo/train/losses.h"
#include "support/message_of.h"

namespace rondo {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Json count_loss(const char* name, const char* key, Json value) {
  return Json::object({{"name", name}, {key, std::move(value)}});
}

struct OneRow {
  double value = 0;
  Tensor gradient;
};

/// The loss of one row and its gradient.
OneRow evaluate(const Json& config, std::initializer_list<double> prediction,
                std::initializer_list<double> target) {
  const auto width = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
  const Tensor p = Tensor::from(prediction, {1, width(prediction)}, DType::float64);
  const Tensor t = Tensor::from(target, {1, width(target)}, DType::float64);
  OneRow out{0, Tensor(p.shape(), DType::float64)};
  out.value =
      make_loss(config)->value_and_gradient(as_matrix(p), as_matrix(t), {}, 1, as_matrix(out.gradient));
  return out;
}

double value_of_row(const Json& config, std::initializer_list<double> prediction,
                    std::initializer_list<double> target) {
  return evaluate(config, prediction, target).value;
}

/// Raw number whose softplus, with 1e-6 added, is `value`.
double raw_of(double value) { return std::log(std::expm1(value - 1e-6)); }

TEST(CountLosses, AreThoseOfTheDistributions) {
  const double mean = 3.7, alpha = 0.6, r = 1 / alpha;
  double total = 0;
  for (int y = 0; y < 60; ++y) {
    const double k = y;
    EXPECT_NEAR(value_of_row("poisson_nll", {raw_of(mean)}, {k}),
                mean - k * std::log(mean) + std::lgamma(k + 1), 1e-9);
    // r successes of probability r / (r + μ) before k failures
    const double log_probability = std::lgamma(k + r) - std::lgamma(r) - std::lgamma(k + 1) +
                                   r * std::log(r / (r + mean)) + k * std::log(mean / (r + mean));
    const double loss = value_of_row("negative_binomial_nll", {raw_of(mean), raw_of(alpha)}, {k});
    EXPECT_NEAR(loss, -log_probability, 1e-9);
    total += std::exp(-loss);
  }
  EXPECT_NEAR(total, 1, 1e-4);
  EXPECT_NEAR(value_of_row(count_loss("poisson_nll", "mean", "log"), {std::log(mean)}, {2}),
              mean - 2 * std::log(mean) + std::log(2.0), 1e-5);
}

TEST(CountLosses, NegativeBinomialGoesOverIntoPoissonWithoutNoise) {
  for (const double y : {0.0, 3.0, 250.0}) {
    const double poisson = value_of_row("poisson_nll", {raw_of(4)}, {y});
    EXPECT_NEAR(value_of_row("negative_binomial_nll", {raw_of(4), -40}, {y}), poisson, 1e-6 * (20 + y * y));
    // The slope there is that of ½·α·((y − μ)² − y), by expansion in α.
    const double slope = evaluate("negative_binomial_nll", {raw_of(4.0), -8.0}, {y}).gradient.at(1) *
                         (1 + std::exp(8.0));  // without that of softplus
    EXPECT_NEAR(slope, -0.5 * ((y - 4) * (y - 4) - y), 0.06 * (1 + (y - 4) * (y - 4))) << y;
  }
}

TEST(CountLosses, ExposureLetsSeriesOfAllSizesShareANetwork) {
  const Json exposed = count_loss("poisson_nll", "exposure", true);
  EXPECT_NEAR(value_of_row(exposed, {raw_of(0.5)}, {7, 20}), value_of_row("poisson_nll", {raw_of(10)}, {7}),
              1e-9);
  Json dispersed = count_loss("negative_binomial_nll", "exposure", true);
  EXPECT_NEAR(value_of_row(dispersed, {raw_of(0.5), raw_of(0.8)}, {7, 16}),
              value_of_row("negative_binomial_nll", {raw_of(8), raw_of(0.2)}, {7}), 1e-5);
}

TEST(CountLosses, RefuseWhatIsNoCountAndSayWhere) {
  EXPECT_NE(message_of([] { value_of_row("poisson_nll", {1}, {-3}); }).find("row 0"), std::string::npos);
  EXPECT_NE(message_of([] {
              value_of_row("negative_binomial", {1, 1}, {-3});
            }).find("counts"),
            std::string::npos);
  EXPECT_NE(message_of([] {
              value_of_row(count_loss("poisson_nll", "exposure", true), {1}, {3, 0});
            }).find("positive"),
            std::string::npos);
  EXPECT_NE(message_of([] { value_of_row("negative_binomial_nll", {1}, {1}); }).find("2 columns"),
            std::string::npos);
  EXPECT_NE(message_of([] { make_loss(count_loss("poisson_nll", "mean", "identity")); }).find("softplus"),
            std::string::npos);
  EXPECT_NE(message_of([] { make_loss(count_loss("poisson_nll", "min_mean", 0.0)); }).find("positive"),
            std::string::npos);
}

TEST(CheckCounts, NamesTheFirstRowThatCannotBeACount) {
  const std::vector<double> counts{0, 3, kMissing, 1e6};
  EXPECT_EQ(check_counts(counts), 0);
  EXPECT_EQ(check_counts(std::vector<double>{0.5, 2, 3.25}), 2);
  EXPECT_EQ(check_counts({}), 0);
  const std::string message = message_of([] {
    check_counts(std::vector<double>{1, kMissing, -2, -3}, "column sales");
  });
  EXPECT_NE(message.find("column sales, row 2"), std::string::npos) << message;
  EXPECT_NE(message.find("-2"), std::string::npos);
  try {
    check_counts(std::vector<double>{std::numeric_limits<double>::infinity()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
  }
}

}  // namespace
}  // namespace rondo
