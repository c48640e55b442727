#pragma once

#include <array>
#include <span>
#include <vector>

#include "layers/recurrent/common/recurrent_plan.h"
#include "rondo/tape/stream.h"

namespace rondo {

/// What a step of a recurrent layer consists of.
struct RecurrentStepSpec {
  RecurrentShape shape;
  RecurrentWeights<const float> weights;  ///< pieces without data: not there
  std::array<double, 2> zoneout{};        ///< of h and of c: their expected values
  float epsilon = 0;                      ///< of layer normalisation

  std::int64_t width(int state) const {
    return state == 0 && weights.projection.data != nullptr ? weights.projection.cols : shape.units;
  }
};

/// Declares a cell's states "h", "c", ….
std::vector<StreamValue> recurrent_states(StreamPlan& plan, const RecurrentStepSpec& spec);
/// The operation that reads a row of `input` and replaces the states.
StreamOperationPtr recurrent_step(StreamPlan& plan, const RecurrentStepSpec& spec, const StreamSlot& input,
                                  std::span<const StreamValue> states);

}  // namespace rondo
