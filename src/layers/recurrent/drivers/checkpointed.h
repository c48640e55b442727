#pragma once

#include <optional>

#include "layers/recurrent/drivers/driver.h"
#include "layers/recurrent/drivers/recurrent_plan.h"

// Exact backpropagation through time in bounded memory (Chen et al. 2016, "Training deep nets with sublinear
// memory cost"; for recurrent networks Gruslys et al. 2016): the forward pass keeps the states at the
// beginning of some segments only; the backward pass runs each segment forwards once more, from the last to
// the first. Another driver runs the segments. Same bits as with everything kept.

namespace rondo {

/// How long the segments are: `steps` each.
struct Checkpoints {
  std::int64_t steps = 0, count = 1;

  /// The longest segments that fit into `bytes` for a layer whose steps keep `step_bytes` on average, and
  /// whose states take `state_bytes`. bytes 0: one segment. Nothing when no length fits: less than
  /// least_bytes. (No error is made here, since its text would cost memory in steps that are fine.)
  static std::optional<Checkpoints> plan(std::int64_t longest, std::size_t step_bytes,
                                         std::size_t state_bytes, std::size_t bytes);
  static std::size_t least_bytes(std::int64_t longest, std::size_t step_bytes, std::size_t state_bytes);

 private:
  static std::int64_t most_segments(std::int64_t longest, std::size_t step_bytes, std::size_t state_bytes);
  static std::size_t needed(std::int64_t segments, std::int64_t longest, std::size_t step_bytes,
                            std::size_t state_bytes);
};

/// Bytes that a plan's `memory` must have at least, unless it is 0.
template <class T>
std::size_t least_memory(const RecurrentPlan<T>& plan);

/// Whether not everything fits into the plan's memory.
template <class T>
bool checkpointed_applies(const RecurrentPlan<T>& plan, Workspace& workspace);
template <class T>
const RecurrentTrace* checkpointed_forward(const RecurrentPlan<T>& plan,
                                           const typename RecurrentPlan<T>::Args& args, Workspace& workspace,
                                           bool keep);
template <class T>
void checkpointed_backward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args,
                           const RecurrentTrace& trace, const typename RecurrentPlan<T>::Gradients& gradients,
                           Workspace& workspace);

template <class T>
constexpr RecurrentDriver<RecurrentPlan<T>> kCheckpointedDriver{
    "checkpointed", checkpointed_applies<T>, checkpointed_forward<T>, checkpointed_backward<T>};

}  // namespace rondo
