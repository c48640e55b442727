#pragma once

#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/folds.h"
#include "tasks/forecast/networks/member_flow.h"
#include "tasks/forecast/networks/network_forecast.h"

namespace rondo::forecasting {

/// An autoregressive recurrent network (Salinas et al. 2020, "DeepAR"): a step of the cell for every row,
/// which reads the value before and what is known of the row, and says the distribution of the row's value:
///
///     h_r = cell(h_{r−1}, [z_{r−1}, known_r])        ρ_r = dense(dropout(h_r)), plus linear([z_{r−1},
///     known_r]) for the location
///
/// It learns with the true values before (teacher forcing), over look-back and horizon. A forecast draws
/// paths: every draw is the value before of the next step.
struct RecursiveModel {
  SegmentWindow window;
  Network network;
  SegmentTraining options;  ///< settled
  std::int64_t horizon = 1;
  std::int64_t paths = 100;  ///< of each member

  /// Mean and standard deviation (student_t, whose tails would rule these: median and the distance of the 10
  /// % and 90 % quantiles) of the paths, by member. The draws depend on seed, series, origin, path and step
  /// alone.
  std::vector<NetworkForecast> members(const Panel& panel, const ScaledPanel& scaled,
                                       std::span<const Origin> origins, Pool& pool);
};

struct TrainedRecursive {
  RecursiveModel model;
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  MemberFlow flow;
  std::vector<ForecastMember> members;
  ForecastTraining training;
};

/// A `point` learns a gaussian. Quantiles say too little to draw from: LikelihoodHead::likelihood throws
/// Error(usage).
TrainedRecursive train_recursive(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                                 const Folds& folds, const SegmentTraining& options, Pool& pool);

/// The network: input "rows" [batch, rows, features], one output [batch, rows, parameters] for each member.
/// With `alone` >= 0 that member only, with its states [batch, units] as further inputs and outputs.
Network make_recursive_network(const SegmentWindow& window, const SegmentTraining& options, int alone = -1);

}  // namespace rondo::forecasting
