#include "tasks/forecast/networks/fit_windows.h"

#include <algorithm>
#include <memory>

#include "rondo/base/error.h"
#include "rondo/train/training.h"
#include "tasks/forecast/networks/epoch_sampler.h"
#include "tasks/forecast/networks/member_losses.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kParts = 20;
constexpr std::int64_t kPredictBatch = 256;

void require_some(const SegmentSamples& samples, const char* what) {
  if (samples.available() > 0) return;
  throw Error(ErrorKind::data, "too few rows to train a network")
      .seen(std::string("no window to ") + what)
      .fix("give more rows, or a smaller --window or --horizon");
}

}  // namespace

std::int64_t windows_of_a_part(const SegmentTraining& options) {
  return updates_of(options) / kParts * options.batch_size;
}

std::int64_t updates_of(const SegmentTraining& options) {
  return std::max<std::int64_t>(1, options.updates / kParts) * kParts;
}

ForecastTraining training_of(const SegmentTraining& options, std::int64_t windows) {
  ForecastTraining out;
  out.units = options.units;
  out.batch_size = options.batch_size;
  out.patience = options.patience;
  out.learning_rate = options.learning_rate;
  out.updates = updates_of(options);
  out.epochs = static_cast<double>(out.updates * out.batch_size) /
               static_cast<double>(std::max<std::int64_t>(windows, 1));
  return out;
}

FittedWindows fit_windows(Network& network, SegmentSamples& training, const SegmentSamples& validation,
                          const Json& loss, const SegmentTraining& options, Pool& pool) {
  require_some(training, "learn from");
  require_some(validation, "judge by");
  CompileOptions compile;
  compile.optimizer = Json::object({{"name", "adamw"},
                                    {"learning_rate", Json::object({{"name", "one_cycle"},
                                                                    {"max_lr", options.learning_rate},
                                                                    {"total_steps", updates_of(options)}})},
                                    {"weight_decay", 1e-4},
                                    {"global_clipnorm", 1.0}});
  compile.loss = loss;
  Trainer trainer(network, compile, &pool);

  EarlyStoppingOptions stopping;
  stopping.patience = options.patience;
  stopping.restore_best_weights = true;
  const auto early = std::make_shared<EarlyStopping>(stopping);

  FitOptions fit;
  fit.batch_size = options.batch_size;
  fit.epochs = kParts;
  fit.validation_data = &validation;
  fit.validation_batch_size = kPredictBatch;
  fit.seed = options.seed;
  fit.callbacks = {std::make_shared<EpochSampler<SegmentSamples>>(training), early};
  fit.callbacks.insert(fit.callbacks.end(), options.callbacks.begin(), options.callbacks.end());
  fit.run = options.run;
  FittedWindows out;
  out.history = trainer.fit(training, fit);
  out.best_epoch = early->best_epoch() + 1;
  std::vector<double> shares;
  for (int k = 0; k < options.members; ++k) shares.push_back(validation.share(k));
  out.members = members_of(network, out.history, out.best_epoch, shares);
  out.flow = measure_members(network, training, loss);
  return out;
}

}  // namespace rondo::forecasting
