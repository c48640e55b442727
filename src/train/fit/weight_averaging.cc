#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/train/callbacks.h"

namespace rondo {

StochasticWeightAveraging::StochasticWeightAveraging(StochasticWeightAveragingOptions options)
    : options_(options) {
  if (options_.start_epoch < 0 || options_.every_epochs < 1) {
    throw Error(ErrorKind::usage, "StochasticWeightAveraging counts epochs")
        .seen("start_epoch = " + std::to_string(options_.start_epoch) +
              ", every_epochs = " + std::to_string(options_.every_epochs))
        .expected("start_epoch >= 0, every_epochs >= 1");
  }
}

void StochasticWeightAveraging::on_train_begin(TrainingRun&) {
  averaged_ = 0;
  mean_ = Tensor();
}

void StochasticWeightAveraging::on_epoch_end(TrainingRun& run, NamedValues&) {
  const std::int64_t since = run.epoch() - options_.start_epoch;
  if (since < 0 || since % options_.every_epochs != 0) return;
  const Tensor weights = run.network().parameters().values();
  const Tensor now = weights.cast(DType::float64);
  ++averaged_;
  if (averaged_ == 1) {
    mean_ = now;
    return;
  }
  const std::span<double> mean = mean_.data<double>();
  const std::span<const double> values = now.data<double>();
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i] += (values[i] - mean[i]) / static_cast<double>(averaged_);
}

void StochasticWeightAveraging::on_train_end(TrainingRun& run) {
  if (averaged_ == 0) return;
  ParameterStore& parameters = run.network().parameters();
  parameters.values() = mean_.cast(parameters.dtype());
}

Callback::State StochasticWeightAveraging::state() const {
  State out;
  out.numbers = Json::object({{"averaged", averaged_}});
  if (averaged_ > 0) out.tensors.emplace_back("mean", mean_);
  return out;
}

void StochasticWeightAveraging::restore(const State& state) {
  averaged_ = state.numbers.at("averaged", "state of a callback").as_integer("averaged");
  for (const auto& [name, tensor] : state.tensors) {
    if (name == "mean") mean_ = tensor;
  }
}

}  // namespace rondo
