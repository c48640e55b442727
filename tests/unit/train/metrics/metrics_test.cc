#include "rondo/train/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tensor/tensor.h"

namespace rondo {
namespace {

Tensor table(std::initializer_list<double> values, std::int64_t columns) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()) / columns, columns}, DType::float64);
}

double measure(const Json& config, const Tensor& prediction, const Tensor& target,
               std::vector<double> weights = {}) {
  const auto metric = make_row_metric(config);
  metric->update_rows(as_matrix(prediction), as_matrix(target), weights);
  return metric->result();
}

/// Probabilities and 0/1 targets: every metric but those of class numbers takes them.
struct Example {
  Tensor prediction{{12, 3}, DType::float64}, target{{12, 3}, DType::float64};
  Example() {
    const RandomStream random(5);
    for (std::int64_t i = 0; i < prediction.size(); ++i) {
      prediction.set(i, random.uniform(static_cast<std::uint64_t>(i)));
      target.set(i, random.uniform(static_cast<std::uint64_t>(100 + i)) < 0.5 ? 0 : 1);
    }
  }
};

bool fits(const std::string& name) {
  return !name.starts_with("sparse") && !name.ends_with("_nll") && name != "quantile";
}

TEST(Metrics, GatherOverBatchesWhatOneBatchWouldGive) {
  const Example e;
  for (const std::string& name : metric_names()) {
    if (!fits(name)) continue;
    const auto pieces = make_row_metric(name);
    for (std::int64_t begin : {0, 5}) {
      const std::int64_t end = begin == 0 ? 5 : 12;
      const Tensor p = e.prediction.slice(begin, end), t = e.target.slice(begin, end);
      pieces->update_rows(as_matrix(p), as_matrix(t));
    }
    EXPECT_NEAR(pieces->result(), measure(name, e.prediction, e.target), 1e-12) << name;
  }
}

TEST(Metrics, WeightZeroIsAsIfTheRowWereAbsentAndWeightsDivideOut) {
  const Example e;
  std::vector<double> weights(12, 2.5);
  weights[11] = 0;
  for (const std::string& name : metric_names()) {
    if (!fits(name)) continue;
    EXPECT_NEAR(measure(name, e.prediction, e.target, weights),
                measure(name, e.prediction.slice(0, 11), e.target.slice(0, 11)), 1e-12)
        << name;
  }
}

TEST(Metrics, ResetForgetsEverything) {
  const Example e;
  for (const std::string& name : metric_names()) {
    if (!fits(name)) continue;
    const auto metric = make_row_metric(name);
    const Tensor p = e.prediction.slice(0, 4), t = e.target.slice(0, 4);
    metric->update_rows(as_matrix(p), as_matrix(t));
    metric->reset();
    metric->update_rows(as_matrix(e.prediction), as_matrix(e.target));
    EXPECT_EQ(metric->result(), measure(name, e.prediction, e.target)) << name;
  }
}

TEST(Metrics, GoOnFromWhatWasGathered) {
  const Example e;
  const Tensor p = e.prediction.slice(0, 5), t = e.target.slice(0, 5);
  const Tensor q = e.prediction.slice(5, 12), u = e.target.slice(5, 12);
  for (const std::string& name : metric_names()) {
    if (!fits(name)) continue;
    const auto first = make_row_metric(name), second = make_row_metric(name), whole = make_row_metric(name);
    first->update_rows(as_matrix(p), as_matrix(t));
    second->restore(first->gathered());
    second->update_rows(as_matrix(q), as_matrix(u));
    whole->update_rows(as_matrix(p), as_matrix(t));
    whole->update_rows(as_matrix(q), as_matrix(u));
    EXPECT_EQ(second->result(), whole->result()) << name;
  }
}

TEST(Metrics, AccuracyIsChosenByTheShapesAsInKeras) {
  EXPECT_DOUBLE_EQ(measure("accuracy", table({0.2, 0.5, 0.51, 0.9}, 1), table({0, 1, 1, 0}, 1)), 0.5);
  EXPECT_DOUBLE_EQ(measure("accuracy", table({0.1, 0.9, 0.8, 0.2}, 2), table({1, 1}, 1)), 0.5);
  EXPECT_DOUBLE_EQ(measure("acc", table({0.1, 0.9, 0.8, 0.2}, 2), table({0, 1, 0, 1}, 2)), 0.5);
  EXPECT_NEAR(measure("crossentropy", table({0.1, 0.9}, 2), table({1}, 1)), -std::log(0.9), 1e-12);
}

TEST(Metrics, BinaryAccuracyCountsColumnsAndTakesAThreshold) {
  const Json low = Json::object({{"name", "binary_accuracy"}, {"threshold", 0.1}});
  EXPECT_DOUBLE_EQ(measure("binary_accuracy", table({0.2, 0.7}, 2), table({1, 1}, 2)), 0.5);
  EXPECT_DOUBLE_EQ(measure(low, table({0.2, 0.7}, 2), table({1, 1}, 2)), 1);
}

TEST(Metrics, TopKLooksAtTheKLargest) {
  const Tensor p = table({0.1, 0.4, 0.3, 0.2, 0.5, 0.1, 0.3, 0.1}, 4);
  const Json two = Json::object({{"name", "sparse_top_k_categorical_accuracy"}, {"k", 2}});
  EXPECT_DOUBLE_EQ(measure(two, p, table({2, 3}, 1)), 0.5);
  EXPECT_DOUBLE_EQ(measure("top_k_categorical_accuracy", p, table({1, 0, 0, 0, 0, 0, 0, 1}, 4)), 1);
}

TEST(Metrics, RegressionFormulas) {
  const Tensor p = table({1, 3}, 1), t = table({2, 5}, 1);
  EXPECT_DOUBLE_EQ(measure("rmse", p, t), std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(measure("mse", p, t), 2.5);
  EXPECT_DOUBLE_EQ(measure("mae", p, t), 1.5);
  EXPECT_DOUBLE_EQ(measure("smape", p, t), 100 * (2.0 / 3 + 4.0 / 8) / 2);
  EXPECT_DOUBLE_EQ(measure("smape", table({0}, 1), table({0}, 1)), 0);
  EXPECT_DOUBLE_EQ(measure("r2_score", p, t), 1 - 5.0 / 4.5);
  EXPECT_DOUBLE_EQ(measure("cosine_similarity", table({1, 1}, 2), table({1, 0}, 2)), std::sqrt(0.5));
}

TEST(Metrics, PrecisionRecallAndF1CountDecisions) {
  const Tensor p = table({0.9, 0.8, 0.3, 0.6, 0.1}, 1), t = table({1, 0, 1, 1, 0}, 1);
  EXPECT_DOUBLE_EQ(measure("precision", p, t), 2.0 / 3);
  EXPECT_DOUBLE_EQ(measure("recall", p, t), 2.0 / 3);
  EXPECT_DOUBLE_EQ(measure("f1_score", p, t), 2.0 / 3);
  const std::vector<double> weights = {1, 3, 1, 1, 1};
  EXPECT_DOUBLE_EQ(measure("precision", p, t, weights), 2.0 / 5);
  EXPECT_DOUBLE_EQ(measure("precision", table({0.1}, 1), table({1}, 1)), 0);
}

TEST(Metrics, AucIsOneForAPerfectOrderAndOneHalfForNone) {
  EXPECT_DOUBLE_EQ(measure("auc", table({0.1, 0.4, 0.6, 0.9}, 1), table({0, 0, 1, 1}, 1)), 1);
  EXPECT_DOUBLE_EQ(measure("auc", table({0.5, 0.5, 0.5, 0.5}, 1), table({0, 1, 0, 1}, 1)), 0.5);
  EXPECT_DOUBLE_EQ(measure("auc", table({0.0, 0.5, 0.3, 0.9}, 1), table({0, 0, 1, 1}, 1)), 0.75);
  EXPECT_THROW(measure("auc", table({1.5}, 1), table({1}, 1)), Error);
}

TEST(Metrics, AreNamedAsSpelledAndKnowWhichWayIsBetter) {
  EXPECT_EQ(make_row_metric("mae")->name(), "mae");
  EXPECT_EQ(make_row_metric("mae")->direction(), Direction::smaller);
  EXPECT_EQ(make_row_metric("accuracy")->direction(), Direction::larger);
  EXPECT_TRUE(std::isnan(make_row_metric("mse")->result()));
}

TEST(Metrics, RefuseWhatTheyDoNotKnow) {
  try {
    make_row_metric("acuracy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'accuracy'"), std::string::npos) << error.what();
  }
  EXPECT_THROW(make_row_metric(Json::object({{"name", "rmse"}, {"k", 2}})), Error);
  EXPECT_THROW(measure("accuracy", table({1, 2}, 2), table({1, 2, 3}, 3)), Error);
}

}  // namespace
}  // namespace rondo
