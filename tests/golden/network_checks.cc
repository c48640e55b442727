#include <memory>
#include <numeric>
#include <vector>

#include "golden/case_checks.h"
#include "golden/case_network.h"
#include "rondo/train/losses.h"
#include "rondo/train/optimizers.h"

namespace rondo::golden {
namespace {

Tensor as_rows(const Samples& output) {
  const Tensor& values = output.values();
  const std::int64_t rows = values.dim(0);
  return values.reshaped({rows, rows == 0 ? 0 : values.size() / rows});
}

/// The loss of a case on the output of its network, ready for many passes.
class CaseLoss {
 public:
  explicit CaseLoss(const GoldenCase& golden) : golden_(golden), loss_(make_loss(golden.spec("loss"))) {}

  /// The loss with penalties; adds all gradients to the network's parameters and to the tape's inputs.
  double backward(CaseNetwork& network, Tape& tape, Var output) {
    const Samples batch = tape.get(output);
    const Tensor prediction = as_rows(batch);
    if (target_.empty()) prepare(batch, prediction);
    Tensor gradient(prediction.shape(), prediction.dtype());
    const double value =
        loss_->value_and_gradient(as_matrix(prediction), as_matrix(target_), weights_,
                                  static_cast<double>(prediction.dim(0)), as_matrix(gradient));
    network.network().parameters().zero_gradients();
    std::vector<Var> values = {output};
    std::vector<Tensor> gradients = {gradient};
    penalty_ = 0;
    for (const Var penalty : tape.penalties()) {
      penalty_ += tape.number(penalty);
      values.push_back(penalty);
      gradients.push_back(Tensor::full({1, 1}, 1, DType::float64));
    }
    tape.backward(values, gradients);
    penalty_ += network.network().regularization(true);
    return value + penalty_;
  }
  double penalty() const { return penalty_; }

 private:
  void prepare(const Samples& output, const Tensor& prediction) {
    const std::int64_t rows = prediction.dim(0), batch = output.size();
    const Mask mask = mask_of(output);
    Tensor target = golden_.input("y");
    if (output.is_sequence()) target = packed_rows(*output.layout(), target, mask);
    target_ = target.reshaped({rows, -1}).cast(prediction.dtype());
    const Json* given = golden_.find_input("sample_weight");
    if (given == nullptr) return;
    const Tensor& by_sample = golden_.tensor(*given);
    weights_.resize(static_cast<std::size_t>(rows));
    if (!output.is_sequence()) {
      for (std::int64_t b = 0; b < batch; ++b) weights_[static_cast<std::size_t>(b)] = by_sample.at(b);
      return;
    }
    const Layout& layout = *output.layout();
    for (std::int64_t t = 0; t < layout.longest(); ++t) {
      for (std::int64_t r = 0; r < layout.rows(t); ++r) {
        weights_[static_cast<std::size_t>(layout.offset(t) + r)] =
            by_sample.at(layout.order()[static_cast<std::size_t>(r)]);
      }
    }
  }

  /// The mask that Keras carried to the loss: the given one, or that of an embedding.
  Mask mask_of(const Samples& output) const {
    if (!output.is_sequence()) return {};
    if (const Json* given = golden_.find_input("mask")) return golden_.tensor(*given);
    const Json& first = golden_.spec("layers").as_array().front();
    const Json* mask_zero = first.find("mask_zero");
    if (mask_zero != nullptr && mask_zero->as_bool()) return golden_.input("x");
    return {};
  }

  const GoldenCase& golden_;
  std::shared_ptr<const Loss> loss_;
  Tensor target_;
  std::vector<double> weights_;
  double penalty_ = 0;
};

}  // namespace

void check_forward_backward(const GoldenCase& golden, DType dtype, Comparison& comparison) {
  CaseNetwork network(golden, dtype);
  Tape tape(dtype);
  const std::vector<Var> outputs = network.run(tape, golden.meta().at("training").as_bool());
  const std::vector<Tensor> expected = golden.tensors(golden.meta().at("expected").at("outputs"));
  const std::vector<Tensor> cotangents = golden.tensors(golden.meta().at("cotangents"));
  if (outputs.size() != expected.size()) {
    comparison.report("outputs", "seen " + std::to_string(outputs.size()) + ", expected " +
                                     std::to_string(expected.size()));
    return;
  }
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Samples output = tape.get(outputs[i]);
    const Json& mask_name = golden.meta().at("output_masks").as_array()[i];
    const Mask mask = mask_name.is_null() ? Mask{} : Mask{golden.tensor(mask_name)};
    comparison.compare("output " + std::to_string(i), output.values(), rows_of(output, expected[i], mask),
                       forward_tolerance(dtype));
    const Tensor gradient = rows_of(output, cotangents[i], mask).cast(dtype);
    gradients.push_back(gradient.reshaped(as_rows(output).shape()));
  }
  network.network().parameters().zero_gradients();
  tape.backward(outputs, gradients);
  network.compare_gradients(tape, comparison);
  network.compare_parameters("new_weights", forward_tolerance(dtype), comparison);
}

void check_model_loss(const GoldenCase& golden, DType dtype, Comparison& comparison) {
  CaseNetwork network(golden, dtype);
  Tape tape(dtype);
  const std::vector<Var> outputs = network.run(tape, golden.meta().at("training").as_bool());
  CaseLoss loss(golden);
  const double value = loss.backward(network, tape, outputs.front());
  comparison.compare("loss", value, golden.expected("loss").at(0), forward_tolerance(dtype));
  comparison.compare("penalty", loss.penalty(), golden.expected("penalty").at(0), forward_tolerance(dtype));
  network.compare_gradients(tape, comparison);
}

void check_training(const GoldenCase& golden, DType dtype, Comparison& comparison) {
  CaseNetwork network(golden, dtype);
  CaseLoss loss(golden);
  const auto optimizer = make_optimizer(golden.spec("optimizer"));
  Tape tape(dtype);
  const std::int64_t steps = golden.spec("steps").as_integer();
  Tensor losses({steps}, DType::float64);
  for (std::int64_t step = 0; step < steps; ++step) {
    const std::vector<Var> outputs = network.run(tape, true);
    losses.set(step, loss.backward(network, tape, outputs.front()));
    optimizer->step(network.network().parameters());
    network.network().constrain();
  }
  comparison.compare("losses", losses, golden.expected("losses"), training_tolerance(dtype));
  network.compare_parameters("final_weights", training_tolerance(dtype), comparison);
}

}  // namespace rondo::golden
