#include <memory>
#include <string>
#include <vector>

#include "golden/case_checks.h"
#include "golden/case_network.h"
#include "rondo/train/losses.h"
#include "rondo/train/metrics.h"
#include "rondo/train/schedules.h"

namespace rondo::golden {
namespace {

/// Predictions, targets and weights as rows: masked steps are not rows.
struct Rows {
  Tensor prediction, target;
  std::vector<double> weights;
  std::vector<std::int64_t> kept;  ///< which rows of the array [batch · time, …] they are
};

Rows make_rows(const Tensor& y_pred, const Tensor& y_true, const Tensor* weights, const Tensor* mask,
               DType dtype) {
  const std::int64_t all = y_pred.size() / y_pred.dim(-1), per_sample = all / y_pred.dim(0);
  Rows rows;
  for (std::int64_t i = 0; i < all; ++i) {
    if (mask == nullptr || mask->at(i) != 0) rows.kept.push_back(i);
  }
  rows.prediction = y_pred.reshaped({all, -1}).gather(rows.kept).cast(dtype);
  rows.target = y_true.reshaped({all, -1}).gather(rows.kept).cast(dtype);
  if (weights == nullptr) return rows;
  for (const std::int64_t row : rows.kept) {
    rows.weights.push_back(weights->at(weights->size() == all ? row : row / per_sample));
  }
  return rows;
}

const Tensor* optional_input(const GoldenCase& golden, const char* key) {
  const Json* name = golden.find_input(key);
  return name == nullptr ? nullptr : &golden.tensor(*name);
}

double divisor(const std::string& reduction, const Rows& rows, double ignored) {
  if (reduction == "sum") return 1;
  if (reduction == "sum_over_batch_size") return static_cast<double>(rows.kept.size()) - ignored;
  double sum = 0;
  for (const double weight : rows.weights) sum += weight;
  return sum;
}

}  // namespace

void check_loss(const GoldenCase& golden, DType dtype, Comparison& comparison) {
  const auto loss = make_loss(golden.spec("loss"));
  const Tensor& y_pred = golden.input("y_pred");
  const Rows rows = make_rows(y_pred, golden.input("y_true"), optional_input(golden, "sample_weight"),
                              optional_input(golden, "mask"), dtype);
  double ignored = 0;
  for (std::int64_t i = 0; loss->ignored_class() && i < rows.target.size(); ++i)
    ignored += rows.target.at(i) == static_cast<double>(*loss->ignored_class()) ? 1 : 0;
  Tensor gradient(rows.prediction.shape(), dtype);
  const double value = loss->value_and_gradient(
      as_matrix(rows.prediction), as_matrix(rows.target), rows.weights,
      divisor(golden.meta().at("reduction").as_string(), rows, ignored), as_matrix(gradient));
  comparison.compare("loss", value, golden.expected("loss").at(0), forward_tolerance(dtype));
  const Tensor expected =
      golden.expected("grad_y_pred").reshaped({y_pred.size() / y_pred.dim(-1), -1}).gather(rows.kept);
  comparison.compare("gradient", gradient, expected, gradient_tolerance(dtype, largest_magnitude(expected)));
}

void check_metric(const GoldenCase& golden, DType dtype, Comparison& comparison) {
  const auto metric = make_row_metric(golden.spec("metric"));
  const std::vector<Tensor> y_pred = golden.tensors(*golden.find_input("y_pred"));
  const std::vector<Tensor> y_true = golden.tensors(*golden.find_input("y_true"));
  const std::vector<Tensor> weights = golden.tensors(*golden.find_input("sample_weight"));
  metric->reset();
  for (std::size_t i = 0; i < y_pred.size(); ++i) {
    const Rows rows =
        make_rows(y_pred[i], y_true[i], weights.empty() ? nullptr : &weights[i], nullptr, dtype);
    metric->update_rows(as_matrix(rows.prediction), as_matrix(rows.target), rows.weights);
  }
  comparison.compare("value", metric->result(), golden.expected("value").at(0), forward_tolerance(dtype));
}

void check_schedule(const GoldenCase& golden, DType, Comparison& comparison) {
  const auto schedule = make_schedule(golden.spec("schedule"));
  const Tensor& expected = golden.expected("values");
  Tensor seen(expected.shape(), DType::float64);
  for (std::int64_t step = 0; step < seen.size(); ++step) seen.set(step, schedule->at(step));
  comparison.compare("learning rates", seen, expected, forward_tolerance(DType::float64));
}

}  // namespace rondo::golden
