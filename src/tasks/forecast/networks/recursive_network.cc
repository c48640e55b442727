#include "tasks/forecast/networks/recursive_network.h"

#include <algorithm>
#include <cmath>

#include "rondo/layers/layers.h"
#include "tasks/common/archive.h"
#include "tasks/forecast/networks/fit_members.h"
#include "tasks/forecast/networks/recursive_data.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxValidatedPaths = 1000;
constexpr std::int64_t kMaxPaths = 100000;
/// Multiply-adds of one training of up to five members, forward.
constexpr double kMaxRecursiveWork = 3e12;

std::size_t state_count(const NetworkTraining& settled) {
  Network probe;
  const int rows = probe.add_input("rows", ValueShape{true, -1, {1}});
  RecurrentOptions cell{.units = settled.units, .return_state = true};
  return probe.add(recurrent(settled.cell, cell), {rows}).size() - 1;
}

}  // namespace

Network make_recursive_network(const Window& window, const NetworkTraining& settled, int alone) {
  Network network;
  const int rows = network.add_input("rows", ValueShape{true, -1, {recursive_features(window)}});
  std::vector<int> outputs;
  for (int k = 0; k < settled.members; ++k) {
    if (alone >= 0 && k != alone) continue;
    const std::string number = "_" + std::to_string(k + 1);
    const auto one = [&](LayerPtr layer, std::vector<int> inputs) {
      return network.add(std::move(layer), std::move(inputs)).front();
    };
    RecurrentOptions cell{.units = settled.units,
                          .return_sequences = true,
                          .return_state = alone >= 0,
                          .name = "recursive" + number};
    std::vector<int> inputs{rows};
    for (std::size_t i = 0; alone >= 0 && i < state_count(settled); ++i) {
      inputs.push_back(
          network.add_input("state_" + std::to_string(i + 1), ValueShape{false, -1, {settled.units}}));
    }
    const std::vector<int> cells = network.add(recurrent(settled.cell, cell), std::move(inputs));
    int h = cells.front();
    if (settled.dropout > 0) h = one(dropout({.rate = settled.dropout, .name = "dropout" + number}), {h});
    const auto number_of = [&](const std::string& name, int from) {
      DenseOptions head{.units = 1, .kernel_initializer = "zeros", .name = name + number};
      return one(dense(head), {from});
    };
    std::vector<int> parameters{
        one(add({.name = "location" + number}), {number_of("head", h), number_of("linear", rows)})};
    if (settled.head.parameters() > 1) parameters.push_back(number_of("spread", h));
    if (settled.head.parameters() > 2) parameters.push_back(number_of("tail", h));
    outputs.push_back(parameters.size() == 1
                          ? parameters.front()
                          : one(concatenate({.name = "distribution" + number}), parameters));
    if (alone >= 0) outputs.insert(outputs.end(), cells.begin() + 1, cells.end());
  }
  network.set_outputs(outputs);
  network.build(settled.seed);
  return network;
}

void RecursiveNetwork::archive(tasks::Archive& archive) {
  archive.field("horizon", horizon, std::int64_t{1}, kMaxCount);
  archive.field("window", window);
  archive.field("head", settings.head);
  if (settings.head.is_point() || settings.head.is_quantile())
    archive.refuse("head", "has no distribution to draw from", settings.head.name());
  archive.field("members", settings.members, 1, static_cast<int>(kMaxMembers));
  archive.field("cell", settings.cell);
  archive.field("units", settings.units, std::int64_t{1}, kMaxCount);
  archive.field("dropout", settings.dropout, 0.0, 1.0);
  archive.field("seed", settings.seed);
  archive.field("paths", paths, std::int64_t{2}, kMaxPaths);
  archive_network(archive, {ValueShape{true, -1, {recursive_features(window)}}},
                  ValueShape{true, -1, {settings.head.parameters()}});
  if (!archive.reading()) return;
  // Members step alone, through networks of the same layers that are made when they are needed.
  const Layer* cell = network.find_layer("recursive_1");
  const bool fits = window.segment == 1 && cell != nullptr &&
                    cell->config().at("units").as_integer() == settings.units &&
                    to_json(make_recursive_network(window, settings).spec()) == to_json(network.spec());
  if (!fits) archive.refuse("", "describes another network than the file has", "other layers");
}

/// Covariates of the past have no place in a recurrence.
bool RecursiveNetwork::fits(const PanelShape& panel) const {
  PanelShape known = panel;
  known.past = 0;
  return horizon == panel.horizon && window.fits(known);
}

std::unique_ptr<NetworkPlan> RecursivePlan::with_look_back(const TrainingTask& task,
                                                           std::int64_t rows) const {
  auto out = std::make_unique<RecursivePlan>(*this);
  out->window =
      recursive_window(choose_window(task.panel(), rows, task.calendar), task.panel().horizon, rows);
  out->window.counts = window.counts;
  return out;
}

NetworkTraining RecursivePlan::settled(const TrainingTask& task) const {
  NetworkTraining settled = training;
  const auto available =
      static_cast<double>(std::max<std::int64_t>(1, training_windows(task.panel(), window)));
  if (settled.head.is_point()) settled.head = LikelihoodHead("gaussian");
  if (settled.patience <= 0) settled.patience = kDefaultPatience;
  if (settled.units <= 0) settled.units = 32;
  if (settled.dropout < 0) settled.dropout = 0.1;
  if (settled.batch_size <= 0) settled.batch_size = available < 2e4 ? 32 : 128;
  if (settled.learning_rate <= 0) settled.learning_rate = 5e-3;
  const auto units = static_cast<double>(settled.units);
  const double step = 4 * units * (units + static_cast<double>(recursive_features(window)));
  settle_updates(settled, available, std::clamp(14 * std::sqrt(available), 400.0, 4000.0),
                 static_cast<double>(window.steps + window.out_steps) * step, kMaxRecursiveWork);
  return settled;
}

TrainedNetwork RecursivePlan::train(const TrainingTask& task, const Folds& folds, Pool& pool) const {
  const NetworkTraining how = settled(task);
  auto model = std::make_unique<RecursiveNetwork>();
  model->window = window;
  model->horizon = task.panel().horizon;
  model->settings = how;
  model->settings.callbacks.clear();
  model->settings.controls = {};
  model->network = make_recursive_network(window, how);

  SampleChoice choice{Role::train, window.first_origin(), windows_an_epoch(how), how.seed};
  RecursiveSamples samples(task.scaled, folds, choice, window);
  choice = {Role::held_out, window.first_origin(), kMaxValidatedPaths, how.seed};
  const RecursiveSamples validation(task.scaled, folds, choice, window);
  how.controls.log.info(
      "recursive network: " + std::to_string(window.rows()) + " rows, " + std::to_string(how.members) +
      " members of " + std::to_string(how.units) + " units, " + std::to_string(updates_of(how)) +
      " updates of " + std::to_string(how.batch_size) + " windows of " + std::to_string(samples.available()));
  TrainedNetwork out;
  out.network = std::move(model);
  fit_members({samples, validation}, one_cycle_plan(how, how.head.loss(true)), how, pool, out);
  return out;
}

}  // namespace rondo::forecasting
