#include "rondo/train/losses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tensor/tensor.h"
#include "support/message_of.h"

namespace rondo {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Json with(const char* name, const char* key, Json value) {
  return Json::object({{"name", name}, {key, std::move(value)}});
}

/// Every loss, with the options that change its formula.
std::vector<Json> all_variants() {
  std::vector<Json> out;
  for (const std::string& name : loss_names()) out.emplace_back(name);
  for (const char* name :
       {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}) {
    out.push_back(with(name, "from_logits", true));
    out.push_back(with(name, "label_smoothing", 0.2));
    Json both = with(name, "label_smoothing", 0.1);
    out.push_back(both.set("from_logits", true));
  }
  out.push_back(with("huber", "delta", 0.3));
  out.push_back(with("quantile", "levels", Json::list(std::vector<double>{0.5})));
  out.push_back(with("gaussian_nll", "scale", "log"));
  out.push_back(with("student_t_nll", "scale", "log"));
  out.push_back(with("student_t_nll", "degrees_of_freedom", 4.5));
  for (const char* name : {"negative_binomial_nll", "poisson_nll"}) {
    out.push_back(with(name, "mean", "log"));
    out.push_back(with(name, "exposure", true));
  }
  return out;
}

struct Example {
  Tensor prediction, target;
};

/// Rows that suit the loss: probabilities for cross-entropies, class numbers for sparse ones.
Example example_for(const Loss& loss, std::int64_t rows, DType dtype = DType::float64,
                    std::uint64_t seed = 1) {
  const bool classes = loss.name().find("crossentropy") != std::string::npos;
  const bool sparse = loss.name().starts_with("sparse");
  const bool counts = loss.name() == "negative_binomial_nll" || loss.name() == "poisson_nll";
  const std::int64_t columns = loss.prediction_columns(4) < 0 ? 4 : loss.prediction_columns(4);
  const RandomStream random(seed);
  Example out{Tensor({rows, columns}, dtype), Tensor({rows, loss.target_columns(columns)}, dtype)};
  for (std::int64_t i = 0; i < out.prediction.size(); ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    out.prediction.set(i, classes ? 0.05 + 0.9 * random.uniform(n) : 2 * random.normal(n));
  }
  for (std::int64_t i = 0; i < out.target.size(); ++i) {
    const auto n = static_cast<std::uint64_t>(1000 + i);
    out.target.set(i, sparse    ? static_cast<double>(random.below(n, 4))
                      : classes ? random.uniform(n)
                      : counts  ? static_cast<double>(1 + random.below(n, 9))
                                : random.normal(n));
  }
  return out;
}

double value_of(const Loss& loss, const Example& e, std::span<const double> weights = {},
                double divisor = 1) {
  return loss.value(as_matrix(e.prediction), as_matrix(e.target), weights, divisor);
}
Tensor gradient_of(const Loss& loss, const Example& e, std::span<const double> weights = {},
                   double divisor = 1) {
  Tensor gradient(e.prediction.shape(), e.prediction.dtype());
  loss.value_and_gradient(as_matrix(e.prediction), as_matrix(e.target), weights, divisor,
                          as_matrix(gradient));
  return gradient;
}

double one_row(const Json& config, std::initializer_list<double> prediction,
               std::initializer_list<double> target) {
  const auto width = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
  const Example e{Tensor::from(prediction, {1, width(prediction)}, DType::float64),
                  Tensor::from(target, {1, width(target)}, DType::float64)};
  return value_of(*make_loss(config), e);
}

TEST(Losses, SayAsObjectivesTooHowManyColumnsAPredictionNeeds) {
  for (const Json& variant : all_variants()) {
    const std::int64_t wanted = make_loss(variant)->prediction_columns(4);
    EXPECT_EQ(make_objective(variant)->prediction_columns(4), wanted) << to_json(variant);
  }
}

TEST(Losses, GradientEqualsFiniteDifferencesForEveryLossAndOption) {
  const std::vector<double> weights = {0.5, 2.0, 1.0};
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    Example e = example_for(*loss, 3);
    const Tensor gradient = gradient_of(*loss, e, weights, 3);
    for (std::int64_t i = 0; i < gradient.size(); ++i) {
      const double at = e.prediction.at(i), step = 1e-6;
      e.prediction.set(i, at + step);
      const double above = value_of(*loss, e, weights, 3);
      e.prediction.set(i, at - step);
      const double below = value_of(*loss, e, weights, 3);
      e.prediction.set(i, at);
      const double expected = (above - below) / (2 * step);
      EXPECT_NEAR(gradient.at(i), expected, 1e-6 + 1e-5 * std::abs(expected))
          << to_json(config) << " element " << i;
    }
  }
}

TEST(Losses, ValueIsTheSameWithAndWithoutGradient) {
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    const Example e = example_for(*loss, 5);
    Tensor gradient(e.prediction.shape(), DType::float64);
    EXPECT_EQ(value_of(*loss, e), loss->value_and_gradient(as_matrix(e.prediction), as_matrix(e.target), {},
                                                           1, as_matrix(gradient)));
  }
}

TEST(Losses, FloatAgreesWithDouble) {
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    const Example single = example_for(*loss, 6, DType::float32);
    const Example exact{single.prediction.cast(DType::float64), single.target.cast(DType::float64)};
    const double expected = value_of(*loss, exact);
    EXPECT_NEAR(value_of(*loss, single), expected, 1e-5 * (1 + std::abs(expected))) << to_json(config);
    const Tensor a = gradient_of(*loss, single), b = gradient_of(*loss, exact);
    for (std::int64_t i = 0; i < a.size(); ++i) {
      EXPECT_NEAR(a.at(i), b.at(i), 2e-5 * (1 + std::abs(b.at(i)))) << to_json(config);
    }
  }
}

TEST(Losses, WeightZeroIsAsIfTheRowWereAbsentEvenWhenItHoldsNaN) {
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    Example e = example_for(*loss, 4);
    const Example rest{e.prediction.gather(std::vector<std::int64_t>{0, 1, 3}),
                       e.target.gather(std::vector<std::int64_t>{0, 1, 3})};
    for (std::int64_t c = 0; c < e.prediction.dim(1); ++c)
      e.prediction.set(2 * e.prediction.dim(1) + c, kNaN);
    const std::vector<double> weights = {1, 1, 0, 1};
    EXPECT_EQ(value_of(*loss, e, weights, 3), value_of(*loss, rest, {}, 3)) << to_json(config);
    const Tensor gradient = gradient_of(*loss, e, weights, 3), expected = gradient_of(*loss, rest, {}, 3);
    const std::int64_t columns = gradient.dim(1);
    for (std::int64_t c = 0; c < columns; ++c) {
      EXPECT_EQ(gradient.at(2 * columns + c), 0);
      EXPECT_EQ(gradient.at(3 * columns + c), expected.at(2 * columns + c));
    }
  }
}

TEST(Losses, WeightsAndDivisorScaleValueAndGradient) {
  const std::vector<double> twice = {2, 2, 2};
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    const Example e = example_for(*loss, 3);
    EXPECT_DOUBLE_EQ(value_of(*loss, e, twice, 4), value_of(*loss, e) / 2);
    const Tensor a = gradient_of(*loss, e, twice, 4), b = gradient_of(*loss, e);
    for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_DOUBLE_EQ(a.at(i), b.at(i) / 2);
  }
}

TEST(Losses, ConfigMakesTheSameLossAgain) {
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config), again = make_loss(loss->config());
    const Example e = example_for(*loss, 3);
    EXPECT_EQ(loss->config(), again->config());
    EXPECT_EQ(value_of(*loss, e), value_of(*again, e)) << to_json(config);
  }
}

TEST(Losses, ColumnsOfPredictionAndTargetFitEachOther) {
  for (const Json& config : all_variants()) {
    const auto loss = make_loss(config);
    const std::int64_t columns = loss->prediction_columns(4);  // counts and their scales come in pairs
    if (columns > 0) {
      EXPECT_EQ(loss->target_columns(columns), 4) << to_json(config);
    }
  }
}

TEST(Losses, RegressionFormulas) {
  EXPECT_DOUBLE_EQ(one_row("mse", {1, 3}, {0, 1}), (1.0 + 4.0) / 2);
  EXPECT_DOUBLE_EQ(one_row("mae", {1, 3}, {0, 1}), 1.5);
  EXPECT_DOUBLE_EQ(one_row("mape", {1, 3}, {2, 4}), 100 * (0.5 + 0.25) / 2);
  EXPECT_DOUBLE_EQ(one_row("mape", {1}, {0}), 100 / 1e-7);
  EXPECT_DOUBLE_EQ(one_row("huber", {0.5, 3}, {0, 0}), (0.125 + 2.5) / 2);
  EXPECT_NEAR(one_row("log_cosh", {1.5}, {0}), std::log(std::cosh(1.5)), 1e-15);
  EXPECT_NEAR(one_row("log_cosh", {1e4}, {0}), 1e4 - std::log(2.0), 1e-9);  // cosh itself would overflow
}

TEST(Losses, QuantileIsThePinballLossOfEveryLevel) {
  const Json levels = with("quantile", "levels", Json::list(std::vector<double>{0.1, 0.9}));
  // Two targets, two levels: columns are target 0 at 0.1, target 0 at 0.9, target 1 at 0.1, target 1 at 0.9.
  EXPECT_DOUBLE_EQ(one_row(levels, {0, 0, 2, 2}, {1, 0}), (0.1 * 1 + 0.9 * 1 + 0.9 * 2 + 0.1 * 2) / 4);
}

TEST(Losses, CrossentropyFormulas) {
  EXPECT_NEAR(one_row("bce", {0.8, 0.3}, {1, 0}), -(std::log(0.8) + std::log(0.7)) / 2, 1e-15);
  EXPECT_NEAR(one_row("cce", {0.2, 0.3, 0.5}, {0, 1, 0}), -std::log(0.3), 1e-15);
  EXPECT_NEAR(one_row("scce", {0.2, 0.3, 0.5}, {1}), -std::log(0.3), 1e-15);
  const double total = std::exp(1.0) + std::exp(2.0) + std::exp(-1.0);
  EXPECT_NEAR(one_row(with("scce", "from_logits", true), {1, 2, -1}, {0}), std::log(total) - 1, 1e-15);
}

TEST(Losses, CategoricalCrossentropyDividesByTheRowSumAndTheSparseOneDoesNot) {
  EXPECT_NEAR(one_row("cce", {0.4, 0.6, 1.0}, {0, 1, 0}), -std::log(0.3), 1e-15);
  EXPECT_NEAR(one_row("scce", {0.4, 0.6, 1.0}, {1}), -std::log(0.6), 1e-15);
}

TEST(Losses, ProbabilitiesAreClippedAndHaveNoGradientOutside) {
  EXPECT_NEAR(one_row("bce", {0}, {1}), -std::log(1e-7), 1e-9);
  EXPECT_NEAR(one_row("scce", {0, 1}, {0}), -std::log(1e-7), 1e-9);
  const Example e{Tensor::from({0.0, 1.0}, {1, 2}, DType::float64),
                  Tensor::from({1.0, 0.0}, {1, 2}, DType::float64)};
  for (const char* name : {"bce", "cce"}) {
    const Tensor gradient = gradient_of(*make_loss(name), e);
    EXPECT_EQ(gradient.at(0), 0);
    EXPECT_EQ(gradient.at(1), 0);
  }
}

TEST(Losses, HugeLogitsStayFinite) {
  for (const char* name : {"bce", "cce"}) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      const Example e{Tensor::from({1e4, -1e4}, {1, 2}, dtype), Tensor::from({0.0, 1.0}, {1, 2}, dtype)};
      const auto loss = make_loss(with(name, "from_logits", true));
      EXPECT_TRUE(std::isfinite(value_of(*loss, e)));
      const Tensor gradient = gradient_of(*loss, e);
      EXPECT_TRUE(std::isfinite(gradient.at(0)) && std::isfinite(gradient.at(1)));
      EXPECT_GT(gradient.at(0), 0);
      EXPECT_LT(gradient.at(1), 0);
    }
  }
}

TEST(Losses, LikelihoodsAreThoseOfTheDistributions) {
  // softplus(log(e − 1)) = 1, so the raw scale below is σ = 1 when min_scale is 0.
  const double raw_one = std::log(std::exp(1.0) - 1);
  EXPECT_NEAR(one_row(with("gaussian_nll", "min_scale", 0.0), {2, raw_one}, {3.5}),
              0.5 * std::log(2 * M_PI) + 0.5 * 1.5 * 1.5, 1e-12);
  // With one degree of freedom it is the Cauchy distribution.
  Json cauchy = with("student_t_nll", "min_scale", 0.0);
  cauchy.set("degrees_of_freedom", 1.0);
  EXPECT_NEAR(one_row(cauchy, {2, raw_one}, {3.5}), std::log(M_PI * (1 + 1.5 * 1.5)), 1e-12);
  // With very many it is the Gaussian one.
  cauchy.set("degrees_of_freedom", 1e7);
  EXPECT_NEAR(one_row(cauchy, {2, raw_one}, {3.5}), 0.5 * std::log(2 * M_PI) + 1.125, 1e-6);
  EXPECT_NEAR(likelihood_scale("softplus", raw_one, 0), 1, 1e-15);
  EXPECT_NEAR(likelihood_scale("log", std::log(3.0), 0.5), 3.5, 1e-15);
  EXPECT_GT(student_t_degrees_of_freedom(-10), 2);
}

TEST(Losses, KnowKerasNamesAndAliases) {
  EXPECT_EQ(make_loss("MSE")->name(), "mean_squared_error");
  EXPECT_EQ(make_loss("MeanSquaredError")->name(), "mean_squared_error");
  EXPECT_EQ(make_loss("SparseCategoricalCrossentropy")->name(), "sparse_categorical_crossentropy");
  EXPECT_EQ(make_loss("LogCosh")->name(), "log_cosh");
  const Json keras = parse_json(R"({"class_name": "Huber", "config": {"name": "huber_loss", "delta": 2.0}})");
  EXPECT_EQ(make_loss(keras)->config().at("delta").as_real(), 2.0);
}

TEST(Losses, DivisorFollowsTheReduction) {
  const std::vector<double> weights = {0.5, 1.5, 2};
  EXPECT_EQ(make_loss("mse")->divisor(3, weights), 3);
  EXPECT_EQ(make_loss(with("mse", "reduction", "sum"))->divisor(3, weights), 1);
  EXPECT_EQ(make_loss(with("mse", "reduction", "mean_with_sample_weight"))->divisor(3, weights), 4);
  EXPECT_EQ(make_loss(with("mse", "reduction", "mean_with_sample_weight"))->divisor(3, {}), 3);
  EXPECT_EQ(make_loss("mse")->divisor(0, {}), 1);
}

TEST(Losses, RefuseWhatDoesNotFitAndSayWhatWould) {
  EXPECT_NE(message_of([] { make_loss("mean_squared_eror"); }).find("'mean_squared_error'"),
            std::string::npos);
  EXPECT_NE(message_of([] { make_loss(with("huber", "dleta", 2.0)); }).find("delta"), std::string::npos);
  EXPECT_NE(message_of([] { make_loss(with("huber", "delta", -1.0)); }).find("positive"), std::string::npos);
  EXPECT_NE(message_of([] { make_loss(Json(3)); }).find("which loss"), std::string::npos);
  EXPECT_NE(message_of([] { one_row("mse", {1, 2}, {1}); }).find("(1, 2)"), std::string::npos);
  EXPECT_NE(message_of([] { one_row("quantile", {1, 2}, {1}); }).find("level"), std::string::npos);
  for (const double wrong : {-1.0, 3.0, 0.5, kNaN}) {
    EXPECT_NE(message_of([&] {
                one_row("scce", {0.2, 0.3, 0.5}, {wrong});
              }).find("0 to 2"),
              std::string::npos);
  }
  const Example mixed{Tensor({2, 1}, DType::float32), Tensor({2, 1}, DType::float64)};
  EXPECT_NE(message_of([&] { value_of(*make_loss("mse"), mixed); }).find("float64"), std::string::npos);
  const Example fine{Tensor({2, 1}), Tensor({2, 1})};
  const std::vector<double> one_weight = {1};
  EXPECT_NE(message_of([&] { value_of(*make_loss("mse"), fine, one_weight); }).find("one weight a row"),
            std::string::npos);
}

}  // namespace
}  // namespace rondo
