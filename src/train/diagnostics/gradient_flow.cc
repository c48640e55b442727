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
  ~KeptGradients() { store_.mutable_gradients() = kept_; }

 private:
  ParameterStore& store_;
  Tensor kept_;
};

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
  const KeptGradients kept(network.parameters());
  detail::BatchPass pass(network, plans, nullptr);
  pass.check(examples);
  if (examples.size() == 0)
    throw Error(ErrorKind::usage, "gradient flow needs examples").seen("none").fix("give some 32 sequences");
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
