#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/base/log.h"
#include "rondo/base/pool.h"
#include "rondo/model/network.h"
#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "tasks/forecast/networks/blend_weight.h"
#include "tasks/forecast/networks/member_flow.h"
#include "tasks/forecast/networks/residual_data.h"

namespace rondo::forecasting {

struct ResidualTraining {
  std::string cell = "lstm";
  std::int64_t units = 32;
  std::int64_t epochs = 100;
  std::int64_t patience = 12;
  std::int64_t batch_size = 64;
  double learning_rate = 3e-3;
  std::uint64_t seed = 1;

  std::vector<CallbackPtr> callbacks;
  RunControls run = {.verbose = 0};
};

/// The members: recurrent layer and a dense layer that starts at zero, each; one network with as many
/// outputs, all on the same window. They share nothing but the order of the batches.
Network make_residual_network(const WindowInput& input, std::int64_t horizon, int members,
                              const ResidualTraining& options);

/// What the network would add to the line.
struct ResidualNetwork {
  WindowInput input;
  Network network;
  double scale = 1;  ///< of its outputs

  /// [origins, horizon] in the scale of ScaledPanel::targets.
  Rows correction(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool);
};

struct TrainedResidual {
  ResidualNetwork model;
  NetworkShare share;
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  std::vector<ForecastMember> members;
  MemberFlow flow;
  Rows held_out_errors;  ///< [origins, horizon]: of line and shared network together, in the scale of targets
  double error_taken_whole = 0;  ///< mean absolute error on the same rows with a share of 1
};

TrainedResidual train_residual(const Panel& panel, const ScaledPanel& scaled, const Residuals& residuals,
                               const ResidualTraining& options, Pool& pool);

}  // namespace rondo::forecasting
