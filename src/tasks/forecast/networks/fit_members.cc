#include "tasks/forecast/networks/fit_members.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/index_range.h"
#include "rondo/base/error.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/training.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kValidationBatch = 256;

/// Tells samples that deal other windows every epoch (`set_epoch`) which epoch it is. That is part of its
/// state: a training that is resumed in the middle of an epoch goes on with it, no epoch begins there.
class EpochSampler : public Callback {
 public:
  explicit EpochSampler(WindowSamples& samples) : samples_(samples) {}

  void on_epoch_begin(TrainingRun& run) override { deal(run.epoch()); }
  State state() const override { return {Json::object({{"epoch", epoch_}}), {}}; }
  void restore(const State& state) override {
    if (const Json* epoch = state.numbers.find("epoch")) deal(epoch->as_integer("epoch"));
  }

 private:
  void deal(std::int64_t epoch) {
    epoch_ = epoch;
    samples_.set_epoch(epoch);
  }

  WindowSamples& samples_;
  std::int64_t epoch_ = 0;
};

/// Tells how far the training has come.
class TrainingProgress : public Callback {
 public:
  TrainingProgress(std::function<void(double)> advanced, std::int64_t batches)
      : advanced_(std::move(advanced)), batches_(std::max<std::int64_t>(1, batches)) {}

  void on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues&) override {
    if (!advanced_) return;
    const double epochs =
        static_cast<double>(run.epoch()) + static_cast<double>(batch + 1) / static_cast<double>(batches_);
    advanced_(std::min(1.0, epochs / static_cast<double>(run.epochs())));
  }

 private:
  std::function<void(double)> advanced_;
  std::int64_t batches_;
};

void require_some(const WindowSamples& samples, const char* purpose) {
  if (samples.size() > 0) return;
  throw Error(ErrorKind::data, "too few rows to train a network")
      .seen(std::string("no window to ") + purpose)
      .fix("give more rows, a smaller validation part of --split, or a smaller --window or --horizon");
}

FitOptions fit_options(const FitPlan& plan, const NetworkTraining& settled) {
  FitOptions fit{.batch_size = settled.batch_size,
                 .epochs = plan.epochs,
                 .validation_batch_size = kValidationBatch,
                 .seed = settled.seed,
                 .run = settled.controls};
  return fit;
}

ForecastTraining summary_of(const NetworkTraining& settled, std::int64_t windows) {
  ForecastTraining out{.units = settled.units,
                       .batch_size = settled.batch_size,
                       .patience = settled.patience,
                       .learning_rate = settled.learning_rate,
                       .epochs = static_cast<double>(settled.epochs)};
  if (settled.updates <= 0) return out;
  out.updates = updates_of(settled);
  out.epochs = static_cast<double>(out.updates * out.batch_size) /
               static_cast<double>(std::max<std::int64_t>(windows, 1));
  return out;
}

}  // namespace

void settle_updates(NetworkTraining& settled, double windows, double wanted, double sample,
                    double most_work) {
  if (settled.updates > 0) return;
  const auto batch = static_cast<double>(settled.batch_size);
  if (settled.epochs > 0) {
    settled.updates =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(settled.epochs) * windows / batch));
  } else {
    // More members than the default few take more time: none of them learns less for it.
    const double most = most_work / (sample * batch * std::min(settled.members, kHeldOutParts));
    settled.updates = static_cast<std::int64_t>(std::max(100.0, std::min(wanted, most)));
  }
}

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
  CompileOptions compile{.optimizer = plan.optimizer, .loss = plan.loss};
  Trainer trainer(network, compile, &pool);

  EarlyStoppingOptions stopping{.patience = settled.patience, .restore_best_weights = true};
  const auto early = std::make_shared<EarlyStopping>(stopping);

  FitOptions fit = fit_options(plan, settled);
  fit.validation_data = &samples.validation;
  fit.callbacks = {std::make_shared<EpochSampler>(samples.training), early};
  const std::int64_t batches = (samples.training.size() + settled.batch_size - 1) / settled.batch_size;
  fit.callbacks.push_back(std::make_shared<TrainingProgress>(settled.controls.advanced, batches));
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
    ForecastMember member{.fold = static_cast<std::int64_t>(k) % kHeldOutParts + 1,
                          .validation_loss = std::nan("")};
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

namespace {

constexpr std::int64_t kMaxWindows = 32, kMaxMeasured = 5;

}  // namespace

MemberFlow measure_members(Network& network, const Dataset& training, const Json& loss) {
  MemberFlow out;
  const std::vector<std::int64_t> some = detail::range(0, std::min(kMaxWindows, training.size()));
  if (some.empty()) {
    out.note = "Not measured: there is no window that the networks have learnt from.";
    return out;
  }
  const auto members = static_cast<std::int64_t>(network.output_count());
  const std::vector<const Layer*> layers = network.layers();
  const auto recurrent = std::ranges::count_if(layers, [](const Layer* l) { return l->is_recurrent(); });
  const std::int64_t most = std::min(members, kMaxMeasured) * (recurrent / members);
  CompileOptions compile;
  compile.loss = loss;
  out.flow = measure_gradient_flow(network, training.gather(some, DType::float32), compile, most);
  if (out.flow.empty()) {
    out.note = "Not measured: the networks have no recurrent layer whose steps can be followed one by one.";
  } else if (members > kMaxMeasured) {
    out.note = "Measured on the first " + std::to_string(kMaxMeasured) + " of " + std::to_string(members) +
               " networks.";
  }
  return out;
}

}  // namespace rondo::forecasting
