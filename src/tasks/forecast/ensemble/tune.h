#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tasks/common/trial_search.h"
#include "tasks/forecast/networks/network_plan.h"

namespace rondo::forecasting {

/// Settings that fewer held-out origins prefer are a matter of luck.
inline constexpr std::int64_t kMinEvaluated = 8;

/// What a search settled on, as far as a file has to keep it: a resumed run reads it instead of searching
/// again, which would find other settings than those of its checkpoint.
struct FoundSettings : tasks::SearchOutcome {
  std::int64_t rows = 0, units = 0;
  double dropout = 0;  ///< of networks that have none: 0
  double learning_rate = 0;
  std::int64_t evaluated_from = 0;  ///< the first row of the origins on which all trials are evaluated

  template <class Self, class V>
  static void visit(Self& self, V&& field) {
    field("rows", self.rows, "");
    field("units", self.units, "");
    field("dropout", self.dropout, "");
    field("learning_rate", self.learning_rate, "");
    field("trials", self.trials, "");
    field("pruned", self.pruned, "");
    field("before", self.before, "");
    field("after", self.after, "");
    field("evaluated_from", self.evaluated_from, "");
  }
};

/// All or nothing.
void save_found(const FoundSettings& found, const std::string& path);
/// Error(usage) or Error(data) that names the file where it is another.
FoundSettings load_found(const std::string& path);

/// What `--tune seconds` has done, in a sentence; no trials: there were too few rows for any.
std::string search_note(std::int64_t seconds, const FoundSettings& found);

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
