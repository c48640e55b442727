#pragma once

#include <cstdint>

#include "tasks/forecast/linear/ridge.h"

namespace rondo::forecasting {

/// How far a network is to be trusted beside the line, from origins that neither of them learnt from.
struct NetworkShare {
  /// The part of the network's word that is taken, 0 … 1: the least-squares factor, shrunk by 1 - 1/t² where
  /// t says how sure the gain is; 0 when there is no gain.
  double share = 0;
  double statistic = 0;  ///< t, of the gain with that factor, see loss_gain_statistic
  double gain = 0;       ///< part of the squared error that full trust removes; may be negative
};

/// `left`: truth less the line's forecast, NaN where there is no truth, `word`: the network's forecast less
/// the line's, both [origins, horizon]; `overlap`: see loss_gain_statistic.
NetworkShare judge_network(const Rows& left, const Rows& word, std::int64_t overlap);

}  // namespace rondo::forecasting
