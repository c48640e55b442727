#pragma once

#include <cstdint>
#include <vector>

#include "tasks/forecast/ensemble/blend_weight.h"
#include "tasks/forecast/networks/network_plan.h"

namespace rondo::forecasting {

/// Forecasts of origins by those members that have held them out, beside the linear model fitted without
/// them: [origins, horizon], in units of the forecasts' spreads.
struct HeldOutForecasts {
  Rows residuals;  ///< truth less the linear model's forecast; NaN where there is no truth
  Rows shifts;     ///< the networks' forecast less the linear model's
};

HeldOutForecasts forecast_held_out(const TrainingTask& task, const Folds& folds, std::int64_t first,
                                   NetworkForecaster& networks, Pool& pool);

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
