#pragma once

#include "rondo/forecast.h"
#include "tasks/forecast/line.h"
#include "tasks/forecast/network_part.h"

namespace rondo::forecasting {

/// Importance of every covariate by permutation (Breiman 2001) in time: its column is turned round by some part of its
/// length, which keeps how it moves and breaks what it has to do with the target, and the backtest is forecast again.
/// Sets result.importance and importance_error; nothing where the panel has no covariates.
void measure_importance(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins,
                        const LinearPath& line, NetworkPart& network, std::uint64_t seed, Pool& pool,
                        ForecastResult& result);

}  // namespace rondo::forecasting
