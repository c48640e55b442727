#include "tasks/forecast/networks/residual_network.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "tasks/forecast/networks/epoch_sampler.h"
#include "tasks/forecast/networks/member_losses.h"

namespace rondo::forecasting {

namespace {

/// Steps of all windows of an epoch together, and windows at least.
constexpr std::int64_t kStepsAnEpoch = 80000;
constexpr std::int64_t kMinWindowsAnEpoch = 512;
constexpr std::int64_t kMaxJudgedOrigins = 4000;
constexpr std::int64_t kPredictBatch = 256;
/// Members that learnt from fewer origins cannot be judged.
constexpr std::int64_t kMinLearnt = 8;
constexpr const char* kLoss = "mean_squared_error";

std::int64_t windows_an_epoch(const WindowInput& input) {
  return std::max(kMinWindowsAnEpoch, kStepsAnEpoch / input.steps);
}

/// What the members that have held an origin out say of it in the mean, and what it should have been.
struct HeldOut {
  Rows truth, word;  ///< [origins, horizon]
};

HeldOut ask_held_out(const Panel& panel, const ScaledPanel& scaled, const Residuals& residuals,
                     Trainer& trainer) {
  struct Place {
    std::vector<int> members;
    std::int64_t origin = 0;  // its index
  };
  std::vector<Origin> origins;
  std::vector<Place> places;
  const auto all = static_cast<std::int64_t>(residuals.origins.size());
  const std::int64_t stride = std::max<std::int64_t>(1, all / kMaxJudgedOrigins);
  for (std::int64_t i = 0; i < all; i += stride) {
    const Origin& origin = residuals.origins[static_cast<std::size_t>(i)];
    Place place{{}, i};
    for (int k = 0; k < residuals.members.count; ++k) {
      if (residuals.members.role(k, origin) == Role::held_out) place.members.push_back(k);
    }
    if (place.members.empty()) continue;
    origins.push_back(origin);
    places.push_back(std::move(place));
  }
  HeldOut out;
  out.truth.columns = out.word.columns = residuals.horizon;
  if (origins.empty()) return out;
  const WindowsOf windows(panel, scaled, residuals.input, origins);
  const std::vector<Samples> words = trainer.predict(windows, kPredictBatch);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [members, origin] = places[i];
    const auto count = static_cast<double>(members.size());
    for (std::int64_t h = 0; h < residuals.horizon; ++h) {
      double sum = 0;
      for (const int k : members) {
        sum += words[static_cast<std::size_t>(k)].values().at(
            static_cast<std::int64_t>(i) * residuals.horizon + h);
      }
      // They hold out the same part, so what the line leaves is the same for all.
      out.truth.values.push_back(residuals.row(members.front(), origin)[static_cast<std::size_t>(h)]);
      out.word.values.push_back(sum / count * residuals.scale);
    }
  }
  forget_filled(panel, origins, out.truth);
  return out;
}

/// A validation part that the user names may leave nothing before it.
void require_windows(const ResidualWindows& training, const Residuals& residuals) {
  if (training.size() > 0) return;
  throw Error(ErrorKind::data, "too few rows to learn from")
      .seen("0 windows of " + std::to_string(residuals.input.rows()) + " rows with " +
            std::to_string(residuals.horizon) + " rows ahead outside of what is held out")
      .expected("at least 1")
      .fix("give more rows, a smaller validation part of --split, or a smaller --window or --horizon");
}

}  // namespace

Network make_residual_network(const WindowInput& input, std::int64_t horizon, int members,
                              const ResidualTraining& options) {
  Network network;
  const int window = network.add_input("window", ValueShape{true, input.steps, {input.features()}});
  std::vector<int> outputs;
  for (int k = 1; k <= members; ++k) {
    const std::string number = std::to_string(k);
    RecurrentOptions cell;
    cell.units = options.units;
    cell.name = options.cell + "_" + number;
    DenseOptions head;
    head.units = horizon;
    head.kernel_initializer = "zeros";
    head.name = "residual_" + number;
    const int state = network.add(recurrent(options.cell, cell), {window}).front();
    outputs.push_back(network.add(dense(head), {state}).front());
  }
  network.set_outputs(outputs);
  network.build(options.seed);
  return network;
}

Rows ResidualNetwork::correction(const Panel& panel, const ScaledPanel& scaled,
                                 std::span<const Origin> origins, Pool& pool) {
  Rows out{panel.horizon, std::vector<double>(origins.size() * static_cast<std::size_t>(panel.horizon), 0.0)};
  if (origins.empty()) return out;
  const WindowsOf windows(panel, scaled, input, origins);
  CompileOptions compile;
  Trainer trainer(network, compile, &pool);
  const std::vector<Samples> words = trainer.predict(windows, kPredictBatch);
  const double factor = scale / static_cast<double>(words.size());
  for (const Samples& word : words) {
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      out.values[i] += factor * word.values().at(static_cast<std::int64_t>(i));
    }
  }
  return out;
}

TrainedResidual train_residual(const Panel& panel, const ScaledPanel& scaled, const Residuals& residuals,
                               const ResidualTraining& options, Pool& pool) {
  TrainedResidual out;
  out.model.input = residuals.input;
  out.model.scale = residuals.scale;
  out.model.network =
      make_residual_network(residuals.input, residuals.horizon, residuals.members.count, options);

  const std::int64_t most = windows_an_epoch(residuals.input);
  ResidualWindows training(panel, scaled, residuals, Role::train, most, options.seed);
  const ResidualWindows validation(panel, scaled, residuals, Role::held_out, most / 2, options.seed);
  require_windows(training, residuals);

  CompileOptions compile;
  compile.optimizer =
      Json::object({{"name", "adam"}, {"learning_rate", options.learning_rate}, {"clipnorm", 1.0}});
  compile.loss = kLoss;
  Trainer trainer(out.model.network, compile, &pool);

  EarlyStoppingOptions stopping;
  stopping.patience = options.patience;
  stopping.restore_best_weights = true;
  const auto early = std::make_shared<EarlyStopping>(stopping);

  FitOptions fit;
  fit.batch_size = options.batch_size;
  fit.epochs = options.epochs;
  fit.validation_data = &validation;
  fit.validation_batch_size = kPredictBatch;
  fit.seed = options.seed;
  fit.callbacks = {std::make_shared<EpochSampler<ResidualWindows>>(training), early};
  fit.callbacks.insert(fit.callbacks.end(), options.callbacks.begin(), options.callbacks.end());
  fit.run = options.run;
  out.history = trainer.fit(training, fit);
  out.best_epoch = early->best_epoch() + 1;
  std::vector<double> shares;
  for (int k = 0; k < residuals.members.count; ++k) shares.push_back(validation.share(k));
  out.members = members_of(out.model.network, out.history, out.best_epoch, shares);
  if (residuals.members.validation_is_given) {
    for (ForecastMember& member : out.members) member.fold = 0;
  }
  training.set_epoch(0);
  out.flow = measure_members(out.model.network, training, kLoss);

  const HeldOut held_out = ask_held_out(panel, scaled, residuals, trainer);
  if (residuals.fewest_learnt >= kMinLearnt) {
    out.share = judge_network(held_out.truth, held_out.word, (residuals.horizon - 1) / origin_stride(panel));
  }
  out.held_out_errors.columns = residuals.horizon;
  double sum = 0, judged = 0;
  for (std::size_t i = 0; i < held_out.truth.values.size(); ++i) {
    const double truth = held_out.truth.values[i], word = held_out.word.values[i];
    out.held_out_errors.values.push_back(truth - out.share.share * word);
    if (std::isnan(truth)) continue;
    sum += std::abs(truth - word);
    ++judged;
  }
  out.error_taken_whole = judged > 0 ? sum / judged : 0;
  return out;
}

}  // namespace rondo::forecasting
