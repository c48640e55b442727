#pragma once

#include <string>

#include "tasks/forecast/segment_network.h"

namespace rondo::forecasting {

/// What a search settled on, and how.
struct TunedSegments {
  SegmentWindow window;
  SegmentTraining training;
  std::int64_t trials = 0, pruned = 0;
  double before = 0, after = 0;  ///< error of the first trial (the settings as they were) and of the best one
  std::int64_t judged_from = 0;  ///< the first row of the origins on which all trials are judged
};

/// Random search (Bergstra, Bengio 2012) over look-back, state size, dropout and learning rate for about `seconds`: each
/// trial trains one member with a third of the updates and is judged by its mean absolute error on what member 0 holds
/// out. The settings at hand come first. A trial that is a tenth worse than the median of those before it at the same
/// part of its training is given up (Golovin et al. 2017, "median stopping"). How many trials there are depends on the
/// clock, so does the result; the search itself draws the same trials for the same seed.
TunedSegments tune_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                            const SegmentTraining& training, bool calendar, double seconds, Pool& pool);

/// Writes what was found to a file, all or nothing: a resumed run reads it instead of searching again, which would find
/// other settings than those of its checkpoint.
void save_tuned(const TunedSegments& tuned, const std::string& path);
/// `window` and `training` as tune_segments gets them. Error(usage) or Error(data) that names the file where it is another.
TunedSegments load_tuned(const std::string& path, const Panel& panel, const ScaledPanel& scaled,
                         const SegmentWindow& window, const SegmentTraining& training, bool calendar);

}  // namespace rondo::forecasting
