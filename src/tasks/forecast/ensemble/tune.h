#pragma once

#include <memory>
#include <string>

#include "tasks/forecast/ensemble/found_settings.h"
#include "tasks/forecast/networks/network_plan.h"

namespace rondo::forecasting {

/// What a search settled on, and how.
struct TunedPlan : tasks::SearchOutcome {
  std::unique_ptr<NetworkPlan> plan;
  std::int64_t evaluated_from = 0;  ///< the first row of the origins on which all trials are evaluated

  /// For a file and for people: of the plan as it will be trained.
  FoundSettings found(const TrainingTask& task) const;
};

/// A search (see tasks::TrialSearch) for about `seconds`: each trial trains one member with a third of the
/// updates or epochs and is evaluated by its mean absolute error on what member 0 holds out; with fewer than
/// kMinEvaluated origins of these, or to learn from, there are no trials. The settings at hand come first.
/// How many trials there are depends on the clock, so does the result; the search itself draws the same
/// trials for the same seed.
TunedPlan tune(const TrainingTask& task, const NetworkPlan& plan, const SearchSpace& space, double seconds,
               Pool& pool);

/// `plan` as tune gets it, with what save_found has written. Throws as load_found.
TunedPlan load_tuned(const std::string& path, const TrainingTask& task, const NetworkPlan& plan,
                     const SearchSpace& space);

}  // namespace rondo::forecasting
