#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/common/verdict.h"

namespace rondo::forecasting {

using tasks::Contender;

struct Judgement {
  ForecastVerdict verdict = ForecastVerdict::no_better_than_naive;
  double skill = 0;      ///< 1 - RMSE of the model / RMSE of the best rival
  std::string best;      ///< name of the best rival
  double statistic = 0;  ///< of the gain over the rival that decided
  std::string sentence;  ///< the verdict in plain words, with the numbers
};

/// The model has to beat (tasks::compare, by RMSE) the best of the forecasts that learn nothing, else the
/// verdict is "no better than naive", and then the ridge. Losses: mean squares over the horizon at every
/// origin, in the series' own step.
Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds, const Contender& ridge,
                std::int64_t overlap);

}  // namespace rondo::forecasting
