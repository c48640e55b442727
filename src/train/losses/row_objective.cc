#include "train/losses/row_objective.h"

#include <numeric>

#include "train/losses/row_loss.h"

namespace rondo {

void detail::RowObjective::infer(std::span<const ValueShape> predictions) {
  const Shape& features = predictions.front().features;
  if (!features.empty() && features.back() > 0) loss_->target_columns(features.back());  // or says why not
}

double detail::RowObjective::count(std::span<const Value> predictions, const Target& target) const {
  const ComparedRows rows = target.rows(predictions.front());
  const std::span<const double> present = target.unweighted().rows(predictions.front()).weights;
  const std::int64_t counted =
      present.empty() ? rows.prediction.rows
                      : static_cast<std::int64_t>(std::accumulate(present.begin(), present.end(), 0.0));
  return loss_->divisor(counted, rows.weights);
}

void detail::RowObjective::forward(Call& call, const Target& target, double count) const {
  const Value& prediction = call.input(0);
  const ComparedRows rows = target.rows(prediction);
  Matrix gradient;
  if (call.differentiating()) {
    const Matrix& data = prediction.data;
    const auto bytes = static_cast<std::size_t>(data.rows * data.cols) * dtype_size(data.dtype);
    const ConstMatrix& as = rows.prediction;
    gradient = {call.keep(0, bytes), as.rows, as.cols, as.cols, as.dtype};
  }
  check_loss_call(*loss_, rows.prediction, rows.target, rows.weights, count, gradient);
  call.make_number(0, loss_->value_and_gradient(rows.prediction, rows.target, rows.weights, count, gradient));
}

void detail::RowObjective::backward(Call& call, const Target&, double) const {
  const Matrix to = call.input_gradient(0);
  if (!to) return;
  const double factor = call.number_gradient(0);
  with_dtype(to.dtype, [&]<class T>(T) {
    const T* own = call.kept<T>(0);
    T* sum = to.view<T>().data;
    for (std::int64_t i = 0; i < to.rows * to.cols; ++i)
      sum[i] += static_cast<T>(static_cast<double>(own[i]) * factor);
  });
}

std::shared_ptr<Objective> row_objective(std::shared_ptr<const Loss> loss) {
  return std::make_shared<detail::RowObjective>(std::move(loss));
}

}  // namespace rondo
