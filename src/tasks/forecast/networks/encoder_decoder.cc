#include "tasks/forecast/networks/encoder_decoder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "tasks/forecast/networks/encoder_decoder_data.h"
#include "tasks/forecast/networks/fit_windows.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kPredictBatch = 256;
constexpr std::int64_t kMaxJudged = 4000;
constexpr std::int64_t kMinWindows = 400;
constexpr double kUpdatesASegment = 1.0, kMaxPasses = 10, kMinUpdates = 600, kMaxUpdates = 6000;
/// Fewer than this teach nothing, even when a fifth is not held out.
constexpr std::int64_t kMinTaught = 20;
/// Multiply-adds of one training, forward: about four minutes of one core for up to five members together.
constexpr double kMaxWork = 6e12;

std::int64_t training_windows(const Panel& panel, const SegmentWindow& window) {
  std::int64_t count = 0;
  for (const PanelSeries& s : panel.series) {
    count += std::max<std::int64_t>(0, s.train_rows - s.validation_rows - window.rows() - window.out_rows());
  }
  return count;
}

/// One member's output [origins, columns of the head] in the scale of ScaledPanel::targets.
NetworkForecast to_targets(const ScaledPanel& scaled, const SegmentModel& model,
                           std::span<const Origin> origins, const Tensor& values) {
  const SegmentWindow& window = model.window;
  const std::int64_t parameters = model.head.parameters(), width = parameters * window.out_rows();
  NetworkForecast out{{model.horizon, {}}, {model.horizon, {}}};
  out.location.values.reserve(origins.size() * static_cast<std::size_t>(model.horizon));
  out.spread.values.reserve(out.location.values.capacity());
  std::vector<double> raw(static_cast<std::size_t>(parameters));
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const SegmentWindow::Scale own = window.scale(scaled, origins[i]);
    const double size = window.counts ? window.size(scaled, origins[i]) : 1;
    const double now = scaled.difference ? scaled.level[static_cast<std::size_t>(origins[i].series)]
                                                       [static_cast<std::size_t>(origins[i].row)]
                                         : 0;
    for (std::int64_t h = 0; h < model.horizon; ++h) {
      for (std::int64_t p = 0; p < parameters; ++p) {
        raw[static_cast<std::size_t>(p)] =
            values.at(static_cast<std::int64_t>(i) * width + model.head.column(window.out_rows(), h, p));
      }
      const LikelihoodHead::Said word = model.head.read(raw, size);
      out.location.values.push_back(own.base + own.spread * word.location - now);
      out.spread.values.push_back(own.spread * word.spread);
    }
  }
  return out;
}

using AddLayer = std::function<int(LayerPtr, std::vector<int>)>;

/// The inputs of one member: the network's own, or with the window's values on a learnt scale.
struct MemberInputs {
  int encoder, line;
  int factors = -1;  ///< of that scale; -1: there is none
};

MemberInputs add_normalization(const AddLayer& one, int encoder, int line, const std::string& number,
                               const SegmentWindow& window) {
  if (window.normalization != Normalization::revin) return {encoder, line};
  // A gain of 1, by its logarithm, and an offset of 0.
  const int factors = one(learnt({.values = {0, 0}, .name = "factors" + number}), {line});
  AffineOptions of_segments{.count = window.segment, .every = window.value_stride()};
  of_segments.name = "normal_window" + number;
  AffineOptions of_rows{.count = window.rows()};
  of_rows.name = "normal_line" + number;
  return {one(affine(of_segments), {encoder, factors}), one(affine(of_rows), {line, factors}), factors};
}

/// Numbers of every row of the horizon from `h`, [steps, units] or (direct) [units], and the linear path: in
/// the order of the loss's columns.
int add_head(const AddLayer& one, int h, const MemberInputs& inputs, const std::string& number,
             const SegmentWindow& window, const SegmentTraining& options) {
  const LikelihoodHead& likelihood = options.head;
  // Quantiles lie side by side for every row; every other parameter has a block of its own.
  const std::int64_t together = likelihood.is_quantile() ? likelihood.parameters() : 1;
  const auto block = [&](const std::string& name) {
    DenseOptions head;
    head.units = (options.direct ? window.out_rows() : window.segment) * together;
    head.kernel_initializer = "zeros";
    head.name = name + number;
    const int rows = one(dense(head), {h});
    return options.direct
               ? rows
               : one(flatten({.name = (name == "head" ? "rows" : name + "_rows") + number}), {rows});
  };
  const int location = block("head");
  DenseOptions linear;
  linear.units = window.out_rows() * together;
  linear.kernel_initializer = "zeros";
  linear.name = "linear" + number;
  std::vector<int> blocks{
      one(add({.name = "forecast" + number}), {location, one(dense(linear), {inputs.line})})};
  if (inputs.factors >= 0) {
    blocks[0] = one(affine({.inverse = true, .name = "denormal" + number}), {blocks[0], inputs.factors});
  }
  if (together == 1 && likelihood.parameters() > 1) blocks.push_back(block("spread"));
  if (together == 1 && likelihood.parameters() > 2) blocks.push_back(block("tail"));
  return blocks.size() == 1 ? blocks.front()
                            : one(concatenate({.name = "distribution" + number}), std::move(blocks));
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
    const double passes = kMaxPasses * windows / static_cast<double>(options.batch_size);
    const double wanted = std::clamp(kUpdatesASegment * windows / static_cast<double>(window.segment),
                                     kMinUpdates, std::clamp(passes, kMinUpdates, kMaxUpdates));
    const auto units = static_cast<double>(options.units);
    const double step = static_cast<double>(window.step_features()) * units + 6 * units * units;
    const double sample = static_cast<double>(window.steps + window.out_steps) * step +
                          static_cast<double>(window.line_features() * window.out_rows());
    // More members than the usual few take more time: none of them learns less for it.
    const int counted = std::min(options.members, kHeldOutParts);
    const double most = kMaxWork / (sample * static_cast<double>(options.batch_size) * counted);
    options.updates = static_cast<std::int64_t>(std::max(100.0, std::min(wanted, most)));
  }
  return options;
}

bool segment_network_applies(const Panel& panel, const SegmentWindow& window) {
  return training_windows(panel, window) >= kMinWindows;
}

void require_segment_windows(const Panel& panel, const SegmentWindow& window, const std::string& because) {
  const std::int64_t found = training_windows(panel, window);
  if (found >= kMinTaught) return;
  throw Error(ErrorKind::data, "too few rows to learn from")
      .where(because)
      .seen(std::to_string(std::max<std::int64_t>(0, found)) + " windows of " +
            std::to_string(window.rows()) + " rows with " + std::to_string(window.out_rows()) +
            " rows ahead in the training part")
      .expected("at least " + std::to_string(kMinTaught))
      .fix("give more rows, or a smaller --window or --horizon, or leave " + because + " out");
}

Network make_segment_network(const SegmentWindow& window, const SegmentTraining& options) {
  Network network;
  const int encoder = network.add_input("window", ValueShape{true, window.steps, {window.step_features()}});
  const int decoder =
      network.add_input("horizon", ValueShape{true, window.out_steps, {window.decoder_features()}});
  const int line = network.add_input("line", ValueShape{false, -1, {window.line_features()}});
  std::vector<int> outputs;
  for (int k = 1; k <= options.members; ++k) {
    const std::string number = "_" + std::to_string(k);
    const auto one = [&](LayerPtr layer, std::vector<int> inputs) {
      return network.add(std::move(layer), std::move(inputs)).front();
    };
    const MemberInputs inputs_of_member = add_normalization(one, encoder, line, number, window);
    int x = inputs_of_member.encoder;
    if (window.segment > 1) {
      x = one(dense({.units = options.units, .activation = "relu", .name = "segment" + number}), {x});
    }
    RecurrentOptions read;
    read.units = options.units;
    read.return_state = true;
    read.name = "encoder" + number;
    const std::vector<int> state = network.add(recurrent(options.cell, read), {x});
    int h = state.front();
    if (!options.direct) {
      RecurrentOptions write;
      write.units = options.units;
      write.return_sequences = true;
      write.name = "decoder" + number;
      std::vector<int> started{decoder};
      started.insert(started.end(), state.begin() + 1, state.end());
      h = one(recurrent(options.cell, write), std::move(started));
    }
    if (options.dropout > 0) h = one(dropout({.rate = options.dropout, .name = "dropout" + number}), {h});
    if (options.direct) {
      const int known = one(flatten({.name = "known" + number}), {decoder});
      h = one(concatenate({.name = "state" + number}), {h, known});
    }
    outputs.push_back(add_head(one, h, inputs_of_member, number, window, options));
  }
  network.set_outputs(outputs);
  network.build(options.seed);
  return network;
}

std::vector<NetworkForecast> SegmentModel::members(const Panel& panel, const ScaledPanel& scaled,
                                                   std::span<const Origin> origins, Pool& pool) {
  std::vector<NetworkForecast> out;
  if (origins.empty()) {
    return std::vector<NetworkForecast>(network.output_count(), {{horizon, {}}, {horizon, {}}});
  }
  const SegmentInputs inputs(panel, scaled, window, origins);
  CompileOptions compile;
  Trainer trainer(network, compile, &pool);
  for (const Samples& word : trainer.predict(inputs, kPredictBatch)) {
    out.push_back(to_targets(scaled, *this, origins, word.values()));
  }
  return out;
}

NetworkForecast mixture_of(std::span<const NetworkForecast> members, bool point) {
  NetworkForecast out = members.front();
  const auto count = static_cast<double>(members.size());
  for (std::size_t i = 0; i < out.location.values.size(); ++i) {
    double mean = 0, square = 0;
    for (const NetworkForecast& word : members) mean += word.location.values[i] / count;
    for (const NetworkForecast& word : members) {
      const double apart = word.location.values[i] - mean, own = word.spread.values[i];
      square += (own * own + apart * apart) / count;
    }
    out.location.values[i] = mean;
    if (!point) out.spread.values[i] = std::sqrt(square);
  }
  return out;
}

TrainedSegments train_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                               const Folds& folds, const SegmentTraining& wanted, Pool& pool) {
  const SegmentTraining options = settle_training(panel, window, wanted);
  TrainedSegments out;
  out.model.window = window;
  out.model.horizon = panel.horizon;
  out.model.head = options.head;
  out.model.network = make_segment_network(window, options);

  SegmentSamples training(panel, scaled, window, folds, Role::train, windows_of_a_part(options),
                          options.seed);
  const SegmentSamples validation(panel, scaled, window, folds, Role::held_out, kMaxJudged, options.seed);
  options.run.log.info(
      "network: " + std::to_string(window.rows()) + " rows in segments of " + std::to_string(window.segment) +
      ", " + std::to_string(options.members) + " members of " + std::to_string(options.units) + " units, " +
      std::to_string(updates_of(options)) + " updates of " + std::to_string(options.batch_size) +
      " windows of " + std::to_string(training.available()));

  // With a fixed spread squared errors are those of the series; windows of their own spread need a robust
  // loss, else the calmest of them would rule.
  FittedWindows fitted = fit_windows(out.model.network, training, validation,
                                     options.head.loss(!window.spreads.empty()), options, pool);
  out.history = std::move(fitted.history);
  out.best_epoch = fitted.best_epoch;
  out.flow = std::move(fitted.flow);
  out.members = std::move(fitted.members);
  out.training = training_of(options, training.available());
  return out;
}

}  // namespace rondo::forecasting
