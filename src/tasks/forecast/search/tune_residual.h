#pragma once

#include <span>
#include <string>

#include "tasks/forecast/networks/residual_network.h"
#include "tasks/forecast/search/found_settings.h"

namespace rondo::forecasting {

/// What a search for the network beside the line settled on, and how.
struct TunedResidual : SearchOutcome {
  WindowInput input;
  ResidualTraining training;
  std::int64_t judged_from = 0;  ///< the first row of the origins on which all trials are judged

  FoundSettings found() const;
};

/// A search (see TrialSearch) over look-back, state size and learning rate for about `seconds`: each trial
/// trains one member with a third of the epochs and is judged by its mean absolute error, the network taken
/// whole, on what member 0 holds out. `input` and `training` come first. With fewer than kMinJudged origins
/// of these, or to learn from, there are no trials.
TunedResidual tune_residual(const Panel& panel, const ScaledPanel& scaled,
                            std::span<const LineCandidate> line, const WindowInput& input,
                            const ResidualTraining& training, double seconds, Pool& pool);

/// `input` and `training` as tune_residual gets them, with what save_found has written. Throws as load_found.
TunedResidual load_tuned(const std::string& path, const Panel& panel, std::span<const LineCandidate> line,
                         const WindowInput& input, const ResidualTraining& training);

}  // namespace rondo::forecasting
