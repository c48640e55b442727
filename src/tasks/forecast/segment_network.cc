#include "tasks/forecast/segment_network.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "rondo/layers.h"
#include "rondo/training.h"
#include "tasks/forecast/segment_data.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kPredictBatch = 256;
/// Parts of a training, each with a validation.
constexpr std::int64_t kParts = 20;
constexpr std::int64_t kMostJudged = 4000;
constexpr std::int64_t kFewestWindows = 400;
constexpr double kUpdatesASegment = 0.525, kMostPasses = 10, kFewestUpdates = 600, kMostUpdates = 6000;
/// Multiply-adds of one training, forward: about four minutes of one core for all members together.
constexpr double kMostWork = 6e12;

std::int64_t training_windows(const Panel& panel, const SegmentWindow& window) {
  std::int64_t count = 0;
  for (const PanelSeries& s : panel.series) {
    count += std::max<std::int64_t>(0, s.train_rows - s.validation_rows - window.rows() - window.out_rows());
  }
  return count;
}

Rows to_targets(const ScaledPanel& scaled, const SegmentWindow& window, std::int64_t horizon,
                std::span<const Origin> origins, const Tensor& values) {
  Rows out{horizon, {}};
  out.values.reserve(origins.size() * static_cast<std::size_t>(horizon));
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const SegmentWindow::Scale own = window.scale(scaled, origins[i]);
    const double now = scaled.difference ? scaled.level[static_cast<std::size_t>(origins[i].series)]
                                                       [static_cast<std::size_t>(origins[i].row)]
                                         : 0;
    for (std::int64_t h = 0; h < horizon; ++h) {
      const double word = values.at(static_cast<std::int64_t>(i) * window.out_rows() + h);
      out.values.push_back(own.base + own.spread * word - now);
    }
  }
  return out;
}

}  // namespace

SegmentTraining settle_training(const Panel& panel, const SegmentWindow& window, SegmentTraining options) {
  const auto windows = static_cast<double>(std::max<std::int64_t>(1, training_windows(panel, window)));
  if (options.units <= 0) options.units = window.segment > 1 ? 128 : 32;
  if (options.dropout < 0) options.dropout = windows < 1e5 ? 0.5 : 0.1;
  if (options.batch_size <= 0) options.batch_size = windows < 2e4 ? 64 : 256;
  if (options.learning_rate <= 0) options.learning_rate = 2e-3;
  if (options.updates <= 0 && options.epochs > 0) {
    options.updates = static_cast<std::int64_t>(
        std::ceil(static_cast<double>(options.epochs) * windows / static_cast<double>(options.batch_size)));
  }
  if (options.updates <= 0) {
    // Neighbouring windows differ by a row of a whole segment, so segments count, up to so many passes.
    const double passes = kMostPasses * windows / static_cast<double>(options.batch_size);
    const double wanted = std::clamp(kUpdatesASegment * windows / static_cast<double>(window.segment),
                                     kFewestUpdates, std::clamp(passes, kFewestUpdates, kMostUpdates));
    const auto units = static_cast<double>(options.units);
    const double step = static_cast<double>(window.step_features()) * units + 6 * units * units;
    const double sample = static_cast<double>(window.steps + window.out_steps) * step +
                          static_cast<double>(window.line_features() * window.out_rows());
    const double most = kMostWork / (sample * static_cast<double>(options.batch_size) * options.members);
    options.updates = static_cast<std::int64_t>(std::max(100.0, std::min(wanted, most)));
  }
  return options;
}

bool segment_network_applies(const Panel& panel, const SegmentWindow& window) {
  return training_windows(panel, window) >= kFewestWindows;
}

Network make_segment_network(const SegmentWindow& window, const SegmentTraining& options) {
  Network network;
  const int encoder = network.add_input("window", Spec{true, window.steps, {window.step_features()}});
  const int decoder = network.add_input("horizon", Spec{true, window.out_steps, {window.decoder_features()}});
  const int line = network.add_input("line", Spec{false, -1, {window.line_features()}});
  std::vector<int> outputs;
  for (int k = 1; k <= options.members; ++k) {
    const std::string number = "_" + std::to_string(k);
    const auto one = [&](LayerPtr layer, std::vector<int> inputs) {
      return network.add(std::move(layer), std::move(inputs)).front();
    };
    int x = encoder;
    if (window.segment > 1) {
      x = one(dense({.units = options.units, .activation = "relu", .name = "segment" + number}), {x});
    }
    RecurrentOptions read;
    read.units = options.units;
    read.return_state = true;
    read.name = "encoder" + number;
    const std::vector<int> state = network.add(recurrent(options.cell, read), {x});
    RecurrentOptions write;
    write.units = options.units;
    write.return_sequences = true;
    write.name = "decoder" + number;
    std::vector<int> started{decoder};
    started.insert(started.end(), state.begin() + 1, state.end());
    int h = one(recurrent(options.cell, write), std::move(started));
    if (options.dropout > 0) h = one(dropout({.rate = options.dropout, .name = "dropout" + number}), {h});
    DenseOptions head;
    head.units = window.segment;
    head.kernel_initializer = "zeros";
    head.name = "head" + number;
    h = one(flatten({.name = "rows" + number}), {one(dense(head), {h})});
    DenseOptions linear;
    linear.units = window.out_rows();
    linear.kernel_initializer = "zeros";
    linear.name = "linear" + number;
    outputs.push_back(one(add({.name = "forecast" + number}), {h, one(dense(linear), {line})}));
  }
  network.set_outputs(outputs);
  network.build(options.seed);
  return network;
}

std::vector<Rows> SegmentModel::members(const Panel& panel, const ScaledPanel& scaled,
                                        std::span<const Origin> origins, Pool& pool) {
  std::vector<Rows> out;
  if (origins.empty()) return std::vector<Rows>(network.output_count(), Rows{horizon, {}});
  const SegmentInputs inputs(panel, scaled, window, origins);
  CompileOptions compile;
  Trainer trainer(network, compile, &pool);
  for (const Batch& word : trainer.predict(inputs, kPredictBatch)) {
    out.push_back(to_targets(scaled, window, horizon, origins, word.values()));
  }
  return out;
}

Rows SegmentModel::mean(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins,
                        Pool& pool) {
  const std::vector<Rows> words = members(panel, scaled, origins, pool);
  Rows out{horizon, std::vector<double>(origins.size() * static_cast<std::size_t>(horizon), 0.0)};
  for (const Rows& word : words) {
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      out.values[i] += word.values[i] / static_cast<double>(words.size());
    }
  }
  return out;
}

TrainedSegments train_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                               const Folds& folds, const SegmentTraining& wanted, Pool& pool) {
  const SegmentTraining options = settle_training(panel, window, wanted);
  TrainedSegments out;
  out.model.window = window;
  out.model.horizon = panel.horizon;
  out.model.network = make_segment_network(window, options);

  const std::int64_t updates = std::max<std::int64_t>(1, options.updates / kParts);
  SegmentSamples training(panel, scaled, window, folds, Role::train, updates * options.batch_size,
                          options.seed);
  const SegmentSamples validation(panel, scaled, window, folds, Role::held_out, kMostJudged, options.seed);
  options.logger.info("network: " + std::to_string(window.rows()) + " rows in segments of " +
                      std::to_string(window.segment) + ", " + std::to_string(options.members) +
                      " members of " + std::to_string(options.units) + " units, " +
                      std::to_string(updates * kParts) + " updates of " + std::to_string(options.batch_size) +
                      " windows of " + std::to_string(training.available()));

  CompileOptions compile;
  compile.optimizer = Config::object({{"name", "adamw"},
                                      {"learning_rate", Config::object({{"name", "one_cycle"},
                                                                        {"max_lr", options.learning_rate},
                                                                        {"total_steps", updates * kParts}})},
                                      {"weight_decay", 1e-4},
                                      {"global_clipnorm", 1.0}});
  // With a fixed spread squared errors are those of the series; windows of their own spread need a robust loss, else
  // the calmest of them would rule.
  compile.loss = window.spreads.empty() ? "mean_absolute_error" : "mean_squared_error";
  Trainer trainer(out.model.network, compile, &pool);

  EarlyStoppingOptions stopping;
  stopping.patience = options.patience;
  stopping.restore_best_weights = true;
  const auto early = std::make_shared<EarlyStopping>(stopping);
  const auto deal = std::make_shared<LambdaCallback>();
  deal->epoch_begin = [&](TrainingRun& run) { training.set_epoch(run.epoch()); };

  FitOptions fit;
  fit.batch_size = options.batch_size;
  fit.epochs = kParts;
  fit.validation_data = &validation;
  fit.validation_batch_size = kPredictBatch;
  fit.seed = options.seed;
  fit.callbacks = {deal, early};
  fit.callbacks.insert(fit.callbacks.end(), options.callbacks.begin(), options.callbacks.end());
  fit.verbose = options.verbose;
  fit.progress = options.progress;
  fit.logger = options.logger;
  fit.checkpoint = options.checkpoint;
  fit.resume = options.resume;
  fit.stop_flag = options.stop_flag;
  out.history = trainer.fit(training, fit);
  out.best_epoch = early->best_epoch() + 1;

  std::vector<std::int64_t> some(static_cast<std::size_t>(std::min<std::int64_t>(32, training.size())));
  for (std::size_t i = 0; i < some.size(); ++i) some[i] = static_cast<std::int64_t>(i);
  CompileOptions judged;
  judged.loss = compile.loss;
  out.gradient_flow = measure_gradient_flow(out.model.network, training.gather(some, DType::float32), judged);
  return out;
}

}  // namespace rondo::forecasting
