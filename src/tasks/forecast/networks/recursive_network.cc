#include "tasks/forecast/networks/recursive_network.h"

#include <algorithm>
#include <cmath>

#include "rondo/layers/layers.h"
#include "tasks/forecast/networks/fit_windows.h"
#include "tasks/forecast/networks/recursive_data.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxJudged = 1000;
/// Multiply-adds of one training of up to five members, forward.
constexpr double kMaxWork = 3e12;

SegmentTraining settled(const SegmentWindow& window, SegmentTraining options, std::int64_t windows) {
  const auto available = static_cast<double>(std::max<std::int64_t>(1, windows));
  if (options.head.is_point()) options.head = LikelihoodHead("gaussian");
  if (options.units <= 0) options.units = 32;
  if (options.dropout < 0) options.dropout = 0.1;
  if (options.batch_size <= 0) options.batch_size = available < 2e4 ? 32 : 128;
  if (options.learning_rate <= 0) options.learning_rate = 5e-3;
  if (options.updates <= 0 && options.epochs > 0) {
    options.updates = static_cast<std::int64_t>(
        std::ceil(static_cast<double>(options.epochs) * available / static_cast<double>(options.batch_size)));
  }
  if (options.updates <= 0) {
    const auto units = static_cast<double>(options.units);
    const double step = 4 * units * (units + static_cast<double>(recursive_features(window)));
    const double sample = static_cast<double>(window.steps + window.out_steps) * step;
    // More members than the usual few take more time: none of them learns less for it.
    const int counted = std::min(options.members, kHeldOutParts);
    const double most = kMaxWork / (sample * static_cast<double>(options.batch_size) * counted);
    const double wanted = std::clamp(14 * std::sqrt(available), 400.0, 4000.0);
    options.updates = static_cast<std::int64_t>(std::max(100.0, std::min(wanted, most)));
  }
  return options;
}

std::size_t state_count(const SegmentTraining& options) {
  Network probe;
  const int rows = probe.add_input("rows", ValueShape{true, -1, {1}});
  RecurrentOptions cell;
  cell.units = options.units;
  cell.return_state = true;
  return probe.add(recurrent(options.cell, cell), {rows}).size() - 1;
}

}  // namespace

Network make_recursive_network(const SegmentWindow& window, const SegmentTraining& options, int alone) {
  Network network;
  const int rows = network.add_input("rows", ValueShape{true, -1, {recursive_features(window)}});
  std::vector<int> outputs;
  for (int k = 0; k < options.members; ++k) {
    if (alone >= 0 && k != alone) continue;
    const std::string number = "_" + std::to_string(k + 1);
    const auto one = [&](LayerPtr layer, std::vector<int> inputs) {
      return network.add(std::move(layer), std::move(inputs)).front();
    };
    RecurrentOptions cell;
    cell.units = options.units;
    cell.return_sequences = true;
    cell.return_state = alone >= 0;
    cell.name = "recursive" + number;
    std::vector<int> inputs{rows};
    for (std::size_t i = 0; alone >= 0 && i < state_count(options); ++i) {
      inputs.push_back(
          network.add_input("state_" + std::to_string(i + 1), ValueShape{false, -1, {options.units}}));
    }
    const std::vector<int> cells = network.add(recurrent(options.cell, cell), std::move(inputs));
    int h = cells.front();
    if (options.dropout > 0) h = one(dropout({.rate = options.dropout, .name = "dropout" + number}), {h});
    const auto number_of = [&](const std::string& name, int from) {
      DenseOptions head;
      head.units = 1;
      head.kernel_initializer = "zeros";
      head.name = name + number;
      return one(dense(head), {from});
    };
    std::vector<int> said{
        one(add({.name = "location" + number}), {number_of("head", h), number_of("linear", rows)})};
    if (options.head.parameters() > 1) said.push_back(number_of("spread", h));
    if (options.head.parameters() > 2) said.push_back(number_of("tail", h));
    outputs.push_back(said.size() == 1 ? said.front()
                                       : one(concatenate({.name = "distribution" + number}), said));
    if (alone >= 0) outputs.insert(outputs.end(), cells.begin() + 1, cells.end());
  }
  network.set_outputs(outputs);
  network.build(options.seed);
  return network;
}

TrainedRecursive train_recursive(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                                 const Folds& folds, const SegmentTraining& wanted, Pool& pool) {
  std::int64_t windows = 0;
  for (const PanelSeries& s : panel.series) {
    windows +=
        std::max<std::int64_t>(0, s.train_rows - s.validation_rows - window.rows() - window.out_rows());
  }
  const SegmentTraining options = settled(window, wanted, windows);
  TrainedRecursive out;
  out.model.window = window;
  out.model.horizon = panel.horizon;
  out.model.options = options;
  out.model.network = make_recursive_network(window, options);

  RecursiveSamples training(panel, scaled, window, folds, Role::train, windows_of_a_part(options),
                            options.seed);
  const RecursiveSamples validation(panel, scaled, window, folds, Role::held_out, kMaxJudged, options.seed);
  options.run.log.info("recursive network: " + std::to_string(window.rows()) + " rows, " +
                       std::to_string(options.members) + " members of " + std::to_string(options.units) +
                       " units, " + std::to_string(updates_of(options)) + " updates of " +
                       std::to_string(options.batch_size) + " windows of " +
                       std::to_string(training.available()));
  FittedWindows fitted =
      fit_windows(out.model.network, training, validation, options.head.loss(true), options, pool);
  out.history = std::move(fitted.history);
  out.best_epoch = fitted.best_epoch;
  out.flow = std::move(fitted.flow);
  out.members = std::move(fitted.members);
  out.training = training_of(options, training.available());
  return out;
}

}  // namespace rondo::forecasting
