#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/train/training.h"

namespace rondo::detail {

/// One objective with its metrics, as a network is compiled with it.
struct ObjectivePlan {
  std::string name;  ///< of the first output that it reads
  std::shared_ptr<Objective> objective;
  double loss_weight = 1;
  std::size_t first = 0, count = 1;  ///< outputs of the network
  std::vector<Json> metrics, weighted_metrics;
  std::vector<MetricMaker> custom_metrics;
};

/// Makes the objectives and declares their parameters in the network, which is built where it is not yet.
std::vector<ObjectivePlan> plan_objectives(Network& network, const CompileOptions& options);
/// Losses and metrics by output, as CompileOptions would have them.
Json compile_config(const std::vector<ObjectivePlan>& plans, const TrainingStep& step);

}  // namespace rondo::detail
