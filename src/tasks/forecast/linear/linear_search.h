#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/common/stage_progress.h"
#include "tasks/forecast/linear/linear_model.h"

namespace rondo::forecasting {

/// What the user has fixed; everything else is searched.
struct LinearLimits {
  std::optional<Transform> transform;  ///< defined for every training value
  std::optional<bool> difference;
  std::int64_t longest_lag = 0;  ///< 0: at most 700 and 30 % of the training rows
};

/// The linear forecast that did best on the training part.
struct LinearChoice {
  Transform transform = Transform::none;
  bool difference = false;
  std::vector<LinearCandidate> members;  ///< best first; the linear path is the mean of their regressions
  double score = 0;  ///< root mean square error of the best over that of a naive step, in validation
  std::int64_t tried = 0;

  std::int64_t longest_lag() const;
};

/// Candidates for the number of lags: small ones, and one and two seasons with and without one more.
std::vector<std::int64_t> lag_candidates(const Panel& panel, const LinearLimits& limits);

/// Candidates for the calendar: none, one season by 1 or 3 waves, all seasons. A season needs three whole
/// cycles in the training part, more than one wave five.
std::vector<std::vector<std::int64_t>> wave_candidates(const Panel& panel);

/// Tries transform (none, log, square root) × differencing × lags × calendar waves × covariate lags ×
/// penalty. Each candidate is fitted on the rows before a block and scored on the block, for blocks that
/// cover the second half of the training part, in the units of the target. A transform has to be 1 % better
/// than none to be taken. All candidates (at most 30) of the winning transform and differencing that come
/// within 2 % of the best become members. Where the full grid would be long, a coarse one chooses transform
/// and differencing first. Sees training rows only.
LinearChoice search_linear(const Panel& panel, const LinearLimits& limits, Pool& pool,
                           const tasks::Advanced& advanced = {});

}  // namespace rondo::forecasting
