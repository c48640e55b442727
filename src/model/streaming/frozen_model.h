#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/tape/stream.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// A plan without what only its readers need: operations on a few rows, one a stream, without memory of
/// their own.
class FrozenModel {
 public:
  struct State {
    std::string name;         ///< "lstm.h"
    std::int64_t offset = 0;  ///< in a stream's floats
    std::int64_t units = 0;
  };
  struct Value {
    StreamSlot slot;
    std::int64_t width = 0;
    std::int64_t ids = 0;  ///< of an input: whole numbers below it; 0: any numbers

    bool takes(const float* row) const noexcept;
  };

  explicit FrozenModel(StreamPlan plan);

  std::vector<StreamOperationPtr> operations;
  std::vector<State> states;
  std::vector<Value> inputs, outputs;
  const StreamOperation* writer = nullptr;  ///< of the only output; null: it is copied
  std::int64_t state_stride = 0, scratch_stride = 0;
  Tensor initial;  ///< [state_stride]: states before the first step
};

}  // namespace rondo
