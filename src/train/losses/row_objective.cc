#include <memory>
#include <numeric>

#include "train/losses/row_loss.h"

namespace rondo {
namespace {

/// A loss of rows as an objective of one prediction: what the tape and the trainer know of Loss.
class RowObjective final : public Objective {
 public:
  explicit RowObjective(std::shared_ptr<const Loss> loss) : loss_(std::move(loss)) {}

  std::string name() const override { return loss_->name(); }
  Json config() const override { return loss_->config(); }
  bool is_by_row() const override { return true; }
  std::optional<std::int64_t> ignored_class() const override { return loss_->ignored_class(); }
  std::int64_t prediction_columns(std::int64_t target_columns) const override {
    return loss_->prediction_columns(target_columns);
  }
  void infer(std::span<const ValueShape> predictions) override;
  double count(std::span<const Value> predictions, const Target& target) const override;

 protected:
  void forward(Call& call, const Target& target, double count) const override;
  void backward(Call& call, const Target& target, double count) const override;

 private:
  std::shared_ptr<const Loss> loss_;
};

void RowObjective::infer(std::span<const ValueShape> predictions) {
  const Shape& features = predictions.front().features;
  if (!features.empty() && features.back() > 0) loss_->target_columns(features.back());  // or says why not
}

double RowObjective::count(std::span<const Value> predictions, const Target& target) const {
  const ComparedRows rows = target.rows(predictions.front());
  const std::span<const double> present = target.unweighted().rows(predictions.front()).weights;
  const std::int64_t counted =
      present.empty() ? rows.prediction.rows
                      : static_cast<std::int64_t>(std::accumulate(present.begin(), present.end(), 0.0));
  return loss_->divisor(counted, rows.weights);
}

void RowObjective::forward(Call& call, const Target& target, double count) const {
  const Value& prediction = call.input(0);
  const ComparedRows rows = target.rows(prediction);
  Matrix gradient;
  if (call.differentiating()) {
    const Matrix& data = prediction.data;
    const auto bytes = static_cast<std::size_t>(data.rows * data.cols) * dtype_size(data.dtype);
    const ConstMatrix& as = rows.prediction;
    gradient = {call.keep(0, bytes), as.rows, as.cols, as.cols, as.dtype};
  }
  detail::check_loss_call(*loss_, rows.prediction, rows.target, rows.weights, count, gradient);
  call.make_number(0, loss_->value_and_gradient(rows.prediction, rows.target, rows.weights, count, gradient));
}

void RowObjective::backward(Call& call, const Target&, double) const {
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

}  // namespace

std::shared_ptr<Objective> row_objective(std::shared_ptr<const Loss> loss) {
  return std::make_shared<RowObjective>(std::move(loss));
}

}  // namespace rondo
