#pragma once

#include <cstdint>
#include <span>

#include "tasks/forecast/networks/network_plan.h"
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

/// Forecasts of origins by those members that have held them out, beside the linear model fitted without
/// them: [origins, horizon], in units of the forecasts' spreads.
struct HeldOutForecasts {
  Rows residuals;  ///< truth less the linear model's forecast; NaN where there is no truth
  Rows shifts;     ///< the networks' forecast less the linear model's
};

HeldOutForecasts forecast_held_out(const TrainingTask& task, const Folds& folds, std::int64_t first,
                                   NetworkForecaster& networks, Pool& pool);

/// What networks of weight 1 add to the linear model's forecasts of `origins`, [origins, horizon], by members
/// that have held them out; NaN where none has, and before row `first`.
Rows held_out_corrections(const TrainingTask& task, const Folds& folds, std::int64_t first,
                          std::span<const Origin> origins, NetworkForecaster& networks, Pool& pool);

/// The weight of the networks, and the errors of linear model and networks together that follow from it.
struct Evaluation {
  BlendWeight weight;
  Rows errors;  ///< [origins, horizon], in units of the forecasts' spreads
};

/// Of members that each learnt from `min_learnt` origins or more; with fewer the networks have no weight.
Evaluation evaluate_held_out(const TrainingTask& task, const Folds& folds, std::int64_t first,
                             std::int64_t min_learnt, NetworkForecaster& networks, Pool& pool);

/// Mean absolute error of a network of one member, taken whole, on at most 1,000 of the origins that it has
/// held out from row `first` on.
double held_out_error(const TrainingTask& task, const Folds& folds, std::int64_t first,
                      NetworkForecaster& network, Pool& pool);

}  // namespace rondo::forecasting
