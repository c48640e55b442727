#pragma once

#include <cstdint>

#include "tasks/forecast/panel/rows.h"

namespace rondo::forecasting {

/// How far a network is to be trusted beside the linear model, from origins that neither of them learnt from.
struct BlendWeight {
  /// Of the network's forecast less the linear model's, 0 … 1: the least-squares factor, shrunk by 1 - 1/t²
  /// where t is how sure the gain is; 0 when there is no gain.
  double weight = 0;
  double statistic = 0;  ///< t, of the gain with that factor, see loss_gain_statistic
  double gain = 0;       ///< part of the squared error that a weight of 1 removes; may be negative
};

/// `residuals`: truth less the linear model's forecast, NaN where there is no truth; `shifts`: the network's
/// forecast less the linear model's, both [origins, horizon]; `overlap`: see loss_gain_statistic.
BlendWeight fit_blend_weight(const Rows& residuals, const Rows& shifts, std::int64_t overlap);

}  // namespace rondo::forecasting
