#include "tasks/csv_training/samples.h"

#include "rondo/base/error.h"
#include "rondo/train/objective.h"

namespace rondo {
namespace {

/// Whether the network's output can be compared with the targets; says what to change where it cannot.
void check_output(const Network& network, const CsvTraining& job, const PreparedData& data) {
  const ValueShape& output = network.output_spec(0);
  const bool wants_sequence = job.samples.kind == "sequences" && job.samples.every_step;
  if (output.sequence != wants_sequence) {
    throw Error(ErrorKind::usage,
                wants_sequence ? "the model gives one output a sequence, but every step has a target"
                               : "the model gives an output at every step, but a sample has one target")
        .seen("output " + to_string(output.shape()))
        .fix(std::string("set return_sequences = ") + (wants_sequence ? "true" : "false") +
             " on the last recurrent layer");
  }
  const auto classes = static_cast<std::int64_t>(data.preparation.classes.size());
  const std::int64_t fixed = make_objective(job.training.loss)->prediction_columns(data.outputs);
  const std::int64_t wanted = fixed >= 0 ? fixed : classes;
  const bool fits = fixed >= 0 ? output.width() == fixed : output.width() >= classes;
  if (fits) return;
  throw Error(ErrorKind::usage, "the last layer's size does not fit the target")
      .seen(std::to_string(output.width()) + " numbers")
      .expected(std::to_string(wanted) +
                (classes > 0 ? " (" + std::to_string(classes) + " classes)" : " numbers"))
      .fix("set units = " + std::to_string(wanted) + " on the last layer of [model]");
}

}  // namespace

Network build_network(const CsvTraining& job, const PreparedData& data) {
  Network network = Network::from_spec(Json::object({{"layers", job.layers}}), DType::float32, &data.input);
  network.build(job.training.seed);
  check_output(network, job, data);
  return network;
}

}  // namespace rondo
