// The list of networks.

#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/networks/recursive_data.h"
#include "tasks/forecast/networks/recursive_network.h"
#include "tasks/forecast/networks/residual_network.h"

namespace rondo::forecasting {

namespace {

/// Fewer windows than this do not teach a network over windows that nobody asked for.
constexpr std::int64_t kMinWindows = 400;

template <class Kind>
std::unique_ptr<NetworkForecaster> make() {
  return std::make_unique<Kind>();
}

std::unique_ptr<NetworkForecaster> make_direct() {
  auto out = std::make_unique<EncoderDecoder>();
  out->direct = true;
  return out;
}

bool encoder_decoder_applies(const TrainingTask& task) {
  return !asks_for_windows(task.options).empty() ||
         training_windows(task.panel(), window_for(task)) >= kMinWindows;
}

template <class Plan>
std::unique_ptr<NetworkPlan> plan_windows(const TrainingTask& task, Window window) {
  const std::string because = asks_for_windows(task.options);
  if (!because.empty()) require_windows(task.panel(), window, because);
  NetworkTraining training = NetworkTraining::from(task.options, task.controls);
  training.direct = task.options.model == "direct";
  return std::make_unique<Plan>(std::move(window), std::move(training));
}

std::unique_ptr<NetworkPlan> plan_recursive(const TrainingTask& task) {
  return plan_windows<RecursivePlan>(
      task, recursive_window(window_for(task), task.panel().horizon, task.options.window));
}

std::unique_ptr<NetworkPlan> plan_encoder_decoder(const TrainingTask& task) {
  return plan_windows<EncoderDecoderPlan>(task, window_for(task));
}

std::unique_ptr<NetworkPlan> plan_residual(const TrainingTask& task) {
  return std::make_unique<ResidualPlan>(
      choose_residual_window(task.panel(), task.linear.members.front(), task.linear.longest_lag(),
                             task.options.window),
      NetworkTraining::from(task.options, task.controls));
}

const SearchSpace kWindowSpace{
    {0.5, 1.0, 1.0, 1.5, 2.0}, {0.5, 0.5, 1.0, 1.0, 2.0}, {0.0, 0.1, 0.3, 0.5, 0.7}, {0.25, 0.5, 1.0, 2.0}};
const SearchSpace kResidualSpace{
    {0.5, 1.0, 1.0, 1.5, 2.0}, {0.25, 0.5, 1.0, 1.0, 2.0}, {}, {0.25, 0.5, 1.0, 2.0}};

}  // namespace

std::span<const NetworkKind> network_kinds() {
  static const std::vector<NetworkKind> kinds{
      {"recursive",
       [](const TrainingTask& task) { return task.options.model == "recursive"; },
       plan_recursive,
       make<RecursiveNetwork>,
       {}},
      {"direct", [](const TrainingTask& task) { return task.options.model == "direct"; },
       plan_encoder_decoder, make_direct, kWindowSpace},
      {"encoder_decoder", encoder_decoder_applies, plan_encoder_decoder, make<EncoderDecoder>, kWindowSpace},
      {"residual", [](const TrainingTask&) { return true; }, plan_residual, make<ResidualNetwork>,
       kResidualSpace}};
  return kinds;
}

NetworkTraining NetworkTraining::from(const ForecastOptions& options, const RunControls& controls) {
  NetworkTraining training{.cell = options.cell,
                           .units = options.units,
                           .members = static_cast<int>(options.ensemble),
                           .head = LikelihoodHead(options.likelihood),
                           .epochs = options.epochs,
                           .batch_size = options.batch_size,
                           .learning_rate = options.learning_rate,
                           .patience = options.patience,
                           .seed = options.seed,
                           .controls = controls};
  return training;
}

}  // namespace rondo::forecasting
