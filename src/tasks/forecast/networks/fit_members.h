#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/json.h"
#include "tasks/forecast/networks/network_forecaster.h"
#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/windows/window_samples.h"

namespace rondo::forecasting {

/// The two sides of a training.
struct FitSamples {
  WindowSamples& training;
  const WindowSamples& validation;
};

/// How the weights move.
struct FitPlan {
  Json optimizer, loss;
  std::int64_t epochs = 1;
};

/// Of a training in 20 epochs, each of a twentieth of the updates and with a validation: AdamW under one
/// cycle of the learning rate.
FitPlan one_cycle_plan(const NetworkTraining& settled, Json loss);
/// Updates in whole twentieths, and the windows of one of these.
std::int64_t updates_of(const NetworkTraining& settled);
std::int64_t windows_an_epoch(const NetworkTraining& settled);
inline constexpr std::int64_t kEpochsOfACycle = 20;
/// Sets the updates where they are open: so many passes over the `windows` as the epochs say, else those
/// wanted, as far as they stay below `most_work` multiply-adds (`sample`: of one window and member, forward).
void settle_updates(NetworkTraining& settled, double windows, double wanted, double sample, double most_work);
inline constexpr std::int64_t kDefaultPatience = 8;

/// Trains all members at once, each by its own weights of the samples; the best of the states after an epoch
/// is kept. Fills everything of `out`, whose network is built, but the training's name. Error(data) where
/// there is nothing to learn from or nothing held out.
void fit_members(const FitSamples& samples, const FitPlan& plan, const NetworkTraining& settled, Pool& pool,
                 TrainedNetwork& out);

/// The members of a network that has an output for each, by what `history` says of them; `best_epoch` (from
/// 1) is the one whose weights were kept. A member's loss in the history is a mean over all validation
/// windows, in which those that it does not hold out count 0; `shares` are the parts that it does hold out,
/// by member, and what is told is the mean over these alone. Member k (from 0) holds out fold k % 5 + 1.
std::vector<ForecastMember> members_of(const Network& network, const History& history,
                                       std::int64_t best_epoch, std::span<const double> shares);

/// Of a network that has an output for each member, on some of its training windows under the loss of
/// training. Of large ensembles the first members are measured: the others are made alike, and a page has no
/// room for a hundred curves.
MemberFlow measure_members(Network& network, const Dataset& training, const Json& loss);

}  // namespace rondo::forecasting
