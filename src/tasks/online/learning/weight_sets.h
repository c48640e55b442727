#pragma once

#include <memory>

#include "rondo/tasks/online.h"
#include "rondo/train/optimizers.h"
#include "tasks/online/learning/learner.h"

namespace rondo::online {

/// Adam with the stream's clipping, and what both learners do with weights after a step: the running mean,
/// the good ones.
class WeightSets {
 public:
  /// `live`: a store that is filled; the others take its values. Stores stay where they are.
  WeightSets(const OnlineOptions& options, ParameterStore& live, ParameterStore& mean, ParameterStore& good);

  /// One step from the gradients of the live ones. False when they are not finite: nothing has changed then.
  bool step();
  void keep();
  void roll_back();
  void archive(tasks::Archive& archive);

 private:
  void archive_optimizer(tasks::Archive& archive, const char* name, Optimizer& optimizer);

  Json settings_;
  ParameterStore &live_, &mean_, &good_;
  std::unique_ptr<Optimizer> optimizer_;
  OptimizerState good_state_;
};

}  // namespace rondo::online
