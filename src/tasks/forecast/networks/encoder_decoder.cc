#include "tasks/forecast/networks/encoder_decoder.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "tasks/common/archive.h"
#include "tasks/forecast/networks/fit_members.h"

namespace rondo::forecasting {

std::vector<Samples> encoder_decoder_inputs(const ScaledPanel& scaled, const Window& window,
                                            std::span<const Origin> origins, DType dtype) {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor encoder({batch, window.steps, window.step_features()});
  Tensor decoder({batch, window.out_steps, window.decoder_features()});
  Tensor linear({batch, window.linear_features()});
  const auto e = static_cast<std::size_t>(window.steps * window.step_features());
  const auto d = static_cast<std::size_t>(window.out_steps * window.decoder_features());
  const auto l = static_cast<std::size_t>(window.linear_features());
  for (std::size_t b = 0; b < origins.size(); ++b) {
    window.fill(scaled, origins[b], encoder.data<float>().subspan(b * e, e),
                decoder.data<float>().subspan(b * d, d), linear.data<float>().subspan(b * l, l));
  }
  std::vector<Samples> inputs;
  for (Tensor* tensor : {&encoder, &decoder, &linear}) {
    inputs.emplace_back(dtype == DType::float32 ? std::move(*tensor) : tensor->cast(dtype));
  }
  return inputs;
}

Tensor EncoderDecoderSamples::target(int, std::span<const Origin> origins, DType dtype) const {
  const auto batch = static_cast<std::int64_t>(origins.size());
  const std::int64_t width = window_.out_rows() * (window_.counts ? 2 : 1);
  Tensor target({batch, width}, dtype);
  std::vector<double> truth(static_cast<std::size_t>(window_.out_rows()));
  for (std::int64_t b = 0; b < batch; ++b) {
    const Origin& origin = origins[static_cast<std::size_t>(b)];
    if (window_.counts) {
      const std::vector<double>& values =
          scaled_.panel().series[static_cast<std::size_t>(origin.series)].values;
      const double size = window_.size(scaled_, origin);
      for (std::int64_t h = 0; h < window_.out_rows(); ++h) {
        const auto row = static_cast<std::size_t>(origin.row + 1 + h);
        target.set(b * width + h, row < values.size() ? values[row] : std::nan(""));
        target.set(b * width + window_.out_rows() + h, size);
      }
      continue;
    }
    window_.targets(scaled_, origin, truth);
    for (std::size_t h = 0; h < truth.size(); ++h) {
      target.set(b * width + static_cast<std::int64_t>(h), truth[h]);
    }
  }
  return target;
}

namespace {

constexpr std::int64_t kMaxValidated = 4000;
constexpr double kUpdatesASegment = 1.0, kMaxPasses = 10, kMinUpdates = 600, kMaxUpdates = 6000;
/// Fewer than this teach nothing, even when a fifth is not held out.
constexpr std::int64_t kMinWindowsOnRequest = 20;
/// Multiply-adds of one training, forward: about four minutes of one core for up to five members together.
constexpr double kMaxWork = 6e12;

/// One member's output [origins, columns of the head] in the scale of ScaledPanel::targets.
Forecasts to_targets(const ScaledPanel& scaled, const EncoderDecoder& model, std::span<const Origin> origins,
                     const Tensor& values) {
  const Window& window = model.window;
  const std::int64_t parameters = model.head.parameters(), width = parameters * window.out_rows();
  Forecasts out{{model.horizon, {}}, {model.horizon, {}}};
  out.location.values.reserve(origins.size() * static_cast<std::size_t>(model.horizon));
  out.spread.values.reserve(out.location.values.capacity());
  std::vector<double> raw(static_cast<std::size_t>(parameters));
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const Window::Scale own = window.scale(scaled, origins[i]);
    const double size = window.counts ? window.size(scaled, origins[i]) : 1;
    const double now = scaled.base(origins[i]);
    for (std::int64_t h = 0; h < model.horizon; ++h) {
      for (std::int64_t p = 0; p < parameters; ++p) {
        raw[static_cast<std::size_t>(p)] =
            values.at(static_cast<std::int64_t>(i) * width + model.head.column(window.out_rows(), h, p));
      }
      const LikelihoodHead::Moments moments = model.head.read(raw, size);
      out.location.values.push_back(own.base + own.spread * moments.location - now);
      out.spread.values.push_back(own.spread * moments.spread);
    }
  }
  return out;
}

using AddLayer = std::function<int(LayerPtr, std::vector<int>)>;

/// The inputs of one member: the network's own, or with the window's values on a scale that is learnt.
struct MemberInputs {
  int encoder, linear;
  int factors = -1;  ///< of that scale; -1: there is none
};

MemberInputs add_normalization(const AddLayer& one, int encoder, int linear, const std::string& number,
                               const Window& window) {
  if (window.normalization != Normalization::revin) return {encoder, linear};
  // A gain of 1, by its logarithm, and an offset of 0.
  const int factors = one(trainable_vector({.values = {0, 0}, .name = "factors" + number}), {linear});
  AffineOptions of_segments{.count = window.segment, .every = window.value_stride()};
  of_segments.name = "normal_window" + number;
  AffineOptions of_rows{.count = window.rows()};
  of_rows.name = "normal_linear" + number;
  return {one(affine(of_segments), {encoder, factors}), one(affine(of_rows), {linear, factors}), factors};
}

/// Numbers of every row of the horizon from `h`, [steps, units] or (direct) [units], and the linear path: in
/// the order of the loss's columns.
int add_head(const AddLayer& one, int h, const MemberInputs& inputs, const std::string& number,
             const Window& window, const NetworkTraining& settled) {
  const LikelihoodHead& likelihood = settled.head;
  // Quantiles lie side by side for every row; every other parameter has a block of its own.
  const std::int64_t together = likelihood.is_quantile() ? likelihood.parameters() : 1;
  const auto block = [&](const std::string& name) {
    DenseOptions head{.units = (settled.direct ? window.out_rows() : window.segment) * together,
                      .kernel_initializer = "zeros",
                      .name = name + number};
    const int rows = one(dense(head), {h});
    return settled.direct
               ? rows
               : one(flatten({.name = (name == "head" ? "rows" : name + "_rows") + number}), {rows});
  };
  const int location = block("head");
  DenseOptions path{
      .units = window.out_rows() * together, .kernel_initializer = "zeros", .name = "linear" + number};
  std::vector<int> blocks{
      one(add({.name = "forecast" + number}), {location, one(dense(path), {inputs.linear})})};
  if (inputs.factors >= 0) {
    blocks[0] = one(affine({.inverse = true, .name = "denormal" + number}), {blocks[0], inputs.factors});
  }
  if (together == 1 && likelihood.parameters() > 1) blocks.push_back(block("spread"));
  if (together == 1 && likelihood.parameters() > 2) blocks.push_back(block("tail"));
  return blocks.size() == 1 ? blocks.front()
                            : one(concatenate({.name = "distribution" + number}), std::move(blocks));
}

}  // namespace

Network make_encoder_decoder(const Window& window, const NetworkTraining& settled) {
  Network network;
  const int encoder = network.add_input("window", ValueShape{true, window.steps, {window.step_features()}});
  const int decoder =
      network.add_input("horizon", ValueShape{true, window.out_steps, {window.decoder_features()}});
  const int linear = network.add_input("linear", ValueShape{false, -1, {window.linear_features()}});
  std::vector<int> outputs;
  for (int k = 1; k <= settled.members; ++k) {
    const std::string number = "_" + std::to_string(k);
    const auto one = [&](LayerPtr layer, std::vector<int> inputs) {
      return network.add(std::move(layer), std::move(inputs)).front();
    };
    const MemberInputs inputs_of_member = add_normalization(one, encoder, linear, number, window);
    int x = inputs_of_member.encoder;
    if (window.segment > 1) {
      x = one(dense({.units = settled.units, .activation = "relu", .name = "segment" + number}), {x});
    }
    RecurrentOptions read{.units = settled.units, .return_state = true, .name = "encoder" + number};
    const std::vector<int> state = network.add(recurrent(settled.cell, read), {x});
    int h = state.front();
    if (!settled.direct) {
      RecurrentOptions write{.units = settled.units, .return_sequences = true, .name = "decoder" + number};
      std::vector<int> started{decoder};
      started.insert(started.end(), state.begin() + 1, state.end());
      h = one(recurrent(settled.cell, write), std::move(started));
    }
    if (settled.dropout > 0) h = one(dropout({.rate = settled.dropout, .name = "dropout" + number}), {h});
    if (settled.direct) {
      const int known = one(flatten({.name = "known" + number}), {decoder});
      h = one(concatenate({.name = "state" + number}), {h, known});
    }
    outputs.push_back(add_head(one, h, inputs_of_member, number, window, settled));
  }
  network.set_outputs(outputs);
  network.build(settled.seed);
  return network;
}

std::vector<Forecasts> EncoderDecoder::members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                               Pool& pool) {
  if (origins.empty()) {
    return std::vector<Forecasts>(network.output_count(), {{horizon, {}}, {horizon, {}}});
  }
  std::vector<Forecasts> out;
  const auto inputs = [&](std::span<const Origin> some, DType dtype) {
    return encoder_decoder_inputs(scaled, window, some, dtype);
  };
  for (const Samples& output : predict(origins, inputs, pool))
    out.push_back(to_targets(scaled, *this, origins, output.values()));
  return out;
}

void EncoderDecoder::archive(tasks::Archive& archive) {
  archive.field("horizon", horizon, std::int64_t{1}, kMaxCount);
  archive.field("window", window);
  archive.field("head", head);
  archive_network(archive,
                  {ValueShape{true, window.steps, {window.step_features()}},
                   ValueShape{true, window.out_steps, {window.decoder_features()}},
                   ValueShape{false, -1, {window.linear_features()}}},
                  ValueShape{false, -1, {head.parameters() * window.out_rows()}});
}

bool EncoderDecoder::fits(const PanelShape& panel) const {
  return horizon == panel.horizon && window.fits(panel);
}

std::unique_ptr<Folds> WindowPlan::folds(const TrainingTask& task, int members, std::int64_t,
                                         std::int64_t reach) const {
  return std::make_unique<BlockFolds>(task.panel(), members, reach);
}

std::unique_ptr<NetworkPlan> EncoderDecoderPlan::clone() const {
  return std::make_unique<EncoderDecoderPlan>(*this);
}

std::unique_ptr<NetworkPlan> EncoderDecoderPlan::with_look_back(const TrainingTask& task,
                                                                std::int64_t rows) const {
  auto out = std::make_unique<EncoderDecoderPlan>(*this);
  out->window = choose_window(task.panel(), rows, task.calendar);
  out->window.counts = window.counts;
  out->window.normalization = window.normalization;
  if (!window.spreads.empty()) out->window.fix_spreads(task.scaled);
  return out;
}

NetworkTraining EncoderDecoderPlan::settled(const TrainingTask& task) const {
  NetworkTraining settled = training;
  const auto windows = static_cast<double>(std::max<std::int64_t>(1, training_windows(task.panel(), window)));
  if (settled.patience <= 0) settled.patience = kDefaultPatience;
  if (settled.units <= 0) settled.units = window.segment > 1 ? 128 : 32;
  if (settled.dropout < 0) settled.dropout = windows < 1e5 ? 0.5 : 0.1;
  if (settled.batch_size <= 0) settled.batch_size = windows < 2e4 ? 64 : 256;
  if (settled.learning_rate <= 0) settled.learning_rate = 2e-3;
  // Neighbouring windows differ by a row of a whole segment, so segments count, up to so many passes.
  const double passes = kMaxPasses * windows / static_cast<double>(settled.batch_size);
  const double wanted = std::clamp(kUpdatesASegment * windows / static_cast<double>(window.segment),
                                   kMinUpdates, std::clamp(passes, kMinUpdates, kMaxUpdates));
  const auto units = static_cast<double>(settled.units);
  const double step = static_cast<double>(window.step_features()) * units + 6 * units * units;
  const double sample = static_cast<double>(window.steps + window.out_steps) * step +
                        static_cast<double>(window.linear_features() * window.out_rows());
  settle_updates(settled, windows, wanted, sample, kMaxWork);
  return settled;
}

TrainedNetwork EncoderDecoderPlan::train(const TrainingTask& task, const Folds& folds, Pool& pool) const {
  NetworkTraining how = settled(task);
  how.members = folds.members();
  auto model = std::make_unique<EncoderDecoder>();
  model->window = window;
  model->horizon = task.panel().horizon;
  model->head = how.head;
  model->direct = how.direct;
  model->network = make_encoder_decoder(window, how);

  SampleChoice choice{Role::train, window.first_origin(), windows_an_epoch(how), how.seed};
  EncoderDecoderSamples samples(task.scaled, folds, choice, window);
  choice = {Role::held_out, window.first_origin(), kMaxValidated, how.seed};
  const EncoderDecoderSamples validation(task.scaled, folds, choice, window);
  how.controls.log.info("network: " + std::to_string(window.rows()) + " rows in segments of " +
                        std::to_string(window.segment) + ", " + std::to_string(how.members) + " members of " +
                        std::to_string(how.units) + " units, " + std::to_string(updates_of(how)) +
                        " updates of " + std::to_string(how.batch_size) + " windows of " +
                        std::to_string(samples.available()));

  // With a fixed spread squared errors are those of the series; windows of their own spread need a robust
  // loss, else the calmest of them would rule.
  const FitPlan plan = one_cycle_plan(how, how.head.loss(!window.spreads.empty()));
  TrainedNetwork out;
  out.network = std::move(model);
  fit_members({samples, validation}, plan, how, pool, out);
  return out;
}

Window window_for(const TrainingTask& task) {
  const ForecastOptions& options = task.options;
  Window window = choose_window(task.panel(), options.window, task.calendar);
  window.counts = names_counts(options.likelihood);
  window.normalization = parse_normalization(options.normalize);
  if (window.wants_fixed_spreads()) window.fix_spreads(task.scaled);
  return window;
}

std::int64_t training_windows(const Panel& panel, const Window& window) {
  std::int64_t count = 0;
  for (const PanelSeries& s : panel.series) {
    count +=
        std::max<std::int64_t>(0, s.learnt_rows() - s.validation_rows - window.rows() - window.out_rows());
  }
  return count;
}

std::string asks_for_windows(const ForecastOptions& options) {
  if (options.likelihood != "point") return "--likelihood " + options.likelihood;
  if (options.model != "auto") return "--model " + options.model;
  return options.normalize != "auto" ? "--normalize " + options.normalize : std::string();
}

void require_windows(const Panel& panel, const Window& window, const std::string& because) {
  const std::int64_t found = training_windows(panel, window);
  if (found >= kMinWindowsOnRequest) return;
  throw Error(ErrorKind::data, "too few rows to learn from")
      .where(because)
      .seen(std::to_string(std::max<std::int64_t>(0, found)) + " windows of " +
            std::to_string(window.rows()) + " rows with " + std::to_string(window.out_rows()) +
            " rows ahead in the training part")
      .expected("at least " + std::to_string(kMinWindowsOnRequest))
      .fix("give more rows, or a smaller --window or --horizon, or leave " + because + " out");
}

}  // namespace rondo::forecasting
