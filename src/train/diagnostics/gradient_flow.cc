#include "rondo/train/gradient_flow.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"
#include "train/diagnostics/gradient_diagnosis.h"
#include "train/diagnostics/recurrent_replay.h"
#include "train/fit/alignment.h"

namespace rondo {
namespace {

/// Puts the gradients back as they were, whatever happens.
class KeptGradients {
 public:
  explicit KeptGradients(ParameterStore& store) : store_(store), kept_(store.gradients()) {}
  KeptGradients(const KeptGradients&) = delete;
  KeptGradients& operator=(const KeptGradients&) = delete;
  ~KeptGradients() { store_.mutable_gradients() = std::move(kept_); }

 private:
  ParameterStore& store_;
  Tensor kept_;
};

std::shared_ptr<const Loss> loss_of(const CompileOptions& compile, std::size_t output, std::size_t outputs) {
  if (output < compile.custom_losses.size() && compile.custom_losses[output])
    return compile.custom_losses[output];
  if (!compile.loss.is_array()) return make_loss(compile.loss);
  const auto& losses = compile.loss.as_array("loss");
  if (losses.size() == outputs) return make_loss(losses[output]);
  throw Error(ErrorKind::usage, "loss must have one entry an output")
      .seen(std::to_string(losses.size()) + " entries")
      .expected(std::to_string(outputs));
}

void check_examples(const Network& network, const Batch& examples) {
  const auto require = [](const char* what, std::size_t seen, std::size_t wanted) {
    if (seen == wanted) return;
    throw Error(ErrorKind::usage, std::string("gradient flow: the examples have the wrong number of ") + what)
        .seen(std::to_string(seen))
        .expected(std::to_string(wanted));
  };
  if (!network.built())
    throw Error(ErrorKind::usage, "gradient flow is measured on a network that is built")
        .fix("call build(seed)");
  require("inputs", examples.inputs.size(), network.input_count());
  require("targets", examples.targets.size(), network.output_count());
  if (!examples.weights.empty()) require("weights", examples.weights.size(), network.output_count());
  if (examples.size() == 0)
    throw Error(ErrorKind::usage, "gradient flow needs examples").seen("none").fix("give some 32 sequences");
}

/// The gradient of the loss at output `k`, as training would have it.
Tensor output_gradient(const Tape& tape, Var output, const Network& network, const Batch& examples,
                       const CompileOptions& compile, std::size_t k) {
  const std::shared_ptr<const Loss> loss = loss_of(compile, k, network.output_count());
  const Value& value = tape.value(output);
  const bool sequence = network.output_spec(k).sequence;
  const Samples* target = &examples.targets[k];
  LayoutPool layouts;
  Samples shaped;
  if (target->is_sequence() != sequence) {
    detail::shape_target(*target, sequence, network.output_name(k), layouts, shaped);
    target = &shaped;
  }
  const Tensor* weights = examples.weights.empty() ? nullptr : &examples.weights[k];
  detail::AlignedRows rows;
  detail::align(value, *target, weights, *loss, network.output_name(k), rows);
  Tensor gradient({value.data.rows, value.data.cols}, value.data.dtype);
  const Matrix to{gradient.bytes(), rows.prediction.rows, rows.prediction.cols, rows.prediction.cols,
                  value.data.dtype};
  const double divisor = loss->divisor(rows.prediction.rows, rows.weights);
  const double amount = loss->value_and_gradient(rows.prediction, rows.target, rows.weights, divisor, to);
  if (!std::isfinite(amount))
    throw Error(ErrorKind::diverged, "gradient flow cannot be measured: the loss is not a finite number")
        .where("output '" + network.output_name(k) + "'")
        .fix("look for NaN in the data, or train again with a lower learning rate");
  if (k < compile.loss_weights.size())
    for (std::int64_t i = 0; i < gradient.size(); ++i)
      gradient.set(i, gradient.at(i) * compile.loss_weights[k]);
  return gradient;
}

}  // namespace

GradientFlow measure_gradient_flow(const Tape& tape, std::int64_t most_layers) {
  if (!tape.played_back())
    throw Error(ErrorKind::usage, "gradient flow is read from a tape that was played back")
        .fix("call tape.backward() before");
  GradientFlow flow;
  for (const Tape::Applied& applied : tape.applied()) {
    if (!detail::RecurrentReplay::covers(applied)) continue;
    if (most_layers > 0 && static_cast<std::int64_t>(flow.layers.size()) == most_layers) break;
    flow.layers.push_back(detail::RecurrentReplay(tape, applied).measure());
    detail::diagnose(flow.layers.back());
    flow.diagnosis = std::max(flow.diagnosis, flow.layers.back().diagnosis);
  }
  return flow;
}

GradientFlow measure_gradient_flow(Network& network, const Batch& examples, const CompileOptions& compile,
                                   std::int64_t most_layers) {
  check_examples(network, examples);
  const KeptGradients kept(network.parameters());
  Tape tape(network.parameters().dtype());
  tape.reset({}, true);
  const Vars outputs = network.run(tape, examples.inputs);
  std::vector<Tensor> gradients;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    gradients.push_back(output_gradient(tape, outputs[k], network, examples, compile, k));
  tape.backward(outputs, gradients);
  return measure_gradient_flow(tape, most_layers);
}

}  // namespace rondo
