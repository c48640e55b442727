#pragma once

#include <string>

#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/search/found_settings.h"

namespace rondo::forecasting {

/// What a search settled on, and how.
struct TunedSegments : SearchOutcome {
  SegmentWindow window;
  SegmentTraining training;
  std::int64_t judged_from = 0;  ///< the first row of the origins on which all trials are judged

  FoundSettings found() const;
};

/// A search (see TrialSearch) over look-back, state size, dropout and learning rate for about `seconds`: each
/// trial trains one member with a third of the updates and is judged by its mean absolute error on what
/// member 0 holds out; with fewer than kMinJudged origins of these, or to learn from, there are no trials.
/// The settings at hand come first. How many trials there are depends on the clock, so does the result; the
/// search itself draws the same trials for the same seed.
TunedSegments tune_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                            const SegmentTraining& training, bool calendar, double seconds, Pool& pool);

/// `window` and `training` as tune_segments gets them, with what save_found has written. Throws as
/// load_found.
TunedSegments load_tuned(const std::string& path, const Panel& panel, const ScaledPanel& scaled,
                         const SegmentWindow& window, const SegmentTraining& training, bool calendar);

}  // namespace rondo::forecasting
