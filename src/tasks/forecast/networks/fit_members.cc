#include "tasks/forecast/networks/fit_members.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "rondo/base/error.h"
#include "rondo/train/training.h"
#include "tasks/forecast/windows/epoch_sampler.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kValidationBatch = 256;

void require_some(const WindowSamples& samples, const char* purpose) {
  if (samples.size() > 0) return;
  throw Error(ErrorKind::data, "too few rows to train a network")
      .seen(std::string("no window to ") + purpose)
      .fix("give more rows, a smaller validation part of --split, or a smaller --window or --horizon");
}

FitOptions fit_options(const FitPlan& plan, const NetworkTraining& settled) {
  FitOptions fit;
  fit.batch_size = settled.batch_size;
  fit.epochs = plan.epochs;
  fit.validation_batch_size = kValidationBatch;
  fit.seed = settled.seed;
  fit.run = settled.controls;
  return fit;
}

ForecastTraining summary_of(const NetworkTraining& settled, std::int64_t windows) {
  ForecastTraining out;
  out.units = settled.units;
  out.batch_size = settled.batch_size;
  out.patience = settled.patience;
  out.learning_rate = settled.learning_rate;
  out.epochs = static_cast<double>(settled.epochs);
  if (settled.updates <= 0) return out;
  out.updates = updates_of(settled);
  out.epochs = static_cast<double>(out.updates * out.batch_size) /
               static_cast<double>(std::max<std::int64_t>(windows, 1));
  return out;
}

}  // namespace

std::int64_t updates_of(const NetworkTraining& settled) {
  return std::max<std::int64_t>(1, settled.updates / kEpochsOfACycle) * kEpochsOfACycle;
}

std::int64_t windows_an_epoch(const NetworkTraining& settled) {
  return updates_of(settled) / kEpochsOfACycle * settled.batch_size;
}

FitPlan one_cycle_plan(const NetworkTraining& settled, Json loss) {
  Json optimizer = Json::object({{"name", "adamw"},
                                 {"learning_rate", Json::object({{"name", "one_cycle"},
                                                                 {"max_lr", settled.learning_rate},
                                                                 {"total_steps", updates_of(settled)}})},
                                 {"weight_decay", 1e-4},
                                 {"global_clipnorm", 1.0}});
  return {std::move(optimizer), std::move(loss), kEpochsOfACycle};
}

void fit_members(const FitSamples& samples, const FitPlan& plan, const NetworkTraining& settled, Pool& pool,
                 TrainedNetwork& out) {
  require_some(samples.training, "learn from");
  require_some(samples.validation, "validate with");
  Network& network = out.network->network;
  CompileOptions compile;
  compile.optimizer = plan.optimizer;
  compile.loss = plan.loss;
  Trainer trainer(network, compile, &pool);

  EarlyStoppingOptions stopping;
  stopping.patience = settled.patience;
  stopping.restore_best_weights = true;
  const auto early = std::make_shared<EarlyStopping>(stopping);

  FitOptions fit = fit_options(plan, settled);
  fit.validation_data = &samples.validation;
  fit.callbacks = {std::make_shared<EpochSampler<WindowSamples>>(samples.training), early};
  fit.callbacks.insert(fit.callbacks.end(), settled.callbacks.begin(), settled.callbacks.end());
  out.history = trainer.fit(samples.training, fit);
  out.best_epoch = early->best_epoch() + 1;
  out.training = summary_of(settled, samples.training.available());

  std::vector<double> shares;
  for (std::size_t k = 0; k < network.output_count(); ++k) {
    shares.push_back(samples.validation.share(static_cast<int>(k)));
  }
  out.members = members_of(network, out.history, out.best_epoch, shares);
  samples.training.set_epoch(0);
  out.flow = measure_members(network, samples.training, plan.loss);
}

std::vector<ForecastMember> members_of(const Network& network, const History& history,
                                       std::int64_t best_epoch, std::span<const double> shares) {
  std::vector<ForecastMember> out;
  const std::size_t count = network.output_count();
  for (std::size_t k = 0; k < count; ++k) {
    ForecastMember member;
    member.fold = static_cast<std::int64_t>(k) % kHeldOutParts + 1;
    member.validation_loss = std::nan("");
    const auto* losses = history.find(count == 1 ? "val_loss" : "val_" + network.output_name(k) + "_loss");
    if (losses != nullptr && !losses->empty() && shares[k] > 0) {
      const auto lowest = std::min_element(losses->begin(), losses->end());
      member.best_epoch = lowest - losses->begin() + 1;
      const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(best_epoch, 1) - 1);
      if (kept < losses->size()) member.validation_loss = (*losses)[kept] / shares[k];
    }
    out.push_back(member);
  }
  return out;
}

}  // namespace rondo::forecasting
