#include "rondo/train/gradient_flow.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"
#include "train/diagnostics/gradient_diagnosis.h"
#include "train/diagnostics/recurrent_replay.h"
#include "train/fit/batch_pass.h"

namespace rondo {
namespace {

/// Puts the gradients back as they were, whatever happens.
class KeptGradients {
 public:
  explicit KeptGradients(ParameterStore& store) : store_(store), kept_(store.gradients()) {}
  KeptGradients(const KeptGradients&) = delete;
  KeptGradients& operator=(const KeptGradients&) = delete;
  ~KeptGradients() { store_.gradients() = std::move(kept_); }

 private:
  ParameterStore& store_;
  Tensor kept_;
};

void check_examples(const Network& network, const Batch& examples, std::size_t objectives) {
  const auto require = [](const char* what, std::size_t seen, std::size_t wanted) {
    if (seen == wanted) return;
    throw Error(ErrorKind::usage, std::string("gradient flow: the examples have the wrong number of ") + what)
        .seen(std::to_string(seen))
        .expected(std::to_string(wanted));
  };
  require("inputs", examples.inputs.size(), network.input_count());
  require("targets", examples.targets.size(), objectives);
  if (!examples.weights.empty()) require("weights", examples.weights.size(), objectives);
  if (examples.size() == 0)
    throw Error(ErrorKind::usage, "gradient flow needs examples").seen("none").fix("give some 32 sequences");
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
  if (!network.built())
    throw Error(ErrorKind::usage, "gradient flow is measured on a network that is built")
        .fix("call build(seed)");
  const std::vector<detail::ObjectivePlan> plans = detail::plan_objectives(network, compile);
  check_examples(network, examples, plans.size());
  const KeptGradients kept(network.parameters());
  detail::BatchPass pass(network, plans, nullptr);
  detail::Meters meters(plans);
  TrainingStep plain;
  pass.record(examples, compile.step ? *compile.step : plain, {.run = {}, .differentiating = true}, meters);
  if (!std::isfinite(pass.loss()))
    throw Error(ErrorKind::diverged, "gradient flow cannot be measured: the loss is not a finite number")
        .fix("look for NaN in the data, or train again with a lower learning rate");
  pass.backward();
  return measure_gradient_flow(pass.tape(), most_layers);
}

}  // namespace rondo
