#pragma once

#include "rondo/tensor/dataset.h"
#include "train/fit/objective_plan.h"

namespace rondo::detail {

/// A batch in pieces of `steps` steps, for truncated backpropagation through time. A target that is no
/// sequence belongs to the piece in which its sequence ends; it has weight 0 in the others.
class TimeChunks {
 public:
  TimeChunks(const Batch& batch, const Network& network, const std::vector<ObjectivePlan>& plans,
             std::int64_t steps);
  /// False when there are no more.
  bool next(Batch& chunk);

 private:
  const Batch& batch_;
  std::vector<Samples> targets_;    ///< in the form of their outputs
  std::vector<std::int64_t> last_;  ///< padded position of every sequence's last step; -1: it has none
  std::int64_t size_, begin_ = 0, steps_ = 0;
};

}  // namespace rondo::detail
